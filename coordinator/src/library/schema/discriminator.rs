//! OpenAPI's `discriminator`: the property that tells alternatives apart, and
//! the names that it has in each.
//!
//! A schema says of that property that it is a text, the names stand beside
//! it; an alternative with another one's name is valid and means nothing.

use serde_json::{Map, Value};

type Object = Map<String, Value>;

pub(in crate::library) struct Discriminator<'a> {
    property: &'a str,
    /// Each name with what it leads to: a reference, or the end of one.
    mapping: Vec<(&'a str, &'a str)>,
}

impl<'a> Discriminator<'a> {
    pub(in crate::library) fn of(raw: &'a Object) -> Option<Self> {
        let told = raw.get("discriminator")?.as_object()?;
        let mapping = told.get("mapping").and_then(Value::as_object);
        let names = mapping.into_iter().flatten();
        Some(Self {
            property: told.get("propertyName")?.as_str()?,
            mapping: names.filter_map(|(name, to)| Some((name.as_str(), to.as_str()?))).collect(),
        })
    }

    /// The property with all the names there are; none where none are told.
    pub(in crate::library) fn choices(&self) -> Option<(&'a str, Vec<Value>)> {
        let names: Vec<Value> = self.mapping.iter().map(|(name, _)| Value::from(*name)).collect();
        (!names.is_empty()).then_some((self.property, names))
    }

    /// Leaves the property the names that are told, if it is free.
    pub(super) fn narrow(&self, node: &mut Object) {
        if let Some((_, names)) = self.choices() {
            choose(node, self.property, names);
        }
    }

    /// Leaves the property of one alternative the names that lead to it.
    pub(super) fn tell_apart(&self, variant: &Value, mended: &mut Value) {
        let reference = variant.get("$ref").and_then(Value::as_str);
        if let (Some(reference), Some(node)) = (reference, mended.as_object_mut()) {
            choose(node, self.property, self.names(reference));
        }
    }

    /// The names of what is referred to: those told, or else its own.
    fn names(&self, reference: &str) -> Vec<Value> {
        let own = last(reference);
        let leads = |(_, to): &&(&str, &str)| *to == reference || last(to) == own;
        let told: Vec<Value> =
            self.mapping.iter().filter(leads).map(|(name, _)| Value::from(*name)).collect();
        if told.is_empty() { vec![own.into()] } else { told }
    }
}

/// The name at the end of a reference.
fn last(reference: &str) -> &str {
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.trim_end_matches(".json").trim_end_matches(".yaml")
}

fn choose(node: &mut Object, property: &str, names: Vec<Value>) {
    let property = node.get_mut("properties").and_then(|all| all.get_mut(property));
    let Some(property) = property.and_then(Value::as_object_mut) else { return };
    let is_text = property.get("type").is_none_or(|ty| ty == "string");
    let is_free = match property.get("enum") {
        Some(Value::Array(choices)) => {
            choices.len() > names.len() && names.iter().all(|name| choices.contains(name))
        }
        _ => !["const", "pattern", "$ref"].iter().any(|key| property.contains_key(*key)),
    };
    if is_text && is_free && !names.is_empty() {
        property.insert("enum".into(), names.into());
    }
}
