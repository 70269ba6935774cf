//! Why the user asks: the library's reasons, else one that fits the field or
//! the person.

use magnet_proto::shape::words;

use super::intention::{Intention, Manner, Source};
use super::phrase::Voice;
use super::refer::Seat;
use super::template::{self, Fill};
use crate::lexicon::{Persona, Register};

/// A motive for an opening request, or none.
pub(super) fn motive(
    intention: &Intention<'_>,
    persona: &Persona,
    voice: &mut Voice<'_>,
) -> Option<String> {
    let percent = match persona.register {
        Register::Terse => 12,
        Register::Casual => 45,
        Register::Formal => 45,
        Register::Polite => 50,
        Register::Chatty => 85,
    };
    if !voice.chance(percent) {
        return None;
    }
    let reasons = &intention.function.phrasing.reasons;
    if !reasons.is_empty() {
        let start = voice.pick(&(0..reasons.len()).collect::<Vec<_>>());
        let rotated = reasons.iter().cycle().skip(start).take(reasons.len());
        return rotated.into_iter().find_map(|reason| of_library(reason, intention, voice));
    }
    Some(of_field(intention, persona, voice))
}

/// A reason whose slots all have a value that the request spells out.
fn of_library(reason: &str, intention: &Intention<'_>, voice: &mut Voice<'_>) -> Option<String> {
    template::render(reason, |name, _| {
        let Some(slot) = intention.slot(name) else {
            return Fill::Absent;
        };
        match &slot.source {
            Source::Said { values, manner: Manner::Literal } if values.len() == 1 => {
                voice.words(intention, slot, Seat::Slot).map_or(Fill::Absent, Fill::Text)
            }
            _ => Fill::Absent,
        }
    })
}

/// Words of a category and the motives that go with it.
const FIELDS: &[(&[&str], &[&str])] = &[
    (
        &["travel", "flight", "hotel", "train", "airbnb", "booking", "trip"],
        &[
            "I'm planning a trip.",
            "We're going away for a few days and I still have to sort things out.",
            "I'm putting together an itinerary.",
        ],
    ),
    (
        &["weather"],
        &[
            "I'm planning to be outdoors a lot.",
            "I have to decide whether to move an event inside.",
            "We want to go hiking at the weekend.",
        ],
    ),
    (
        &["finance", "stock", "crypto", "bank", "trading", "payments", "currency"],
        &[
            "I'm going over my finances.", "I'm looking at my portfolio again.",
            "I have a call with my accountant later.", "I'm preparing some figures for a review.",
        ],
    ),
    (
        &["sport", "sports", "football", "basketball", "cricket", "baseball", "soccer", "tennis"],
        &[
            "I'm writing a match preview.", "My friends and I run a prediction league.",
            "I'm catching up on the season.",
        ],
    ),
    (
        &["music", "spotify", "song"],
        &[
            "I'm putting together a playlist.", "I'm preparing music for a party.",
            "There's a song stuck in my head.",
        ],
    ),
    (
        &["movies", "movie", "video", "entertainment", "anime", "tv"],
        &[
            "It's movie night at our place.", "I'm looking for something to watch.",
            "I'm making a quiz for friends.",
        ],
    ),
    (
        &["food", "recipe", "restaurant", "nutrition", "recipes"],
        &[
            "I'm cooking for friends.", "I'm planning our meals for the week.",
            "We have guests on Friday.",
        ],
    ),
    (
        &["health", "medical", "fitness", "hospital"],
        &[
            "I want to keep better track of my health.", "I'm preparing for an appointment.",
            "It's for someone I look after.",
        ],
    ),
    (
        &[
            "code", "repos", "github", "actions", "issues", "git", "teams", "orgs", "dependabot",
            "security", "devops", "codespaces", "packages", "pulls", "apps", "migrations",
            "billing",
        ],
        &[
            "I'm cleaning up our setup on GitHub.", "We have a release coming up.",
            "I'm going through what's left from the last sprint.", "There's an audit next week.",
            "I just took over this project.",
        ],
    ),
    (
        &["mail", "email", "sms", "messaging", "communication", "chat"],
        &[
            "I'm working through my messages.", "I have a few people to get back to.",
            "I need to get this out today.",
        ],
    ),
    (
        &["social", "instagram", "twitter", "tiktok", "youtube"],
        &[
            "I'm preparing a report on our channels.", "I'm doing research for a campaign.",
            "I look after a few accounts.",
        ],
    ),
    (
        &["shopping", "ecommerce", "commerce", "business", "store", "products"],
        &[
            "I'm comparing a few offers.", "I'm restocking our shop.",
            "I have some orders to look after.",
        ],
    ),
    (&["news", "media"], &["I'm preparing a press review.", "I like to know what's going on."]),
    (
        &["data", "search", "database", "analytics"],
        &[
            "I'm collecting material for a report.", "I'm doing some research.",
            "I'm checking a few facts for an article.",
        ],
    ),
    (
        &["education", "science", "language", "translation", "text", "dictionary"],
        &["I'm preparing a lesson.", "It's for a course I'm taking.", "I'm working on a paper."],
    ),
    (
        &["location", "mapping", "maps", "geo", "transportation", "logistics"],
        &["I'm planning a route.", "I'm new in the area.", "I'm organising a delivery."],
    ),
    (
        &["tools", "units", "storage", "files"],
        &["I'm tidying up some things on my computer.", "I'm setting something up for work."],
    ),
    (
        &["gaming", "games", "game"],
        &["We're playing tonight.", "I'm back at gaming after a long break."],
    ),
];

const ANY: &[&str] = &[
    "I'm sorting out a few things today.", "I have to get something done for work.",
    "I'm helping a friend with something.", "I promised to look into something.",
    "There are a few things on my list.", "I'm getting ready for a meeting.",
    "I have a deadline tomorrow.", "My boss asked me about this.",
    "I'm trying to get an overview.", "I'd like to get this off my desk.",
    "I'm back from holiday and catching up.", "Someone asked me this and I don't know the answer.",
    "I'm preparing a short presentation.", "I've been putting this off for a while.",
];

fn of_field(intention: &Intention<'_>, persona: &Persona, voice: &mut Voice<'_>) -> String {
    let function = intention.function;
    let about: Vec<String> = words(&function.category).chain(words(&function.class)).collect();
    let field =
        FIELDS.iter().find(|(cues, _)| about.iter().any(|word| cues.contains(&word.as_str())));
    let roll = voice.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    match (field, roll) {
        (Some((_, motives)), 0..=5) => voice.pick(motives).to_owned(),
        (_, 6 | 7) => {
            let role = persona.role.as_str();
            let article = super::noun::article(role);
            voice.pick(&[
                format!("I work as {article} {role}, and this is for my job."),
                format!("I'm {article} {role} and rather short on time."),
                format!("As {article} {role} I need this now and then."),
                format!("I'm asking as {article} {role}."),
            ])
        }
        _ => voice.pick(ANY).to_owned(),
    }
}
