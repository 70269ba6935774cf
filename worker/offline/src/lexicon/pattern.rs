//! Patterns: texts that match a schema's `pattern`.
//!
//! What is drawn is only proposed: from the expression without its anchors and
//! look-arounds, in letters that people type. The validator that judges calls
//! says which of the proposals match. A pattern that it does not understand
//! is none, and the caller does without it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use magnet_proto::rng::Rng;
use magnet_worker::vet::calls;
use rand::RngExt;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};
use serde_json::{Value, json};

/// A pattern that can be drawn from and matched.
#[derive(Debug)]
pub(super) struct Pattern {
    judge: Validator,
    /// Ways to draw from it, the likeliest to please first.
    draws: Vec<rand_regex::Regex>,
}

/// How an expression is drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taste {
    /// Short, and of letters and digits where there is a choice.
    Usual,
    /// As long as it may be, of anything that can be printed.
    Wide,
}

/// Repeats are drawn up to this many above their least.
const MORE_REPEATS: u32 = 6;
/// The same of wide ones.
const MOST_REPEATS: u32 = 256;
/// No pattern may ask for a text of more bytes, whoever wrote it.
const MOST_BYTES: usize = 20_000;
/// Texts drawn before a pattern is given up; what a look-ahead wants may be rare.
const DRAWS: usize = 200;
/// A class of more characters leaves the choice to us.
const OPEN_CLASS: usize = 36;
/// Patterns kept; a library has few, and they come up again and again.
const MOST_KNOWN: usize = 4_096;

static KNOWN: LazyLock<Mutex<HashMap<String, Option<Arc<Pattern>>>>> =
    LazyLock::new(Mutex::default);

impl Pattern {
    /// The pattern of that text, compiled once.
    pub(super) fn of(text: &str) -> Option<Arc<Self>> {
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known().get(text) {
            return known.clone();
        }
        let pattern = Self::compiled(text).map(Arc::new);
        let mut known = known();
        if known.len() < MOST_KNOWN {
            known.insert(text.to_owned(), pattern.clone());
        }
        pattern
    }

    fn compiled(text: &str) -> Option<Self> {
        let judge = calls::judge(&json!({ "pattern": text })).ok()?;
        let parsed = regex_syntax::parse(&without_lookarounds(text)).ok();
        let draws = parsed.iter().flat_map(|hir| {
            [Taste::Usual, Taste::Wide].into_iter().filter_map(|taste| {
                let plain = plain(hir, taste);
                let is_sane = plain.properties().maximum_len().is_none_or(|most| most < MOST_BYTES);
                is_sane.then(|| rand_regex::Regex::with_hir(plain, MORE_REPEATS).ok())?
            })
        });
        Some(Self { draws: draws.collect(), judge })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.judge.is_valid(&Value::from(text))
    }

    /// A text that matches and is as wanted, if one comes up; an empty one only
    /// where there is no other.
    pub(super) fn draw(&self, wanted: impl Fn(&str) -> bool, rng: &mut Rng) -> Option<String> {
        let is_good = |text: &str| wanted(text) && self.matches(text);
        for draw in &self.draws {
            let mut drawn = (0..DRAWS).map(|_| rng.sample::<String, _>(draw));
            if let Some(text) = drawn.find(|text| !text.is_empty() && is_good(text)) {
                return Some(text);
            }
        }
        is_good("").then(String::new)
    }
}

/// The expression as it is drawn from.
fn plain(hir: &Hir, taste: Taste) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(|part| plain(part, taste)).collect();
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(Class::Bytes(_)) => hir.clone(),
        HirKind::Look(_) => Hir::empty(),
        HirKind::Class(Class::Unicode(class)) => Hir::class(Class::Unicode(narrowed(class, taste))),
        HirKind::Repetition(repeat) => {
            let more = if taste == Taste::Usual { MORE_REPEATS } else { MOST_REPEATS };
            let most = repeat.min.saturating_add(more);
            Hir::repetition(Repetition {
                max: Some(repeat.max.map_or(most, |max| max.min(most))),
                sub: Box::new(plain(&repeat.sub, taste)),
                ..repeat.clone()
            })
        }
        HirKind::Capture(group) => plain(&group.sub, taste),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
    }
}

/// The characters of a class that people type, if it has any.
fn narrowed(class: &ClassUnicode, taste: Taste) -> ClassUnicode {
    let of = |ranges: &[(char, char)]| {
        let ranges = ranges.iter().map(|&(low, high)| ClassUnicodeRange::new(low, high));
        let mut narrowed = ClassUnicode::new(ranges);
        narrowed.intersect(class);
        narrowed
    };
    let size: usize = class.iter().map(ClassUnicodeRange::len).sum();
    let letters = of(&[('0', '9'), ('A', 'Z'), ('a', 'z')]);
    if taste == Taste::Usual && size > OPEN_CLASS && !letters.ranges().is_empty() {
        return letters;
    }
    let printable = of(&[(' ', '~')]);
    if printable.ranges().is_empty() { class.clone() } else { printable }
}

/// The expression with every look-ahead and look-behind taken out.
fn without_lookarounds(text: &str) -> String {
    const STARTS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];
    let mut kept = String::with_capacity(text.len());
    // Open groups inside of the look-around that is being left out.
    let (mut depth, mut in_class, mut rest) = (0_usize, false, text);
    while let Some(first) = rest.chars().next() {
        let is_start = !in_class && STARTS.iter().any(|start| rest.starts_with(start));
        let is_inside = depth > 0 || is_start;
        let escaped = rest.chars().nth(1).filter(|_| first == '\\').map_or(0, char::len_utf8);
        let (piece, after) = rest.split_at(first.len_utf8() + escaped);
        match first {
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class && is_inside => depth += 1,
            ')' if !in_class && is_inside => depth -= 1,
            _ => {}
        }
        if !is_inside {
            kept.push_str(piece);
        }
        rest = after;
    }
    kept
}

#[cfg(test)]
mod tests {
    use magnet_proto::{WalkIndex, rng};

    use super::*;

    fn check(text: &str, wanted: impl Fn(&str) -> bool) {
        let pattern = Pattern::of(text).unwrap();
        let mut rng = rng::stream(7, WalkIndex(0), "pattern");
        for _ in 0..30 {
            let drawn = pattern.draw(&wanted, &mut rng);
            let drawn = drawn.unwrap_or_else(|| panic!("nothing is drawn from {text}"));
            assert!(pattern.matches(&drawn) && wanted(&drawn), "{text} and {drawn}");
            assert!(drawn.chars().all(|c| c == ' ' || !c.is_whitespace()), "{text} and {drawn}");
        }
    }

    #[test]
    fn what_is_drawn_matches() {
        for text in [
            "^[A-Z]{2}-\\d{4,6}$", "^(foo|bar)+x?$", "^\\w+@\\w+\\.com$", "[^,]+", "^a.c$",
            "^[a-z0-9]+(?:-[a-z0-9]+)*$", "^\\+?[1-9]\\d{1,14}$", "^\\/v\\d+\\/[^\\/]+$",
        ] {
            check(text, |text| !text.is_empty());
        }
    }

    #[test]
    fn what_only_some_engines_know_is_drawn_too() {
        check("^(?!root)[a-z]{4,8}$", |text| !text.is_empty());
        check("^(?=.*[A-Z])(?=.*\\d)(?=.*[!#%])[A-Za-z\\d!#%]{10,}$", |text| text.len() > 9);
        check("^\\p{L}{2,5}$", |text| text.is_ascii());
        check("^(?i)gb\\d{3}$", |text| text.len() == 5);
        check("^$|^[a-z]{3}$", |text| text.len() == 3);
        check("^[a-z]{1,64}$", |text| text.len() > 40);
        check("^(?<=\\()?(a[)(]b)$", |text| text.len() == 3);
    }

    #[test]
    fn an_empty_text_is_the_last_resort() {
        let mut rng = rng::stream(7, WalkIndex(0), "pattern");
        let nothing = Pattern::of("^$").unwrap().draw(|_| true, &mut rng);
        assert_eq!(nothing.as_deref(), Some(""));
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let pattern = Pattern::of("^[A-Z]{2}-\\d{4}$").unwrap();
        assert!(!pattern.matches("AB-12"));
        assert!(!pattern.matches("ab-1234"));
        assert!(Pattern::of("(unclosed").is_none());
    }

    #[test]
    fn a_pattern_made_to_explode_gives_up() {
        let mut rng = rng::stream(7, WalkIndex(0), "pattern");
        let pattern = Pattern::of("^((a+)+)+$").unwrap();
        assert!(!pattern.matches(&format!("{}b", "a".repeat(200))));
        let endless = Pattern::of("^(((x{999}){999}){999}){999}$");
        assert!(endless.is_none_or(|endless| endless.draw(|_| true, &mut rng).is_none()));
    }
}
