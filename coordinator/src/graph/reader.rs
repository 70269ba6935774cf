//! Reads functions into profiles: their verb and things, the values they give
//! and those they need.

mod name;

use std::collections::{HashMap, HashSet};

use magnet_proto::library::{Function, Library};
use magnet_proto::shape::{self, Field, Leaf, Type};

use super::concept::{Concept, KnownFrom};
use super::kind::Kind;
use super::profile::{Input, KindTerms, Output, Profile, Scalar, ValueType};
use super::sense::{self, Designator, Sense};
use super::terms::{Term, Vocabulary, normalize};
use super::verb::Verb;

/// Reads one function after the other, in the library's order.
pub(super) struct Reader {
    pub(super) vocabulary: Vocabulary,
    pub(super) kinds: KindTerms,
    pub(super) distinct: HashSet<(Term, Designator, Designator)>,
    /// Words that this library tells from their kin (`sense::kin`): it takes
    /// ids of both.
    pub(super) apart: HashSet<String>,
}

/// At most this many outputs of a function are looked at, the shallowest.
const MAX_OUTPUTS: usize = 160;

impl Reader {
    pub(super) fn new(library: &Library) -> Self {
        let mut vocabulary = Vocabulary::default();
        let kinds = KindTerms::new(&mut vocabulary);
        let parameters = library.iter().flat_map(|(_, function)| function.params());
        let identified: HashSet<String> = parameters
            .filter_map(|field| {
                let mut words = normalize(&field.name);
                (words.pop()? == "id").then(|| words.pop()).flatten()
            })
            .collect();
        let told_apart = |word: &&String| {
            let kin = sense::kin(word);
            kin != word.as_str() && identified.contains(kin)
        };
        let apart = identified.iter().filter(told_apart).cloned().collect();
        Self { vocabulary, kinds, distinct: HashSet::new(), apart }
    }

    pub(super) fn profile(&mut self, function: &Function, category: u32, class: u32) -> Profile {
        let name = super::verb::read_name(function);
        let verb = name.verb;
        let mut nouns: Vec<Term> = Vec::new();
        for noun in name.nouns {
            nouns.extend(self.kin(&noun));
        }
        let inputs = self.inputs(function, verb, &nouns);
        let mut outputs = self.outputs(function, &nouns);
        for output in &mut outputs {
            output.echo = inputs.iter().any(|input| input.concept.means_as(&output.concept));
        }
        let mut topics = nouns.clone();
        topics.extend(name.modifiers.iter().flat_map(|word| self.vocabulary.terms(word)));
        topics.extend(inputs.iter().flat_map(|input| input.concept.terms.iter().copied()));
        topics.extend(self.sentence(&function.description));
        topics.sort_unstable();
        topics.dedup();
        let offers = self.offers(&outputs);
        let classed = function.class != "misc";
        Profile { verb, nouns, topics, category, class, classed, outputs, inputs, offers }
    }

    /// The terms of a description's beginning, without the words that say
    /// nothing.
    fn sentence(&mut self, text: &str) -> Vec<Term> {
        let beginning: String = text.chars().take(160).collect();
        let mut terms = self.vocabulary.terms(&beginning);
        terms.retain(|&term| {
            let word = self.vocabulary.word(term);
            word.len() > 2 && Sense::of(word) != Sense::Role && !super::verb::is_filler(word)
        });
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    fn inputs(&mut self, function: &Function, verb: Verb, nouns: &[Term]) -> Vec<Input> {
        let requires = function.required().next().is_some();
        let places = function.params().iter().any(|field| self.is_about_places(&field.name));
        let params = function.params().iter();
        params.map(|field| self.input(field, verb, nouns, requires, places)).collect()
    }

    fn input(
        &mut self,
        field: &Field,
        verb: Verb,
        nouns: &[Term],
        requires: bool,
        places: bool,
    ) -> Input {
        let value = ValueType::of(&field.shape);
        let noun = field.shape.noun.as_deref();
        let mut concept = self.concept(&field.name, &field.shape, noun, nouns);
        self.place_state(&mut concept, &field.shape, places);
        let (sense, known_from) = (concept.sense, concept.known_from);
        let named = matches!(sense, Sense::Designator(Designator::Name | Designator::Title));
        let composed = (named && known_from == KnownFrom::Function && verb.composes())
            || (matches!(sense, Sense::Value(Kind::Text | Kind::Remark))
                && (verb.composes() || !field.required));
        let takes = self.takes(&concept, &field.shape.description);
        let idle = matches!(sense, Sense::Bookkeeping | Sense::Measure | Sense::Role)
            || field.shape.default.is_some()
            || !value.choices.is_empty()
            || matches!(value.scalar, Scalar::Boolean | Scalar::Composite);
        Input {
            name: field.name.clone(),
            concept,
            value,
            required: field.required,
            important: field.required || (!requires && !idle),
            takes,
            asks: asked_designator(&field.shape.description),
            composed,
            about: self.sentence(&field.shape.description),
        }
    }

    /// The kinds an opaque name takes, from its description; two at most.
    fn takes(&mut self, concept: &Concept, description: &str) -> Vec<Kind> {
        let opaque = match concept.sense {
            Sense::Role | Sense::Query => true,
            Sense::Noun => self.vocabulary.word(concept.head).len() <= 3,
            Sense::Value(kind) => kind == Kind::Place,
            _ => false,
        };
        if !opaque {
            return Vec::new();
        }
        let beginning: String = description.chars().take(120).collect();
        let mut kinds = Vec::new();
        for word in super::terms::normalize(&beginning) {
            match Sense::of(&word) {
                Sense::Value(
                    Kind::Text
                    | Kind::Remark
                    | Kind::Url
                    | Kind::Time
                    | Kind::Login
                    | Kind::Latitude
                    | Kind::Longitude,
                ) => {}
                Sense::Value(kind) if !kinds.contains(&kind) => kinds.push(kind),
                _ => {}
            }
        }
        kinds.truncate(2);
        kinds
    }

    fn outputs(&mut self, function: &Function, nouns: &[Term]) -> Vec<Output> {
        let mut leaves = function.output_leaves();
        leaves.retain(|leaf| can_feed(leaf));
        leaves.sort_by_cached_key(|leaf| leaf.path.matches('/').count());
        leaves.truncate(MAX_OUTPUTS * 4);
        let places = leaves.iter().any(|leaf| self.is_about_places(leaf.name));
        let fails = leaves.iter().any(|leaf| leaf.path == "/message" || leaf.path == "/status");
        let mut seen = HashSet::new();
        let mut outputs = Vec::new();
        for leaf in &leaves {
            if leaf.path == "/code" && fails {
                continue;
            }
            let output = self.output(leaf, nouns, places);
            let Some(output) = output else { continue };
            let concept = &output.concept;
            let key = (concept.head, concept.entity.clone(), concept.roles.clone());
            if seen.insert(key) {
                outputs.push(output);
            }
            if outputs.len() == MAX_OUTPUTS {
                break;
            }
        }
        self.note_distinct(&outputs);
        outputs
    }

    fn output(&mut self, leaf: &Leaf<'_>, nouns: &[Term], places: bool) -> Option<Output> {
        let parent = holder(&leaf.path);
        let noun = leaf.shape.noun.as_deref().or(parent.as_deref());
        let mut concept = self.concept(leaf.name, leaf.shape, noun, nouns);
        self.place_state(&mut concept, leaf.shape, places);
        let root = concept.known_from == KnownFrom::Function;
        let reports = root && self.vocabulary.word(concept.head) == "message";
        let speaks = !reports && !matches!(concept.sense, Sense::Bookkeeping);
        let depth = leaf.path.matches('/').count().min(255) as u8;
        speaks.then(|| Output {
            path: leaf.path.clone(),
            concept,
            value: ValueType::of(leaf.shape),
            echo: false,
            depth,
        })
    }

    fn note_distinct(&mut self, outputs: &[Output]) {
        let mut beside: HashMap<(&str, Term), Vec<Designator>> = HashMap::new();
        for output in outputs {
            if let (Sense::Designator(sense), Some(&thing)) =
                (output.concept.sense, output.concept.entity.last())
            {
                let object = output.path.rsplit_once('/').map_or("", |(object, _)| object);
                beside.entry((object, thing)).or_default().push(sense);
            }
        }
        for ((_, thing), senses) in beside {
            for (at, &one) in senses.iter().enumerate() {
                for &other in senses[at + 1..].iter().filter(|&&other| other != one) {
                    self.distinct.insert((thing, one.min(other), one.max(other)));
                }
            }
        }
    }

    fn offers(&self, outputs: &[Output]) -> Vec<(Term, u32)> {
        let mut offers: Vec<(Term, u32)> = Vec::new();
        for (output, at) in outputs.iter().zip(0..) {
            let concept = &output.concept;
            if let Sense::Value(kind) = concept.sense {
                offers.push((self.kinds.term(kind), at));
            }
            if matches!(concept.sense, Sense::Noun | Sense::Measure | Sense::Role) {
                offers.push((concept.head, at));
            }
            let thing = match concept.sense {
                Sense::Measure | Sense::Bookkeeping | Sense::Role => None,
                _ => concept.entity.last(),
            };
            offers.extend(thing.map(|&thing| (thing, at)));
        }
        offers.sort_unstable();
        offers.dedup();
        offers
    }
}

fn asked_designator(description: &str) -> Option<Designator> {
    let beginning: String = description.chars().take(80).collect();
    super::terms::normalize(&beginning).iter().find_map(|word| match Sense::of(word) {
        Sense::Designator(sense) => Some(sense),
        _ => None,
    })
}

/// Whether a place of an output may feed anything: no flags, nothing below an
/// error.
fn can_feed(leaf: &Leaf<'_>) -> bool {
    const FAILURES: [&str; 4] = ["error", "errors", "err", "warnings"];
    !matches!(leaf.shape.ty, Type::Boolean | Type::Null)
        && !leaf.name.starts_with('_')
        && !leaf.path.split('/').any(|step| FAILURES.contains(&step))
}

/// The name of the nearest object or array above a place that says what it
/// holds.
fn holder(path: &str) -> Option<String> {
    const WRAPPERS: &[&str] = &[
        "data", "result", "item", "list", "response", "payload", "record", "row", "entry",
        "object", "value", "output", "meta", "info", "detail", "attribute", "property", "node",
        "edge", "content", "body", "hit", "document", "element", "match", "suggestion",
        "presentation", "summary", "return", "root", "main", "current", "total", "message",
    ];
    let (above, _) = path.trim_end_matches("/*").rsplit_once('/')?;
    above.rsplit('/').find_map(|step| {
        let words = super::terms::normalize(step);
        let telling = words.last().is_some_and(|word| {
            !WRAPPERS.contains(&word.as_str()) && word.chars().any(char::is_alphabetic)
        });
        telling.then(|| shape::words(step).collect::<Vec<_>>().join("_"))
    })
}
