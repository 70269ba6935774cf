//! The intent of an arbitrary function: a verb and its object, read off the
//! description's first sentence, else off the name.
//!
//! Descriptions in the wild are written for programmers, in any language, or
//! are advertising. What does not come out as a short English imperative is
//! refused and the next source tried.

use magnet_proto::library::Function;
use magnet_proto::shape::words;

use super::verbs::{self, Action};
use super::{clean, glued};
use crate::teacher::noun;

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
    let parameters = Parameters::of(function);
    let described = clean::first_sentence(&function.description);
    described
        .and_then(|sentence| from_sentence(&sentence, function, &parameters))
        .or_else(|| from_name(function, &parameters))
        .unwrap_or_else(|| Intent {
            action: Action::Read,
            verb: "get".into(),
            object: clean::split(&format!("the data from {}", title(function))),
        })
}

/// An intent from a cleaned sentence, if it makes one.
fn from_sentence(sentence: &str, function: &Function, parameters: &Parameters) -> Option<Intent> {
    let mut words = clean::split(clean::without_lead(sentence));
    clean::lower_titles(&mut words, &function.class);
    drop_openers(&mut words);
    let first = words.first()?.to_lowercase();
    let next = words.get(1).map(|word| word.to_lowercase()).unwrap_or_default();
    // "order status" and "list of" begin with a noun, "update status checks" does not.
    let searches = matches!(first.as_str(), "search" | "look" | "check" | "ask" | "searches");
    let surely_verb = matches!(
        first.as_str(),
        "add" | "create" | "delete" | "get" | "list" | "remove" | "retrieve" | "set" | "update"
    );
    let noun_like = match next.as_str() {
        "of" | "for" | "api" => !searches,
        "results" | "status" => !searches && !surely_verb,
        _ => false,
    };
    let verb = verbs::base(&first).filter(|_| !noun_like);
    let has_verb = verb.is_some();
    let intent = match verb {
        Some(verb) => {
            let action = verbs::action(&verb)?;
            let mut object = words.split_off(1);
            drop_particles(&mut object, action);
            Intent { action, verb, object }
        }
        None => {
            let mut object = words;
            lower_first(&mut object);
            if matches!(first.as_str(), "list" | "lists") {
                object.splice(0..1, ["a".to_owned(), "list".to_owned()]);
            }
            Intent { action: Action::Read, verb: "get".into(), object }
        }
    };
    usable(intent, has_verb, parameters)
}

/// Adverbs before the verb, and the article of "A modify agenda API".
fn drop_openers(words: &mut Vec<String>) {
    const ADVERBS: &[&str] =
        &["simply", "privately", "bulk", "quickly", "easily", "force", "just", "programmatically"];
    let lower = |word: Option<&String>| word.map(|w| w.to_lowercase()).unwrap_or_default();
    let article = matches!(lower(words.first()).as_str(), "a" | "an");
    let verb_next = verbs::action(&lower(words.get(1))).is_some();
    let adverb = ADVERBS.contains(&lower(words.first()).as_str());
    if words.len() > 2 && (adverb || (article && verb_next)) {
        words.remove(0);
    }
}

/// Takes "for" out of "search for", "me" out of "get me", a second verb out of
/// "generate or retrieves".
fn drop_particles(object: &mut Vec<String>, action: Action) {
    let particles: &[&str] = match action {
        Action::Search => &["for", "up"],
        Action::Read => &["back", "you", "me", "us", "out", "with", "user", "users"],
        _ => &[],
    };
    let lower = |word: &String| word.to_lowercase();
    while object.len() > 1 && particles.contains(&lower(&object[0]).as_str()) {
        object.remove(0);
    }
    let second_verb = object.len() > 2
        && matches!(object[0].as_str(), "or" | "and" | "and/or")
        && verbs::base(&lower(&object[1])).is_some();
    if second_verb {
        object.drain(..2);
    }
    lower_first(object);
}

fn lower_first(object: &mut [String]) {
    let Some(first) = object.first_mut() else { return };
    let plain = first.chars().skip(1).all(|c| c.is_lowercase());
    if plain && first.len() > 1 || first.as_str() == "A" {
        *first = first.to_lowercase();
    }
}

/// Refuses what no one would say, and shortens what goes on.
fn usable(mut intent: Intent, has_verb: bool, parameters: &Parameters) -> Option<Intent> {
    clean::drop_asides(&mut intent.object);
    parameters.drop_list(&mut intent.object);
    if intent.object.len() > MAX_OBJECT_WORDS {
        clean::shorten(&mut intent.object, MAX_OBJECT_WORDS);
    }
    let object = &intent.object;
    let can_stand_alone = matches!(
        intent.verb.as_str(),
        "log" | "start" | "stop" | "test" | "translate" | "convert" | "login" | "logout" | "search"
    );
    let fine = (!object.is_empty() || can_stand_alone)
        && object.len() <= MAX_OBJECT_WORDS
        && (has_verb || clean::reads_as_noun_phrase(object))
        && clean::is_plain_english(object, can_stand_alone);
    if !fine {
        return None;
    }
    single_attribute(&mut intent.object);
    clean::add_article(&mut intent.object, intent.action);
    Some(intent)
}

/// "businesses reviews" are business reviews.
fn single_attribute(object: &mut [String]) {
    const OF_EACH: &[&str] = &["reviews", "details", "photos"];
    for at in 1..object.len() {
        let plain = object[at - 1].chars().all(char::is_lowercase);
        if plain && OF_EACH.contains(&object[at].as_str()) {
            object[at - 1] = noun::singular(&object[at - 1]);
        }
    }
}

/// An intent from the words of the name, without what names the tool.
fn from_name(function: &Function, parameters: &Parameters) -> Option<Intent> {
    let mut parts: Vec<String> =
        words(clean::without_tool(function)).flat_map(|word| glued::split(&word)).collect();
    let is_number = |word: &String| word.chars().all(|c| c.is_ascii_digit());
    if let Some(digits) = parts.iter().position(is_number) {
        parts.truncate(digits);
    }
    let gets = parts.first().is_some_and(|word| word == "get");
    const TECHNICAL: &[&str] = &[
        "api", "endpoint", "v", "get", "post", "rapidapi", "copy", "json", "fetch", "call", "rest",
        "bulk",
    ];
    parts.retain(|word| !TECHNICAL.contains(&word.as_str()));
    let first = parts.first()?.clone();
    let spelled = |word: &String| noun::spell(word).to_owned();
    if let Some(action) = verbs::action(&first).filter(|_| !gets && parts.len() > 1) {
        let object = parts[1..].iter().map(spelled).collect();
        return usable(Intent { action, verb: first, object }, true, parameters);
    }
    let object: Vec<String> = parts.iter().map(spelled).collect();
    let short =
        |word: &String| word.len() <= 2 && !matches!(word.as_str(), "by" | "of" | "to" | "in");
    let readable = object.len() <= 6 && !object.iter().any(short) && object.concat().len() > 3;
    let intent = Intent { action: Action::Read, verb: "get".into(), object };
    usable(intent, true, parameters).filter(|_| readable)
}

/// What the tool calls itself.
fn title(function: &Function) -> String {
    let class = function.class.trim();
    let name = if class.is_empty() || class == "misc" { function.category.as_str() } else { class };
    let parts: Vec<&str> = name
        .split(|c: char| c.is_whitespace() || "_:/-".contains(c))
        .filter(|part| !part.is_empty() && !part.eq_ignore_ascii_case("api"))
        .take(4)
        .collect();
    if parts.is_empty() { "this tool".into() } else { parts.join(" ") }
}

/// The words a function's parameters are called by.
pub(super) struct Parameters {
    words: Vec<String>,
}

impl Parameters {
    pub(super) fn of(function: &Function) -> Self {
        const ALWAYS: &[&str] = &[
            "id", "ids", "name", "code", "keyword", "keywords", "term", "input", "parameter",
            "parameters", "value", "values", "optionally", "optional", "specified", "given",
            "certain", "criteria", "filters", "specific", "its", "their", "the", "a", "an", "or",
            "and", "other", "options", "required", "search",
        ];
        let mut all: Vec<String> = ALWAYS.iter().map(|word| (*word).to_owned()).collect();
        for field in function.params() {
            for word in words(&field.name) {
                all.push(noun::plural(&word));
                all.push(noun::singular(&word));
                all.push(noun::spell(&word).to_owned());
                all.push(word);
            }
        }
        Self { words: all }
    }

    fn names(&self, word: &str) -> bool {
        let bare = word.trim_end_matches([',', '.']).to_lowercase();
        self.words.contains(&bare)
    }

    /// Cuts "by artist or genre", "for the given destination, number of seats
    /// and ride type": the request says these itself.
    fn drop_list(&self, object: &mut Vec<String>) {
        let list_starts = |at: &usize| {
            let rest = &object[*at + 1..];
            let several = rest.iter().any(|w| w == "and" || w == "or" || w.ends_with(','));
            let telling = matches!(object[*at].as_str(), "by" | "with" | "using" | "given");
            clean::is_preposition(&object[*at])
                && !rest.is_empty()
                && (several || telling)
                && rest.iter().all(|word| self.names(word) || word == "of" || word == "number")
        };
        if let Some(at) = (1..object.len()).find(list_starts) {
            object.truncate(at);
        }
    }

    /// Cuts a phrase that only names a parameter, after the arguments were
    /// woven in: the "for city" of "weather for city".
    pub(super) fn drop_bare(&self, object: &mut Vec<String>) {
        let Some(at) = object.iter().rposition(|word| clean::is_preposition(word)) else { return };
        let rest = &object[at + 1..];
        let bare = rest.len() <= 2
            && rest.iter().all(|word| self.names(word) && !clean::is_determiner(word));
        if at > 0 && bare && !rest.last().is_some_and(|last| noun::is_plural(last)) {
            object.truncate(at);
        }
    }
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
            ("poster", "Get movie poster by title and release year", "x", "get the movie poster"),
            (
                "QueryRegistration",
                "Query registration API that takes two parameters - 'patient_name' and 'time'.",
                "apibank",
                "query the registration",
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
            (
                "repos_set-status-check-contexts", "Set status check contexts", "repos",
                "set status check contexts",
            ),
            ("reviews", "Find businesses reviews", "x", "find business reviews"),
            ("status", "Order status of a parcel", "x", "get order status of a parcel"),
            ("lookup", "Used to look up an artist by id", "x", "look an artist"),
            (
                "fetch",
                "This endpoint will return info of any track from shazam.com",
                "x",
                "return info of any track from shazam.com",
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
            ("getcategoryinfo_for_vimeo", "", "Vimeo", "get category details"),
            ("search_image_for_vimeo", "", "Vimeo", "search an image"),
            (
                "github_repos_delete-repo-ruleset", "", "github repos",
                "delete the repository ruleset",
            ),
            ("directions_between_2_locations_for_uganda_api", "", "uganda api", "get directions"),
            (
                "haber_for_kolektifapi", "«ntv.com.tr» Son Dakika Haberleri Verileri",
                "KolektifAPI", "get the data from KolektifAPI",
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
