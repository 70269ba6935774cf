//! A function as the matcher sees it: what it does to what, which values it
//! gives and which it needs.
//!
//! Profiles are made once, in the library's order, and read only afterwards.

use std::collections::{HashMap, HashSet};

use magnet_proto::FunctionId;
use magnet_proto::library::{Function, Library};
use magnet_proto::shape::{self, Field, Leaf, Shape, Type};
use serde_json::Value;

use super::sense::{self, Designator, Kind, Sense};
use super::terms::{Term, Vocabulary};
use super::verb::Verb;

/// A function's part in the graph.
#[derive(Debug)]
pub(super) struct Profile {
    pub(super) verb: Verb,
    /// The things its name speaks of, the main one last.
    pub(super) nouns: Vec<Term>,
    /// Every term of its name, parameters and description; sorted.
    pub(super) topics: Vec<Term>,
    pub(super) category: u32,
    pub(super) class: u32,
    /// Whether its class says anything: "misc" does not.
    pub(super) classed: bool,
    pub(super) outputs: Vec<Output>,
    pub(super) inputs: Vec<Input>,
    /// Outputs by the terms they can be asked for: (term, index), sorted.
    pub(super) offers: Vec<(Term, u32)>,
}

/// A value the function returns.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) path: String,
    pub(super) concept: Concept,
    pub(super) value: ValueType,
    /// The caller gave it: one of the function's own inputs means the same.
    pub(super) echo: bool,
    pub(super) depth: u8,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) concept: Concept,
    pub(super) value: ValueType,
    pub(super) required: bool,
    /// Whether feeding it makes an edge: required, or the point of calling a
    /// function that requires nothing.
    pub(super) important: bool,
    /// What its description lets it take, where the name does not tell.
    pub(super) takes: Vec<Kind>,
    /// Which designator its description asks for: "the ID of the artist".
    pub(super) asks: Option<Designator>,
    /// Whether the user makes it up, as the name of what is created.
    pub(super) composed: bool,
    /// The terms of its description; sorted.
    pub(super) about: Vec<Term>,
}

/// What a name means: a sense, and of which thing.
#[derive(Clone, Debug)]
pub(super) struct Concept {
    pub(super) sense: Sense,
    /// All terms of the name, in order.
    pub(super) terms: Vec<Term>,
    pub(super) head: Term,
    /// The thing meant, main word last.
    pub(super) entity: Vec<Term>,
    pub(super) known_from: KnownFrom,
    /// Words beside the head that say more than a role.
    pub(super) qualifiers: Vec<Term>,
    pub(super) roles: Vec<Term>,
}

/// Where the thing a name is about was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KnownFrom {
    Name,
    Parent,
    Function,
}

/// What of a schema decides whether a value fits.
#[derive(Clone, Debug)]
pub(super) struct ValueType {
    pub(super) scalar: Scalar,
    pub(super) format: Option<String>,
    pub(super) pattern: Option<String>,
    pub(super) choices: Vec<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scalar {
    String,
    Integer,
    Number,
    Boolean,
    Any,
    /// An array or an object: nothing that a single value can fill.
    Composite,
}

/// The profiles of a library.
#[derive(Debug)]
pub(super) struct Profiles {
    pub(super) functions: Vec<Profile>,
    /// How many functions speak of a term, by term.
    pub(super) frequency: Vec<u32>,
    pub(super) kinds: KindTerms,
    /// Which terms stand for a deal (`sense::is_deal`), by term.
    pub(super) deals: Vec<bool>,
    /// Which terms make a search one for anything, by term.
    pub(super) open: Vec<bool>,
    /// Designators that stand side by side in one object, so that one cannot
    /// pass for the other there: (thing, lesser, greater).
    pub(super) distinct: HashSet<(Term, Designator, Designator)>,
}

/// The terms under which values of a kind are found.
#[derive(Debug)]
pub(super) struct KindTerms(HashMap<Kind, Term>);

impl KindTerms {
    fn new(vocabulary: &mut Vocabulary) -> Self {
        Self(
            Kind::ALL
                .map(|kind| (kind, vocabulary.intern(&format!("#{kind:?}"))))
                .into(),
        )
    }

    pub(super) fn term(&self, kind: Kind) -> Term {
        self.0[&kind]
    }
}

/// At most this many outputs of a function are looked at, the shallowest.
const MAX_OUTPUTS: usize = 160;

impl Profiles {
    pub(super) fn of(library: &Library) -> Self {
        let mut vocabulary = Vocabulary::default();
        let kinds = KindTerms::new(&mut vocabulary);
        let mut reader = Reader {
            vocabulary,
            kinds,
            distinct: HashSet::new(),
        };
        let mut groups = Groups::default();
        let functions: Vec<Profile> = library
            .iter()
            .map(|(_, function)| {
                let (category, class) = groups.of(function);
                reader.profile(function, category, class)
            })
            .collect();
        let Reader {
            vocabulary,
            kinds,
            distinct,
        } = reader;
        let mut frequency = vec![0; vocabulary.len()];
        for term in functions.iter().flat_map(|function| &function.topics) {
            frequency[term.index()] += 1;
        }
        let which = |is: fn(&str) -> bool| vocabulary.words().map(is).collect();
        let (deals, open) = (which(sense::is_deal), which(sense::is_open_search));
        Self {
            functions,
            frequency,
            kinds,
            deals,
            open,
            distinct,
        }
    }

    pub(super) fn get(&self, id: FunctionId) -> &Profile {
        &self.functions[id.index()]
    }

    /// How telling a term is: 1 for one function's own, towards 0 for one that
    /// all use.
    pub(super) fn weight(&self, term: Term) -> f64 {
        let functions = self.functions.len().max(2) as f64;
        let spoken = f64::from(self.frequency[term.index()].max(1));
        ((functions / spoken).ln() / functions.ln()).clamp(0.0, 1.0)
    }
}

/// Categories and classes by number, in order of appearance. A class belongs
/// to its category.
#[derive(Default)]
struct Groups<'a> {
    categories: HashMap<&'a str, u32>,
    classes: HashMap<(&'a str, &'a str), u32>,
}

impl<'a> Groups<'a> {
    fn of(&mut self, function: &'a Function) -> (u32, u32) {
        let next = self.categories.len() as u32;
        let category = *self.categories.entry(&function.category).or_insert(next);
        let next = self.classes.len() as u32;
        let key = (function.category.as_str(), function.class.as_str());
        (category, *self.classes.entry(key).or_insert(next))
    }
}

struct Reader {
    vocabulary: Vocabulary,
    kinds: KindTerms,
    distinct: HashSet<(Term, Designator, Designator)>,
}

impl Reader {
    fn profile(&mut self, function: &Function, category: u32, class: u32) -> Profile {
        let name = super::verb::read_name(function);
        let verb = name.verb;
        let mut nouns: Vec<Term> = Vec::new();
        for noun in name.nouns {
            nouns.extend(self.kin(&noun));
        }
        let inputs = self.inputs(function, verb, &nouns);
        let mut outputs = self.outputs(function, &nouns);
        for output in &mut outputs {
            output.echo = inputs
                .iter()
                .any(|input| input.concept.means_as(&output.concept));
        }
        let mut topics = nouns.clone();
        topics.extend(
            name.modifiers
                .iter()
                .flat_map(|word| self.vocabulary.terms(word)),
        );
        topics.extend(
            inputs
                .iter()
                .flat_map(|input| input.concept.terms.iter().copied()),
        );
        topics.extend(self.sentence(&function.description));
        topics.sort_unstable();
        topics.dedup();
        let offers = self.offers(&outputs);
        let classed = function.class != "misc";
        Profile {
            verb,
            nouns,
            topics,
            category,
            class,
            classed,
            outputs,
            inputs,
            offers,
        }
    }

    /// The terms of a description's beginning, without the words that say
    /// nothing.
    fn sentence(&mut self, text: &str) -> Vec<Term> {
        let beginning: String = text.chars().take(160).collect();
        let mut terms = self.vocabulary.terms(&beginning);
        terms.retain(|&term| {
            let word = self.vocabulary.word(term);
            word.len() > 2 && !sense::is_role(word) && !super::verb::is_filler(word)
        });
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    fn inputs(&mut self, function: &Function, verb: Verb, nouns: &[Term]) -> Vec<Input> {
        let requires = function.required().next().is_some();
        let places = function
            .params()
            .iter()
            .any(|field| self.is_about_places(&field.name));
        let params = function.params().iter();
        params
            .map(|field| self.input(field, verb, nouns, requires, places))
            .collect()
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
        let named = matches!(
            sense,
            Sense::Designator(Designator::Name | Designator::Title)
        );
        let composed = (named && known_from == KnownFrom::Function && verb.composes())
            || (matches!(sense, Sense::Value(Kind::Text | Kind::Remark))
                && (verb == Verb::Update || !field.required));
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
        let fails = leaves
            .iter()
            .any(|leaf| leaf.path == "/message" || leaf.path == "/status");
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

    fn is_about_places(&mut self, name: &str) -> bool {
        self.vocabulary.terms(name).into_iter().any(|term| {
            let sense = Sense::of(self.vocabulary.word(term));
            matches!(
                sense,
                Sense::Value(Kind::City | Kind::Country | Kind::Zip | Kind::Address)
            )
        })
    }

    /// A `state` among places is a region, elsewhere an outcome.
    fn place_state(&self, concept: &mut Concept, shape: &Shape, places: bool) {
        let named = self.vocabulary.word(concept.head) == "state";
        if named && places && shape.choices.is_empty() {
            concept.sense = Sense::Value(Kind::Region);
        }
    }

    fn note_distinct(&mut self, outputs: &[Output]) {
        let mut beside: HashMap<(&str, Term), Vec<Designator>> = HashMap::new();
        for output in outputs {
            if let (Sense::Designator(sense), Some(&thing)) =
                (output.concept.sense, output.concept.entity.last())
            {
                let object = output
                    .path
                    .rsplit_once('/')
                    .map_or("", |(object, _)| object);
                beside.entry((object, thing)).or_default().push(sense);
            }
        }
        for ((_, thing), senses) in beside {
            for (at, &one) in senses.iter().enumerate() {
                for &other in senses[at + 1..].iter().filter(|&&other| other != one) {
                    self.distinct
                        .insert((thing, one.min(other), one.max(other)));
                }
            }
        }
    }

    /// Reads a name. `noun` says which thing holds it, where that is known.
    fn concept(
        &mut self,
        name: &str,
        shape: &Shape,
        noun: Option<&str>,
        nouns: &[Term],
    ) -> Concept {
        // Of "username_or_id" the first is asked for.
        let asked = name.split("_or_").next().unwrap_or(name);
        let mut terms = self.vocabulary.terms(asked);
        if terms.is_empty() {
            terms.push(self.vocabulary.intern("value"));
        }
        let (at, mut sense) = self.head(&terms, shape);
        let is_virtual = |term: &Term| sense::is_virtual(self.vocabulary.word(*term));
        if sense == Sense::Value(Kind::Address) && terms.iter().chain(nouns).any(is_virtual) {
            sense = Sense::Noun;
        }
        let (mut qualifiers, mut roles) = (Vec::new(), Vec::new());
        let beside = terms.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, &term) in beside {
            let word = self.vocabulary.word(term);
            // "text_content" is no narrower than "content".
            let repeats = sense != Sense::Noun && Sense::of(word) == sense;
            if sense::is_role(word) {
                roles.push(term);
            } else if !repeats {
                let kin = sense::kin(word).to_owned();
                qualifiers.push(self.vocabulary.intern(&kin));
            }
        }
        let head = terms[at];
        let held = noun.map(|noun| self.kin(noun)).unwrap_or_default();
        let (entity, known_from) = match (sense, &qualifiers, &held) {
            (Sense::Noun, ..) => (self.kin_of(head), KnownFrom::Name),
            (_, own, _) if !own.is_empty() => (own.clone(), KnownFrom::Name),
            (_, _, held) if !held.is_empty() => (held.clone(), KnownFrom::Parent),
            _ => (nouns.to_vec(), KnownFrom::Function),
        };
        Concept {
            sense,
            terms,
            head,
            entity,
            known_from,
            qualifiers,
            roles,
        }
    }

    /// Which term of a name says what the value is.
    fn head(&self, terms: &[Term], shape: &Shape) -> (usize, Sense) {
        let sense = |term: &Term| Sense::of(self.vocabulary.word(*term));
        let last = terms.len() - 1;
        let tail = terms
            .iter()
            .rposition(|term| sense(term) != Sense::Role)
            .unwrap_or(last);
        let opening = self.vocabulary.word(terms[0]);
        if terms.len() > 1 && matches!(opening, "number" | "count" | "total" | "max" | "min") {
            return (tail, Sense::Measure);
        }
        if matches!(
            opening,
            "is" | "has" | "can" | "should" | "allow" | "include"
        ) {
            return (0, Sense::Bookkeeping);
        }
        let formatted = shape.format.as_deref().and_then(Kind::of_format);
        if terms
            .iter()
            .any(|term| matches!(self.vocabulary.word(*term), "created" | "updated"))
        {
            return (tail, Sense::Bookkeeping);
        }
        match (sense(&terms[tail]), formatted) {
            (Sense::Noun | Sense::Role | Sense::Value(Kind::Date | Kind::Time), Some(kind)) => {
                (tail, Sense::Value(kind))
            }
            (Sense::Noun, _) => {
                let id = terms
                    .iter()
                    .position(|term| self.vocabulary.word(*term) == "id");
                id.map_or((tail, Sense::Noun), |at| {
                    (at, Sense::Designator(Designator::Id))
                })
            }
            (sense, _) => (tail, sense),
        }
    }

    fn kin(&mut self, words: &str) -> Vec<Term> {
        let terms = self.vocabulary.terms(words);
        terms
            .into_iter()
            .flat_map(|term| self.kin_of(term))
            .collect()
    }

    fn kin_of(&mut self, term: Term) -> Vec<Term> {
        let kin = sense::kin(self.vocabulary.word(term)).to_owned();
        vec![self.vocabulary.intern(&kin)]
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

impl Concept {
    /// Whether both mean the same value of the same thing.
    fn means_as(&self, other: &Self) -> bool {
        self.terms == other.terms
            || (self.head == other.head && self.entity.last() == other.entity.last())
    }
}

impl Input {
    /// The terms under which outputs that may feed it are found.
    pub(super) fn wants(&self, kinds: &KindTerms) -> Vec<Term> {
        let mut terms: Vec<Term> = Vec::new();
        match self.concept.sense {
            Sense::Designator(_) => terms.extend(self.concept.entity.last()),
            Sense::Value(kind) => terms.extend(kind.served_by().map(|kind| kinds.term(kind))),
            Sense::Noun => {
                terms.push(self.concept.head);
                terms.extend(self.concept.entity.last());
            }
            Sense::Measure | Sense::Role => terms.push(self.concept.head),
            Sense::Query | Sense::Bookkeeping => {}
        }
        terms.extend(self.takes.iter().map(|&kind| kinds.term(kind)));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

impl ValueType {
    fn of(shape: &Shape) -> Self {
        let scalar = match shape.ty {
            Type::String { .. } => Scalar::String,
            Type::Integer { .. } => Scalar::Integer,
            Type::Number { .. } => Scalar::Number,
            Type::Boolean => Scalar::Boolean,
            Type::Any => Scalar::Any,
            Type::Array { .. } | Type::Object { .. } | Type::Null => Scalar::Composite,
        };
        Self {
            scalar,
            format: shape.format.clone(),
            pattern: shape.pattern.clone(),
            choices: shape.choices.clone(),
        }
    }
}

fn asked_designator(description: &str) -> Option<Designator> {
    let beginning: String = description.chars().take(80).collect();
    super::terms::normalize(&beginning)
        .iter()
        .find_map(|word| match Sense::of(word) {
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
        "data",
        "result",
        "item",
        "list",
        "response",
        "payload",
        "record",
        "row",
        "entry",
        "object",
        "value",
        "output",
        "meta",
        "info",
        "detail",
        "attribute",
        "property",
        "node",
        "edge",
        "content",
        "body",
        "hit",
        "document",
        "element",
        "match",
        "suggestion",
        "presentation",
        "summary",
        "return",
        "root",
        "main",
        "current",
        "total",
        "message",
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
