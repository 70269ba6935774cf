//! What two walks of a dataset must not have in common.
//!
//! A path's key is known before anything is asked of a teacher; an opening's
//! only once the request is written.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::path::{Path, Purpose};

/// 128 bits of a digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key(u128);

impl Key {
    /// The key of a signature path after the node operations.
    pub fn of_path(path: &Path) -> Self {
        let mut fields = vec![b"path".to_vec()];
        for turn in &path.turns {
            let purpose = match &turn.purpose {
                Purpose::Calls => "calls".to_owned(),
                Purpose::MissingFunction { function, resolved } => {
                    format!("missing function {} {resolved}", function.0)
                }
                Purpose::MissingParameter { function, parameter, resolved } => {
                    format!("missing parameter {} {parameter} {resolved}", function.0)
                }
                Purpose::Irrelevant { function } => format!("irrelevant {}", function.0),
            };
            fields.push(purpose.into_bytes());
            fields.extend(turn.steps.iter().map(|step| {
                let planned = (step.implicit, step.copies, step.fault, step.bulky);
                let conflict = step.conflict.is_some();
                format!("{} {planned:?} {conflict}", step.function.0).into_bytes()
            }));
        }
        Self::of_fields(fields.iter().map(Vec::as_slice))
    }

    /// The key of a conversation's opening request; case and spacing do not
    /// count.
    pub fn of_opening(request: &str) -> Self {
        let words: Vec<String> = request.split_whitespace().map(str::to_lowercase).collect();
        Self::of_fields([&b"opening"[..], words.join(" ").as_bytes()])
    }

    fn of_fields<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let digest = Digest::of_fields(fields);
        let (half, _) = digest.as_bytes().split_at(16);
        Self(u128::from_le_bytes(half.try_into().expect("half of 32 bytes is 16 bytes")))
    }

    /// Half of the key: enough to tell some millions apart.
    pub fn half(self) -> u64 {
        self.0 as u64
    }

    /// The key as the state store takes it.
    pub fn digest(self) -> Digest {
        Digest::of(&self.0.to_le_bytes())
    }

    /// The same among walks of one kind alone.
    pub fn digest_among(self, kind: &str) -> Digest {
        Digest::of_fields([&self.0.to_le_bytes()[..], kind.as_bytes()])
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:08x}…)", self.0 >> 96)
    }
}

/// The keys of one walk, as far as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    pub path: Option<Key>,
    pub opening: Option<Key>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FunctionId;
    use crate::path::{Kind, Step, Turn};

    fn path(turns: &[&[u32]]) -> Path {
        let turn = |functions: &&[u32]| {
            let steps = functions.iter().map(|&id| Step::new(FunctionId(id))).collect();
            Turn::new(Purpose::Calls, steps)
        };
        Path { kind: Kind::MultiTurn, turns: turns.iter().map(turn).collect(), ops: vec![] }
    }

    #[test]
    fn paths_that_differ_in_a_turn_border_or_a_purpose_have_different_keys() {
        let apart = Key::of_path(&path(&[&[1], &[2]]));
        let merged = Key::of_path(&path(&[&[1, 2]]));
        let mut asks = path(&[&[1], &[], &[2]]);
        let silent = Key::of_path(&asks);
        asks.turns[1].purpose =
            Purpose::MissingFunction { function: FunctionId(2), resolved: true };
        let keys = [apart, merged, silent, Key::of_path(&asks)];
        let distinct: std::collections::BTreeSet<Key> = keys.into();
        assert_eq!(distinct.len(), keys.len());
        assert_eq!(apart, Key::of_path(&path(&[&[1], &[2]])));
    }

    #[test]
    fn an_opening_is_the_same_in_any_case_and_spacing() {
        assert_eq!(Key::of_opening("Find a  train"), Key::of_opening(" find a train\n"));
        assert_ne!(Key::of_opening("Find a train"), Key::of_opening("Find a plane"));
    }
}
