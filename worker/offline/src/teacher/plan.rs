//! Planning a request: which arguments it speaks of, and with which values.
//!
//! An argument fed by an earlier output is left to it; a required one that only
//! the user can know gets a value; an optional one gets one now and then. A
//! function called before gets something different from last time.

use magnet_proto::FunctionId;
use magnet_proto::library::Function;
use magnet_proto::path::{Step, StepRef};
use magnet_proto::rng::Rng;
use magnet_proto::shape::{Field, Type};
use rand::RngExt;
use serde_json::Value;

use super::ends;
use super::intention::{Intention, Manner, Slot, Source};
use super::memory::Memory;
use super::optional;
use super::refer::Reference;
use super::template;
use crate::lexicon::{Place, Setting, Topic, topic};
use magnet_worker::conversation::{Conversation, Scene, Select};

/// The parameter a request leaves out on purpose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Omitted<'a> {
    pub function: FunctionId,
    pub parameter: &'a str,
}

pub(super) struct Planner<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) conversation: &'a Conversation,
    memory: Memory,
    omitted: Option<Omitted<'a>>,
    /// What this request's earlier steps singled out.
    pub(super) chosen: Vec<(StepRef, String, Select)>,
    /// What this request's earlier steps ask for.
    pub(super) planned: Vec<(FunctionId, Vec<(String, Value)>)>,
    pub(super) rng: Rng,
}

/// How often a value is drawn again to get one that is new or sayable.
pub(super) const DRAWS: usize = 6;

impl<'a> Planner<'a> {
    pub(super) fn new(
        scene: Scene<'a>,
        conversation: &'a Conversation,
        omitted: Option<Omitted<'a>>,
        rng: Rng,
    ) -> Self {
        let memory = Memory::of(&scene, conversation);
        Self { scene, conversation, memory, omitted, chosen: Vec::new(), planned: Vec::new(), rng }
    }

    /// The intentions of all steps of a turn.
    pub(super) fn turn(&mut self, turn: usize) -> Vec<Intention<'a>> {
        let Some(plan) = self.scene.path.turns.get(turn) else {
            return Vec::new();
        };
        let at = |step: usize| StepRef { turn: turn as u16, step: step as u16 };
        let steps = plan.steps.iter().enumerate();
        steps.map(|(index, step)| self.step(at(index), step)).collect()
    }

    /// A function asked for without a call that follows.
    pub(super) fn alone(&mut self, id: FunctionId) -> Intention<'a> {
        let function = self.scene.library.get(id);
        let mut intention = Intention {
            at: None,
            id,
            function,
            implicit: false,
            recheck: false,
            template: self.template(function, &[]),
            slots: Vec::new(),
        };
        self.fill(&mut intention, &[], 1);
        intention
    }

    fn step(&mut self, at: StepRef, step: &'a Step) -> Intention<'a> {
        let function = self.scene.library.get(step.function);
        let copies = usize::from(step.copies.max(1));
        let mut intention = Intention {
            at: Some(at),
            id: step.function,
            function,
            implicit: step.implicit,
            recheck: false,
            template: None,
            slots: Vec::new(),
        };
        if let Some(earlier) = step.conflict.as_ref().and_then(|c| self.earlier_call(c.earlier)) {
            intention.recheck = true;
            intention.template = self.template(function, &[]);
            for (name, value) in earlier {
                if let Some(field) = function.param(name) {
                    let source =
                        Source::Said { values: vec![value.clone()], manner: Manner::Again };
                    intention.slots.push(Slot::new(function, field, source));
                }
            }
            return intention;
        }
        let references: Vec<(&'a Field, Reference<'a>)> = step
            .feeds
            .iter()
            .filter_map(|feed| {
                let field = function.param(&feed.flow.input)?;
                Some((field, self.reference(at, field, feed, copies)?))
            })
            .collect();
        intention.template = self.template(function, &references);
        self.fill(&mut intention, &references, copies);
        self.memory.learn(&intention);
        let values = intention
            .slots
            .iter()
            .filter_map(|slot| Some((slot.field.name.clone(), slot.value()?.clone())));
        self.planned.push((intention.id, values.collect()));
        intention
    }

    /// The steps of a turn that call a function.
    pub(super) fn steps_of(&self, turn: usize, function: FunctionId) -> Vec<(StepRef, &'a Step)> {
        let steps = self.scene.path.turns.get(turn).map_or(&[][..], |plan| plan.steps.as_slice());
        let at = |step: usize| StepRef { turn: turn as u16, step: step as u16 };
        let all = steps.iter().enumerate().map(|(index, step)| (at(index), step));
        all.filter(|(_, step)| step.function == function).collect()
    }

    /// The value of one parameter alone, agreeing with what was given before.
    pub(super) fn supplied(
        &mut self,
        at: StepRef,
        step: &'a Step,
        parameter: &str,
    ) -> Option<Intention<'a>> {
        let function = self.scene.library.get(step.function);
        let field = function.param(parameter)?;
        let mut setting = Setting::new(self.scene.persona);
        let mut used: Vec<Value> = Vec::new();
        for given in self.conversation.turns.iter().flat_map(|e| &e.request.given) {
            if given.step == at {
                if let Some(text) = given.value.as_str() {
                    setting.learn(&given.parameter, text);
                }
                used.push(given.value.clone());
            }
        }
        let calls = self.conversation.executed().filter(|(_, e)| e.call.function == step.function);
        used.extend(calls.filter_map(|(_, e)| e.call.arguments.get(parameter).cloned()));
        let place = Place::argument(function, field);
        let copies = usize::from(step.copies.max(1));
        let alike = (1..step.copies).all(|copy| {
            let of_copy = |n: u8| {
                let given = self.conversation.turns.iter().flat_map(|e| &e.request.given);
                given
                    .filter(move |g| g.step == at && g.copy == n)
                    .map(|g| &g.value)
                    .collect::<Vec<_>>()
            };
            of_copy(copy) == of_copy(0)
        });
        let mut values: Vec<Value> = Vec::new();
        let others = self.values_at(at, function);
        for _ in 0..if alike { copies } else { 1 } {
            let fits = |value: &Value| !ends::clashes(field, topic(&place), value, &others);
            let mut value = self.draw(&place, &mut setting, &used)?;
            for _ in 0..DRAWS {
                if fits(&value) {
                    break;
                }
                value = self.draw(&place, &mut Setting::new(self.scene.persona), &used)?;
            }
            used.push(value.clone());
            values.push(value);
        }
        if !alike {
            values = vec![values[0].clone(); copies];
        }
        let source = Source::Said { values, manner: Manner::Literal };
        Some(Intention {
            at: Some(at),
            id: step.function,
            function,
            implicit: false,
            recheck: false,
            template: None,
            slots: vec![Slot::new(function, field, source)],
        })
    }

    /// What the user has given for a call that is still to come.
    fn values_at(&self, at: StepRef, function: &'a Function) -> Vec<(&'a Field, Topic, Value)> {
        let given = self.conversation.turns.iter().flat_map(|e| &e.request.given);
        let of_call = given.filter(|given| given.step == at);
        let known = of_call.filter_map(|given| {
            let field = function.param(&given.parameter)?;
            Some((field, topic(&Place::argument(function, field)), given.value.clone()))
        });
        known.collect()
    }

    fn earlier_call(&self, at: StepRef) -> Option<&'a magnet_proto::sample::Arguments> {
        let conversation: &'a Conversation = self.conversation;
        let call = conversation.executed().find(|(_, executed)| executed.step == at)?;
        Some(&call.1.call.arguments)
    }

    /// A phrasing that has a slot for every fed argument, if there is one.
    fn template(
        &mut self,
        function: &'a Function,
        references: &[(&Field, Reference<'_>)],
    ) -> Option<&'a str> {
        let fits = |text: &&'a String| {
            let names: Vec<&str> = template::slots(text).map(|(name, _)| name).collect();
            let required = function.required().all(|field| names.contains(&field.name.as_str()));
            required && references.iter().all(|(field, _)| names.contains(&field.name.as_str()))
        };
        let suits = |text: &&'a String| {
            references.iter().all(|(field, _)| template::takes_reference(text, &field.name))
        };
        let all = || function.phrasing.requests.iter().filter(fits);
        let mut fitting: Vec<&'a String> = all().filter(suits).collect();
        if fitting.is_empty() {
            fitting = all().collect();
        }
        if fitting.is_empty() {
            return None;
        }
        Some(fitting[self.rng.random_range(0..fitting.len())])
    }

    /// The slots: fed ones, required ones, some optional ones.
    fn fill(
        &mut self,
        intention: &mut Intention<'a>,
        references: &[(&'a Field, Reference<'a>)],
        copies: usize,
    ) {
        let function = intention.function;
        let mut setting = Setting::new(self.scene.persona);
        let wanted = self.wanted(intention, references);
        let mut used: Vec<Value> = references
            .iter()
            .filter_map(|(_, r)| self.referred(r, &r.selects[0]).cloned())
            .collect();
        used.iter().for_each(|value| setting.avoid(value));
        for field in function.params() {
            let fed = references.iter().find(|(fed, _)| fed.name == field.name);
            let slot = if let Some((_, reference)) = fed {
                Slot::new(function, field, Source::Output(reference.clone()))
            } else if self.is_omitted(intention.id, field) {
                Slot::new(function, field, Source::Missing)
            } else if wanted.contains(&field.name.as_str()) {
                let Some(slot) = self.said(function, field, &mut setting, &used, copies) else {
                    continue;
                };
                used.extend(slot.value().cloned());
                slot
            } else {
                continue;
            };
            intention.slots.push(slot);
        }
        self.part_ends(intention);
        self.change_something(intention);
        self.diversify(intention, copies);
        if copies == 1 {
            self.part_ends(intention);
        }
    }

    fn is_omitted(&self, id: FunctionId, field: &Field) -> bool {
        self.omitted.is_some_and(|o| o.function == id && o.parameter == field.name)
    }

    /// The names of the unfed parameters that get a value of the user's own.
    fn wanted(
        &mut self,
        intention: &Intention<'a>,
        references: &[(&Field, Reference<'_>)],
    ) -> Vec<&'a str> {
        let function = intention.function;
        let unfed = |field: &&Field| references.iter().all(|(fed, _)| fed.name != field.name);
        let mut wanted: Vec<&'a str> = Vec::new();
        for field in function.required().filter(unfed) {
            let in_template = intention.template.is_some() && !intention.implicit;
            if in_template || self.needs_saying(field, intention.implicit) {
                wanted.push(&field.name);
            }
        }
        if intention.implicit {
            return wanted;
        }
        let slots: Option<Vec<&str>> = intention
            .template
            .map(|template| template::slots(template).map(|(name, _)| name).collect());
        let candidates: Vec<&'a Field> = function
            .params()
            .iter()
            .filter(|f| !f.required && unfed(f))
            .filter(|f| slots.as_ref().is_none_or(|names| names.contains(&f.name.as_str())))
            .collect();
        let templated = slots.is_some();
        for field in optional::chosen(function, &candidates, templated, &mut self.rng) {
            wanted.push(&field.name);
        }
        wanted
    }

    /// Whether a required parameter must come from the user: no single value
    /// or dull default will do.
    fn needs_saying(&mut self, field: &Field, implicit: bool) -> bool {
        let shape = &field.shape;
        if shape.choices.len() == 1 || (implicit && !shape.choices.is_empty()) {
            return false;
        }
        let usable_default = shape.default.as_ref().is_some_and(optional::is_sensible);
        if !usable_default {
            return true;
        }
        !implicit && !optional::is_noise(field) && self.rng.random_range(0..100) < 70
    }

    /// A slot with a value of the user's own.
    fn said(
        &mut self,
        function: &'a Function,
        field: &'a Field,
        setting: &mut Setting<'a>,
        used: &[Value],
        copies: usize,
    ) -> Option<Slot<'a>> {
        let place = Place::argument(function, field);
        let topic = topic(&place);
        // A second call of a function is made for the sake of something new, and
        // a repository belongs to its owner: with a new one, none is taken up.
        let is_again = self.calls_again(function);
        let is_strange = topic == Topic::Repository
            && used.iter().any(|value| !self.memory.knows(Topic::Handle, value));
        let recalled = self.memory.recall(&field.name, topic, &mut self.rng);
        let recalled = recalled.filter(|_| !is_again && !is_strange);
        let recalled =
            recalled.filter(|value| fits(value, field) && !used.contains(value)).cloned();
        let (value, manner) = match recalled {
            Some(value) if self.rng.random_range(0..100) < 60 => (value, Manner::Again),
            Some(value) => (value, Manner::Literal),
            None => (self.draw(&place, setting, used)?, Manner::Literal),
        };
        if let Some(text) = value.as_str() {
            setting.learn(&field.name, text);
        }
        let values = vec![value; copies];
        Some(Slot { field, topic, source: Source::Said { values, manner } })
    }

    fn calls_again(&self, function: &Function) -> bool {
        let library = self.scene.library;
        let mut calls = self.conversation.executed();
        calls.any(|(_, executed)| library.get(executed.call.function).name == function.name)
    }

    /// A new value that can be said, different from those used.
    pub(super) fn draw(
        &mut self,
        place: &Place<'_>,
        setting: &mut Setting<'a>,
        used: &[Value],
    ) -> Option<Value> {
        let few = place.shape.choices.len() > 1 || matches!(place.shape.ty, Type::Boolean);
        let mut spare = None;
        for attempt in 0..DRAWS {
            let value = match attempt {
                0 => setting.value(place, &mut self.rng),
                _ => Setting::new(self.scene.persona).value(place, &mut self.rng),
            };
            if is_sayable(&value) {
                if few || !value.is_string() || !used.contains(&value) {
                    return Some(value);
                }
                spare = Some(value);
            }
        }
        spare
    }
}

/// Whether an earlier value may stand for a parameter.
fn fits(value: &Value, field: &Field) -> bool {
    let shape = &field.shape;
    let typed = match shape.ty {
        Type::String { .. } => value.is_string(),
        Type::Integer { .. } => value.is_i64() || value.is_u64(),
        Type::Number { .. } => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Array { .. } => value.is_array(),
        Type::Object { .. } => value.is_object(),
        Type::Null | Type::Any => true,
    };
    typed
        && (shape.choices.is_empty() || shape.choices.contains(value))
        && shape.format.is_none()
        && shape.pattern.is_none()
        || (typed && shape.format.as_deref().is_some_and(|f| f == "date" || f == "email"))
}

/// Whether a value can stand in a text and be found there again.
pub(super) fn is_sayable(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => !text.is_empty() && text.trim().len() == text.len(),
        Value::Array(items) => !items.is_empty() && items.iter().all(is_sayable),
        Value::Object(members) => !members.is_empty() && members.values().all(is_sayable),
    }
}
