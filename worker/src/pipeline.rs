//! The pipeline: the stages in order, for one walk.
//!
//! ```text
//! walk ─► node_ops ─► dry_walk ─► brief ─► translate ⇄ execute ─► distill ─► vet ─► difficulty ─► sample
//! ```

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use magnet_proto::config::{Campaign, NegativeSource};
use magnet_proto::difficulty::Difficulty;
use magnet_proto::graph::Graph;
use magnet_proto::library::Library;
use magnet_proto::outcome::{Reason, Rejection};
use magnet_proto::pack::Pack;
use magnet_proto::part::{Key, Keys};
use magnet_proto::path::{Kind, Path, Purpose, Step, Turn};
use magnet_proto::quotas::Quotas;
use magnet_proto::remains::Remains;
use magnet_proto::sample::{Call, Pair, Sample};
use magnet_proto::state::{Ending, State};
use magnet_proto::usage::Usage;
use magnet_proto::walk::Walker;
use magnet_proto::{CampaignDigest, Digest, FunctionId, SampleId, WalkIndex, rng};
use serde_json::Value;

use crate::brief::{self, Briefed};
use crate::conversation::Scene;
use crate::distill::distiller::{Distiller, Mined, Negatives};
use crate::distill::offer::{self, Categories, Offer};
use crate::distill::positive::{self, Trajectory};
use crate::distill::{difficulty, negative};
use crate::drawn::Draws;
use crate::dry_walk::{self, DryWalk};
use crate::execute::{self, Executor, Output};
use crate::failure::Failure;
use crate::lexicon::Lexicon;
use crate::made::Log;
use crate::node_ops;
use crate::persona::Persona;
use crate::serve::{End, Stop, WalkRunner, Walked};
use crate::teacher;
use crate::teacher::cast::Cast;
use crate::teacher::chat::tally;
use crate::translate::{self, Reading, Translated, Translator};
use crate::vet::calls::Validators;
use crate::vet::challenges::{self, Evidence};
use crate::vet::record;

/// Everything one campaign's walks share in a process.
pub struct Pipeline {
    campaign: Arc<Campaign>,
    digest: CampaignDigest,
    library: Arc<Library>,
    graph: Arc<Graph>,
    pack: Arc<Pack>,
    /// Signature paths to keep out.
    excluded: BTreeSet<Vec<Vec<FunctionId>>>,
    cast: Cast,
    executor: Arc<dyn Executor>,
    lexicon: Arc<dyn Lexicon>,
    state: Arc<dyn State>,
    walker: Walker,
    draws: Draws,
    /// Whether the dataset is divided among kinds of walks.
    has_quotas: bool,
    validators: Validators,
    categories: Categories,
    /// Characters of each function's tool document.
    tool_chars: Vec<usize>,
    /// The memo's keys of finished walks whose part is not in place yet.
    kept: Mutex<HashMap<WalkIndex, Vec<Digest>>>,
}

/// What a pipeline is made of.
pub struct Parts {
    pub campaign: Arc<Campaign>,
    pub digest: CampaignDigest,
    pub library: Arc<Library>,
    pub graph: Arc<Graph>,
    pub pack: Arc<Pack>,
    pub excluded: BTreeSet<Vec<Vec<FunctionId>>>,
    pub cast: Cast,
    pub executor: Arc<dyn Executor>,
    pub lexicon: Arc<dyn Lexicon>,
    pub state: Arc<dyn State>,
}

impl Pipeline {
    pub fn new(parts: Parts) -> Self {
        let Parts {
            campaign,
            digest,
            library,
            graph,
            pack,
            excluded,
            cast,
            executor,
            lexicon,
            state,
        } = parts;
        Self {
            walker: Walker::new(&graph, campaign.walk.clone(), campaign.campaign.seed),
            draws: Draws::of(&campaign),
            has_quotas: Quotas::new(&campaign.mix, 1).is_ok_and(|quotas| !quotas.is_empty()),
            validators: Validators::new(&library),
            categories: Categories::new(&library),
            tool_chars: library.iter().map(|(_, f)| f.tool().to_string().len()).collect(),
            kept: Mutex::default(),
            campaign,
            digest,
            library,
            graph,
            pack,
            excluded,
            cast,
            executor,
            lexicon,
            state,
        }
    }

    fn seed(&self) -> u64 {
        self.campaign.campaign.seed
    }

    /// Stage 1: the walk's signature path.
    fn plan(&self, index: WalkIndex) -> Result<Path, Rejection> {
        let ops = &self.campaign.node_ops;
        let walk = self.walker.walk(&self.graph, node_ops::path_index(ops, index));
        node_ops::apply(&node_ops::Input {
            library: &self.library,
            graph: &self.graph,
            walk: &walk,
            index,
            walks: &self.campaign.walk,
            ops,
            mix: &self.campaign.mix,
            seed: self.seed(),
        })
    }

    /// All stages after the first: the path's sample.
    async fn work(
        &self,
        index: WalkIndex,
        path: &Path,
        keys: &mut Keys,
        remains: Option<&mut Remains>,
    ) -> Result<Sample, Failure> {
        let persona = Persona::draw(self.seed(), index, self.draws.voices());
        let scene = Scene {
            library: &self.library,
            path,
            persona: &persona,
            seed: self.seed(),
            walk: index,
        };
        let (walked, briefed) = self.brief(scene).await?;
        let scene = Scene { path: &briefed.path, ..scene };
        if let Some(remains) = remains {
            remains.signature_path = scene.path.signature();
            remains.brief = Some(briefed.brief.clone());
        }
        // The brief may have dropped steps: this is the path the dataset gets.
        if self.excluded.contains(&scene.path.signature()) {
            let detail = "the signature path is on the list of paths to keep out";
            return Err(Failure::rejected(Reason::ExcludedPath, detail));
        }
        if let Some(log) = &walked {
            dry_walk::confirm(self.dry(scene), log, &briefed.calls).await?;
        }
        let initial_config = walked.and_then(|walked| walked.initial_config);
        let offer = self.offer(scene);
        let translated = self.translate(scene, &briefed, &offer, initial_config).await?;
        keys.opening = translated.opening().map(Key::of_opening);
        let distiller = self.distiller(scene, &briefed, &translated, &offer);
        let trajectory = positive::play(&distiller).await?;
        let max_pairs = self.campaign.negatives.max_pairs;
        let pairs = negative::make(&distiller, &trajectory, max_pairs).await?;
        let mut sample = self.sample(&distiller, trajectory, pairs)?;
        sample.difficulty = self.difficulty(&distiller).await?;
        Ok(sample)
    }

    /// Brings a conversation about one function as far as its call; the seed of
    /// that walk draws its values.
    ///
    /// # Errors
    /// What it is rejected for.
    pub async fn try_alone(&self, function: FunctionId, index: WalkIndex) -> Result<(), Failure> {
        let path = alone(function);
        let persona = Persona::draw(self.seed(), index, self.draws.voices());
        let (library, seed) = (&*self.library, self.seed());
        let scene = Scene { library, path: &path, persona: &persona, seed, walk: index };
        let (walked, briefed) = self.brief(scene).await?;
        let scene = Scene { path: &briefed.path, ..scene };
        let initial_config = walked.and_then(|walked| walked.initial_config);
        self.translate(scene, &briefed, &self.offer(scene), initial_config).await.map(|_| ())
    }

    /// The calls of a conversation about one function, as far as they can be
    /// made beforehand and are accepted, with what they return.
    ///
    /// # Errors
    /// What it is rejected for.
    pub async fn call_alone(
        &self,
        function: FunctionId,
        index: WalkIndex,
    ) -> Result<Vec<(Call, Output)>, Failure> {
        let path = alone(function);
        let persona = Persona::draw(self.seed(), index, self.draws.voices());
        let (library, seed) = (&*self.library, self.seed());
        let scene = Scene { library, path: &path, persona: &persona, seed, walk: index };
        let walked = self.dry_walk(scene).await?;
        let made = walked.into_iter().flat_map(|log| log.calls);
        let executed = made.flat_map(|made| made.executed);
        Ok(executed.map(|executed| (executed.call, executed.output)).collect())
    }

    /// The functions on offer in a conversation.
    fn offer(&self, scene: Scene<'_>) -> Offer {
        let distractors = self.campaign.trajectory.distractors;
        let mut rng = rng::stream(self.seed(), scene.walk, "offer");
        offer::draw(&self.library, &self.categories, scene.path, distractors, &mut rng)
    }

    /// What the conversation is for, by the calls that can be made beforehand.
    async fn brief(&self, scene: Scene<'_>) -> Result<(Option<Log>, Briefed), Failure> {
        let walked = self.dry_walk(scene).await?;
        let (briefer, tries) = (&*self.cast.briefer, self.campaign.translate.tries);
        let briefed = brief::make(briefer, scene, walked.as_ref(), tries).await?;
        Ok((walked, briefed))
    }

    /// The path's calls, where they can be made beforehand.
    async fn dry_walk(&self, scene: Scene<'_>) -> Result<Option<Log>, Failure> {
        if !dry_walk::is_due(&scene, &*self.executor, self.cast.briefer.gives_values()) {
            return Ok(None);
        }
        dry_walk::walk(self.dry(scene)).await.map(Some)
    }

    fn dry<'a>(&'a self, scene: Scene<'a>) -> DryWalk<'a> {
        DryWalk {
            scene,
            executor: &*self.executor,
            pack: &self.pack,
            lexicon: &*self.lexicon,
            validators: &self.validators,
        }
    }

    async fn translate(
        &self,
        scene: Scene<'_>,
        briefed: &Briefed,
        offer: &Offer,
        initial_config: Option<Value>,
    ) -> Result<Translated, Failure> {
        let translator = Translator {
            scene,
            brief: &briefed.brief,
            log: &briefed.calls,
            teacher: &*self.cast.teacher,
            executor: &*self.executor,
            validators: &self.validators,
            asked: self.campaign.trajectory.asked,
            tries: self.campaign.translate.tries,
            reading: self.cast.reader.as_deref().map(|reader| Reading {
                reader,
                offer: record::Offer { tools: &offer.tools, added: &offer.added },
                share: self.campaign.vet.called_for,
            }),
        };
        translate::translate(&translator, initial_config).await
    }

    fn distiller<'a>(
        &'a self,
        scene: Scene<'a>,
        briefed: &'a Briefed,
        translated: &'a Translated,
        offer: &'a Offer,
    ) -> Distiller<'a> {
        let settings = &self.campaign.trajectory;
        let mut system_prompt = settings.system_prompt.clone();
        // A model writes "on 14 November" and knows the year: so must the trainee.
        if self.cast.briefer.gives_values() {
            system_prompt = format!("{system_prompt} {}", scene.persona.today_told());
        }
        Distiller {
            scene,
            brief: &briefed.brief,
            pack: &self.pack,
            teacher: &*self.cast.teacher,
            executor: &*self.executor,
            lexicon: &*self.lexicon,
            validators: &self.validators,
            translated,
            offer,
            system_prompt: system_prompt.trim().to_owned(),
            asked: settings.asked,
            max_steps: settings.max_steps.get(),
            tries: self.campaign.translate.tries,
            negatives: self.negatives(),
        }
    }

    /// What the student makes of an accepted conversation, where that is
    /// measured.
    async fn difficulty(&self, distiller: &Distiller<'_>) -> Result<Option<Difficulty>, Failure> {
        match (&self.cast.student, self.campaign.difficulty.attempts) {
            (Some(student), attempts @ 1..) => {
                difficulty::measure(distiller, &**student, attempts).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    fn negatives(&self) -> Negatives<'_> {
        let settings = &self.campaign.negatives;
        match (settings.source, &self.cast.student) {
            (NegativeSource::Teacher, _) => Negatives::Teacher,
            (NegativeSource::Student, Some(student)) => Negatives::Student(Mined {
                student: &**student,
                judge: self.cast.judge.as_deref(),
                rollouts: settings.rollouts.get(),
            }),
            _ => Negatives::Mechanical,
        }
    }

    /// The record of a played conversation, with what it really shows.
    fn sample(
        &self,
        distiller: &Distiller<'_>,
        trajectory: Trajectory,
        pairs: Vec<Pair>,
    ) -> Result<Sample, Failure> {
        let Distiller { scene, brief, translated, offer, .. } = *distiller;
        let added = offer.added.values().flatten();
        let tools_chars =
            offer.tools.iter().chain(added).map(|id| self.tool_chars[id.index()]).sum();
        let challenges = challenges::observed(&Evidence {
            library: &self.library,
            messages: &trajectory.messages,
            provenance: &trajectory.provenance,
            node_ops: &scene.path.ops,
            tools_chars,
        });
        let domains: BTreeSet<String> =
            scene.path.functions().map(|id| self.library.get(id).category.clone()).collect();
        let turns = 0..scene.path.turns.len();
        let sample = Sample {
            id: SampleId::new(&self.digest, scene.walk),
            walk: scene.walk,
            kind: scene.path.kind,
            signature_path: scene.path.signature(),
            node_ops: scene.path.ops.clone(),
            challenges,
            tools: offer.tools.clone(),
            tools_added: offer.added.clone(),
            messages: trajectory.messages,
            reference: turns.map(|turn| translated.reference(turn)).collect::<Vec<Vec<Call>>>(),
            provenance: trajectory.provenance,
            executor: self.executor.name().to_owned(),
            initial_config: trajectory.initial_config,
            teacher: self.cast.teacher.name().to_owned(),
            brief: brief.clone(),
            domains: domains.into_iter().collect(),
            persona: scene.persona.label.clone(),
            reasoning: trajectory.reasoning,
            readings: translated.readings,
            difficulty: None,
            pairs,
        };
        record::check(&self.library, &self.validators, &sample, tools_chars)
            .map_err(|why| Failure::rejected(Reason::ChallengeAbsent, why))?;
        Ok(sample)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<WalkIndex, Vec<Digest>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a lower walk has the same signature path: then this one would be
    /// dropped when the dataset is finalized, and need not be worked. Where the
    /// lower one may be dropped for a quota, it must not take the place of
    /// another kind's: each kind claims for itself.
    async fn is_claimed(&self, key: Key, index: WalkIndex) -> bool {
        let claim = match self.has_quotas {
            true => {
                let (kind, register) = self.draws.walk(index);
                key.digest_among(&format!("{} {}", kind.label(), register.name()))
            }
            false => key.digest(),
        };
        let holder = self.state.claim(claim, index).await;
        holder.is_ok_and(|holder| holder < index)
    }
}

#[async_trait]
impl WalkRunner for Pipeline {
    async fn run(&self, index: WalkIndex) -> Result<Walked, Stop> {
        let mut keys = Keys::default();
        let unpaid = |keys, end| Ok(Walked { keys, usage: Usage::default(), end });
        let mut remains =
            Remains::are_kept(index, self.campaign.run.keep_rejected).then(Box::<Remains>::default);
        let path = match self.plan(index) {
            Ok(path) => path,
            Err(rejection) => return unpaid(keys, End::Rejected(rejection, remains)),
        };
        if let Some(remains) = &mut remains {
            remains.signature_path = path.signature();
        }
        // A library has few paths of one turn: there the requests must differ.
        keys.path = (path.kind == Kind::MultiTurn).then(|| Key::of_path(&path));
        if let Some(key) = keys.path
            && self.is_claimed(key, index).await
        {
            return unpaid(keys, End::Skipped);
        }
        let work = self.work(index, &path, &mut keys, remains.as_deref_mut());
        let (worked, tally) = tally::of(work).await;
        let end = match worked {
            Ok(sample) => End::Accepted(Box::new(sample)),
            Err(Failure::Rejected(rejection)) => {
                tracing::debug!(walk = index.0, %rejection, "a walk is rejected");
                if let Some(remains) = &mut remains {
                    remains.asked = tally.last;
                }
                End::Rejected(rejection, remains)
            }
            Err(Failure::Teacher(error)) => return Err(stop_of_teacher(error)),
            Err(Failure::Executor(error)) => return Err(stop_of_executor(error)),
        };
        if !tally.keys.is_empty() {
            self.kept().insert(index, tally.keys);
        }
        Ok(Walked { keys, usage: tally.usage, end })
    }

    async fn in_place(&self, walks: Range<u64>) {
        let keys: Vec<Digest> = {
            let mut kept = self.kept();
            walks.filter_map(|walk| kept.remove(&WalkIndex(walk))).flatten().collect()
        };
        if keys.is_empty() {
            return;
        }
        if let Err(error) = self.state.forget_memo(&keys).await {
            tracing::debug!(%error, "answers that are safe stay in the memo");
        }
    }
}

/// The path of a conversation about one function.
fn alone(function: FunctionId) -> Path {
    let purpose = Purpose::Calls;
    let turn = Turn { purpose, steps: vec![Step::new(function)], proposed: Vec::new() };
    Path { kind: Kind::SingleTurn, turns: vec![turn], ops: Vec::new() }
}

fn stop_of_teacher(error: teacher::Error) -> Stop {
    match error {
        teacher::Error::Transient { reason, retry_after } => {
            Stop::Transient { reason, retry_after }
        }
        teacher::Error::Budget(reason) => Stop::Ended(Ending::Budget(reason)),
        teacher::Error::Cancelled => Stop::Cancelled,
        error => Stop::Ended(Ending::Refused(error.to_string())),
    }
}

fn stop_of_executor(error: execute::Error) -> Stop {
    match error {
        execute::Error::Transient(reason) => Stop::Transient { reason, retry_after: None },
        error => Stop::Ended(Ending::Refused(error.to_string())),
    }
}
