//! What no request can ask for: walks that nobody would go, told from their
//! calls before anything is paid.
//!
//! Each flow of them is legal, and the request for it would read like a puzzle,
//! or an assistant would rightly do something else.

use magnet_proto::brief::{How, Select};
use magnet_proto::library::{Function, Library};
use magnet_proto::path::{Path, Purpose, StepRef};
use magnet_proto::shape::words;
use serde_json::Value;

use crate::made::{Log, Made};
use crate::select::Route;

/// Why nobody would want the calls of a path; none where they would.
pub(super) fn against(library: &Library, path: &Path, log: &Log) -> Option<String> {
    log.calls.iter().find_map(|made| against_call(library, path, log, made))
}

/// Why nobody would want a call of a path, or one that is proposed for it.
pub(super) fn against_call(
    library: &Library,
    path: &Path,
    log: &Log,
    made: &Made,
) -> Option<String> {
    let name = &function(library, made)?.name;
    let of = |at: StepRef| log.calls.iter().find(|made| made.at == at);
    awkward(library, made, of)
        .map(|why| format!("nobody would ask for \"{name}\" so: {why}"))
        .or_else(|| undoing(library, made, of))
        .or_else(|| {
            let is_free = made.at.step > 0 && follows_a_miss(path, made.at) && is_free(made, of);
            is_free.then(|| format!("\"{name}\" can be called without what is missing"))
        })
}

fn function<'l>(library: &'l Library, made: &Made) -> Option<&'l Function> {
    Some(library.get(made.executed.last()?.call.function))
}

/// Whether a step's turn makes up for what the one before it missed.
fn follows_a_miss(path: &Path, at: StepRef) -> bool {
    let before = usize::from(at.turn).checked_sub(1).and_then(|before| path.turns.get(before));
    before.is_some_and(|before| before.purpose != Purpose::Calls)
}

/// Whether a call takes nothing from its turn but what the calls there are
/// given: an assistant would make it without them.
fn is_free<'a>(made: &Made, of: impl Fn(StepRef) -> Option<&'a Made>) -> bool {
    made.arguments.iter().all(|(_, how)| match how {
        How::Pointed { from, value, .. } if from.turn == made.at.turn => {
            of(*from).is_some_and(|source| source.is_given(value.as_ref()))
        }
        _ => true,
    })
}

/// What nobody does in one breath: make a thing and unmake it.
fn undoing<'a>(
    library: &Library,
    made: &Made,
    of: impl Fn(StepRef) -> Option<&'a Made>,
) -> Option<String> {
    let ends = function(library, made)?;
    if !is_ending(&ends.name) {
        return None;
    }
    made.arguments.iter().find_map(|(_, how)| match how {
        How::Pointed { from, .. } if from.turn == made.at.turn => {
            let makes = function(library, of(*from)?)?;
            let (makes, is_made) = (&makes.name, makes.changes_state());
            is_made.then(|| format!("nobody wants \"{makes}\" and \"{}\" at once", ends.name))
        }
        _ => None,
    })
}

/// Whether a function puts an end to what it is called for.
fn is_ending(name: &str) -> bool {
    const ENDS: &[&str] = &[
        "cancel", "close", "delete", "remove", "refund", "return", "revoke", "stop", "terminate",
        "unsubscribe", "withdraw",
    ];
    words(name).next().is_some_and(|verb| ENDS.contains(&verb.as_str()))
}

/// What nobody takes of one of several things and nothing else: the city of the
/// cheapest concert.
const PASSING: &[&str] = &[
    "artist", "author", "city", "currency", "date", "department", "profession", "status", "time",
    "topic",
];

/// A value that a call takes from an earlier output.
struct Taken<'a> {
    parameter: &'a str,
    from: StepRef,
    place: &'a str,
    select: &'a Select,
    value: Option<&'a Value>,
}

impl Taken<'_> {
    /// The last word of the place's name: "currency" of `/to_currency`.
    fn kind(&self) -> String {
        let leaf = self.place.rsplit('/').find(|part| *part != "*").unwrap_or_default();
        words(leaf).last().unwrap_or_default()
    }

    fn is_of_a_list(&self) -> bool {
        Route::of(self.place).tail.is_some() && *self.select != Select::All
    }

    fn is_thing(&self) -> bool {
        const NAMES: &[&str] = &[
            "code", "email", "handle", "hash", "id", "ids", "key", "login", "name", "number",
            "phone", "ref", "reference", "sha", "sku", "slug", "symbol", "ticker", "title", "url",
            "username", "uuid",
        ];
        NAMES.contains(&self.kind().as_str())
    }
}

/// What is awkward about the flows of a call. `of` gives the calls made before
/// it.
fn awkward<'a>(
    library: &Library,
    made: &Made,
    of: impl Fn(StepRef) -> Option<&'a Made>,
) -> Option<String> {
    let taken: Vec<Taken<'_>> = made.arguments.iter().filter_map(taken).collect();
    for one in &taken {
        let kind = one.kind();
        let source = of(one.from);
        let is_echo = source.is_some_and(|source| source.is_given(one.value));
        let beside = || taken.iter().filter(|other| !std::ptr::eq(*other, one));
        let with_its_amount = || beside().any(|other| other.from == one.from);
        if kind == "currency" && one.from.turn == made.at.turn && !is_echo && !with_its_amount() {
            return Some("it takes the currency of a sum that is still to come, and no sum".into());
        }
        if one.is_of_a_list() && PASSING.contains(&kind.as_str()) {
            return Some(format!("it takes the {kind} of one of several things, and nothing else"));
        }
        let is_same = |other: &Taken<'_>| other.from == one.from && other.is_of_a_list();
        if one.is_of_a_list() && !one.is_thing() && beside().any(|o| is_same(o) && !o.is_thing()) {
            return Some("it takes two properties of one of several things".into());
        }
        if let Some(role) = source.and_then(|source| role(library, made, source, one)) {
            return Some(format!("nothing says that this can be the {role}"));
        }
    }
    None
}

/// What a value must be to be passed on as that parameter, where its place does
/// not say that it is: a return label is a file, and no CV.
fn role(library: &Library, made: &Made, source: &Made, taken: &Taken<'_>) -> Option<String> {
    let wanted = function(library, made)?.param(taken.parameter)?.shape.description.as_str();
    let leaves = function(library, source)?.output_leaves();
    let leaf = leaves.iter().find(|leaf| leaf.path == taken.place)?;
    let said: Vec<&str> = wanted.split(|c: char| !c.is_alphanumeric()).collect();
    let mut roles = said.windows(2).filter(|pair| is_acronym(pair[0]) && pair[1] == "file");
    let role = roles.find(|pair| !leaf.shape.description.contains(pair[0]))?;
    Some(role[0].to_owned())
}

fn is_acronym(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase())
}

fn taken((parameter, how): &(String, How)) -> Option<Taken<'_>> {
    match how {
        How::Pointed { from, place, select, value } => {
            Some(Taken { parameter, from: *from, place, select, value: value.as_ref() })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::FunctionId;
    use magnet_proto::library::{Document, Function};
    use magnet_proto::sample::Call;
    use serde_json::json;

    use super::*;
    use crate::conversation::Executed;
    use crate::execute::Output;

    /// A function that returns a file, and one that takes a CV.
    fn library() -> Library {
        let text = |description: &str| json!({"type": "string", "description": description});
        let function = |name: &str, parameters: Value, response: Value| {
            let object = |properties: Value| json!({"type": "object", "properties": properties});
            Function::from(Document {
                name: name.into(),
                description: String::new(),
                category: "misc".into(),
                class: "misc".into(),
                parameters: object(parameters),
                response: Some(object(response)),
            })
        };
        let finds = function("find", json!({}), json!({"file_id": text("Number of the file")}));
        let cv = json!({"file_id": text("Number of the CV file")});
        vec![finds, function("apply", cv, json!({}))].into()
    }

    fn made(step: u16, arguments: Vec<(&str, How)>) -> Made {
        let at = StepRef { turn: 0, step };
        let named = |(name, how): (&str, How)| (name.to_owned(), how);
        let arguments = arguments.into_iter().map(named).collect();
        let call = Call {
            id: "call_1".into(),
            function: FunctionId(u32::from(step)),
            arguments: Default::default(),
        };
        let executed = vec![Executed { step: at, copy: 0, call, output: Output::of(json!({})) }];
        Made { at, copy: 0, arguments, executed }
    }

    fn pointed(place: &str, select: Select, value: Value) -> How {
        let from = StepRef { turn: 0, step: 0 };
        How::Pointed { from, place: place.into(), select, value: Some(value) }
    }

    fn check(source: Vec<(&str, How)>, call: Vec<(&str, How)>, expected: Option<&str>) {
        let (source, call) = (made(0, source), made(1, call));
        let found = awkward(&library(), &call, |_| Some(&source));
        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        if let (Some(found), Some(expected)) = (found, expected) {
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn a_currency_comes_with_its_sum() {
        let currency = || ("currency", pointed("/currency", Select::First, json!("EUR")));
        let amount = ("amount", pointed("/fee", Select::First, json!(3.5)));
        let said = How::Said { value: json!("EUR") };
        check(vec![], vec![currency()], Some("no sum"));
        check(vec![], vec![currency(), amount], None);
        check(vec![("currency", said)], vec![currency()], None);
    }

    #[test]
    fn of_one_of_several_people_mean_the_thing_rather_than_its_city() {
        let city = pointed("/concerts/*/city", Select::Least("/price".into()), json!("Bergen"));
        check(vec![], vec![("city", city)], Some("the city of one of several"));
        let id = pointed("/concerts/*/concert_id", Select::First, json!("MC-1"));
        check(vec![], vec![("concert_id", id)], None);
    }

    #[test]
    fn a_file_is_not_a_cv_by_itself() {
        let file = pointed("/file_id", Select::First, json!("FL-1"));
        check(vec![], vec![("file_id", file)], Some("the CV"));
        check(vec![], vec![("file_id", How::Said { value: json!("FL-1") })], None);
    }
}
