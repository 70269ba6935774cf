//! Whole values for schemas that say more than a shape can: maps, tuples,
//! alternatives with members of their own, what depends on something else.
//!
//! A draft is kept wherever it fits, so that what a person said or an output
//! gave stays. What does not fit is proposed anew, by simple rules and the
//! lexicon's values; the validator that judges calls decides about each
//! proposal, so that a rule may be too simple and nothing comes out wrong.

use magnet_proto::rng::Rng;
use magnet_proto::shape::{Shape, words};
use magnet_worker::vet::calls;
use rand::RngExt;
use serde_json::{Map, Value, json};

use super::fit::plain_number;
use super::pattern::Pattern;
use super::place::Place;
use super::setting::Setting;
use super::{Persona, Topic, topic};

/// Nodes looked at for one value; schemas that nothing fits end there.
const FUEL: usize = 800;
/// Proposals for one node.
const ATTEMPTS: usize = 8;
/// Alternatives within alternatives that are followed.
const MAX_CHOICES: usize = 6;
/// Draws of a name or an element that must differ from the others.
const TRIES: usize = 12;
/// No schema makes us fill more places of a list or map.
const MOST: usize = 64;

type Object = Map<String, Value>;

/// A value that fits the schema and keeps of the draft what does; `place` is
/// where it stands. None where none is found.
pub(crate) fn fitted(
    schema: &Value,
    draft: &Value,
    place: &Place<'_>,
    persona: &Persona,
    rng: &mut Rng,
) -> Option<Value> {
    let mut fitting = Fitting { setting: Setting::new(persona), place, rng, fuel: FUEL };
    fitting.node(schema, Some(draft), At { name: place.name, parent: place.parent })
}

/// A value of a schema that leaves a choice which no shape knows of: between
/// objects or lists of several kinds, or of members beyond the named ones. None
/// where it leaves none.
pub(crate) fn chosen(
    schema: &Value,
    place: &Place<'_>,
    persona: &Persona,
    rng: &mut Rng,
) -> Option<Value> {
    if !leaves_choice(schema, 0) {
        return None;
    }
    let mut fitting = Fitting { setting: Setting::new(persona), place, rng, fuel: FUEL };
    fitting.node(schema, None, At { name: place.name, parent: place.parent })
}

/// How deep choices are looked for.
const DEEPEST_CHOICE: usize = 3;

fn leaves_choice(schema: &Value, depth: usize) -> bool {
    let is_whole = |schema: &&Value| {
        let has = |key: &str| schema.get(key).is_some();
        has("properties") || has("items") || has("required")
    };
    let among = |key: &str| {
        let variants = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        variants.filter(is_whole).count() > 1
    };
    let properties = schema.get("properties").and_then(Value::as_object);
    let is_open = schema.get("additionalProperties").is_some_and(Value::is_object);
    let mut inside = properties.into_iter().flat_map(Object::values).chain(schema.get("items"));
    among("oneOf")
        || among("anyOf")
        || (is_open && properties.is_some())
        || (depth < DEEPEST_CHOICE && inside.any(|inner| leaves_choice(inner, depth + 1)))
}

/// The names around a node.
#[derive(Clone, Copy)]
struct At<'n> {
    name: &'n str,
    parent: &'n str,
}

struct Fitting<'a> {
    setting: Setting<'a>,
    place: &'a Place<'a>,
    rng: &'a mut Rng,
    fuel: usize,
}

impl Fitting<'_> {
    fn node(&mut self, schema: &Value, draft: Option<&Value>, at: At<'_>) -> Option<Value> {
        self.fuel = self.fuel.checked_sub(1)?;
        let judge = calls::judge(schema).ok()?;
        if let Some(fits) = draft.filter(|draft| judge.is_valid(draft)) {
            return Some(fits.clone());
        }
        let start = self.rng.random_range(0..MOST);
        (0..ATTEMPTS).find_map(|attempt| {
            let turn = Turn { attempt, chosen: start + attempt };
            self.proposed(schema, draft, at, turn).filter(|value| judge.is_valid(value))
        })
    }

    fn proposed(
        &mut self,
        schema: &Value,
        draft: Option<&Value>,
        at: At<'_>,
        turn: Turn,
    ) -> Option<Value> {
        let all = Object::new();
        let object = match schema {
            Value::Bool(true) => &all,
            schema => schema.as_object()?,
        };
        let object = resolved(object, draft, turn);
        if let Some(only) = object.get("const") {
            return Some(only.clone());
        }
        if let Some(Value::Array(choices)) = object.get("enum") {
            let worth = |value: &&Value| !value.is_null();
            let choices: Vec<&Value> = choices.iter().filter(worth).collect();
            return Some((*choices.get(turn.chosen % choices.len().max(1))?).clone());
        }
        match kind(&object, draft, turn) {
            "object" => self.object(&object, draft, at),
            "array" => self.array(&object, draft, at, turn),
            "null" => Some(Value::Null),
            kind => self.scalar(object, kind, draft, at, turn),
        }
    }

    fn object(&mut self, schema: &Object, draft: Option<&Value>, at: At<'_>) -> Option<Value> {
        let none = Object::new();
        let given = draft.and_then(Value::as_object).unwrap_or(&none);
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let (required, rest) = (texts(schema.get("required")), rest(schema));
        let undeclared = json!(true);
        let of = |name: &str| properties.get(name).or(rest).unwrap_or(&undeclared);
        let mut made = Object::new();
        for name in properties.keys().map(String::as_str).filter(|name| !required.contains(name)) {
            if let Some(own) = given.get(name)
                && let Some(value) = self.member(&properties[name], Some(own), name, at)
            {
                made.insert(name.to_owned(), value);
            }
        }
        for name in required {
            let value = self.member(of(name), given.get(name), name, at)?;
            made.insert(name.to_owned(), value);
        }
        let dependent = schema.get("dependentRequired").and_then(Value::as_object);
        for (name, needed) in dependent.into_iter().flatten() {
            for needed in texts(Some(needed).filter(|_| made.contains_key(name))) {
                if !made.contains_key(needed) {
                    let value = self.member(of(needed), given.get(needed), needed, at)?;
                    made.insert(needed.to_owned(), value);
                }
            }
        }
        let least = size(schema, "minProperties").unwrap_or(0).min(MOST);
        for (name, inner) in properties {
            if made.len() < least && !made.contains_key(name) {
                made.extend(self.member(inner, None, name, at).map(|value| (name.clone(), value)));
            }
        }
        self.fill(schema, given, &mut made, at);
        // In the schema's order, as arguments are written.
        let mut ordered: Object = properties
            .keys()
            .filter_map(|name| Some((name.clone(), made.shift_remove(name)?)))
            .collect();
        ordered.extend(made);
        Some(ordered.into())
    }

    fn member(
        &mut self,
        schema: &Value,
        draft: Option<&Value>,
        name: &str,
        at: At<'_>,
    ) -> Option<Value> {
        self.node(schema, draft, At { name, parent: at.name })
    }

    /// The members of a map, and as many more of any object as it must have.
    fn fill(&mut self, schema: &Object, given: &Object, made: &mut Object, at: At<'_>) {
        let least = size(schema, "minProperties").unwrap_or(0);
        let most = size(schema, "maxProperties").unwrap_or(MOST).min(MOST);
        let declares = |key: &str| schema.get(key).is_some_and(Value::is_object);
        let is_open = declares("additionalProperties") || declares("patternProperties");
        let usual = match declares("properties") {
            _ if !is_open => 0,
            false => self.rng.random_range(1..=2),
            true => made.len() + self.rng.random_range(0..=2),
        };
        let wanted = usual.max(least).min(most);
        let Some(inner) = rest(schema) else { return };
        if declares("additionalProperties") {
            let names = schema.get("propertyNames").and_then(|names| calls::judge(names).ok());
            let is_name = |name: &str| names.as_ref().is_none_or(|it| it.is_valid(&json!(name)));
            for (name, value) in given.iter().filter(|(name, _)| is_name(name)) {
                let fits = || calls::judge(inner).is_ok_and(|judge| judge.is_valid(value));
                if made.len() < most && !made.contains_key(name) && fits() {
                    made.insert(name.clone(), value.clone());
                }
            }
        }
        for _ in 0..wanted.saturating_mul(TRIES) {
            if made.len() >= wanted {
                break;
            }
            let Some(name) = self.name(schema, at).filter(|name| !made.contains_key(name)) else {
                continue;
            };
            let Some(value) = self.node(inner, None, at) else { break };
            made.insert(name, value);
        }
    }

    /// A name for a member that the schema leaves open.
    fn name(&mut self, schema: &Object, at: At<'_>) -> Option<String> {
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        if let Some((pattern, _)) = patterns.and_then(|patterns| patterns.iter().next()) {
            return Pattern::of(pattern)?.draw(|_| true, self.rng);
        }
        if let Some(names) = schema.get("propertyNames") {
            return self.node(names, None, at)?.as_str().map(str::to_owned);
        }
        let shape = Shape::of(&json!({ "type": "string" }));
        let told = named_by(schema);
        let name = told.as_deref().unwrap_or(at.name);
        let place = Place { name, parent: at.parent, shape: &shape, ..*self.place };
        let said = topic(&place);
        let about = if told.is_none() || said == Topic::SomeText { Topic::Word } else { said };
        self.setting.value_about(about, &place, self.rng).as_str().map(str::to_owned)
    }

    fn array(
        &mut self,
        schema: &Object,
        draft: Option<&Value>,
        at: At<'_>,
        turn: Turn,
    ) -> Option<Value> {
        let empty = Vec::new();
        let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned();
        let given = list(draft).unwrap_or_default();
        let places = schema.get("prefixItems").and_then(Value::as_array).unwrap_or(&empty);
        let contains = schema.get("contains");
        let contained = size(schema, "minContains").unwrap_or(1).min(MOST);
        let least = size(schema, "minItems").unwrap_or(0);
        let least = least.max(contains.map_or(0, |_| contained)).min(MOST);
        let most = size(schema, "maxItems").unwrap_or(MOST).min(MOST);
        // What must be as short as it can is, in the later attempts.
        let usual =
            if turn.attempt < ATTEMPTS / 2 { given.len().max(places.len()).max(1) } else { 0 };
        let open = json!(true);
        let others = schema.get("items").unwrap_or(&open);
        let both = contains.map(|contains| json!({ "allOf": [others, contains] }));
        let is_unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let mut items: Vec<Value> = Vec::new();
        for index in 0..usual.max(least).min(most) {
            let inner = match places.get(index) {
                Some(inner) => inner,
                None if *others == Value::Bool(false) => break,
                None => both.as_ref().filter(|_| index < contained).unwrap_or(others),
            };
            let mut draft = given.get(index);
            let element = (0..TRIES).find_map(|_| {
                let element = self.node(inner, draft.take(), at)?;
                (!is_unique || !items.contains(&element)).then_some(element)
            });
            items.push(element?);
        }
        Some(items.into())
    }

    fn scalar(
        &mut self,
        mut schema: Object,
        kind: &str,
        draft: Option<&Value>,
        at: At<'_>,
        turn: Turn,
    ) -> Option<Value> {
        // A schema without a type that speaks of texts alone means a text here.
        let of_texts = ["pattern", "format", "minLength", "maxLength"];
        if schema.contains_key("type")
            || (kind == "string" && of_texts.iter().any(|key| schema.contains_key(*key)))
        {
            schema.insert("type".into(), kind.into());
        }
        let is_near = |draft: &&Value| draft.is_number() && matches!(kind, "integer" | "number");
        let value = match draft.filter(is_near).filter(|_| turn.attempt == 0) {
            Some(draft) => draft.clone(),
            None => {
                let shape = Shape::of(&Value::Object(schema.clone()));
                let place =
                    Place { name: at.name, parent: at.parent, shape: &shape, ..*self.place };
                self.setting.value(&place, self.rng)
            }
        };
        match value.as_f64() {
            Some(number) => Some(stepped(number, &schema, kind, turn)),
            None => Some(value),
        }
    }
}

/// Which of a node's proposals is made.
#[derive(Clone, Copy)]
struct Turn {
    attempt: usize,
    /// Chooses among alternatives: another one each attempt, any at first.
    chosen: usize,
}

/// The schema with one of each of its alternatives taken.
fn resolved(schema: &Object, draft: Option<&Value>, turn: Turn) -> Object {
    let mut whole = schema.clone();
    for _ in 0..MAX_CHOICES {
        if let Some(Value::Array(parts)) = whole.shift_remove("allOf") {
            parts.iter().for_each(|part| join(&mut whole, part));
        } else if let Some(Value::Array(variants)) =
            whole.shift_remove("anyOf").or_else(|| whole.shift_remove("oneOf"))
        {
            let worth = |variant: &&Value| variant.get("type").is_none_or(|ty| ty != "null");
            let variants: Vec<&Value> = variants.iter().filter(worth).collect();
            let meant =
                variants.iter().position(|variant| turn.attempt == 0 && is_meant(variant, draft));
            let at = meant.unwrap_or(turn.chosen % variants.len().max(1));
            if let Some(variant) = variants.get(at) {
                join(&mut whole, variant);
            }
        } else if let Some(Value::Object(dependent)) = whole.shift_remove("dependentSchemas") {
            let required: Vec<String> =
                texts(whole.get("required")).into_iter().map(str::to_owned).collect();
            for (name, part) in dependent {
                if required.contains(&name) || draft.is_some_and(|it| it.get(&name).is_some()) {
                    join(&mut whole, &part);
                }
            }
        } else if let Some(condition) = whole.shift_remove("if") {
            let (then, otherwise) = (whole.shift_remove("then"), whole.shift_remove("else"));
            let is_true = turn.chosen.is_multiple_of(2);
            let parts = if is_true { [Some(condition), then] } else { [otherwise, None] };
            parts.iter().flatten().for_each(|part| join(&mut whole, part));
        } else {
            break;
        }
    }
    whole
}

/// Whether the draft has all that an alternative asks for.
fn is_meant(variant: &Value, draft: Option<&Value>) -> bool {
    let required = texts(variant.get("required"));
    let has = |name: &&str| draft.is_some_and(|draft| draft.get(*name).is_some());
    !required.is_empty() && required.iter().all(has)
}

/// Adds what a part of a schema says; both hold, or the part alone where two
/// cannot be said in one.
fn join(whole: &mut Object, part: &Value) {
    for (key, value) in part.as_object().into_iter().flatten() {
        let before = whole.get_mut(key.as_str());
        match (key.as_str(), before, value) {
            ("properties", Some(Value::Object(all)), Value::Object(more)) => {
                for (name, schema) in more {
                    let both = match all.get(name) {
                        Some(own) if own != schema => json!({ "allOf": [own, schema] }),
                        _ => schema.clone(),
                    };
                    all.insert(name.clone(), both);
                }
            }
            ("required", Some(Value::Array(all)), Value::Array(more)) => {
                let new: Vec<Value> = more.iter().filter(|n| !all.contains(n)).cloned().collect();
                all.extend(new);
            }
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The type to make: the draft's where that is allowed, then each in turn.
fn kind(schema: &Object, draft: Option<&Value>, turn: Turn) -> &'static str {
    const KINDS: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];
    let named = match schema.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        names => texts(names),
    };
    let known = |name: &str| KINDS.into_iter().find(|kind| *kind == name);
    let kinds: Vec<&str> = named.into_iter().filter_map(known).collect();
    if kinds.is_empty() {
        let has = |keys: &[&str]| keys.iter().any(|key| schema.contains_key(*key));
        return match () {
            () if has(&["properties", "required", "additionalProperties", "minProperties"]) => {
                "object"
            }
            () if has(&["items", "prefixItems", "minItems", "contains"]) => "array",
            () if has(&["minimum", "maximum", "multipleOf"]) => "number",
            () => "string",
        };
    }
    let of_draft = draft.map(|draft| match draft {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        _ => "string",
    });
    if let Some(kind) = of_draft.filter(|kind| turn.attempt == 0 && kinds.contains(kind)) {
        return known(kind).unwrap_or("string");
    }
    let worth: Vec<&'static str> =
        kinds.iter().filter(|kind| **kind != "null").filter_map(|kind| known(kind)).collect();
    worth.get(turn.attempt % worth.len().max(1)).copied().unwrap_or("null")
}

/// A number on the steps that the schema allows; in the later attempts one that
/// is surely no whole one.
fn stepped(number: f64, schema: &Object, kind: &str, turn: Turn) -> Value {
    let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
    let Some(step) = bound("multipleOf").filter(|step| *step > 0.0) else {
        let is_late = turn.attempt >= ATTEMPTS / 2;
        let is_between = kind == "number" && number.fract() == 0.0 && is_late;
        return plain_number(if is_between { number + 0.5 } else { number });
    };
    let low = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + step / 2.0));
    let high = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - step / 2.0));
    let least = low.map_or(f64::MIN, |low| (low / step - 1e-9).ceil());
    let most = high.map_or(f64::MAX, |high| (high / step + 1e-9).floor());
    let steps = (number / step).round().min(most).max(least);
    // As many decimals as the step is written with.
    let written = step.to_string();
    let decimals = written.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value = format!("{:.decimals$}", steps * step).parse().unwrap_or(steps * step);
    plain_number(value)
}

/// What the members of a map are named by, where its description says so:
/// "price by room", "hours per city and week".
fn named_by(schema: &Object) -> Option<String> {
    let described = schema.get("description")?.as_str()?;
    let (_, by) = described.split_once(" by ").or_else(|| described.split_once(" per "))?;
    let name: Vec<String> = words(by.split([',', '.', ';', '(']).next()?).take(2).collect();
    (!name.is_empty()).then(|| name.join("_"))
}

/// What members that are not declared must be; none where they may not be.
fn rest(schema: &Object) -> Option<&Value> {
    let patterns = schema.get("patternProperties").and_then(Value::as_object);
    if let Some((_, inner)) = patterns.and_then(|patterns| patterns.iter().next()) {
        return Some(inner);
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(inner) => Some(inner),
        None => Some(&Value::Bool(true)),
    }
}

fn texts(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn size(schema: &Object, key: &str) -> Option<usize> {
    schema.get(key)?.as_u64().map(|size| size as usize)
}

#[cfg(test)]
mod tests {
    use magnet_proto::library::{Document, Function};
    use magnet_proto::{WalkIndex, rng};

    use super::*;
    use crate::lexicon::{Side, Tables};
    use magnet_worker::lexicon::Lexicon;
    use magnet_worker::persona::Voices;

    fn function(parameters: &Value) -> Function {
        Function::from(Document {
            name: "keep_thing".into(),
            description: "Keep a thing".into(),
            category: "misc".into(),
            class: "misc".into(),
            parameters: parameters.clone(),
            response: None,
        })
    }

    /// Values for the schema of one parameter, from drafts that do not fit.
    fn check(schema: Value) -> Vec<Value> {
        let function = function(&json!({ "type": "object", "properties": { "thing": schema } }));
        let judge = calls::judge(&schema).unwrap();
        let persona = Persona::draw(7, WalkIndex(0), &Voices::default());
        let mut rng = rng::stream(7, WalkIndex(0), "whole");
        let shape = Shape::of(&schema);
        let place = Place {
            name: "thing",
            parent: "",
            shape: &shape,
            function: &function,
            side: Side::Argument,
        };
        let drafts = [json!(null), json!("compass"), json!({ "name": "Notes" }), json!([1, 2, 3])];
        let drafts = drafts.iter().filter(|draft| !judge.is_valid(draft));
        let values: Vec<Value> = drafts
            .flat_map(|draft| {
                (0..5)
                    .map(|_| fitted(&schema, draft, &place, &persona, &mut rng))
                    .collect::<Vec<_>>()
            })
            .map(|value| value.unwrap_or_else(|| panic!("nothing fits {schema}")))
            .collect();
        values.iter().for_each(|value| assert!(judge.is_valid(value), "{value} for {schema}"));
        values
    }

    #[test]
    fn maps_hold_what_their_schema_says() {
        let prices =
            check(json!({ "type": "object", "additionalProperties": { "type": "number" } }));
        assert!(prices.iter().all(|prices| !prices.as_object().unwrap().is_empty()));
        check(json!({ "type": "object", "additionalProperties": {
            "type": "array", "items": { "type": "string" }, "minItems": 1 }, "minProperties": 3 }));
        check(json!({ "type": "object", "propertyNames": { "pattern": "^[a-z]{2}_[A-Z]{2}$" },
            "additionalProperties": { "type": "string" }, "minProperties": 2 }));
        check(
            json!({ "type": "object", "patternProperties": { "^x-[a-z]+$": { "type": "integer" } },
            "additionalProperties": false, "minProperties": 2 }),
        );
        check(json!({ "type": "object", "minProperties": 1, "properties": {
            "low": { "type": "integer" }, "high": { "type": "integer" } },
            "additionalProperties": false }));
    }

    #[test]
    fn a_map_is_keyed_by_what_its_description_says() {
        let maps = check(json!({ "type": "object", "description": "staff by city",
            "additionalProperties": { "type": "integer" } }));
        let is_name = |key: &String| key.starts_with(char::is_uppercase);
        assert!(
            maps.iter().flat_map(|map| map.as_object().unwrap().keys()).all(is_name),
            "{maps:?}"
        );
    }

    #[test]
    fn one_of_several_sets_is_given_whole() {
        let by = |name: &str| {
            json!({ "properties": { name: { "type": "string", "minLength": 3 } },
                    "required": [name] })
        };
        for key in ["oneOf", "anyOf"] {
            let values = check(json!({ "type": "object", "required": ["sum"],
                "properties": { "sum": { "type": "integer", "minimum": 1 } },
                key: [by("card"), by("voucher")] }));
            let with = |name: &str| values.iter().filter(|value| value.get(name).is_some()).count();
            assert!(with("card") > 0 && with("voucher") > 0, "{values:?}");
        }
        check(json!({ "type": "object", "properties": { "kind": { "enum": ["far", "near"] } },
            "required": ["kind"], "if": { "properties": { "kind": { "const": "far" } } },
            "then": { "required": ["miles"], "properties": { "miles": { "type": "integer" } } } }));
        check(json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "integer" }, "b": { "type": "integer" } },
            "dependentRequired": { "a": ["b"] } }));
        check(json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "integer" }, "b": { "type": "integer" } },
            "dependentSchemas": { "a": { "required": ["b"],
                "properties": { "b": { "minimum": 500, "maximum": 510 } } } } }));
    }

    #[test]
    fn each_of_several_alternatives_comes_up() {
        let by = |name: &str| {
            json!({ "type": "object", "required": [name],
                    "properties": { name: { "type": "string" } } })
        };
        let whole = json!({ "oneOf": [by("card"), by("voucher")] });
        let inner =
            json!({ "type": "object", "required": ["pay"], "properties": { "pay": whole } });
        let map = json!({ "type": "object", "properties": { "id": { "type": "integer" } },
            "additionalProperties": { "type": "string" } });
        let function = function(&inner);
        let persona = Persona::draw(7, WalkIndex(0), &Voices::default());
        let mut rng = rng::stream(7, WalkIndex(0), "whole");
        let mut made = |schema: &Value| {
            let shape = Shape::of(schema);
            let (function, side) = (&function, Side::Argument);
            let place = Place { name: "thing", parent: "", shape: &shape, function, side };
            let values = (0..20).map(|_| chosen(schema, &place, &persona, &mut rng));
            values.map(|value| value.unwrap().to_string()).collect::<Vec<_>>()
        };
        for schema in [&whole, &inner] {
            let texts = made(schema);
            for name in ["card", "voucher"] {
                assert!(texts.iter().any(|text| text.contains(name)), "{name} in {texts:?}");
            }
        }
        assert!(made(&map).iter().any(|text| text.matches(':').count() > 0));
        let plain = json!({ "type": "object", "properties": { "a": { "type": "integer" } } });
        let shape = Shape::of(&plain);
        let place = Place {
            name: "",
            parent: "",
            shape: &shape,
            function: &function,
            side: Side::Argument,
        };
        assert_eq!(chosen(&plain, &place, &persona, &mut rng), None);
    }

    #[test]
    fn alternatives_that_overlap_are_told_apart() {
        check(json!({ "oneOf": [{ "type": "number" }, { "type": "integer" }] }));
        check(json!({ "oneOf": [{ "type": "string", "format": "date" },
                                { "type": "string", "format": "date-time" }] }));
        check(json!({ "oneOf": [{ "type": "string" }, { "enum": ["on", "off"] }] }));
        check(json!({ "type": ["integer", "null"], "not": { "const": null } }));
    }

    #[test]
    fn places_of_a_list_each_have_their_own() {
        check(json!({ "type": "array", "prefixItems": [{ "type": "string", "format": "date" },
            { "type": "integer", "minimum": 1 }], "items": false, "minItems": 2 }));
        check(json!({ "type": "array", "items": { "enum": ["a", "b", "c"] }, "uniqueItems": true,
            "minItems": 3 }));
        check(json!({ "type": "array", "items": { "type": "integer" }, "contains": { "const": 7 },
            "minItems": 2 }));
        check(json!({ "type": "array", "items": { "type": "integer" },
            "contains": { "minimum": 900 }, "minContains": 2 }));
    }

    #[test]
    fn numbers_keep_to_their_steps() {
        check(json!({ "type": "integer", "multipleOf": 50, "minimum": 101, "maximum": 199 }));
        check(json!({ "type": "number", "multipleOf": 0.05, "minimum": 0.11, "maximum": 0.19 }));
        let shares =
            check(json!({ "type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1 }));
        let is_short = |share: &Value| share.to_string().len() <= 5;
        assert!(shares.iter().all(is_short), "{shares:?}");
    }

    #[test]
    fn what_fits_stays() {
        let schema = json!({ "type": "object", "required": ["place", "rows"], "properties": {
            "place": { "type": "string" },
            "rows": { "type": "object", "additionalProperties": { "type": "integer" } } } });
        let function = function(&schema);
        let draft = json!({ "place": "Oslo", "rows": { "front": 3, "back": "none" } });
        let persona = Persona::draw(7, WalkIndex(0), &Voices::default());
        let mut rng = rng::stream(7, WalkIndex(0), "whole");
        let Value::Object(draft) = draft else { panic!("an object") };
        let fitted = Tables.fitted(&function, &draft, &persona, &mut rng).unwrap();
        assert_eq!(fitted["place"], "Oslo");
        assert_eq!(fitted["rows"]["front"], 3);
        assert!(fitted["rows"].get("back").is_none_or(Value::is_i64), "{fitted:?}");
    }

    #[test]
    fn what_nothing_fits_is_given_up() {
        let schema = json!({ "type": "object", "required": ["a"], "properties": {
            "a": { "type": "integer", "minimum": 5, "maximum": 5, "not": { "const": 5 } } } });
        let function = function(&schema);
        let persona = Persona::draw(7, WalkIndex(0), &Voices::default());
        let mut rng = rng::stream(7, WalkIndex(0), "whole");
        let fitted = Tables.fitted(&function, &Default::default(), &persona, &mut rng);
        assert_eq!(fitted, None);
    }
}
