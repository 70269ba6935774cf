use magnet_proto::WalkIndex;
use magnet_proto::library::{Document, Function};
use magnet_proto::pack::Module;
use magnet_worker::execute::{Error, Executor, Start};
use serde_json::{Map, Value, json};

use super::*;

const SHOP: &str = r#"
def start(rng, size, world):
    return {"orders": {rng.id("O-", 4): {"total": rng.int(5, 90)} for _ in range(size)}, "left": 100}

def known(world):
    return {"order_id": list(world["shop"]["orders"].keys())}

def get_order(world, args):
    shop = world["shop"]
    order = shop["orders"].get(args["order_id"])
    if order == None:
        fail("no order %s" % args["order_id"])
    return {"order_id": args["order_id"], "total": order["total"]}

def cancel_order(world, args):
    order = get_order(world, args)
    world["shop"]["orders"].pop(order["order_id"])
    return {"refunded": order["total"]}
"#;

fn modules(named: &[(&str, &str)]) -> Result<Modules, Vec<Problem>> {
    let module =
        |(name, text): &(&str, &str)| Module { name: (*name).into(), text: (*text).into() };
    Modules::load(&named.iter().map(module).collect::<Vec<_>>())
}

fn world(named: &[(&str, &str)], walk: u64) -> World {
    let mut world = World::new(&modules(named).unwrap(), 7, WalkIndex(walk));
    world.start_all().unwrap();
    world
}

fn args(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The problem of a module's only function, `go`.
fn problem(body: &str) -> Problem {
    let text = format!("def start(rng, size, world): return {{}}\n{body}");
    let mut world = world(&[("m", &text)], 0);
    world.call("go", &Map::new()).unwrap_err()
}

fn returned(body: &str) -> Value {
    let text = format!("def start(rng, size, world): return {{}}\n{body}");
    match world(&[("m", &text)], 0).call("go", &Map::new()).unwrap() {
        Outcome::Returned(value) => value,
        Outcome::Refused(text) => panic!("refused: {text}"),
    }
}

#[test]
fn what_a_call_changed_stays_so_for_the_next_one() {
    let mut world = world(&[("shop", SHOP)], 0);
    let known = world.known().unwrap();
    let id = known["order_id"][0].clone();
    let order = args(json!({"order_id": id}));
    assert!(matches!(world.call("get_order", &order).unwrap(), Outcome::Returned(_)));
    world.call("cancel_order", &order).unwrap();
    let gone = Outcome::Refused(format!("no order {}", id.as_str().unwrap()));
    assert_eq!(world.call("get_order", &order).unwrap(), gone);
}

#[test]
fn a_refusal_leaves_the_state_as_it_was() {
    let mut world = world(&[("shop", SHOP)], 0);
    let before = world.state().unwrap();
    world.call("cancel_order", &args(json!({"order_id": "O-0"}))).unwrap();
    assert_eq!(world.state().unwrap(), before);
}

#[test]
fn a_world_starts_the_same_for_its_walk_and_otherwise_for_another() {
    let state = |walk| world(&[("shop", SHOP)], walk).state().unwrap();
    assert_eq!(state(3), state(3));
    assert_ne!(state(3), state(4));
}

#[test]
fn a_module_starts_the_same_whichever_others_did() {
    let other = "def start(rng, size, world): return {'n': rng.int(1, 1000)}";
    let alone = world(&[("shop", SHOP)], 3).state().unwrap();
    let beside = world(&[("shop", SHOP), ("first", other)], 3).state().unwrap();
    assert_eq!(alone["shop"], beside["shop"]);
}

#[tokio::test]
async fn a_world_that_does_not_start_costs_its_conversation_alone() {
    let text = "def start(rng, size, world): return {'n': [][0]}\ndef idle(world, args): return {}";
    let worlds = Worlds::new(modules(&[("shop", text)]).unwrap(), 1).unwrap();
    let document = json!({"name": "idle", "description": "", "category": "shop", "class": "orders", "parameters": {"type": "object", "properties": {}}});
    let idle = Function::from(serde_json::from_value::<Document>(document).unwrap());
    let start = Start { seed: 1, walk: WalkIndex(0), functions: &[&idle], initial_config: None };
    match worlds.open(&start).await.map(|_| ()) {
        Err(Error::Unusable(why)) => {
            assert!(why.contains("shop.star") && why.contains("start"), "{why}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_world_goes_on_from_a_state_that_was_kept() {
    let first = world(&[("shop", SHOP)], 3);
    let mut again = World::new(&modules(&[("shop", SHOP)]).unwrap(), 99, WalkIndex(99));
    again.adopt(&first.state().unwrap());
    again.start_all().unwrap();
    assert_eq!(again.state().unwrap(), first.state().unwrap());
}

#[test]
fn only_what_a_function_needs_is_started() {
    let bank =
        "needs = ['shop']\ndef start(rng, size, world): return {}\ndef pay(world, args): return {}";
    let plain = "def start(rng, size, world): return {}\ndef idle(world, args): return {}";
    let modules = modules(&[("shop", SHOP), ("bank", bank), ("plain", plain)]).unwrap();
    let mut world = World::new(&modules, 7, WalkIndex(0));
    world.call("pay", &Map::new()).unwrap();
    let state = world.state().unwrap();
    assert_eq!(state.keys().collect::<Vec<_>>(), ["shop", "bank"]);
}

#[test]
fn the_same_text_draws_the_same() {
    let value = returned(
        "def go(world, args): return [seeded('a').int(1, 10000), seeded('a').int(1, 10000), seeded('b').int(1, 10000)]",
    );
    assert_eq!(value[0], value[1]);
    assert_ne!(value[0], value[2]);
}

/// A generator that lies where its type may not lie ends the process.
#[test]
fn generators_lie_wherever_the_interpreter_puts_them() {
    let value = returned(
        "def go(world, args): return [len('x' * n) + seeded('%d' % n).int(1, 9) for n in range(60)]",
    );
    assert_eq!(value.as_array().unwrap().len(), 60);
}

#[test]
fn modules_have_the_words_of_the_prelude() {
    let value = returned(
        r#"
def go(world, args):
    n = 3
    n *= 1 + 1
    return {
        "later": date_add("2026-02-27", 3), "day": weekday("2026-11-30"), "time": time_add("23:50", 20),
        "money": money(1.005), "slug": slug("Anna Berg"), "n": n, "half": 7 / 2, "whole": 7 // 2,
        "list": sorted([3, 1, 2], key = lambda x: -x), "flags": [True, None],
    }
"#,
    );
    let expected = json!({
        "later": "2026-03-02", "day": "Monday", "time": "00:10", "money": 1.01, "slug": "anna-berg", "n": 6,
        "half": 3.5, "whole": 3, "list": [3, 2, 1], "flags": [true, null],
    });
    assert_eq!(value, expected);
}

#[test]
fn a_mistake_is_told_with_file_line_and_function() {
    let told = problem("def go(world, args):\n    x = 1\n    return {'a': args['nothing']}");
    assert_eq!((told.file.as_str(), told.line), ("world/m.star", Some(4)));
    assert_eq!(told.function.as_deref(), Some("go"));
    assert!(told.problem.contains("nothing"), "{told}");
}

#[test]
fn a_mistake_in_what_a_module_called_is_told_at_the_module() {
    let told = problem("def go(world, args):\n    return {'a': date_add('soon', 1)}");
    assert_eq!((told.file.as_str(), told.line), ("world/m.star", Some(3)));
}

#[test]
fn a_text_that_is_no_module_is_told_with_its_line() {
    for (text, line) in
        [("def start(rng, size, world):\n    return {\n", 3), ("x = 1\ny = unknown\n", 2)]
    {
        let problems = modules(&[("m", text)]).err().unwrap();
        assert_eq!(problems[0].file, "world/m.star");
        assert_eq!(problems[0].line, Some(line), "{}", problems[0]);
    }
}

#[test]
fn needs_that_cannot_be_met_are_told() {
    let text =
        |needs: &str| format!("needs = ['{needs}']\ndef start(rng, size, world): return {{}}");
    let told = |named: &[(&str, &str)]| modules(named).err().unwrap()[0].to_string();
    assert!(told(&[("a", &text("b"))]).contains("the pack lacks"));
    let circle = told(&[("a", &text("b")), ("b", &text("a"))]);
    assert!(circle.contains("circle, with a, b"), "{circle}");
}

#[test]
fn nothing_runs_on_for_ever_or_eats_the_memory() {
    let doubling = ["    s = s + s"; 40].join("\n");
    let calls: Vec<String> =
        (1..40).map(|n| format!("def f{n}(): return f{}() or f{}()", n - 1, n - 1)).collect();
    for body in [
        "def go(world, args):\n    for a in range(1000):\n        for b in range(1000):\n            pass".to_owned(),
        "def go(world, args): return [1 for a in range(1000) for b in range(1000)]".to_owned(),
        "def go(world, args): return [0] * 1000000000".to_owned(),
        "def go(world, args):\n    s = 'x'\n    s *= 2000000000\n    return s".to_owned(),
        format!("def go(world, args):\n    s = 'x'\n{doubling}\n    return s"),
        "def go(world, args):\n    n = 3\n    for _ in range(40):\n        n = n * n\n    return n".to_owned(),
        "def go(world, args): return 1 << 100000000".to_owned(),
        format!("def f0(): return None\n{}\ndef go(world, args): return f39()", calls.join("\n")),
        "def go(world, args): return go(world, args)".to_owned(),
        "def go(world, args):\n    f = lambda g, n: n and (g(g, n - 1) or g(g, n - 1))\n    return f(f, 35)".to_owned(),
        "def go(world, args):\n    l = [1]\n    for _ in range(40):\n        l = [l, l]\n    return l".to_owned(),
        "def go(world, args):\n    l = []\n    l.append(l)\n    return l".to_owned(),
    ] {
        let told = problem(&body);
        assert_eq!(told.file, "world/m.star", "{told}\n{body}");
    }
}

#[test]
fn a_long_life_leaves_no_garbage_behind() {
    let text = "def start(rng, size, world): return {'n': 0}\n\
                def known(world): return {'n': [list(range(20000))]}\n\
                def go(world, args):\n    world['m']['n'] += 1\n    return world['m']['n']";
    let mut world = world(&[("m", text)], 0);
    for n in 1..400 {
        world.known().unwrap();
        assert_eq!(world.call("go", &Map::new()).unwrap(), Outcome::Returned(json!(n)));
    }
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    let told = problem("def go(world, args): return {'a': [1, go]}");
    assert!(told.problem.contains("/a/1: a value of type function is no JSON"), "{told}");
    let told = problem("def go(world, args): return {1: 2}");
    assert!(told.problem.contains("the key 1 is no text"), "{told}");
}

#[test]
fn functions_whose_names_are_none_of_the_language_can_be_written() {
    for (function, written) in
        [("get-order", "get_order"), ("2fa", "f2fa"), ("import", "import_"), ("known", "known_")]
    {
        assert_eq!(identifier(function), written);
        let text = format!(
            "def start(rng, size, world): return {{}}\ndef {written}(world, args): return 1"
        );
        let mut world = world(&[("m", &text)], 0);
        let outcome = world.call(function, &Map::new()).unwrap();
        assert_eq!(outcome, Outcome::Returned(json!(1)), "{function}");
    }
}
