//! Reading a value's name.

use magnet_proto::shape::Shape;

use super::Reader;
use crate::graph::concept::{Concept, KnownFrom};
use crate::graph::kind::Kind;
use crate::graph::sense::{self, Designator, Sense};
use crate::graph::terms::Term;

impl Reader {
    /// Reads a name. `noun` says which thing holds it, where that is known.
    pub(super) fn concept(
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
            if Sense::of(word) == Sense::Role {
                roles.push(term);
            } else if !repeats {
                let kin = self.kin_word(word).to_owned();
                qualifiers.push(self.vocabulary.intern(&kin));
            }
        }
        let head = terms[at];
        // A noun that only its format makes a date or a time still says which.
        if matches!(sense, Sense::Value(_)) && Sense::of(self.vocabulary.word(head)) == Sense::Noun
        {
            qualifiers.push(head);
        }
        let held = noun.map(|noun| self.kin(noun)).unwrap_or_default();
        let (entity, known_from) = match (sense, &qualifiers, &held) {
            (Sense::Noun, ..) => (self.kin_of(head), KnownFrom::Name),
            (_, own, _) if !own.is_empty() => (own.clone(), KnownFrom::Name),
            (_, _, held) if !held.is_empty() => (held.clone(), KnownFrom::Parent),
            _ => (nouns.to_vec(), KnownFrom::Function),
        };
        Concept { sense, terms, head, entity, known_from, qualifiers, roles }
    }

    /// Which term of a name says what the value is.
    pub(super) fn head(&self, terms: &[Term], shape: &Shape) -> (usize, Sense) {
        let sense = |term: &Term| Sense::of(self.vocabulary.word(*term));
        let last = terms.len() - 1;
        let tail = terms.iter().rposition(|term| sense(term) != Sense::Role).unwrap_or(last);
        let opening = self.vocabulary.word(terms[0]);
        if terms.len() > 1 && matches!(opening, "number" | "count" | "total" | "max" | "min") {
            return (tail, Sense::Measure);
        }
        if matches!(opening, "is" | "has" | "can" | "should" | "allow" | "include") {
            return (0, Sense::Bookkeeping);
        }
        let formatted = shape.format.as_deref().and_then(Kind::of_format);
        if terms.iter().any(|term| matches!(self.vocabulary.word(*term), "created" | "updated")) {
            return (tail, Sense::Bookkeeping);
        }
        match (sense(&terms[tail]), formatted) {
            (Sense::Noun | Sense::Role | Sense::Value(Kind::Date | Kind::Time), Some(kind)) => {
                (tail, Sense::Value(kind))
            }
            (Sense::Noun, _) => {
                let id = terms.iter().position(|term| self.vocabulary.word(*term) == "id");
                id.map_or((tail, Sense::Noun), |at| (at, Sense::Designator(Designator::Id)))
            }
            (sense, _) => (tail, sense),
        }
    }

    pub(super) fn kin(&mut self, words: &str) -> Vec<Term> {
        let terms = self.vocabulary.terms(words);
        terms.into_iter().flat_map(|term| self.kin_of(term)).collect()
    }

    pub(super) fn kin_of(&mut self, term: Term) -> Vec<Term> {
        let kin = self.kin_word(self.vocabulary.word(term)).to_owned();
        vec![self.vocabulary.intern(&kin)]
    }

    fn kin_word<'a>(&self, word: &'a str) -> &'a str {
        if self.apart.contains(word) { word } else { sense::kin(word) }
    }

    pub(super) fn is_about_places(&mut self, name: &str) -> bool {
        self.vocabulary.terms(name).into_iter().any(|term| {
            let sense = Sense::of(self.vocabulary.word(term));
            matches!(sense, Sense::Value(Kind::City | Kind::Country | Kind::Zip | Kind::Address))
        })
    }

    /// A `state` among places is a region, elsewhere an outcome.
    pub(super) fn place_state(&self, concept: &mut Concept, shape: &Shape, places: bool) {
        let named = self.vocabulary.word(concept.head) == "state";
        if named && places && shape.choices.is_empty() {
            concept.sense = Sense::Value(Kind::Region);
        }
    }
}
