//! The words of one function: asked for with calls of it in view, sifted, and
//! asked for again where too little is left.

use std::collections::BTreeMap;

use magnet_proto::FunctionId;
use magnet_proto::library::Function;
use magnet_proto::pack::Phrases;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Type};
use magnet_worker::teacher::{Problem as Told, Words, WriteWords};
use serde_json::{Value, json};

use super::{Group, Making, Part, Refused, Shared, Shown, Stop, listed, refused};
use crate::pack::check::{self, Sound};

/// Answers to one ask at most.
const TRIES: u32 = 3;
/// Values of a parameter that keep conversations from sharing a few.
const MIN_VALUES: usize = 5;
/// Calls that the writer sees.
const SHOWN: usize = 3;

/// What became of a function's words.
pub(super) struct OfFunction {
    pub(super) part: Part,
    /// The parameters that have values.
    pub(super) values: Vec<String>,
}

impl Making<'_> {
    /// A function's words: what the folder has, or new ones.
    pub(super) async fn words(
        &self,
        group: &Group,
        id: FunctionId,
        shown: &Shown,
        shared: &Shared,
    ) -> Result<OfFunction, Stop> {
        let pack = &self.there.pack;
        let there = || pack.values.get(&id).into_iter().flat_map(BTreeMap::keys).cloned();
        if pack.phrases(id).is_some() {
            return Ok(OfFunction { part: Part::There, values: there().collect() });
        }
        let work = self.worded(group, id, shown, shared);
        let (part, values) = self.settled(shared, work).await?;
        let what = if matches!(part, Part::Made(_)) { "worded" } else { "left out" };
        (self.tell)(&format!("{}: {what}", self.library.get(id).name));
        Ok(OfFunction { part, values: there().chain(values).collect() })
    }

    async fn worded(
        &self,
        group: &Group,
        id: FunctionId,
        shown: &Shown,
        shared: &Shared,
    ) -> Result<(Part, Vec<String>), Stop> {
        let function = self.library.get(id);
        let seen = shown.seen.get(&id).map(Vec::as_slice).unwrap_or_default();
        let (calls, values_for) = (some_of(seen), self.values_for(id, shown));
        let simulated = match seen.is_empty() && function.response.is_some() {
            true => check::simulated(id, function),
            false => Vec::new(),
        };
        let seen = if seen.is_empty() { simulated.as_slice() } else { seen };
        let (mut why, mut sound) = (None, Sound::default());
        let mut values: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for asked in 0..TRIES {
            let problem = Told::after(asked, why.as_deref());
            let ask = WriteWords { function, calls: &calls, values_for: &values_for, problem };
            let answer = {
                let _permit = shared.gate.acquire().await;
                self.author.words(&ask).await
            };
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => match refused(error)? {
                    Refused::Again(reason) => {
                        why = Some(reason);
                        continue;
                    }
                    Refused::Never(reason) => return Ok((Part::LeftOut(reason), Vec::new())),
                    Refused::Unreached(reason) => return Ok((Part::Unreached(reason), Vec::new())),
                },
            };
            let mut problems = Vec::new();
            self.take(function, answer, seen, &mut sound, &mut values, &mut problems);
            let lacks_values = values_for.iter().filter(|name| {
                function.param(name).is_some_and(|field| field.required)
                    && values.get(**name).map_or(0, Vec::len) < MIN_VALUES
            });
            let mut missing = sound.missing();
            missing.extend(
                lacks_values
                    .map(|name| format!("values of {name}: fewer than {MIN_VALUES} can be used")),
            );
            if missing.is_empty() {
                self.keep(group, function, &sound.phrases, &values)?;
                return Ok((Part::Made(asked + 1), values.into_keys().collect()));
            }
            why = Some(listed(missing.into_iter().chain(problems)));
        }
        let why = why.unwrap_or_default().trim_start_matches(['\n', '-', ' ']).to_owned();
        Ok((Part::LeftOut(why), Vec::new()))
    }

    /// Takes what is sound of an answer to what earlier answers had.
    fn take(
        &self,
        function: &Function,
        answer: Words,
        seen: &[(Arguments, Value)],
        sound: &mut Sound,
        values: &mut BTreeMap<String, Vec<Value>>,
        problems: &mut Vec<String>,
    ) {
        let earlier = std::mem::take(&mut sound.phrases);
        *sound = check::sift(function, &answer.phrases, seen);
        problems.append(&mut sound.problems);
        sound.add(earlier);
        for (parameter, more) in answer.values {
            if function.param(&parameter).is_none() {
                problems.push(format!("values: there is no parameter \"{parameter}\""));
                continue;
            }
            let all = values.remove(&parameter).into_iter().flatten().chain(more).collect();
            let (fitting, unfit) = check::fitting(function, &parameter, all);
            problems.extend(unfit);
            if !fitting.is_empty() {
                values.insert(parameter, fitting);
            }
        }
    }

    /// The parameters whose values neither world nor schema tells.
    fn values_for(&self, id: FunctionId, shown: &Shown) -> Vec<&str> {
        let function = self.library.get(id);
        let there = self.there.pack.values.get(&id);
        let sets = shown.known.get(&function.name).and_then(Value::as_array);
        let is_in_sets = |name: &str| {
            sets.is_some_and(|sets| {
                !sets.is_empty() && sets.iter().all(|set| set.get(name).is_some())
            })
        };
        let is_open = |field: &&Field| {
            let name = field.name.as_str();
            let is_told = shown.known.contains_key(name)
                || is_in_sets(name)
                || there.is_some_and(|there| there.contains_key(name));
            !is_told && is_brought_along(field)
        };
        let fields = function.params().iter().filter(is_open);
        fields.map(|field| field.name.as_str()).collect()
    }

    fn keep(
        &self,
        group: &Group,
        function: &Function,
        phrases: &Phrases,
        values: &BTreeMap<String, Vec<Value>>,
    ) -> Result<(), Stop> {
        let name = &function.name;
        // Last what makes the function count as worded.
        for (parameter, values) in values {
            let entry = json!({ "function": name, "parameter": parameter, "values": values });
            self.folder.add(&format!("values/{}.jsonl", group.name), &entry)?;
        }
        let mut entry = json!({ "function": name });
        if let (Value::Object(entry), Value::Object(parts)) = (&mut entry, json!(phrases)) {
            let is_there = |part: &Value| part.as_array().is_none_or(|texts| !texts.is_empty());
            entry.extend(parts.into_iter().filter(|(_, part)| is_there(part)));
        }
        Ok(self.folder.add(&format!("phrases/{}.jsonl", group.name), &entry)?)
    }
}

/// Whether people bring such a value along: not what is chosen from a list or
/// computed from the day.
fn is_brought_along(field: &Field) -> bool {
    let shape = &field.shape;
    match &shape.ty {
        Type::String { .. } => {
            let is_dated = shape.format.as_deref().is_some_and(|format| format.contains("date"));
            shape.choices.is_empty() && !is_dated
        }
        Type::Integer { .. } | Type::Number { .. } | Type::Array { .. } => shape.choices.is_empty(),
        Type::Object { .. } => field.required,
        Type::Any => shape.choices.is_empty(),
        Type::Boolean | Type::Null => false,
    }
}

/// Some of the calls that differ the most in when they were made.
fn some_of(seen: &[(Arguments, Value)]) -> Vec<(Arguments, Value)> {
    let mut places: Vec<usize> =
        (0..SHOWN).map(|n| n * seen.len().saturating_sub(1) / (SHOWN - 1)).collect();
    places.dedup();
    places.into_iter().filter_map(|place| seen.get(place).cloned()).collect()
}
