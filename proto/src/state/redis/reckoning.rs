//! What the campaign has spent, as one process knows it: so that a budget
//! holds while the server is away, and after it came back with nothing.

use crate::state::Spending;

/// Kept by every process that spends.
#[derive(Debug, Default)]
pub(super) struct Reckoning {
    /// The most the server ever told.
    known: Spending,
    /// Spent by this process, not taken by the server yet.
    unshared: Spending,
    /// Processes that spend, this one among them.
    spenders: u32,
}

impl Reckoning {
    /// What the server is to be told beside `spent`: what it has not taken
    /// yet is handed over, to be given back if it takes nothing.
    pub(super) fn hand_over(&mut self, spent: Spending) -> Spending {
        let mut adding = std::mem::take(&mut self.unshared);
        adding += spent;
        adding
    }

    /// The least that the server must know.
    pub(super) fn floor(&self) -> Spending {
        self.known
    }

    /// The server took it and told the total.
    pub(super) fn taken(&mut self, total: Spending, spenders: u32) {
        self.known = self.known.at_least(total);
        self.spenders = spenders;
    }

    /// The server took nothing. An estimate of the total: the others are
    /// thought to spend as fast as this process, which then uses no more than
    /// its fair share of what was left.
    pub(super) fn not_taken(&mut self, adding: Spending) -> Spending {
        self.unshared += adding;
        let mut total = self.known;
        total += self.unshared.times(u64::from(self.spenders.max(1)));
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(requests: u64) -> Spending {
        Spending { requests, micro_usd: 10 * requests, ..Spending::default() }
    }

    #[test]
    fn while_the_server_is_away_a_process_uses_its_share_of_what_is_left() {
        let mut reckoning = Reckoning::default();
        reckoning.taken(requests(100), 4);
        let adding = reckoning.hand_over(requests(5));
        assert_eq!(reckoning.not_taken(adding), requests(100 + 4 * 5));
        let adding = reckoning.hand_over(requests(1));
        assert_eq!(reckoning.not_taken(adding), requests(100 + 4 * 6));
    }

    #[test]
    fn what_was_spent_meanwhile_is_told_later_and_once() {
        let mut reckoning = Reckoning::default();
        let adding = reckoning.hand_over(requests(5));
        reckoning.not_taken(adding);
        assert_eq!(reckoning.hand_over(requests(1)), requests(6));
        reckoning.taken(requests(6), 1);
        assert_eq!(reckoning.hand_over(requests(1)), requests(1));
    }

    #[test]
    fn a_server_that_lost_its_data_is_told_the_most_that_was_known() {
        let mut reckoning = Reckoning::default();
        reckoning.taken(requests(100), 1);
        reckoning.taken(requests(3), 1);
        assert_eq!(reckoning.floor(), requests(100));
    }
}
