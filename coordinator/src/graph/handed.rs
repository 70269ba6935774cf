//! What a call hands on is such as the next call takes.
//!
//! An API that says of `sport_id` that it is `^OB_SP\d+$` and of a sport's `id`
//! only that it is a text means the same thing by both. Outputs are made up by
//! their own schema; so that one can be handed on, it gets the pattern of the
//! parameter that it flows into. Pure: a narrower schema of the output and
//! nothing else.

use std::collections::BTreeMap;

use magnet_proto::FunctionId;
use magnet_proto::graph::Graph;
use magnet_proto::library::{Function, Library};
use magnet_proto::shape::escape;
use serde_json::Value;

/// The library with every output that flows into a parameter fit for it.
pub fn on(library: Library, graph: &Graph) -> Library {
    let patterns = patterns(&library, graph);
    if patterns.is_empty() {
        return library;
    }
    let functions = Vec::<Function>::from(library).into_iter().zip(0..);
    let fit = |(function, id): (Function, u32)| {
        let Some(places) = patterns.get(&FunctionId(id)) else {
            return function;
        };
        function.edited(|document| {
            for (place, pattern) in places {
                if let Some(schema) = document.response.as_mut().and_then(|root| at(root, place)) {
                    narrow(schema, pattern);
                }
            }
        })
    };
    Library::from(functions.map(fit).collect::<Vec<Function>>())
}

/// The patterns by source and place; of two consumers the first one's.
fn patterns(library: &Library, graph: &Graph) -> BTreeMap<FunctionId, BTreeMap<String, Value>> {
    let mut patterns: BTreeMap<FunctionId, BTreeMap<String, Value>> = BTreeMap::new();
    for (from, node) in graph.nodes() {
        for edge in &node.edges {
            for flow in &edge.flows {
                let parameter = format!("/properties/{}", escape(&flow.input));
                let schema = library.get(edge.to).parameters.pointer(&parameter);
                if let Some(pattern) = schema.and_then(|schema| schema.get("pattern")) {
                    let places = patterns.entry(from).or_default();
                    places.entry(flow.output.clone()).or_insert_with(|| pattern.clone());
                }
            }
        }
    }
    patterns
}

/// The schema of a place of an output.
fn at<'s>(schema: &'s mut Value, place: &str) -> Option<&'s mut Value> {
    place.split('/').skip(1).try_fold(schema, |schema, step| match step {
        "*" => schema.get_mut("items"),
        name => schema.get_mut("properties")?.get_mut(name.replace("~1", "/").replace("~0", "~")),
    })
}

/// Gives a text that says nothing of its form that form.
fn narrow(schema: &mut Value, pattern: &Value) {
    const TOLD: [&str; 6] = ["pattern", "format", "enum", "const", "minLength", "maxLength"];
    let is_text = schema.get("type").is_some_and(|ty| ty == "string");
    if let Some(object) = schema.as_object_mut()
        && is_text
        && !TOLD.iter().any(|key| object.contains_key(*key))
    {
        object.shift_remove("examples");
        object.insert("pattern".into(), pattern.clone());
    }
}

#[cfg(test)]
mod tests {
    use magnet_proto::config::GraphSettings;
    use magnet_proto::library::Document;
    use serde_json::json;

    use super::*;

    fn function(name: &str, parameters: Value, response: Value) -> Function {
        Function::from(Document {
            name: name.into(),
            description: name.replace('_', " "),
            category: "farm".into(),
            class: "farm".into(),
            parameters: json!({ "type": "object", "properties": parameters,
                "required": parameters.as_object().unwrap().keys().collect::<Vec<_>>() }),
            response: Some(json!({ "type": "object", "properties": response })),
        })
    }

    #[test]
    fn an_id_takes_the_form_that_the_next_call_wants() {
        let barn = json!({ "type": "array", "items": { "type": "object", "properties": {
            "barn_id": { "type": "string" }, "name": { "type": "string" } } } });
        let library = Library::from(vec![
            function("list_barns", json!({}), json!({ "barns": barn })),
            function(
                "get_barn",
                json!({ "barn_id": { "type": "string", "pattern": "^B/\\d{4}$" } }),
                json!({ "area": { "type": "number" } }),
            ),
        ]);
        let graph = crate::graph::build(&library, &GraphSettings::default(), 7);
        let library = on(library, &graph);
        let response = |id| library.get(FunctionId(id)).response.as_ref().unwrap();
        let items = &response(0)["properties"]["barns"]["items"]["properties"];
        assert_eq!(items["barn_id"]["pattern"], "^B/\\d{4}$");
        assert_eq!(items["name"], json!({ "type": "string" }));
        let leaves = library.get(FunctionId(0)).output_leaves();
        assert!(leaves.iter().any(|leaf| leaf.shape.pattern.is_some()), "the shape knows it");
    }
}
