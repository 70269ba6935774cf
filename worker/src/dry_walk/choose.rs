//! Choosing a call's arguments: from outputs that feed it, from what was said,
//! from what exists, from the pack, from the schema, from the lexicon, in this
//! order.

use magnet_proto::brief::{How, Select};
use magnet_proto::library::Function;
use magnet_proto::path::{Feed, Purpose, Step, StepRef};
use magnet_proto::rng::Rng;
use magnet_proto::sample::Arguments;
use magnet_proto::shape::{Field, Type, words};
use rand::RngExt;
use rand::seq::IndexedRandom;
use serde_json::Value;

use super::DryWalk;
use super::memory::{Memory, Picked};
use super::optional::is_speakable;
use crate::coerce::coerce;
use crate::execute::{Known, known};
use crate::persona::calendar::Date;
use crate::select::{self, Route};

/// How often a value that was said before is meant again.
const AGAIN: f64 = 0.6;
/// How often a parameter that could be left out is mentioned.
const MENTIONED: f64 = 0.35;
/// Days of a span whose ends were drawn the wrong way round, at most.
const LONGEST_SPAN: i64 = 9;
/// A date-time begins with its day, `2026-10-29`.
const DAY_BYTES: usize = 10;
/// Of what a conversation stays with: see [`Choice::constancy`].
const STAYS: u8 = 2;
/// Names that mean something else with each function.
const VAGUE: &[&str] = &[
    "base", "code", "content", "data", "end", "from", "id", "input", "key", "name", "source",
    "start", "target", "text", "title", "to", "type", "value",
];
/// Of so few functions nothing can be told by counting.
const FEW: usize = 5;

/// One step's arguments to be chosen.
pub(super) struct Choice<'a> {
    pub dry: &'a DryWalk<'a>,
    pub memory: &'a Memory,
    pub known: &'a Known,
    pub at: StepRef,
    pub step: &'a Step,
    /// Outputs feed only what is known to exist: others were refused.
    pub only_known: bool,
    /// The step's sets of values that were refused.
    pub refused: &'a [Arguments],
}

/// Arguments with how they come into the conversation, and the elements that
/// were singled out for them.
type Drawn = (Vec<(String, How)>, Vec<Picked>);

impl Choice<'_> {
    /// One set of arguments; each attempt draws another. None where a required
    /// one has no value.
    pub(super) fn draw(&self, copy: u8, attempt: usize) -> Option<Drawn> {
        let purpose = format!("values {} {copy} {attempt}", self.at.step);
        let mut rng = self.dry.scene.stream(&purpose, self.at.turn as usize);
        if let Some(conflict) = &self.step.conflict {
            return Some((self.again(conflict.earlier)?, Vec::new()));
        }
        if copy > 0 {
            return Some((self.varied(copy, attempt, &mut rng)?, Vec::new()));
        }
        let function = self.function();
        let (mut arguments, picks) = self.fed(attempt, &mut rng);
        self.recall(&mut arguments, &mut rng);
        self.take_set(&mut arguments, attempt, &mut rng);
        for field in function.params() {
            if arguments.iter().any(|(name, _)| *name == field.name) {
                continue;
            }
            if field.required {
                let how = self.required(field, &arguments, attempt, &mut rng)?;
                arguments.push((field.name.clone(), how));
            } else if self.is_mentioned(field, &mut rng)
                && let Some(value) = self.value(field, &arguments, attempt, &mut rng)
            {
                arguments.push((field.name.clone(), self.said(&field.name, value)));
            }
        }
        let position = |name: &str| function.params().iter().position(|f| f.name == name);
        arguments.sort_by_key(|(name, _)| position(name));
        in_order(&mut arguments);
        Some((arguments, picks))
    }

    /// The arguments as drawn, or fitted to what their schema asks for beside
    /// single values; the error says why they are invalid.
    pub(super) fn checked(
        &self,
        arguments: Vec<(String, How)>,
        copy: u8,
        attempt: usize,
    ) -> Result<Vec<(String, How)>, String> {
        let drawn = super::values(&arguments);
        let check = |arguments: &Arguments| {
            self.dry.validators.check(self.dry.scene.library, self.step.function, arguments)
        };
        let Err(problem) = check(&drawn) else {
            return Ok(arguments);
        };
        // What is meant again is meant as it was.
        if self.step.conflict.is_some() {
            return Err(problem);
        }
        let purpose = format!("fitted {} {copy} {attempt}", self.at.step);
        let mut rng = self.dry.scene.stream(&purpose, self.at.turn as usize);
        let persona = self.dry.scene.persona;
        let fitted = self.dry.lexicon.fitted(self.function(), &drawn, persona, &mut rng);
        let fitted = fitted.filter(|fitted| check(fitted).is_ok()).ok_or(problem)?;
        let how = |(name, value): (String, Value)| {
            let kept =
                arguments.iter().find(|(known, how)| *known == name && how.value() == Some(&value));
            kept.cloned().unwrap_or_else(|| {
                let how = self.said(&name, value);
                (name, how)
            })
        };
        Ok(fitted.into_iter().map(how).collect())
    }

    fn function(&self) -> &Function {
        self.dry.scene.library.get(self.step.function)
    }

    /// The earlier call's arguments, meant again.
    fn again(&self, earlier: StepRef) -> Option<Vec<(String, How)>> {
        let arguments = self.memory.arguments(earlier, 0)?.iter().cloned();
        let again = |how: How| match how {
            How::Said { value } => How::Again { value },
            how => how,
        };
        Some(arguments.map(|(name, how)| (name, again(how))).collect())
    }

    /// The first copy's arguments with another value for one of them.
    fn varied(&self, copy: u8, attempt: usize, rng: &mut Rng) -> Option<Vec<(String, How)>> {
        let mut arguments = self.memory.arguments(self.at, 0)?.to_vec();
        let function = self.function();
        let mut said: Vec<usize> = (0..arguments.len())
            .filter(|at| matches!(arguments[*at].1, How::Said { .. } | How::Again { .. }))
            .filter(|at| {
                function.param(&arguments[*at].0).is_some_and(|f| is_told_apart(f, function))
            })
            .collect();
        // Of what stays, the last is the most particular: an issue of a repository.
        said.sort_by_key(|at| match self.constancy(&arguments[*at].0) {
            STAYS => (STAYS, arguments.len() - at),
            constancy => (constancy, *at),
        });
        // All copies differ in the same argument: "once for each of these".
        let before = self.memory.arguments(self.at, copy - 1).filter(|_| copy > 1);
        let before = before.and_then(|it| (0..it.len()).find(|at| it[*at].1 != arguments[*at].1));
        let at = before.or_else(|| said.get(attempt / 4 % said.len().max(1)).copied())?;
        let field = function.param(&arguments[at].0)?;
        let mut others = arguments.clone();
        others.remove(at);
        let value = self.value(field, &others, attempt + usize::from(copy), rng)?;
        arguments[at].1 = How::Said { value };
        let others = arguments.clone();
        in_order(&mut arguments);
        // Only what varies may move.
        let is_moved =
            (0..others.len()).any(|other| other != at && arguments[other] != others[other]);
        (!is_moved).then_some(arguments)
    }

    /// What varies least comes last: nobody sits at three tables on one day, and
    /// what most functions around take, too, such as an account or a folder, is
    /// what a conversation stays with.
    fn constancy(&self, parameter: &str) -> u8 {
        let function = self.function();
        let is_day = words(parameter).any(|word| word == "date" || word == "day");
        let around = self.dry.scene.library.iter().map(|(_, other)| other);
        let around: Vec<&Function> =
            around.filter(|other| other.category == function.category).collect();
        let takers = around.iter().filter(|other| other.param(parameter).is_some()).count();
        match () {
            () if is_day && function.changes_state() => 0,
            () if around.len() > FEW && takers * 2 > around.len() => STAYS,
            () => 1,
        }
    }

    /// The arguments that earlier outputs supply.
    fn fed(&self, attempt: usize, rng: &mut Rng) -> Drawn {
        let (mut arguments, mut picks) = (Vec::new(), Vec::new());
        for feed in &self.step.feeds {
            let Some(field) = self.function().param(&feed.flow.input) else {
                continue;
            };
            let Some(output) = self.memory.output(feed.from) else {
                continue;
            };
            let route = Route::of(&feed.flow.output);
            let select = self.select(feed, field, output, &picks, attempt, rng);
            let found = match select {
                Select::All => {
                    let all: Vec<Value> = route.all(output).into_iter().cloned().collect();
                    coerce(&Value::Array(all), &field.shape)
                }
                _ => route.follow(output, &select).and_then(|value| coerce(value, &field.shape)),
            };
            let may_pass = |value: &Value| {
                self.may_pass(&feed.flow.input, value)
                    && !is_the_same_thing(&feed.flow.input, value, &arguments)
            };
            let Some(value) = found.filter(may_pass) else {
                continue;
            };
            if route.tail.is_some() && select != Select::All {
                let head = route.head.to_owned();
                picks.push(Picked { from: feed.from, head, select: select.clone() });
            }
            let place = feed.flow.output.clone();
            let how = How::Pointed { from: feed.from, place, select, value: Some(value) };
            arguments.push((feed.flow.input.clone(), how));
        }
        (arguments, picks)
    }

    /// Whether a value from an output may be passed on as that parameter.
    fn may_pass(&self, parameter: &str, value: &Value) -> bool {
        let sets = self.known.by_function.get(&self.function().name);
        let sets = sets.map_or(&[][..], Vec::as_slice);
        let known = self.known.by_parameter.get(parameter);
        let is_known = known.is_some_and(|values| values.contains(value));
        if !self.only_known {
            // What is known goes with what it is known to go with.
            let is_among = sets.iter().any(|set| set.get(parameter) == Some(value));
            return !is_known || sets.is_empty() || is_among || !self.goes_together(parameter);
        }
        if self.was_refused(parameter, value) {
            return false;
        }
        match sets {
            [] => is_known,
            sets => sets.iter().any(|set| set.get(parameter).is_none_or(|v| v == value)),
        }
    }

    /// Whether the parameter names a thing that must go with another one.
    fn goes_together(&self, parameter: &str) -> bool {
        let mut naming = known::naming(self.function());
        known::names_a_thing(parameter) && naming.any(|other| other != parameter)
    }

    /// Whether it was part of a refused set: that it exists is not enough, an
    /// account may be frozen.
    fn was_refused(&self, parameter: &str, value: &Value) -> bool {
        self.refused.iter().any(|set| set.get(parameter) == Some(value))
    }

    /// Which element a fed argument is taken from: the one that was singled out
    /// before, else one that a person can single out.
    fn select(
        &self,
        feed: &Feed,
        field: &Field,
        output: &Value,
        picks: &[Picked],
        attempt: usize,
        rng: &mut Rng,
    ) -> Select {
        let route = Route::of(&feed.flow.output);
        let Some(items) = route.items(output) else {
            return Select::First;
        };
        if matches!(field.shape.ty, Type::Array { .. }) {
            return Select::All;
        }
        let here = picks.iter().find(|pick| pick.from == feed.from && pick.head == route.head);
        let before = || self.memory.picked(feed.from, route.head);
        if let Some(select) = here.map(|pick| &pick.select).or_else(before) {
            return select.clone();
        }
        if items.len() < 2 {
            return Select::First;
        }
        let mut ways = self.ways(feed, items);
        if attempt > 0 || ways.is_empty() {
            ways.extend((0..items.len().min(3)).map(|at| Select::Nth(at as u16)));
        }
        ways.choose(rng).cloned().unwrap_or_default()
    }

    /// How the pack says that one of these elements is singled out.
    fn ways(&self, feed: &Feed, items: &[Value]) -> Vec<Select> {
        let source = self.dry.scene.path.step(feed.from);
        let phrases = source.and_then(|source| self.dry.pack.phrases(source.function));
        let head = Route::of(&feed.flow.output).head;
        let listed = |item: &&magnet_proto::pack::Item| Route::of(&item.at).head == head;
        let Some(item) = phrases.and_then(|phrases| phrases.items.iter().find(listed)) else {
            return Vec::new();
        };
        let mut ways = Vec::new();
        for (field, pick) in &item.pick {
            let ranked = [
                (!pick.least.is_empty()).then(|| Select::Least(field.clone())),
                (!pick.most.is_empty()).then(|| Select::Most(field.clone())),
            ];
            ways.extend(ranked.into_iter().flatten().filter(|s| select::is_decisive(items, s)));
            if !pick.is.is_empty() {
                let alone = (0..items.len()).filter(|at| is_alone(items, *at, field));
                ways.extend(alone.map(|at| Select::Nth(at as u16)));
            }
        }
        ways
    }

    /// Values that were said before and are meant again.
    fn recall(&self, arguments: &mut Vec<(String, How)>, rng: &mut Rng) {
        if self.memory.has_called(self.step.function) {
            return;
        }
        for field in self.function().required() {
            if arguments.iter().any(|(name, _)| *name == field.name) || self.is_asked_for(field) {
                continue;
            }
            let Some(value) = self.memory.said(&field.name) else {
                continue;
            };
            let exists = self.known.by_parameter.get(&field.name);
            let sets = self.known.by_function.get(&self.function().name);
            let told = sets.into_iter().flatten().filter_map(|set| set.get(&field.name));
            let told: Vec<&Value> = told.collect();
            // Two functions' objects of one name, such as a body, are two things,
            // and so are a unit and a city that both are called "to".
            let fits = !value.is_object()
                && !VAGUE.contains(&field.name.as_str())
                && !is_the_same_thing(&field.name, value, arguments)
                && !self.was_refused(&field.name, value)
                && (told.is_empty() || told.contains(&value))
                && exists.is_none_or(|values| values.contains(value))
                && coerce(value, &field.shape).as_ref() == Some(value);
            let is_plain = self.dry.pack.phrases(self.step.function).is_none();
            let stays = is_plain && self.constancy(&field.name) == STAYS;
            if fits && (stays || rng.random_bool(AGAIN)) {
                arguments.push((field.name.clone(), How::Again { value: value.clone() }));
            }
        }
    }

    /// A set of values that go together now, if one agrees with what is chosen.
    fn take_set(&self, arguments: &mut Vec<(String, How)>, attempt: usize, rng: &mut Rng) {
        let function = self.function();
        let sets = self.known.by_function.get(&function.name).map_or(&[][..], Vec::as_slice);
        let agrees = |set: &&Arguments| {
            arguments
                .iter()
                .all(|(name, how)| set.get(name).is_none_or(|value| how.value() == Some(value)))
        };
        let agreeing = sets.iter().filter(agrees).filter(|set| !self.refused.contains(set));
        let agreeing: Vec<&Arguments> = agreeing.collect();
        if agreeing.is_empty() {
            return;
        }
        let at = (rng.random_range(0..agreeing.len()) + attempt) % agreeing.len();
        for (name, value) in agreeing[at] {
            let Some(field) = function.param(name) else {
                continue;
            };
            let is_new = arguments.iter().all(|(chosen, _)| chosen != name);
            if is_new && (field.required || rng.random_bool(MENTIONED)) {
                arguments.push((name.clone(), self.said(&field.name, value.clone())));
            }
        }
    }

    fn required(
        &self,
        field: &Field,
        others: &[(String, How)],
        attempt: usize,
        rng: &mut Rng,
    ) -> Option<How> {
        if let [only] = field.shape.choices.as_slice() {
            return Some(How::Unsaid { value: only.clone() });
        }
        self.value(field, others, attempt, rng).map(|value| self.said(&field.name, value))
    }

    /// Said now, or already said.
    fn said(&self, name: &str, value: Value) -> How {
        match self.memory.was_said(name, &value) {
            true => How::Again { value },
            false => How::Said { value },
        }
    }

    /// A value from what exists, the pack, the schema, the lexicon; `others`
    /// are the arguments that the call has already.
    fn value(
        &self,
        field: &Field,
        others: &[(String, How)],
        attempt: usize,
        rng: &mut Rng,
    ) -> Option<Value> {
        let known = self.known.by_parameter.get(&field.name).map_or(&[][..], Vec::as_slice);
        let mut fitting: Vec<&Value> =
            known.iter().filter(|v| coerce(v, &field.shape).as_ref() == Some(v)).collect();
        let several = !fitting.is_empty();
        fitting.retain(|value| !is_the_same_thing(&field.name, value, others));
        // Another one of what there is one of.
        if several && fitting.is_empty() {
            return None;
        }
        if fitting.iter().any(|value| !self.was_refused(&field.name, value)) {
            fitting.retain(|value| !self.was_refused(&field.name, value));
        }
        let pack = self.dry.pack.values(self.step.function, &field.name);
        let draw = |from: usize, rng: &mut Rng| (rng.random_range(0..from) + attempt) % from;
        if !fitting.is_empty() {
            let at = draw(fitting.len(), rng);
            return Some(fitting[at].clone());
        }
        for values in [pack, &field.shape.choices, &field.shape.examples] {
            if !values.is_empty() {
                return Some(values[draw(values.len(), rng)].clone());
            }
        }
        if let Some(value) = self.listed(field, rng) {
            return Some(value);
        }
        // An invented name was refused, as any other will be.
        if self.only_known && !self.refused.is_empty() && known::names_a_thing(&field.name) {
            return None;
        }
        let scene = &self.dry.scene;
        Some(self.dry.lexicon.value(self.function(), field, scene.persona, rng))
            .filter(|value| !value.is_null())
    }

    /// A list of things that exist, each known by the name of one.
    fn listed(&self, field: &Field, rng: &mut Rng) -> Option<Value> {
        let Type::Array { min_items, .. } = &field.shape.ty else {
            return None;
        };
        let known = self.known.by_parameter.get(&known::singular(&field.name))?;
        let count = rng.random_range(1..=2).max(*min_items).min(known.len());
        let chosen: Vec<Value> = known.sample(rng, count).cloned().collect();
        let list = Value::Array(chosen);
        coerce(&list, &field.shape).filter(|fitted| *fitted == list)
    }

    fn is_mentioned(&self, field: &Field, rng: &mut Rng) -> bool {
        let slot = format!("{{{}}}", field.name);
        let worth = match self.dry.pack.phrases(self.step.function) {
            Some(phrases) => phrases.asks.iter().any(|ask| ask.contains(&slot)),
            None => is_speakable(field),
        };
        worth && rng.random_bool(MENTIONED)
    }

    /// Whether the turn before had to ask for the parameter.
    fn is_asked_for(&self, field: &Field) -> bool {
        let before = self.at.turn.checked_sub(1);
        let turn = before.and_then(|before| self.dry.scene.path.turns.get(before as usize));
        matches!(turn.map(|turn| &turn.purpose),
            Some(Purpose::MissingParameter { function, parameter, .. })
                if *function == self.step.function && *parameter == field.name)
    }
}

/// No return before the departure: a day that is said moves behind the one that
/// its span begins with, or before the one that it ends with.
fn in_order(arguments: &mut [(String, How)]) {
    const BEGIN: &[&str] = &["start", "begin", "from", "pickup", "checkin", "departure", "since"];
    const END: &[&str] = &["end", "finish", "to", "dropoff", "checkout", "return", "until"];
    let find = |cues: &[&str]| {
        arguments.iter().enumerate().find_map(|(at, (name, how))| {
            let joined = name.to_lowercase().replace("check_", "check");
            let is_cued = words(&joined).any(|word| cues.contains(&word.as_str()));
            Date::parse(how.value()?.as_str()?).filter(|_| is_cued).map(|day| (at, day))
        })
    };
    let (Some((begin, first)), Some((end, last))) = (find(BEGIN), find(END)) else {
        return;
    };
    let days = first.days_since(last);
    if begin == end || days <= 0 {
        return;
    }
    let is_said = |at: usize| matches!(arguments[at].1, How::Said { .. });
    let days = 1 + days % LONGEST_SPAN;
    let (at, day) = match (is_said(end), is_said(begin)) {
        (true, _) => (end, first.plus_days(days)),
        (false, true) => (begin, last.plus_days(-days)),
        (false, false) => return,
    };
    if let How::Said { value: Value::String(text) } = &mut arguments[at].1 {
        text.replace_range(..DAY_BYTES, &day.to_string());
    }
}

/// Whether people name several values of a parameter in one breath; nobody
/// orders 4, 6 and 3 of one dish.
fn is_told_apart(field: &Field, function: &Function) -> bool {
    match field.shape.ty {
        Type::String { .. } => true,
        Type::Integer { .. } | Type::Number { .. } => !function.changes_state(),
        _ => false,
    }
}

/// Whether another argument names the same thing of a kind of which two are
/// meant.
fn is_the_same_thing(parameter: &str, value: &Value, others: &[(String, How)]) -> bool {
    let is_it = |(name, how): &(String, How)| {
        name != parameter && how.value() == Some(value) && known::are_of_one_kind(name, parameter)
    };
    others.iter().any(is_it)
}

/// Whether no other element says the same at that field.
fn is_alone(items: &[Value], at: usize, field: &str) -> bool {
    let value = items[at].pointer(field).filter(|value| !value.is_null());
    value.is_some() && items.iter().filter(|item| item.pointer(field) == value).count() == 1
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ends_does_so_after_it_begins() {
        let said = |name: &str, day: &str| (name.to_owned(), How::Said { value: json!(day) });
        let again = |name: &str, day: &str| (name.to_owned(), How::Again { value: json!(day) });
        let check = |arguments: [(String, How); 2], expected: [&str; 2]| {
            let mut arguments = arguments;
            in_order(&mut arguments);
            let days = arguments.map(|(_, how)| how.value().cloned());
            assert_eq!(days, expected.map(|day| Some(json!(day))));
        };
        let (early, late) = ("2026-09-03", "2026-09-13");
        check([said("pickup_date", late), said("dropoff_date", early)], [late, "2026-09-15"]);
        check([again("start", late), said("end", "2026-09-03T10:00")], [late, "2026-09-15T10:00"]);
        check([said("start", late), again("end", early)], ["2026-09-01", early]);
        check([said("check_in", early), said("check_out", late)], [early, late]);
        check([said("birth_date", late), said("end_date", early)], [late, early]);
    }
}
