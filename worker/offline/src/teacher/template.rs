//! Templates of a pack's phrases: `{slot}`, `[optional part]`.
//!
//! A template is read on the fly. A slot gets its text from a closure, which
//! may also say that the value is missing on purpose: then the slot goes
//! together with the preposition before it, or an indefinite noun takes its
//! place.

use super::refer::Seat;

use super::noun::article;

/// What becomes of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fill {
    Text(String),
    /// The value is held back; the noun to put where a preposition cannot be
    /// dropped with it.
    Missing(String),
    /// No value: an optional part goes, a template that needs it is unusable.
    Absent,
}

/// Where in a template a slot stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Here<'t> {
    /// The template up to the slot, and from it on.
    pub lead: &'t str,
    pub rest: &'t str,
}

/// Renders a template; none if a slot outside brackets has no value or the
/// brackets do not close.
pub(super) fn render<'t>(
    template: &'t str,
    mut fill: impl FnMut(&'t str, Here<'t>) -> Fill,
) -> Option<String> {
    let mut text = String::with_capacity(template.len() * 2);
    let mut rest = template;
    while let Some(open) = rest.find(['{', '[']) {
        let literal = &rest[..open];
        text.push_str(literal);
        if rest.as_bytes()[open] == b'{' {
            let close = open + rest[open..].find('}')?;
            let name = &rest[open + 1..close];
            let lead = &template[..template.len() - rest.len() + open];
            rest = &rest[close + 1..];
            let filled = fill(name, Here { lead, rest });
            // A name that is not given is not quoted.
            if matches!(filled, Fill::Missing(_)) && text.ends_with('"') && rest.starts_with('"') {
                text.pop();
                rest = &rest[1..];
            }
            place(&mut text, filled, rest)?;
        } else {
            let close = open + rest[open..].find(']')?;
            if let Some(part) = optional(&rest[open + 1..close], &mut fill) {
                text.push_str(&part);
            }
            rest = &rest[close + 1..];
        }
    }
    text.push_str(rest);
    Some(tidy(&text))
}

/// The names of a template's slots: those it needs, and all.
pub(super) fn slots(template: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut optional = false;
    template.split_inclusive(['{', '}', '[', ']']).filter_map(move |piece| {
        if piece.ends_with('[') {
            optional = true;
        } else if piece.ends_with(']') {
            optional = false;
        }
        piece.strip_suffix('}').map(|name| (name, !optional))
    })
}

/// A bracketed part: nothing unless every slot in it has its text.
fn optional<'t>(part: &'t str, fill: &mut impl FnMut(&'t str, Here<'t>) -> Fill) -> Option<String> {
    let mut text = String::new();
    let mut rest = part;
    while let Some(open) = rest.find('{') {
        let close = open + rest[open..].find('}')?;
        text.push_str(&rest[..open]);
        let lead = &part[..part.len() - rest.len() + open];
        let here = Here { lead, rest: &rest[close + 1..] };
        match fill(&rest[open + 1..close], here) {
            Fill::Text(value) => put(&mut text, &value),
            _ => return None,
        }
        rest = &rest[close + 1..];
    }
    text.push_str(rest);
    Some(text)
}

fn place(text: &mut String, fill: Fill, rest: &str) -> Option<()> {
    match fill {
        Fill::Text(value) => put(text, &value),
        // "a few Thai restaurants"
        Fill::Missing(_) if text.ends_with(" a few ") || text.ends_with(" any ") => {
            text.truncate(text.len() - 1);
        }
        Fill::Missing(noun) => {
            if !(ends_a_part(rest) && drop_preposition(text)) {
                put_noun(text, &noun);
            }
        }
        Fill::Absent => return None,
    }
    Some(())
}

/// Adds a noun phrase, its article in place of one that stands there.
fn put_noun(text: &mut String, noun: &str) {
    let bare = text.strip_suffix(' ').unwrap_or(text);
    let articled = ["the", "a", "an"].into_iter().find(|article| {
        bare.strip_suffix(article).is_some_and(|b| b.is_empty() || b.ends_with(' '))
    });
    if let Some(article) = articled {
        text.truncate(bare.len() - article.len());
    }
    text.push_str(noun);
}

/// Adds a value: an article before it agrees ("an aisle seat"), what the phrase
/// quotes is quoted once, and "the ticket" before "that ticket" goes.
fn put(text: &mut String, value: &str) {
    let quoted = text.ends_with('"');
    let value = match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(bare) if quoted => bare,
        _ => value,
    };
    if let Some(noun) = points(value) {
        let noun = noun.split(' ').next().unwrap_or(noun);
        if let Some(before) = without_noun(text, noun) {
            let named = text[before..].trim_end().rsplit(' ').next().unwrap_or_default();
            let value = if noun == "one" { format!("that {named}") } else { value.to_owned() };
            text.truncate(before);
            text.push_str(&value);
            return;
        }
    }
    let articled = text == "a " || text.ends_with(" a ");
    if articled && article(value) == "an" {
        text.insert(text.len() - 1, 'n');
    }
    text.push_str(value);
}

/// What words point at: "ticket" of "that ticket".
pub(super) fn points(words: &str) -> Option<&str> {
    ["that same ", "that ", "this ", "the "].iter().find_map(|the| words.strip_prefix(the))
}

/// Where the noun begins that a text ends with, its article included: nobody
/// says "the ticket that ticket", nor "the ticket that one".
fn without_noun(text: &str, noun: &str) -> Option<usize> {
    let bare = text.strip_suffix(' ')?;
    let start = bare.rfind(' ').map_or(0, |space| space + 1);
    let articled = bare[..start].ends_with("the ");
    let same = &bare[start..] == noun;
    let stands_for_it = noun == "one" && articled;
    match articled {
        _ if !same && !stands_for_it => None,
        true => Some(start - "the ".len()),
        false => Some(start),
    }
}

/// Whether a noun before this is at its end: "of a few people" cannot go
/// without its people.
fn ends_a_part(rest: &str) -> bool {
    let next = rest.split_whitespace().next().unwrap_or_default();
    rest.is_empty()
        || rest.starts_with(|c: char| !c.is_alphanumeric() && c != ' ')
        || PREPOSITIONS.contains(&next)
        || ["and", "that", "so"].contains(&next)
}

const PREPOSITIONS: &[&str] = &[
    "about", "after", "around", "as", "at", "before", "between", "by", "for", "from", "in", "into",
    "matching", "named", "called", "near", "of", "on", "over", "until", "through", "to", "under",
    "with", "via", "saying",
];

/// Takes the preposition at the text's end away, unless the text begins with
/// it or a verb particle would go ("look at").
fn drop_preposition(text: &mut String) -> bool {
    let kept = text.trim_end();
    let Some((head, last)) = kept.rsplit_once(' ') else {
        return false;
    };
    if !PREPOSITIONS.contains(&last) || !head.contains(' ') {
        return false;
    }
    text.truncate(head.len());
    true
}

/// Where words for somebody or something would stand in a slot.
pub(super) fn seat(here: Here<'_>) -> Seat {
    /// Words after which a verb follows that is not an imperative's object.
    const SUBJECT: &[&str] = &[
        "can", "could", "did", "does", "do", "has", "have", "had", "is", "are", "was", "will",
        "if", "whether", "when", "whenever", "what", "whatever", "where", "how", "that", "sure",
    ];
    const FINITE: &[&str] = &[
        "has", "gets", "sent", "is", "was", "does", "wrote", "wants", "goes", "will", "can",
        "would", "should", "needs", "must", "may", "might", "asked", "belongs", "is",
    ];
    const PARTICLES: &[&str] = &["off", "up", "out", "down", "away", "back", "over"];
    let last = here.lead.split_whitespace().next_back().unwrap_or_default();
    let next = here.rest.split_whitespace().next().unwrap_or_default();
    match last {
        "" => Seat::Subject,
        "about" => Seat::Object,
        // Nobody says "the history of them" either.
        "of" => Seat::Slot,
        _ if PREPOSITIONS.contains(&last) || PARTICLES.contains(&last) => Seat::Behind,
        _ if SUBJECT.contains(&last) || FINITE.contains(&next) => Seat::Subject,
        _ => Seat::Object,
    }
}

/// Whether a reference can stand in a slot: not where the bare digits are due.
pub(super) fn takes_reference(template: &str, name: &str) -> bool {
    let slot = format!("{{{name}}}");
    template.split_once(&slot).is_none_or(|(lead, rest)| {
        let counted = ["a ", "an ", "one ", "number "].iter().any(|word| {
            lead.strip_suffix(word).is_some_and(|lead| lead.is_empty() || lead.ends_with(' '))
        });
        let measured = [
            " percent", "%", " net", " month", " people", " night", " minute", " hour", " day",
            " jobs", " food",
        ];
        !counted
            && !lead.ends_with('"')
            && !rest.starts_with(" as the number")
            && !measured.iter().any(|unit| rest.starts_with(unit))
    })
}

/// Whether a slot can be left out of a phrase and the rest still reads: it
/// stands at the end of a part, behind a preposition that goes with it.
pub(super) fn can_go(template: &str, name: &str) -> bool {
    let slot = format!("{{{name}}}");
    template.split_once(&slot).is_some_and(|(lead, rest)| {
        let (lead, rest) = match (lead.strip_suffix('"'), rest.strip_prefix('"')) {
            (Some(lead), Some(rest)) => (lead, rest),
            _ => (lead, rest),
        };
        let ends = rest.is_empty() || rest == "?" || rest.starts_with(['[', ']']);
        let last = lead.trim_end().rsplit([' ', '[']).next().unwrap_or_default();
        ends && lead.ends_with(' ') && (PREPOSITIONS.contains(&last) || rest.starts_with(']'))
    })
}

/// One space between words, none before punctuation.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for c in text.chars() {
        let double = c == ' ' && tidied.ends_with(' ');
        if double || (c == ' ' && tidied.is_empty()) {
            continue;
        }
        if matches!(c, ',' | '?' | '!' | ';') && tidied.ends_with(' ') {
            tidied.pop();
        }
        tidied.push(c);
    }
    tidied.truncate(tidied.trim_end().len());
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, expected: Option<&str>) {
        let fill = |name: &str, _: Here<'_>| match name {
            "city" => Fill::Text("Lyon".into()),
            "date" => Fill::Text("14 March".into()),
            "position" => Fill::Text("aisle".into()),
            "percent" => Fill::Text("8".into()),
            "gone" => Fill::Missing("someone".into()),
            _ => Fill::Absent,
        };
        assert_eq!(render(template, fill).as_deref(), expected, "{template}");
    }

    #[test]
    fn an_optional_part_needs_all_its_slots() {
        check("trains to {city}[ on {date}]", Some("trains to Lyon on 14 March"));
        check("trains to {city}[ after {time}][ on {date}]?", Some("trains to Lyon on 14 March?"));
        check("trains to {city}[ from {date} to {time}]", Some("trains to Lyon"));
    }

    #[test]
    fn a_template_without_a_needed_value_is_unusable() {
        check("trains to {town}", None);
        check("trains to {city", None);
        check("trains [to {city}", None);
    }

    #[test]
    fn a_missing_value_goes_with_its_preposition() {
        check("find a train to {gone} on {date}", Some("find a train on 14 March"));
        check("text {gone} that I'm in {city}", Some("text someone that I'm in Lyon"));
        check("who of the {gone} is in {city}?", Some("who of someone is in Lyon?"));
        check(
            "what does each of {gone} people pay?",
            Some("what does each of someone people pay?"),
        );
        check("book a table for {gone}[ at {time}], please", Some("book a table, please"));
    }

    #[test]
    fn an_article_agrees_with_the_value_after_it() {
        check("hold a {position} seat to {city}", Some("hold an aisle seat to Lyon"));
        check("take off a {percent} percent discount", Some("take off an 8 percent discount"));
        check("a {city} guide[ with a {date} issue]", Some("a Lyon guide with a 14 March issue"));
    }

    #[test]
    fn a_slot_has_the_seat_that_its_neighbours_give_it() {
        let check = |lead: &str, rest: &str, expected: Seat| {
            assert_eq!(seat(Here { lead, rest }), expected, "{lead}…{rest}");
        };
        check("send ", " a short mail", Seat::Object);
        check("what do you know about ", "?", Seat::Object);
        check("the opening hours of ", "", Seat::Slot);
        check("an invitation for ", "", Seat::Behind);
        check("put it on the list at ", " for {count}", Seat::Behind);
        check("call off ", ", the reason is {reason}", Seat::Behind);
        check("see if ", " has written before", Seat::Subject);
        check("all the tickets ", " has with us", Seat::Subject);
    }

    #[test]
    fn a_noun_is_said_once() {
        let check = |template: &str, value: &str, expected: &str| {
            let filled = render(template, |_, _| Fill::Text(value.to_owned()));
            assert_eq!(filled.as_deref(), Some(expected), "{template}");
        };
        check("pay the payment {id} back", "that payment", "pay that payment back");
        check("payment {id}", "that payment", "that payment");
        check("look up the journalist {name}", "that same one", "look up that journalist");
        check("look up the journalist {name}", "the author", "look up the journalist the author");
        check("see the one {id}", "T-1", "see the one T-1");
    }

    #[test]
    fn the_bare_number_is_no_reference() {
        assert!(!takes_reference("the list called \"{name}\"", "name"));
        assert!(!takes_reference("queue for {n}, number {phone}", "phone"));
        assert!(!takes_reference("leave {phone} as the number", "phone"));
        assert!(takes_reference("let {phone} know by text", "phone"));
    }

    #[test]
    fn slots_are_listed_with_their_need() {
        let found: Vec<_> = slots("from {a} to {b}[ on {c}] as {d}").collect();
        assert_eq!(found, [("a", true), ("b", true), ("c", false), ("d", true)]);
    }
}
