//! Who plays which role: teacher, student, judge, simulator, each by the
//! `[teacher.NAME]` that the campaign gives it. Put together here and nowhere
//! else.
//!
//! Only roles that the campaign uses are set up, and an endpoint that plays
//! several is set up once: its limits are one.

use std::sync::Arc;

use magnet_proto::config::{Campaign, EndpointKind, NegativeSource};

use super::chat::Purpose;
use super::stack::{Error, Stacks, Wiring};
use super::{Judge, Machine, Reader, Teacher};
use crate::brief::Briefer;

/// The players of a campaign.
#[derive(Clone)]
pub struct Cast {
    pub teacher: Arc<dyn Teacher>,
    /// Makes the briefs: the teacher's model, or rules.
    pub briefer: Arc<dyn Briefer>,
    /// Plays without hints, where negatives are a student's or difficulty is
    /// measured.
    pub student: Option<Arc<dyn Teacher>>,
    /// Judges the graph and a student's turns, where it is a model.
    pub judge: Option<Arc<dyn Judge>>,
    /// Reads requests without the reference, where the judge is a model.
    pub reader: Option<Arc<dyn Reader>>,
    /// Plays the machine behind the functions, where it is a model.
    pub machine: Option<Arc<dyn Machine>>,
}

impl Cast {
    /// Sets up the players of the walks.
    pub fn new(campaign: &Campaign, wiring: &Wiring<'_>) -> Result<Self, Error> {
        let mut stacks = Stacks::new(campaign, wiring);
        let roles = &campaign.roles;
        let is_mined = campaign.negatives.source == NegativeSource::Student;
        let mut agent = |name: &str| {
            Ok::<_, Error>(match stacks.remote(name)? {
                Some(remote) => remote as Arc<dyn Teacher>,
                None => wiring.offline.clone(),
            })
        };
        let teacher = agent(&roles.teacher)?;
        let has_student = is_mined || campaign.difficulty.attempts > 0;
        let student = has_student.then(|| agent(&roles.student)).transpose()?;
        let briefer = match stacks.remote(&roles.teacher)? {
            Some(remote) => remote as Arc<dyn Briefer>,
            None => wiring.rules.clone(),
        };
        Ok(Self {
            teacher,
            briefer,
            student,
            judge: match is_mined {
                true => stacks.remote(&roles.judge)?.map(|remote| remote as _),
                false => None,
            },
            reader: match campaign.vet.called_for > 0.0 {
                true => stacks.remote(&roles.judge)?.map(|remote| remote as _),
                false => None,
            },
            machine: stacks.remote(&roles.simulator)?.map(|remote| remote as _),
        })
    }
}

/// The judge of the graph, where it is a model.
pub fn graph_judge(
    campaign: &Campaign,
    wiring: &Wiring<'_>,
) -> Result<Option<Arc<dyn Judge>>, Error> {
    let remote = Stacks::new(campaign, wiring).remote(&campaign.roles.judge)?;
    Ok(remote.map(|remote| remote as _))
}

/// The kinds of ask that a campaign makes of models, in a fixed order: what
/// its prompts are.
pub fn purposes(campaign: &Campaign) -> Vec<Purpose> {
    Purpose::ALL.into_iter().filter(|purpose| is_asked(campaign, *purpose)).collect()
}

/// The parts that models play in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Teacher,
    Student,
    Judge,
    Simulator,
}

impl Part {
    /// The key under `[roles]`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Teacher => "teacher",
            Self::Student => "student",
            Self::Judge => "judge",
            Self::Simulator => "simulator",
        }
    }
}

/// Who answers a kind of ask.
pub fn part(campaign: &Campaign, purpose: Purpose) -> Part {
    match purpose {
        Purpose::Outline
        | Purpose::Back
        | Purpose::Forth
        | Purpose::Act
        | Purpose::Conclude
        | Purpose::PackWorld
        | Purpose::PackWords
        | Purpose::Probe => Part::Teacher,
        Purpose::Mislead if campaign.negatives.source == NegativeSource::Teacher => Part::Teacher,
        Purpose::Mislead | Purpose::RollOut => Part::Student,
        Purpose::Simulate => Part::Simulator,
        Purpose::JudgeEdges
        | Purpose::JudgeNested
        | Purpose::JudgeTurn
        | Purpose::JudgeCalls
        | Purpose::JudgeDoubt
        | Purpose::Categorize => Part::Judge,
    }
}

/// The endpoint that answers a kind of ask.
pub fn role(campaign: &Campaign, purpose: Purpose) -> &str {
    let roles = &campaign.roles;
    match part(campaign, purpose) {
        Part::Teacher => &roles.teacher,
        Part::Student => &roles.student,
        Part::Judge => &roles.judge,
        Part::Simulator => &roles.simulator,
    }
}

fn is_asked(campaign: &Campaign, purpose: Purpose) -> bool {
    use magnet_proto::config::{Asked, Judge};
    let source = campaign.negatives.source;
    let is_due = match purpose {
        Purpose::Outline | Purpose::Back | Purpose::Forth | Purpose::Act | Purpose::Simulate => {
            true
        }
        Purpose::Conclude => campaign.trajectory.asked == Asked::Open,
        Purpose::Mislead => source != NegativeSource::Mechanical,
        Purpose::RollOut => source == NegativeSource::Student || campaign.difficulty.attempts > 0,
        Purpose::JudgeTurn => source == NegativeSource::Student,
        Purpose::JudgeEdges | Purpose::JudgeNested | Purpose::Categorize => {
            campaign.graph.judge == Judge::Teacher
        }
        Purpose::JudgeCalls | Purpose::JudgeDoubt => campaign.vet.called_for > 0.0,
        // Asked before there is a campaign, or beside it.
        Purpose::PackWorld | Purpose::PackWords | Purpose::Probe => false,
    };
    let endpoint = campaign.endpoint(role(campaign, purpose));
    is_due && endpoint.is_some_and(|endpoint| endpoint.kind != EndpointKind::Offline)
}
