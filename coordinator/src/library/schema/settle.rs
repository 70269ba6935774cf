//! The second pass over a node: it is made to agree with itself.

use serde_json::{Value, json};

use super::properties::mended_name;
use super::prose::{self, Found};
use super::values::{coerce, distinct, fits, listed, says_nothing, types};
use super::{
    Cut, LEFT_OUT, MAX_REMEMBERED, Memory, Mender, ONE_WAY, Object, Place, Side, Standing, infer,
};
use crate::library::report::RepairKind;
use crate::library::text::brief;

/// Pairs of bounds, the lower first.
const BOUNDS: &[(&str, &str)] = &[
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
];
const MAX_EXAMPLES: usize = 50;

impl Mender<'_> {
    pub(super) fn settle(&mut self, mut node: Object, place: Place<'_>) -> Result<Object, Cut> {
        let is_condition = self.conditions > 0;
        self.settle_choices(&mut node);
        self.settle_examples(&mut node);
        if place.standing == Standing::Whole && !is_condition {
            self.settle_type(&mut node, place.name);
        }
        self.settle_nullable(&mut node);
        self.settle_values(&mut node);
        if !is_condition {
            self.settle_prose(&mut node);
        }
        self.settle_bounds(&mut node);
        self.settle_required(&mut node, place)?;
        self.settle_default(&mut node);
        let holds_items = ["items", "prefixItems"].iter().any(|key| node.contains_key(*key))
            || node.get("maxItems").is_some_and(|most| *most == 0);
        if self.side == Side::Input && !is_condition && types(&node) == ["array"] && !holds_items {
            self.note(RepairKind::Type, "the items' type was missing: \"string\"");
            node.insert("items".into(), json!({ "type": "string" }));
        }
        Ok(node)
    }

    /// `enum` as a list of at least one value.
    fn settle_choices(&mut self, node: &mut Object) {
        let Some(raw) = node.get("enum") else { return };
        let values = listed(raw).map(distinct).filter(|values| !values.is_empty());
        match values {
            Some(values) if raw.as_array() == Some(&values) => {}
            Some(values) => {
                self.note(RepairKind::Enum, format!("mended to {} different values", values.len()));
                node.insert("enum".into(), values.into());
            }
            None => {
                self.note(RepairKind::Enum, format!("dropped: {} is no choice", brief(raw)));
                node.shift_remove("enum");
            }
        }
    }

    /// `example` and `examples` as one list.
    fn settle_examples(&mut self, node: &mut Object) {
        let single = node.shift_remove("example");
        let mut values = match node.shift_remove("examples") {
            Some(Value::Array(values)) => values,
            // OpenAPI names its examples: {"short": {"value": …}}.
            Some(Value::Object(named)) => named
                .into_iter()
                .filter_map(|(_, mut example)| Some(example.get_mut("value")?.take()))
                .collect(),
            Some(Value::Null) | None => Vec::new(),
            Some(other) => vec![other],
        };
        values.extend(single);
        values.retain(|value| !value.is_null());
        let mut values = distinct(values);
        values.truncate(MAX_EXAMPLES);
        if !values.is_empty() {
            node.insert("examples".into(), values.into());
        }
    }

    fn settle_type(&mut self, node: &mut Object, name: &str) {
        let composed = ["anyOf", "oneOf", "const", "not"].iter().any(|key| node.contains_key(*key));
        if node.contains_key("type") || composed {
            return;
        }
        if let Some(ty) = infer::infer(node, name, self.side) {
            self.note(RepairKind::Type, format!("missing: inferred as \"{ty}\""));
            node.shift_insert(0, "type".into(), ty.into());
        }
    }

    /// OpenAPI 3.0's `nullable` as a type.
    fn settle_nullable(&mut self, node: &mut Object) {
        if node.shift_remove("nullable").is_none() {
            return;
        }
        let mut names: Vec<String> = types(node).into_iter().map(str::to_owned).collect();
        if names.is_empty() || names.iter().any(|name| name == "null") {
            return;
        }
        names.push("null".to_owned());
        node.insert("type".into(), names.into());
        if let Some(Value::Array(values)) = node.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
    }

    /// Choices and examples of the node's type.
    fn settle_values(&mut self, node: &mut Object) {
        let named: Vec<String> = types(node).into_iter().map(str::to_owned).collect();
        let named: Vec<&str> = named.iter().map(String::as_str).collect();
        if named.is_empty() {
            return;
        }
        if let Some(Value::Array(values)) = node.get("enum")
            && !values.iter().all(|value| named.iter().any(|ty| fits(value, ty)))
        {
            let mended: Vec<Value> =
                values.iter().filter_map(|value| coerce(value, &named)).collect();
            if mended.len() == values.len() {
                self.note(
                    RepairKind::Enum,
                    format!("values brought to type {}", named.join(" or ")),
                );
                node.insert("enum".into(), distinct(mended).into());
            } else if named.contains(&"array") || named.contains(&"object") {
                self.note(
                    RepairKind::Enum,
                    format!("dropped: the values are not of type {}", named.join(" or ")),
                );
                node.shift_remove("enum");
            } else {
                self.note(RepairKind::Type, "dropped: the allowed values are of other types");
                node.shift_remove("type");
                return;
            }
        }
        if let Some(Value::Array(values)) = node.get("examples") {
            let mended: Vec<Value> =
                values.iter().filter_map(|value| coerce(value, &named)).collect();
            if mended.is_empty() {
                node.shift_remove("examples");
            } else if mended != *values {
                node.insert("examples".into(), mended.into());
            }
        }
    }

    /// Choices and examples that stand only in the description.
    fn settle_prose(&mut self, node: &mut Object) {
        let named = types(node);
        let scalar = matches!(named.as_slice(), ["string" | "integer" | "number"]);
        let told = ["enum", "const", "pattern"].iter().any(|key| node.contains_key(*key));
        if !scalar || told {
            return;
        }
        let description = node.get("description").and_then(Value::as_str);
        let Some(found) = description.and_then(|text| self.memory.read_prose(text)) else {
            return;
        };
        let typed = |items: &[String]| -> Option<Vec<Value>> {
            items.iter().map(|item| coerce(&Value::from(item.as_str()), &named)).collect()
        };
        match found {
            Found::Choices(items) => {
                let Some(values) = typed(&items) else { return };
                // A default or an example outside of the list: it is not all.
                let outside =
                    |value: &Value| coerce(value, &named).is_some_and(|v| !values.contains(&v));
                let default = node.get("default").filter(|value| !is_nothing(value));
                let examples = node.get("examples").and_then(Value::as_array);
                if default.is_some_and(outside) || examples.is_some_and(|e| e.iter().any(outside)) {
                    return;
                }
                self.note(
                    RepairKind::Enum,
                    format!("{} values found in the description", items.len()),
                );
                node.insert("enum".into(), values.into());
            }
            Found::Examples(items) => {
                let Some(values) = typed(&items).filter(|_| !node.contains_key("examples")) else {
                    return;
                };
                self.note(
                    RepairKind::Examples,
                    format!("{} found in the description", items.len()),
                );
                node.insert("examples".into(), values.into());
            }
        }
    }

    /// Bounds that leave room for a value.
    fn settle_bounds(&mut self, node: &mut Object) {
        for (low, high) in BOUNDS {
            let number = |key: &str| node.get(key).and_then(Value::as_f64);
            if number(low).zip(number(high)).is_some_and(|(low, high)| low > high) {
                self.note(RepairKind::Keyword, format!("\"{low}\" above \"{high}\": both dropped"));
                node.shift_remove(*low);
                node.shift_remove(*high);
            }
        }
    }

    /// Required names are texts, each once, and declared: one that is not is a
    /// property like any beyond the named ones. An alternative may require what
    /// the schema around it declares.
    fn settle_required(&mut self, node: &mut Object, place: Place<'_>) -> Result<(), Cut> {
        let cut = names_of(node.shift_remove(LEFT_OUT));
        let one_way = names_of(node.shift_remove(ONE_WAY));
        let Some(Value::Array(names)) = node.get("required") else {
            return Ok(());
        };
        if !self.is_lenient && names.iter().any(|name| cut.contains(name)) {
            return Err(Cut::Size);
        }
        let names = names.iter().filter(|name| !cut.contains(name) && !one_way.contains(name));
        let is_whole = place.standing == Standing::Whole || place.depth == 0;
        let declared = node.get("properties").and_then(Value::as_object);
        // The names of properties may have been mended.
        let names: Vec<Value> = names
            .map(|name| match name.as_str() {
                Some(text) if declared.is_some_and(|all| !all.contains_key(text)) => {
                    mended_name(text).into()
                }
                _ => name.clone(),
            })
            .collect();
        let known = |name: &str| !is_whole || declared.is_none_or(|all| all.contains_key(name));
        let rest = match node.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(rest @ Value::Object(_)) => Some(rest.clone()),
            _ => Some(Value::Object(Object::new())),
        };
        let mut kept = Vec::new();
        let mut added = Vec::new();
        let mut dropped = Vec::new();
        for raw in distinct(names) {
            match (raw.as_str(), &rest) {
                (Some(name), _) if known(name) => kept.push(raw),
                (Some(name), Some(rest)) if !name.is_empty() => {
                    added.push((name.to_owned(), rest.clone()));
                    kept.push(raw);
                }
                _ => dropped.push(brief(&raw)),
            }
        }
        let declared = declared.is_some();
        for (name, mut property) in added {
            if let Value::Object(property) = &mut property {
                self.settle_type(property, &name);
            }
            self.note(
                RepairKind::Required,
                format!("{} declared: it is required", brief(&Value::from(name.as_str()))),
            );
            if let Some(Value::Object(all)) = node.get_mut("properties") {
                all.insert(name, property);
            }
        }
        if !dropped.is_empty() {
            let shown = dropped[..dropped.len().min(3)].join(", ");
            self.note(RepairKind::Required, format!("{shown} dropped: not declared"));
        }
        if kept.is_empty() && (!declared || self.side == Side::Output) {
            node.shift_remove("required");
        } else {
            node.insert("required".into(), kept.into());
        }
        Ok(())
    }

    /// A default is of the node's type and among its choices, or none.
    fn settle_default(&mut self, node: &mut Object) {
        let Some(default) = node.get("default") else {
            return;
        };
        let named = types(node);
        let choices = node.get("enum").and_then(Value::as_array);
        let nullable = named.is_empty() || named.contains(&"null");
        let chosen = choices.is_some_and(|choices| choices.contains(default));
        if chosen || (default.is_null() && nullable) {
            return;
        }
        if is_nothing(default) {
            self.note(RepairKind::Default, format!("{} dropped", brief(default)));
            node.shift_remove("default");
            return;
        }
        let mended = coerce(default, &named).and_then(|value| match choices {
            Some(choices) if !choices.contains(&value) => same_letters(&value, choices),
            _ => Some(value),
        });
        match mended {
            Some(value) if value == *default => {}
            Some(value) => {
                self.note(
                    RepairKind::Default,
                    format!("{} became {}", brief(default), brief(&value)),
                );
                node.insert("default".into(), value);
            }
            None => {
                self.note(
                    RepairKind::Default,
                    format!("{} dropped: not an allowed value", brief(default)),
                );
                node.shift_remove("default");
            }
        }
    }
}

impl Memory {
    fn read_prose(&mut self, description: &str) -> Option<Found> {
        if let Some(known) = self.prose.get(description) {
            return known.clone();
        }
        let found = prose::read(description);
        if self.prose.len() < MAX_REMEMBERED {
            self.prose.insert(description.to_owned(), found.clone());
        }
        found
    }
}

/// Draft 4's boolean exclusions as bounds of their own.
pub(super) fn exclusive_bounds(node: &mut Object) {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if node.get(exclusive).is_some_and(Value::is_boolean) {
            node.shift_remove(exclusive);
            if let Some(limit) = node.shift_remove(bound) {
                node.insert(exclusive.into(), limit);
            }
        }
    }
}

fn names_of(list: Option<Value>) -> Vec<Value> {
    match list {
        Some(Value::Array(names)) => names,
        _ => Vec::new(),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => says_nothing(text),
        _ => false,
    }
}

/// The choice that differs only in case.
fn same_letters(value: &Value, choices: &[Value]) -> Option<Value> {
    let text = value.as_str()?;
    let same = |choice: &&Value| choice.as_str().is_some_and(|c| c.eq_ignore_ascii_case(text));
    choices.iter().find(same).cloned()
}
