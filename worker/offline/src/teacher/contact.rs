//! Whom an address, a number or a name of an output reaches: a person, or a
//! shop, a desk, a team.
//!
//! `x-noun` says it where there is one; else the place's name ("support_email"),
//! what holds it ("/pharmacies/*/phone"), or what the function looks up.

use magnet_proto::library::Function;
use magnet_proto::shape::words;

use super::noun;
use super::target::{Being, Target, container};
use crate::lexicon::Topic;

const PEOPLE: &[&str] = &[
    "organizer", "customer", "sender", "owner", "recruiter", "author", "host", "doctor", "agent",
    "seller", "manager", "creator", "user", "employee", "passenger", "guest", "driver", "teacher",
    "patient", "candidate", "artist", "buyer", "contact", "landlord", "member", "assignee",
    "reviewer", "recipient", "organiser", "student", "attendee", "player", "person", "client",
];

/// Who answers for many, and what people call them.
const BODIES: &[(&str, &str)] = &[
    ("support", "support team"),
    ("careers", "careers team"),
    ("service", "service desk"),
    ("help", "help desk"),
    ("sales", "sales team"),
    ("billing", "billing team"),
    ("team", "team"),
    ("desk", "desk"),
    ("hotline", "hotline"),
    ("carrier", "carrier"),
    ("pharmacy", "pharmacy"),
    ("restaurant", "restaurant"),
    ("hotel", "hotel"),
    ("shop", "shop"),
    ("store", "store"),
    ("place", "place"),
    ("practice", "practice"),
    ("clinic", "clinic"),
    ("hospital", "hospital"),
    ("office", "office"),
    ("company", "company"),
    ("business", "business"),
    ("venue", "venue"),
    ("station", "station"),
    ("airline", "airline"),
    ("bank", "bank"),
    ("school", "school"),
    ("organization", "organization"),
    ("agency", "agency"),
    ("vendor", "vendor"),
    ("supplier", "supplier"),
    ("dealer", "dealer"),
    ("department", "department"),
];

/// What a place of contact leads to; `named` is its `x-noun`.
pub(super) fn target(path: &str, named: Option<&str>, source: &Function, topic: Topic) -> Target {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let last = steps.iter().rev().find(|step| **step != "*").copied().unwrap_or("");
    let among_several = steps.contains(&"*");
    let holder = container(&steps).and_then(|name| noun::of_container(&name));
    let about = if among_several { holder.clone() } else { noun::of_lookup(source) };
    let told = named.map(str::to_owned).or_else(|| by_name(last));
    let being = |noun: &str| match is_person(noun) && about.as_deref() == Some(noun) {
        true => Being::Person,
        false => Being::Party,
    };
    if let Some(role) = told {
        return match holder {
            Some(holder) if among_several && holder != role && !is_person(&holder) => Target {
                thing: Some(holder),
                property: Some(role),
                among_several,
                being: Being::Party,
            },
            _ => {
                let being = being(&role);
                Target { thing: Some(role), property: None, among_several, being }
            }
        };
    }
    if let Some(noun) = holder.clone().into_iter().chain(about.clone()).find(|noun| is_known(noun))
    {
        let being = being(&noun);
        return Target { thing: Some(noun), property: None, among_several, being };
    }
    // What a call was told, or holds as its own, is somebody's; a "contact_email" may be a desk's.
    let is_echo = source.param(last).is_some() || last == "email";
    match topic {
        Topic::Phone if !is_echo => property("number", holder, among_several),
        Topic::Email if !is_echo => property("address", holder, among_several),
        _ => Target {
            thing: Some("person".into()),
            property: None,
            among_several,
            being: Being::Person,
        },
    }
}

fn property(name: &str, thing: Option<String>, among_several: bool) -> Target {
    Target { thing, property: Some(name.into()), among_several, being: Being::Thing }
}

/// "organizer" of `organizer_email`, "support team" of `support_email`.
fn by_name(name: &str) -> Option<String> {
    let role = |word: &String| word != "contact" && PEOPLE.contains(&word.as_str());
    let body = |word: &String| {
        let known = BODIES.iter().find(|(cue, _)| cue == word);
        known.map(|(_, noun)| (*noun).to_owned())
    };
    words(name).find(role).or_else(|| words(name).find_map(|word| body(&word)))
}

/// Whether a noun is one for people.
pub(super) fn is_person(noun: &str) -> bool {
    noun.rsplit(' ').next().is_some_and(|last| PEOPLE.contains(&last))
}

fn is_known(noun: &str) -> bool {
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    is_person(noun) || BODIES.iter().any(|(cue, _)| *cue == last)
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::Document;
    use serde_json::json;

    use super::*;

    fn found(
        function: &str,
        parameter: &str,
        path: &str,
        named: Option<&str>,
        topic: Topic,
    ) -> Target {
        let source = Function::from(Document {
            name: function.into(),
            description: String::new(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: json!({"type": "object", "properties": {parameter: {"type": "string"}}}),
            response: None,
        });
        target(path, named, &source, topic)
    }

    fn check(function: &str, parameter: &str, path: &str, topic: Topic, expected: (&str, Being)) {
        let found = found(function, parameter, path, None, topic);
        let said = found.property.or(found.thing).unwrap_or_default();
        assert_eq!((said.as_str(), found.being), expected, "{path} of {function}");
    }

    #[test]
    fn an_address_is_a_persons_a_desks_or_nobodys_in_particular() {
        use Being::{Party, Person, Thing};
        use Topic::{Email, Phone};
        check("find_contact", "contact_id", "/email", Email, ("contact", Person));
        check("search_contacts", "name", "/contacts/*/email", Email, ("contact", Person));
        check("subscribe", "email", "/email", Email, ("person", Person));
        check("get_event", "event_id", "/organizer_email", Email, ("organizer", Party));
        check("get_refund", "refund_id", "/support_email", Email, ("support team", Party));
        check("get_job", "job_id", "/contact_email", Email, ("address", Thing));
        check("cancel_subscription", "subscription_id", "/email", Email, ("person", Person));
        check("find_pharmacies", "city", "/pharmacies/*/phone", Phone, ("pharmacy", Party));
        check("get_restaurant", "restaurant_id", "/phone", Phone, ("restaurant", Party));
        check("get_permit", "permit_id", "/phone", Phone, ("number", Thing));
        check("list_emails", "email", "/messages/*/sender_email", Email, ("sender", Party));
    }
    #[test]
    fn the_schemas_noun_comes_first() {
        let check = |path: &str, named, topic, thing: Option<&str>, property: Option<&str>| {
            let found = found("look", "id", path, named, topic);
            assert_eq!(found.thing.as_deref(), thing, "{path}");
            assert_eq!(found.property.as_deref(), property, "{path}");
        };
        check("/recruiter_email", Some("recruiter"), Topic::Email, Some("recruiter"), None);
        check("/support_email", Some("service desk"), Topic::Email, Some("service desk"), None);
        check("/pharmacies/*/phone", Some("pharmacy"), Topic::Phone, Some("pharmacy"), None);
        check("/doctors/*/phone", None, Topic::Phone, Some("doctor"), None);
        check("/phone", None, Topic::Phone, None, Some("number"));
        check("/invoices/*/customer_email", None, Topic::Email, Some("invoice"), Some("customer"));
    }
}
