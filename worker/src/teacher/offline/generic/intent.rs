//! The intent of an arbitrary function: a verb and its object, read off the
//! description's first sentence, else off the name.
//!
//! Descriptions in the wild are written for programmers, in any language, or
//! are advertising. What does not come out as a short English imperative is
//! refused and the next source tried.

use magnet_proto::library::Function;
use magnet_proto::shape::words;

use super::clean;
use super::verbs::{self, Action};

/// "get" + "the reactions for a release".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Intent {
    pub action: Action,
    /// The verb's base form.
    pub verb: String,
    /// The object with its phrases, as words.
    pub object: Vec<String>,
}

/// Objects longer than this ramble.
const MAX_OBJECT_WORDS: usize = 13;

pub(super) fn of(function: &Function) -> Intent {
    let described = clean::first_sentence(&function.description);
    described
        .and_then(|sentence| from_sentence(&sentence, function))
        .or_else(|| from_name(function))
        .unwrap_or_else(|| Intent {
            action: Action::Read,
            verb: "get".into(),
            object: clean::split(&format!("what there is on {}", topic_of(function))),
        })
}

/// An intent from a cleaned sentence, if it makes one.
fn from_sentence(sentence: &str, function: &Function) -> Option<Intent> {
    let stripped = clean::without_lead(sentence);
    let mut words = clean::split(stripped);
    clean::lower_titles(&mut words, &function.class);
    let first = words.first()?.to_lowercase();
    let first = if matches!(
        first.as_str(),
        "simply" | "privately" | "bulk" | "quickly" | "easily" | "force"
    ) {
        words.remove(0);
        words.first()?.to_lowercase()
    } else {
        first
    };
    let noun_like = words.get(1).is_some_and(|next| {
        matches!(next.to_lowercase().as_str(), "of" | "results" | "status" | "for" if first != "search" && first != "look" && first != "check")
    });
    let verb = verbs::base(&first).filter(|_| !noun_like);
    let intent = match verb {
        Some(verb) => {
            let action = verbs::action(&verb)?;
            let mut object: Vec<String> = words.split_off(1);
            drop_particles(&mut object, action);
            Intent { action, verb, object }
        }
        None => {
            let plural_list = first == "list" || first == "lists";
            let mut object = words;
            if plural_list {
                object[0] = "list".into();
                object.insert(0, "a".into());
            }
            lower_first(&mut object);
            Intent { action: Action::Read, verb: "get".into(), object }
        }
    };
    usable(intent, verb_was_there(sentence))
}

fn verb_was_there(sentence: &str) -> bool {
    let first = clean::split(clean::without_lead(sentence)).into_iter().next();
    first.is_some_and(|word| verbs::base(&word.to_lowercase()).is_some())
}

/// Takes "for" out of "search for", "me" out of "get me", "up" out of "look up".
fn drop_particles(object: &mut Vec<String>, action: Action) {
    let particles: &[&str] = match action {
        Action::Search => &["for", "up"],
        Action::Read => &["back", "you", "me", "us", "out", "with", "user", "users"],
        _ => &[],
    };
    while object.len() > 1 && particles.contains(&object[0].to_lowercase().as_str()) {
        object.remove(0);
    }
    lower_first(object);
}

fn lower_first(object: &mut [String]) {
    let Some(first) = object.first_mut() else {
        return;
    };
    let plain = first.chars().skip(1).all(|c| c.is_lowercase());
    if plain && first.len() > 1 || first.as_str() == "A" {
        *first = first.to_lowercase();
    }
}

/// Refuses what no one would say, and shortens what goes on.
fn usable(mut intent: Intent, has_verb: bool) -> Option<Intent> {
    clean::drop_asides(&mut intent.object);
    if intent.object.len() > MAX_OBJECT_WORDS {
        clean::shorten(&mut intent.object, MAX_OBJECT_WORDS);
    }
    let object = &intent.object;
    let needs_object = !matches!(
        intent.verb.as_str(),
        "log" | "start" | "stop" | "test" | "translate" | "convert"
    );
    let fine = (!object.is_empty() || !needs_object)
        && object.len() <= MAX_OBJECT_WORDS
        && (has_verb
            || (object.len() <= 8 && object.len() >= 2 && clean::reads_as_noun_phrase(object)))
        && clean::is_plain_english(object);
    fine.then_some(intent)
}

/// An intent from the words of the name, without what names the tool.
fn from_name(function: &Function) -> Option<Intent> {
    let mut parts: Vec<String> = words(clean::without_tool(function)).collect();
    if let Some(digits) = parts.iter().position(|w| w.chars().all(|c| c.is_ascii_digit())) {
        parts.truncate(digits.max(1));
    }
    let gets = parts.first().is_some_and(|word| word == "get");
    parts.retain(|word| {
        !matches!(
            word.as_str(),
            "api" | "endpoint" | "v" | "get" | "post" | "rapidapi" | "copy" | "json"
        )
    });
    let spelled = |word: &String| super::super::noun::spell(word).to_owned();
    let first = parts.first()?.clone();
    if let Some(action) = verbs::action(&first).filter(|_| !gets) {
        let object: Vec<String> = parts[1..].iter().map(spelled).collect();
        let intent = Intent { action, verb: first, object };
        return usable(intent, true)
            .filter(|i| !i.object.is_empty() || i.action == Action::Other)
            .map(|mut i| {
                add_article(&mut i);
                i
            });
    }
    let object: Vec<String> = parts.iter().map(spelled).collect();
    let is_glued = |word: &String| word.len() > 9 && word.starts_with("get");
    let readable = object.len() <= 6
        && !object.iter().any(is_glued)
        && object.iter().all(|word| {
            word.len() > 2 || word == "by" || word == "of" || word == "to" || word == "in"
        });
    let intent = Intent { action: Action::Read, verb: "get".into(), object };
    usable(intent, true).filter(|i| readable && i.object.concat().len() > 3).map(|mut i| {
        add_article(&mut i);
        i
    })
}

/// "delete", "pet" is "delete the pet"; plurals stand alone.
fn add_article(intent: &mut Intent) {
    let object = &mut intent.object;
    let head_at = object.iter().position(|w| clean::is_preposition(w)).unwrap_or(object.len());
    let Some(head) = head_at.checked_sub(1).and_then(|at| object.get(at)) else {
        return;
    };
    let plural = super::super::noun::is_plural(head);
    let lone = object.first().is_some_and(|w| clean::is_preposition(w) || clean::is_determiner(w));
    if !plural && !lone {
        object.insert(0, "the".into());
    }
}

/// What the tool is about, as words.
fn topic_of(function: &Function) -> String {
    let class = function.class.trim();
    let name = if class.is_empty() || class == "misc" { function.category.as_str() } else { class };
    let parts: Vec<String> = words(name).filter(|w| w != "api").take(4).collect();
    if parts.is_empty() { "this".into() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use magnet_proto::library::Document;
    use serde_json::json;

    /// What is said of a function otherwise than expected.
    fn mismatch(name: &str, description: &str, class: &str, expected: &str) -> Option<String> {
        let function = Function::from(Document {
            name: name.into(),
            description: description.into(),
            category: "misc".into(),
            class: class.into(),
            parameters: json!({"type": "object", "properties": {}}),
            response: None,
            phrasing: Default::default(),
        });
        let intent = of(&function);
        let said = format!("{} {}", intent.verb, intent.object.join(" "));
        (said.trim() != expected)
            .then(|| format!("{name}: \"{}\", not \"{expected}\"", said.trim()))
    }

    #[test]
    fn descriptions_become_intents() {
        let cases = [
            (
                "repos/list-for-org", "Lists repositories for the specified organization.",
                "repos", "list repositories for an organization",
            ),
            (
                "github_campaigns_delete-campaign", "Delete a campaign for an organization",
                "campaigns", "delete a campaign for an organization",
            ),
            (
                "github_teams_list-for-authenticated-user",
                "List teams for the authenticated user", "teams", "list teams of mine",
            ),
            (
                "balance_for_holistic",
                "Provides either annual or quarterly balance sheet statements of an single stock company.",
                "x",
                "provide either annual or quarterly balance sheet statements of a stock company",
            ),
            (
                "geocode_for_senegal_api",
                "This endpoint allows you to lookup locations in Senegal by providing an address query parameter. It returns more.",
                "x",
                "lookup locations in Senegal",
            ),
            ("poster", "Get movie poster by title and release year", "x", "get movie poster"),
            (
                "QueryRegistration",
                "Query registration API that takes two parameters - 'patient_name' and 'time'.",
                "apibank",
                "query registration",
            ),
            (
                "ModifyTicket",
                "ModifyTicket API that updates the reservation date for a given order number.",
                "apibank",
                "update the reservation date",
            ),
            (
                "DeleteAgenda",
                "Delete an agenda API that takes two parameters - 'token' and 'schedule_id'.",
                "apibank",
                "delete an agenda",
            ),
            (
                "CancelTimedSwitch",
                "API for canceling a timed switch on a device using its 'device ID'.",
                "apibank",
                "cancel a timed switch on a device",
            ),
            ("stations", "Get a list of stations", "flixbus", "get a list of stations"),
            (
                "clubs", "List of Vehicle Makes. A list of every make", "x",
                "get a list of vehicle makes",
            ),
            ("lookup", "Used to look up an artist by id", "x", "look an artist"),
            (
                "fetch",
                "This endpoint will return info of any track from shazam.com",
                "x",
                "return info of any track",
            ),
            (
                "weather", "Returns the current weather conditions for a given city.", "x",
                "return the current weather conditions",
            ),
        ];
        let wrong: Vec<String> = cases
            .into_iter()
            .filter_map(|(name, description, class, expected)| {
                mismatch(name, description, class, expected)
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn names_stand_in_for_poor_descriptions() {
        let cases = [
            ("getcategoryinfo_for_vimeo", "", "Vimeo", "get what there is on vimeo"),
            ("search_image_for_vimeo", "", "Vimeo", "search the image"),
            (
                "github_repos_delete-repo-ruleset", "", "github repos",
                "delete the repository ruleset",
            ),
            ("directions_between_2_locations_for_uganda_api", "", "uganda api", "get directions"),
            (
                "haber_for_kolektifapi", "«ntv.com.tr» Son Dakika Haberleri Verileri",
                "KolektifAPI", "get what there is on kolektif",
            ),
            ("getOrderDetails", "TODO", "x", "get order details"),
        ];
        let wrong: Vec<String> = cases
            .into_iter()
            .filter_map(|(name, description, class, expected)| {
                mismatch(name, description, class, expected)
            })
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
