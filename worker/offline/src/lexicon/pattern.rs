//! Simple patterns: enough of regular expressions to draw from and to match.
//!
//! Literals, classes, groups, alternatives and counted repeats. A pattern with
//! anything else (look-around, back references) does not parse, and the caller
//! does without it.

use magnet_proto::rng::Rng;
use rand::RngExt;

/// A parsed pattern.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    root: Node,
    from_start: bool,
    to_end: bool,
}

#[derive(Clone, Debug)]
enum Node {
    Class(Vec<(char, char)>, bool),
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat(Box<Node>, usize, usize),
}

/// Repeats without an upper bound are drawn up to this many above the lower.
const OPEN_REPEAT: usize = 6;
/// No pattern may ask for more than this, whoever wrote it.
const MOST_REPEATS: usize = 256;
/// Steps of matching before a pattern counts as unmatched.
const FUEL: usize = 20_000;
const MAX_DEPTH: usize = 16;

impl Pattern {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('^').unwrap_or(text);
        let escaped = inner.ends_with("\\$");
        let body = if escaped { inner } else { inner.strip_suffix('$').unwrap_or(inner) };
        let mut parser = Parser { chars: body.chars().collect(), at: 0, depth: 0 };
        let root = parser.alternatives()?;
        let whole = parser.at == parser.chars.len();
        let (from_start, to_end) = (text.starts_with('^'), body.len() < inner.len());
        whole.then_some(Self { root, from_start, to_end })
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> String {
        let mut text = String::new();
        self.root.draw(&mut text, rng);
        text
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let chars: Vec<char> = text.chars().collect();
        let fuel = &mut FUEL.clone();
        let starts = if self.from_start { 0..=0 } else { 0..=chars.len() };
        let accepts = |end: usize| !self.to_end || end == chars.len();
        starts.into_iter().any(|start| self.root.run(&chars, start, fuel, &mut { accepts }))
    }
}

impl Node {
    fn draw(&self, text: &mut String, rng: &mut Rng) {
        match self {
            Self::Class(ranges, negated) => text.push(draw_class(ranges, *negated, rng)),
            Self::Sequence(nodes) => nodes.iter().for_each(|node| node.draw(text, rng)),
            Self::Either(nodes) => nodes[rng.random_range(0..nodes.len())].draw(text, rng),
            Self::Repeat(node, least, most) => {
                let most = (*most).min(least + OPEN_REPEAT);
                for _ in 0..rng.random_range(*least..=most) {
                    node.draw(text, rng);
                }
            }
        }
    }

    /// Matches from `at`; `then` decides whether the rest of the text will do.
    fn run(
        &self,
        chars: &[char],
        at: usize,
        fuel: &mut usize,
        then: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        if *fuel == 0 {
            return false;
        }
        *fuel -= 1;
        match self {
            Self::Class(ranges, negated) => {
                chars.get(at).is_some_and(|&c| contains(ranges, *negated, c)) && then(at + 1)
            }
            Self::Either(nodes) => nodes.iter().any(|node| node.run(chars, at, fuel, then)),
            Self::Sequence(nodes) => run_sequence(nodes, chars, at, fuel, then),
            Self::Repeat(node, least, most) => {
                run_repeat(node, (*least, *most), chars, at, fuel, then)
            }
        }
    }
}

fn run_sequence(
    nodes: &[Node],
    chars: &[char],
    at: usize,
    fuel: &mut usize,
    then: &mut dyn FnMut(usize) -> bool,
) -> bool {
    // Collecting the possible ends keeps the recursion as deep as the pattern.
    let mut ends = vec![at];
    for node in nodes {
        let mut next = Vec::new();
        for end in ends {
            node.run(chars, end, fuel, &mut |end| {
                if !next.contains(&end) {
                    next.push(end);
                }
                false
            });
        }
        ends = next;
    }
    ends.into_iter().any(then)
}

fn run_repeat(
    node: &Node,
    (least, most): (usize, usize),
    chars: &[char],
    at: usize,
    fuel: &mut usize,
    then: &mut dyn FnMut(usize) -> bool,
) -> bool {
    let mut ends = vec![at];
    let mut seen = vec![at];
    for round in 0..=most {
        if round >= least && ends.iter().any(|&end| then(end)) {
            return true;
        }
        let mut next = Vec::new();
        for end in ends {
            node.run(chars, end, fuel, &mut |end| {
                if !next.contains(&end) && (round < least || !seen.contains(&end)) {
                    next.push(end);
                    seen.push(end);
                }
                false
            });
        }
        if next.is_empty() {
            return false;
        }
        ends = next;
    }
    false
}

fn contains(ranges: &[(char, char)], negated: bool, c: char) -> bool {
    ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != negated
}

fn draw_class(ranges: &[(char, char)], negated: bool, rng: &mut Rng) -> char {
    if negated {
        let table = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ-_ ";
        let start = rng.random_range(0..table.len());
        let cycle = table.chars().cycle().skip(start).take(table.len());
        return cycle.into_iter().find(|&c| contains(ranges, true, c)).unwrap_or('~');
    }
    let size = |&(low, high): &(char, char)| high as u32 - low as u32 + 1;
    let mut at = rng.random_range(0..ranges.iter().map(size).sum::<u32>());
    for range in ranges {
        if at < size(range) {
            return char::from_u32(range.0 as u32 + at).unwrap_or(range.0);
        }
        at -= size(range);
    }
    ranges[0].0
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += 1;
        Some(c)
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn alternatives(&mut self) -> Option<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut nodes = vec![self.sequence()?];
        while self.eat('|') {
            nodes.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Either(nodes) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while self.peek().is_some_and(|c| c != '|' && c != ')') {
            let atom = self.atom()?;
            nodes.push(self.repeated(atom)?);
        }
        Some(Node::Sequence(nodes))
    }

    fn atom(&mut self) -> Option<Node> {
        match self.take()? {
            '(' => {
                if self.eat('?') && !self.eat(':') {
                    return None;
                }
                let node = self.alternatives()?;
                self.eat(')').then_some(node)
            }
            '[' => self.class(),
            '.' => Some(Node::Class(vec![('a', 'z'), ('0', '9'), (' ', '~')], false)),
            '\\' => {
                let (ranges, negated) = escape(self.take()?)?;
                Some(Node::Class(ranges, negated))
            }
            '^' | '$' | '*' | '+' | '?' | '{' => None,
            c => Some(Node::Class(vec![(c, c)], false)),
        }
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (least, most) = match self.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => return self.counted(node),
            _ => return Some(node),
        };
        self.at += 1;
        self.eat('?');
        Some(Node::Repeat(Box::new(node), least, most.min(MOST_REPEATS)))
    }

    fn counted(&mut self, node: Node) -> Option<Node> {
        let close = self.chars[self.at..].iter().position(|&c| c == '}')? + self.at;
        let inside: String = self.chars[self.at + 1..close].iter().collect();
        self.at = close + 1;
        let (least, most) = match inside.split_once(',') {
            None => (inside.parse().ok()?, inside.parse().ok()?),
            Some((least, "")) => (least.parse().ok()?, MOST_REPEATS),
            Some((least, most)) => (least.parse().ok()?, most.parse().ok()?),
        };
        let sane = least <= most && most <= MOST_REPEATS;
        sane.then(|| Node::Repeat(Box::new(node), least, most))
    }

    fn class(&mut self) -> Option<Node> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            let low = match self.take()? {
                ']' if !ranges.is_empty() => break,
                '\\' => match escape(self.take()?)? {
                    (set, false) if set.len() == 1 && set[0].0 == set[0].1 => set[0].0,
                    (set, false) => {
                        ranges.extend(set);
                        continue;
                    }
                    _ => return None,
                },
                c => c,
            };
            let is_range = self.peek() == Some('-')
                && self.chars.get(self.at + 1).is_some_and(|&next| next != ']');
            if !is_range {
                ranges.push((low, low));
                continue;
            }
            self.at += 1;
            let high = match self.take()? {
                '\\' => self.take()?,
                c => c,
            };
            if high < low {
                return None;
            }
            ranges.push((low, high));
        }
        Some(Node::Class(ranges, negated))
    }
}

/// What `\c` stands for, and whether it is negated.
fn escape(c: char) -> Option<(Vec<(char, char)>, bool)> {
    let digit = vec![('0', '9')];
    let word = vec![('a', 'z'), ('0', '9'), ('A', 'Z'), ('_', '_')];
    let space = vec![(' ', ' ')];
    Some(match c {
        'd' => (digit, false),
        'D' => (digit, true),
        'w' => (word, false),
        'W' => (word, true),
        's' => (space, false),
        'S' => (vec![(' ', ' '), ('\t', '\n'), ('\r', '\r')], true),
        'n' => (vec![('\n', '\n')], false),
        't' => (vec![('\t', '\t')], false),
        c if c.is_alphanumeric() => return None,
        c => (vec![(c, c)], false),
    })
}

#[cfg(test)]
mod tests {
    use magnet_proto::{WalkIndex, rng};

    use super::*;

    #[test]
    fn what_is_drawn_matches() {
        let mut rng = rng::stream(7, WalkIndex(0), "pattern");
        for text in [
            "^[A-Z]{2}-\\d{4,6}$", "^(foo|bar)+x?$", "^\\w+@\\w+\\.com$", "[^,]+", "^a.c$",
            "^[a-z0-9]+(?:-[a-z0-9]+)*$", "^\\+?[1-9]\\d{1,14}$", "^$",
        ] {
            let pattern = Pattern::parse(text).unwrap();
            let real = regex::Regex::new(text).unwrap();
            for _ in 0..50 {
                let drawn = pattern.draw(&mut rng);
                assert!(pattern.matches(&drawn), "{text} and {drawn}");
                assert!(real.is_match(&drawn), "{text} and {drawn}");
            }
        }
    }

    #[test]
    fn what_does_not_match_is_refused() {
        let pattern = Pattern::parse("^[A-Z]{2}-\\d{4}$").unwrap();
        assert!(!pattern.matches("AB-12"));
        assert!(!pattern.matches("ab-1234"));
        assert!(Pattern::parse("(?=look)").is_none());
    }

    #[test]
    fn a_pattern_made_to_explode_gives_up() {
        let pattern = Pattern::parse("^((a+)+)+$").unwrap();
        assert!(!pattern.matches(&format!("{}b", "a".repeat(200))));
    }
}
