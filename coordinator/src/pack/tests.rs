use magnet_proto::library::{Document, Function, Library};
use serde_json::{Value, json};

use super::check::{self, Report};
use super::*;

fn library() -> Library {
    let function = |name: &str, parameters: Value, required: Value, response: Value| {
        Function::from(Document {
            name: name.into(),
            description: String::new(),
            category: "shop".into(),
            class: "orders".into(),
            parameters: json!({"type": "object", "properties": parameters, "required": required}),
            response: Some(json!({
                "type": "object", "properties": response,
                "required": response.as_object().unwrap().keys().collect::<Vec<_>>(),
            })),
        })
    };
    let text = json!({"type": "string"});
    let order = json!({"order_id": text, "total": {"type": "number"}});
    Library::from(vec![
        function("get_order", json!({"order_id": text}), json!(["order_id"]), order),
        function(
            "rate_order",
            json!({"order_id": text, "stars": {"type": "integer", "minimum": 1, "maximum": 5}}),
            json!(["order_id", "stars"]),
            json!({"order_id": text, "stars": {"type": "integer"}}),
        ),
    ])
}

const ABOUT: (&str, &str) = ("pack.json", r#"{"format": 1, "made_by": "hand"}"#);

const WORLD: &str = r#"
def start(rng, size, world):
    return {"orders": {rng.id("O-", 4): {"total": rng.int(5, 90), "stars": 0} for _ in range(size)}}

def known(world):
    return {"order_id": list(world["shop"]["orders"].keys())}

def _order(world, args):
    order = world["shop"]["orders"].get(args["order_id"])
    if order == None:
        fail("no order %s" % args["order_id"])
    return order

def get_order(world, args):
    return {"order_id": args["order_id"], "total": _order(world, args)["total"]}

def rate_order(world, args):
    order = _order(world, args)
    order["stars"] = args["stars"]
    return {"order_id": args["order_id"], "stars": order["stars"]}
"#;

fn files(texts: &[(&str, &str)]) -> Files {
    let texts = texts.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    Files { pack: "test".into(), texts: texts.collect() }
}

fn read(texts: &[(&str, &str)]) -> Result<Loaded, Problems> {
    load(&files(&[&[ABOUT], texts].concat()), &library())
}

fn refused(texts: &[(&str, &str)]) -> String {
    read(texts).unwrap_err().to_string()
}

fn report(texts: &[(&str, &str)]) -> Report {
    check::check(&read(texts).unwrap(), &library(), 4)
}

/// The check's only complaint.
fn complaint(texts: &[(&str, &str)]) -> String {
    let problems = report(texts).problems;
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems[0].to_string()
}

/// The world with one piece of it put otherwise.
fn world_with(piece: &str, other: &str) -> String {
    assert!(WORLD.contains(piece));
    WORLD.replace(piece, other)
}

fn phrases() -> Value {
    json!({
        "function": "get_order",
        "asks": [
            "look up {order_id}", "show me {order_id}", "pull up {order_id}", "find {order_id}",
            "what do we have on {order_id}?", "bring up {order_id}", "open {order_id}", "I need to see {order_id}",
        ],
        "reasons": ["A customer called.", "I'm at the desk.", "We are closing the month.", "It came up again."],
        "wants": [{
            "at": "/total",
            "ask": ["what does {order_id} come to?", "how much is {order_id}?", "what's the sum of {order_id}?"],
            "tell": ["{{ args.order_id }} comes to {{ out.total | money }}", "the total is {{ out.total | money }}"],
        }],
        "reports": [
            "Order {{ out.order_id }} comes to {{ out.total | money }}.",
            "{{ out.order_id }}: {{ out.total | money }}.", "The total of {{ out.order_id }} is {{ out.total | money }}.",
        ],
    })
}

/// A problem with the phrases after one place of them was put otherwise.
fn wording(pointer: &str, other: Value) -> String {
    let mut phrases = phrases();
    *phrases.pointer_mut(pointer).unwrap() = other;
    let mut rated = phrases.clone();
    rated["function"] = "rate_order".into();
    let text = phrases.to_string();
    let problems = report(&[("phrases/shop.jsonl", &text), ("world/shop.star", WORLD)]).problems;
    let own: Vec<String> = problems
        .iter()
        .filter(|problem| problem.function.as_deref() == Some("get_order"))
        .map(ToString::to_string)
        .collect();
    own.join("\n")
}

#[test]
fn a_pack_is_read_by_function() {
    let text = format!("{:#}\n{}", phrases(), r#"{"function": "elsewhere", "asks": []}"#);
    let values = r#"{"function": "rate_order", "parameter": "stars", "values": [4, 5]}"#;
    let loaded = read(&[
        ("phrases.jsonl", &text),
        ("values/shop.jsonl", values),
        ("world/shop.star", WORLD),
    ])
    .unwrap();
    let pack = &loaded.pack;
    let id = library().find("rate_order").unwrap();
    assert_eq!(pack.values(id, "stars"), [4, 5]);
    assert_eq!(pack.phrases(library().find("get_order").unwrap()).unwrap().asks.len(), 8);
    assert_eq!((pack.world.len(), pack.made_by.as_str()), (1, "hand"));
    assert_eq!(loaded.strangers.len(), 1);
}

#[test]
fn what_cannot_be_read_is_told_with_file_line_and_function() {
    let told = refused(&[("phrases/shop.jsonl", "{\"function\": \"get_order\",\n \"asks\": [}")]);
    assert!(told.contains("phrases/shop.jsonl:2: it is no JSON"), "{told}");
    let told =
        refused(&[("phrases/shop.jsonl", "\n\n{\"function\": \"get_order\", \"askz\": []}")]);
    assert!(told.contains("phrases/shop.jsonl:3: get_order: unknown field `askz`"), "{told}");
    let twice = "{\"function\": \"get_order\"}\n{\"function\": \"get_order\"}";
    let told = refused(&[("phrases/shop.jsonl", twice)]);
    assert!(
        told.contains("shop.jsonl:2: get_order: phrases: they stand in phrases/shop.jsonl:1"),
        "{told}"
    );
    let told = load(&files(&[("pack.json", r#"{"format": 2}"#)]), &library()).unwrap_err();
    assert!(told.to_string().contains("this program reads format 1"), "{told}");
}

#[test]
fn a_folder_without_a_pack_is_told_what_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let told = Files::read(folder.path()).err().unwrap().to_string();
    assert!(told.contains("hint: name the folder of a pack"), "{told}");
}

#[test]
fn a_sound_pack_has_no_problem() {
    let mut both = phrases().to_string();
    let mut rated = phrases();
    rated["function"] = "rate_order".into();
    rated["asks"] = (0..8).map(|n| format!("give {{order_id}} {{stars}} stars, {n}")).collect();
    rated["wants"] = json!([]);
    rated["reports"] = (0..3).map(|n| format!("Rated {{{{ out.order_id }}}}, {n}.")).collect();
    both += &rated.to_string();
    let report = report(&[("phrases/shop.jsonl", &both), ("world/shop.star", WORLD)]);
    assert!(report.problems.is_empty(), "{:#?}", report.problems);
    assert_eq!(report.tried.len(), 2);
    assert!(report.tried.values().all(|tried| tried.calls > 8));
}

#[test]
fn wording_with_a_fault_is_told_with_what_would_do() {
    for (pointer, other, expected) in [
        ("/asks/0", json!("look up the thing"), "asks: the required {order_id} is missing"),
        ("/asks/0", json!("look up {order}"), "asks: unknown slot {order}"),
        ("/asks/0", json!("get_order for {order_id}"), "asks: it names the function"),
        ("/asks/0", json!("call the API for {order_id}"), "asks: a word of machines"),
        ("/asks/0", json!("look up {order_id}."), "asks: it ends with a full stop"),
        ("/asks/1", json!("look up {order_id}"), "asks: twice"),
        ("/reasons/0", json!("I need {order_id}."), "reasons: a slot {order_id}"),
        ("/wants/0/at", json!("/sum"), "wants: its output has no place \"/sum\""),
        ("/wants/0/ask/0", json!("tell me about {order_id}"), "no question"),
        ("/wants/0/tell/0", json!("it is {{ out.sum }}"), "undefined value"),
        ("/reports/0", json!("Order {{ out.order_id }}  done."), "it says"),
        ("/reports/0", json!("order {{ out.order_id }}"), "it does not end as a sentence"),
        ("/reports/0", json!("{{ out.order_id"), "reports: "),
    ] {
        let told = wording(pointer, other);
        assert!(told.contains(expected), "{expected}:\n{told}");
        assert!(told.contains("phrases/shop.jsonl:1: get_order: "), "{told}");
    }
}

#[test]
fn values_of_another_kind_are_told() {
    let values = r#"{"function": "rate_order", "parameter": "stars", "values": [4, 9]}"#;
    let told = complaint(&[("values/shop.jsonl", values)]);
    assert!(told.starts_with("values/shop.jsonl:1: rate_order: stars: 9 is greater"), "{told}");
    let values = r#"{"function": "rate_order", "parameter": "star", "values": [4]}"#;
    let told = complaint(&[("values/shop.jsonl", values)]);
    assert!(told.ends_with("hint: it has: order_id, stars"), "{told}");
}

#[cfg(feature = "world")]
#[test]
fn a_world_with_a_fault_is_told_with_what_would_do() {
    let stray =
        |piece: &str, other: &str| complaint(&[("world/shop.star", &world_with(piece, other))]);
    let told = stray("\"total\": _order(world, args)[\"total\"]}", "\"total\": \"much\"}");
    assert!(told.contains("get_order: its output does not fit its schema: /total"), "{told}");
    let told = stray("\"stars\": order[\"stars\"]}", "\"stars\": order[\"stars\"], \"more\": 1}");
    assert!(told.contains("rate_order: its output has an undeclared \"more\""), "{told}");
    let other = world_with(
        "return {\"order_id\": args[\"order_id\"], \"total\"",
        "return {\"order_id\": \"O-1\", \"total\"",
    );
    let told = report(&[("world/shop.star", &other)]).problems;
    assert!(!told.is_empty());
    for told in told.iter().map(ToString::to_string) {
        assert!(told.contains("get_order: its output says order_id is \"O-1\""), "{told}");
    }
    let large = world_with("\"stars\": 0}", "\"stars\": [1] * 4000}");
    let told = report(&[("world/shop.star", &large)]).problems;
    assert!(told.iter().any(|told| told.to_string().contains("bytes of JSON")), "{told:#?}");
    let told = stray("return {\"orders\"", "return [\"orders\"]\n    x = {\"orders\"");
    assert!(told.contains("world/shop.star: start: it returns no dict"), "{told}");
}

#[cfg(feature = "world")]
#[test]
fn a_refusal_that_changed_something_is_told() {
    let hasty = world_with(
        "    order[\"stars\"] = args[\"stars\"]\n",
        "    before = order[\"stars\"]\n    order[\"stars\"] = args[\"stars\"]\n    if before: fail(\"it has stars\")\n",
    );
    let told = report(&[("world/shop.star", &hasty)]).problems;
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|told| told.contains("and has changed something\n  hint: check first")),
        "{told:#?}"
    );
}

#[cfg(feature = "world")]
/// Fewer seeds than this would not meet it.
#[test]
fn a_world_that_seldom_starts_is_told() {
    let seldom = world_with(
        "def start(rng, size, world):\n",
        "def start(rng, size, world):\n    if rng.int(1, 12) == 7:\n        [][0]\n",
    );
    let told = complaint(&[("world/shop.star", &seldom)]);
    assert!(told.contains("world/shop.star") && told.contains("start"), "{told}");
}

#[test]
fn two_places_that_are_one_dict_are_told() {
    let keeps = world_with(
        "    order[\"stars\"] = args[\"stars\"]\n",
        "    order[\"stars\"] = args[\"stars\"]\n    world[\"shop\"].setdefault(\"first\", order)\n",
    );
    let told = report(&[("world/shop.star", &keeps)]).problems;
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("rate_order: from the same state")), "{told:#?}");
}

#[test]
fn a_known_set_that_is_refused_is_told() {
    let wrong = world_with(
        "return {\"order_id\": list(world[\"shop\"][\"orders\"].keys())}",
        "return {\"get_order\": [{\"order_id\": \"O-0\"}]}",
    );
    let told = report(&[("world/shop.star", &wrong)]).problems;
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|told| told.contains("and it refuses: \"no order O-0\"")), "{told:#?}");
}

#[cfg(feature = "world")]
#[test]
fn a_function_of_no_use_is_told_and_one_that_has_run_out_is_not() {
    let never = world_with(
        "return {\"order_id\": args[\"order_id\"], \"total\"",
        "fail(\"we are closed\")\n    return {\"total\"",
    );
    let told = complaint(&[("world/shop.star", &never)]);
    assert!(told.contains("get_order: it refuses every call: \"we are closed\""), "{told}");
    let once = world_with(
        "    return {\"order_id\": args[\"order_id\"], \"stars\"",
        "    world[\"shop\"][\"orders\"].pop(args[\"order_id\"])\n    return {\"order_id\": args[\"order_id\"], \"stars\"",
    );
    let told = report(&[("world/shop.star", &once)]).problems;
    assert!(told.is_empty(), "{told:#?}");
}

#[cfg(feature = "world")]
#[test]
fn what_the_maker_left_out_is_no_problem() {
    let text = phrases().to_string();
    let unasked =
        world_with("return {\"order_id\": list(world[\"shop\"][\"orders\"].keys())}", "return {}");
    let left_out = json!({
        "format": 1, "left_out": {"rate_order": {"phrases": "too few"}, "get_order": {"world": "none"}},
    });
    let (about, parts) = (
        left_out.to_string(),
        [("phrases/shop.jsonl", text.as_str()), ("world/shop.star", &unasked)],
    );
    let all = [&[("pack.json", about.as_str())], &parts[..]].concat();
    let told = check::check(&load(&files(&all), &library()).unwrap(), &library(), 4).problems;
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    let is_silent = |part: &str| told.iter().all(|told| !told.contains(part));
    assert!(is_silent("it has no phrases") && is_silent("nothing says"), "{told:#?}");
}

#[cfg(feature = "world")]
#[test]
fn a_module_that_is_none_is_told_once() {
    let told = complaint(&[("world/shop.star", "def start(rng, size, world)\n    return {}\n")]);
    assert!(told.starts_with("world/shop.star:1: "), "{told}");
}

#[test]
fn the_built_in_pack_holds_every_file_of_its_folder() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/library/builtin/pack");
    let names = |files: Files| {
        let mut names: Vec<String> = files.texts.into_iter().map(|(path, _)| path).collect();
        names.retain(|path| path != "world/prelude.star");
        names.sort_unstable();
        names
    };
    assert_eq!(names(Files::builtin()), names(Files::read(&folder).unwrap()));
}
