//! What a mock writes into packs: worlds whose things can be made, found and
//! ended, and wording that fits any values.

use serde_json::{Map, Value, json};

use super::behaviour::{Craft, Draws};
use super::values;

/// A module for the functions of the task, whose documents stand in the text.
pub(super) fn world(text: &str, task: &Value, craft: Craft, draws: &mut Draws) -> String {
    let documents = documents(text);
    let module = task["module"].as_str().unwrap_or_default();
    if craft == Craft::Broken {
        return format!("```python\ndef start(rng, size, world):\n    return {module}(]\n```");
    }
    let is_spoiled = match craft {
        Craft::Partly => true,
        Craft::Mended => !is_told(text),
        Craft::Sound | Craft::Broken => false,
    };
    let mut code = format!(
        "# {{\"things\": {{id: its arguments}}}}\ndef start(rng, size, world):\n    \
         return {{\"things\": {{rng.id(\"T-\", 5): {{}} for _ in range(size)}}}}\n\n\
         def _things(world):\n    return world[\"{module}\"][\"things\"]\n\n"
    );
    let mut known = vec![];
    let names = task["functions"].as_array().cloned().unwrap_or_default();
    for (at, name) in names.iter().enumerate() {
        let document = documents.iter().find(|document| document["name"] == *name);
        let document = document.cloned().unwrap_or_default();
        let called = task["defined_as"][at].as_str().unwrap_or_default();
        let is_last = at + 1 == names.len();
        code.push_str(&function(&document, called, is_spoiled && is_last, draws));
        let parameters = document["parameters"]["properties"].as_object();
        for (parameter, schema) in parameters.into_iter().flatten() {
            let values = match parameter.ends_with("_id") {
                true => "_things(world).keys()".to_owned(),
                // Notes are what people bring along.
                false if schema["enum"].is_array() || parameter == "note" => continue,
                false => json!([values::following(schema, draws)]).to_string(),
            };
            known.push(format!("{}: {values}", json!(parameter)));
        }
    }
    known.sort();
    known.dedup_by_key(|entry| entry.split(':').next().unwrap_or_default().to_owned());
    let known = known.join(", ");
    code.push_str(&format!("def known(world):\n    return {{{known}}}\n"));
    format!("Here it is:\n```python\n{code}```\n")
}

fn function(document: &Value, called: &str, is_spoiled: bool, draws: &mut Draws) -> String {
    let parameters = document["parameters"]["properties"].as_object().cloned().unwrap_or_default();
    let mut code = format!("def {called}(world, args):\n    things = _things(world)\n");
    for id in parameters.keys().filter(|name| name.ends_with("_id")) {
        code.push_str(&format!(
            "    if args[{id:?}] not in things:\n        fail(\"there is no %s\" % args[{id:?}])\n"
        ));
        if called.starts_with("close") {
            code.push_str(&format!("    things.pop(args[{id:?}])\n"));
        }
    }
    code.push_str("    output = {}\n");
    let members = document["response"]["properties"].as_object().cloned().unwrap_or_default();
    for (name, schema) in &members {
        let value = match schema["type"].as_str() {
            _ if parameters.contains_key(name) => format!("args.get({name:?})"),
            Some("array") => listed(&schema["items"], draws),
            _ if name.ends_with("_id") => {
                code.push_str("    made = new_id(things, \"T-\", 5)\n    things[made] = {}\n");
                "made".to_owned()
            }
            _ => literal(&values::following(schema, draws)),
        };
        code.push_str(&format!("    output[{name:?}] = {value}\n"));
    }
    if is_spoiled {
        code.push_str("    output[\"nobody_declared_this\"] = 1\n");
    }
    code.push_str("    return output\n\n");
    code
}

/// The first of the things as elements of a list.
fn listed(item: &Value, draws: &mut Draws) -> String {
    let members = item["properties"].as_object().cloned().unwrap_or_default();
    let member = |(name, schema): (&String, &Value)| match name.ends_with("_id") {
        true => format!("{name:?}: i"),
        false => format!("{name:?}: {}", literal(&values::following(schema, draws))),
    };
    let members: Vec<String> = members.iter().map(member).collect();
    format!("[{{{}}} for i in things.keys()[:3]]", members.join(", "))
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        other => other.to_string(),
    }
}

/// The words of the task's function.
pub(super) fn words(text: &str, task: &Value, craft: Craft, draws: &mut Draws) -> Value {
    let document = documents(text).into_iter().find(|d| d["name"] == task["wording_of"]);
    let document = document.unwrap_or_default();
    let is_spoiled = match craft {
        Craft::Broken | Craft::Partly => true,
        Craft::Mended => !is_told(text),
        Craft::Sound => false,
    };
    let required = document["parameters"]["required"].as_array().cloned().unwrap_or_default();
    let slots: Vec<String> =
        required.iter().filter_map(Value::as_str).map(|name| format!("{{{name}}}")).collect();
    let slots = if is_spoiled { "{nobody}".to_owned() } else { slots.join(" and ") };
    let mut sentences =
        |count: usize| -> Vec<String> { (0..count).map(|_| values::sentences(draws)).collect() };
    let asks = sentences(10).into_iter().map(|ask| {
        let ask: String = ask.trim_end_matches('.').to_lowercase();
        format!("{ask}, for {slots}")
    });
    let asks: Vec<String> = asks.collect();
    let reasons = sentences(5);
    let members = document["response"]["properties"].as_object().cloned().unwrap_or_default();
    let scalar = members.iter().find(|(_, schema)| schema["type"] == "string");
    let told = scalar.map(|(name, _)| format!("{{{{ out.{name} }}}}")).unwrap_or_default();
    let reports: Vec<String> =
        ["That is it", "There you are", "It is done"].map(|said| format!("{said}: {told}.")).into();
    let wants: Vec<Value> = scalar
        .map(|(name, _)| {
            let ask = ["what is it?", "how does it stand?", "what does it say?"];
            let tell = [format!("it is {told}"), format!("it says {told}")];
            json!({ "at": format!("/{name}"), "ask": ask, "tell": tell })
        })
        .into_iter()
        .collect();
    let values = task["values_for"].as_array().cloned().unwrap_or_default();
    let values = values.iter().filter_map(Value::as_str).map(|name| {
        let schema = &document["parameters"]["properties"][name];
        let many: Vec<Value> = (0..14).map(|_| values::following(schema, draws)).collect();
        json!({ "parameter": name, "values": many })
    });
    let values: Vec<Value> = values.collect();
    let mut answer = Map::new();
    let parts = [("asks", json!(asks)), ("reasons", json!(reasons)), ("items", json!([]))];
    let more = [("wants", json!(wants)), ("reports", json!(reports)), ("values", json!(values))];
    for (key, part) in parts.into_iter().chain(more) {
        answer.insert(key.into(), part);
    }
    answer.into()
}

fn is_told(text: &str) -> bool {
    text.contains("Your last answer was refused")
}

fn documents(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
