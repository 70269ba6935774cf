//! A brief as a record holds it: the same keys in every record, values as
//! JSON text, so that loaders find one type for each column.

use magnet_proto::brief::{Argument, Brief, How, Select, Turn, Want};
use magnet_proto::path::StepRef;
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct BriefLine<'a> {
    aim: &'a str,
    turns: Vec<TurnLine<'a>>,
}

#[derive(Serialize)]
struct TurnLine<'a> {
    why: &'a str,
    wants: Vec<WantLine<'a>>,
    values: Vec<ValueLine<'a>>,
}

/// A fact, with its place in the step's output, or an effect.
#[derive(Serialize)]
struct WantLine<'a> {
    kind: &'static str,
    step: u16,
    place: &'a str,
    words: &'a str,
}

#[derive(Serialize)]
struct ValueLine<'a> {
    step: u16,
    copy: u8,
    parameter: &'a str,
    how: &'static str,
    /// JSON; null where it is not known, or left out.
    value: Option<String>,
    /// The output it stands in, and where.
    from: Option<StepRef>,
    place: Option<&'a str>,
    which: Option<String>,
}

impl<'a> BriefLine<'a> {
    pub(super) fn new(brief: &'a Brief) -> Self {
        Self { aim: &brief.aim, turns: brief.turns.iter().map(TurnLine::new).collect() }
    }
}

impl<'a> TurnLine<'a> {
    fn new(turn: &'a Turn) -> Self {
        let wants = turn.wants.iter().map(WantLine::new).collect();
        let values = turn.values.iter().map(ValueLine::new).collect();
        Self { why: &turn.why, wants, values }
    }
}

impl<'a> WantLine<'a> {
    fn new(want: &'a Want) -> Self {
        match want {
            Want::Fact { step, place, words } => Self { kind: "fact", step: *step, place, words },
            Want::Effect { step, words } => Self { kind: "effect", step: *step, place: "", words },
        }
    }
}

impl<'a> ValueLine<'a> {
    fn new(argument: &'a Argument) -> Self {
        let (how, pointed) = match &argument.how {
            How::Said { .. } => ("said", None),
            How::Again { .. } => ("again", None),
            How::Pointed { from, place, select, .. } => ("pointed", Some((*from, place, select))),
            How::Unsaid { .. } => ("unsaid", None),
            How::Open => ("open", None),
            How::LeftOut => ("left_out", None),
        };
        Self {
            step: argument.step,
            copy: argument.copy,
            parameter: &argument.parameter,
            how,
            value: argument.how.value().map(ToString::to_string),
            from: pointed.map(|(from, ..)| from),
            place: pointed.map(|(_, place, _)| place.as_str()),
            which: pointed
                .and_then(|(_, place, select)| place.contains("/*").then(|| which(select))),
        }
    }
}

fn which(select: &Select) -> String {
    match select {
        Select::First => "first".into(),
        Select::Last => "last".into(),
        Select::Nth(at) => (at + 1).to_string(),
        Select::Least(field) => format!("least {field}"),
        Select::Most(field) => format!("most {field}"),
        Select::All => "all".into(),
    }
}
