//! What a walk's answers came to, by the kind of ask.
//!
//! Counts answers, not tries: given the same answers it is the same, whoever
//! worked the walk and however often a server stumbled. What tries came to is
//! in the metrics.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::state::Spending;

/// Spending by kind of ask, under the names the metrics have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usage(BTreeMap<String, Spending>);

impl Usage {
    pub fn add(&mut self, ask: &str, spent: Spending) {
        match self.0.get_mut(ask) {
            Some(sum) => *sum += spent,
            None => {
                self.0.insert(ask.to_owned(), spent);
            }
        }
    }

    pub fn total(&self) -> Spending {
        let mut total = Spending::default();
        self.0.values().for_each(|spent| total += *spent);
        total
    }

    /// In the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Spending)> {
        self.0.iter().map(|(ask, spent)| (ask.as_str(), *spent))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl AddAssign<&Usage> for Usage {
    fn add_assign(&mut self, other: &Self) {
        other.iter().for_each(|(ask, spent)| self.add(ask, spent));
    }
}
