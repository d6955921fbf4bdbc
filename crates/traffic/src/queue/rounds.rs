//! Whose turn it is among the principals of one class: deficit round-robin. Everybody who has a call waiting may spend one
//! unit a round, so that it does not matter how many calls somebody has waiting, and who makes costly ones gets fewer.

use std::{collections::VecDeque, sync::Arc};

use super::{Share, Ticket};

/// What a call may cost at most, in units of a round: then it waits for so many rounds.
pub const COST_MAX: u32 = 64;

/// The waiting calls of one class, by principal.
#[derive(Debug, Default)]
pub(super) struct Rounds(VecDeque<Round>);

/// The waiting calls of one principal, oldest first.
#[derive(Debug)]
struct Round {
    share: Arc<Share>,
    calls: VecDeque<Ticket>,
    /// What it may spend.
    purse: u32,
    /// Whether it has been given the unit of this round.
    is_paid: bool,
}

impl Rounds {
    /// A call waits behind those of the same principal. Whoever had none waits a round.
    pub(super) fn push(&mut self, ticket: Ticket, share: &Arc<Share>) {
        match self.0.iter_mut().find(|round| Arc::ptr_eq(&round.share, share)) {
            Some(round) => round.calls.push_back(ticket),
            None => self.0.push_back(Round { share: share.clone(), calls: [ticket].into(), purse: 0, is_paid: false }),
        }
    }

    /// Takes a call out that waits no longer.
    pub(super) fn remove(&mut self, ticket: Ticket) {
        for round in &mut self.0 {
            round.calls.retain(|waiting| *waiting != ticket);
        }
        self.0.retain(|round| !round.calls.is_empty());
    }

    /// The waiting calls of a principal, oldest first.
    pub(super) fn of(&self, share: &Arc<Share>) -> impl Iterator<Item = Ticket> {
        let own = self.0.iter().filter(|round| Arc::ptr_eq(&round.share, share));
        own.flat_map(|round| round.calls.iter().copied())
    }

    /// Takes out the next call that can start. `cost` says what a call costs, if it could start; `claim` takes for it what
    /// others may take at the same time, and may come too late.
    pub(super) fn next(
        &mut self,
        cost: impl Fn(Ticket) -> Option<u32>,
        claim: impl Fn(Ticket) -> bool,
    ) -> Option<Ticket> {
        loop {
            let mut somebody_saves = false;
            for _ in 0..self.0.len() {
                let round = self.0.front_mut()?;
                if let Some((at, ticket, cost)) = round.first(&cost) {
                    if !round.affords(cost) {
                        somebody_saves = true;
                    } else if claim(ticket) {
                        self.spend(at, cost);
                        return Some(ticket);
                    }
                }
                self.rotate();
            }
            if !somebody_saves {
                return None;
            }
        }
    }

    /// The call at `at` of the principal in front goes; the principal stays in front while it can pay.
    fn spend(&mut self, at: usize, cost: u32) {
        let Some(round) = self.0.front_mut() else { return };
        round.purse -= cost;
        round.calls.remove(at);
        if round.calls.is_empty() {
            self.0.pop_front();
        }
    }

    fn rotate(&mut self) {
        if let Some(round) = self.0.front_mut() {
            round.is_paid = false;
            self.0.rotate_left(1);
        }
    }
}

impl Round {
    /// The oldest call that can start: where it stands, and what it costs.
    fn first(&self, cost: impl Fn(Ticket) -> Option<u32>) -> Option<(usize, Ticket, u32)> {
        let startable = |(at, ticket): (usize, &Ticket)| Some((at, *ticket, cost(*ticket)?));
        self.calls.iter().enumerate().find_map(startable)
    }

    /// Whether it can pay, with the unit of this round. Nobody saves more than the next call costs, and what costs nothing
    /// is no turn.
    fn affords(&mut self, cost: u32) -> bool {
        if !self.is_paid && cost > 0 {
            self.is_paid = true;
            self.purse += u32::from(self.purse < cost);
        }
        self.purse >= cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(id: u64) -> Ticket {
        Ticket { slot: 0, id }
    }

    fn rounds(calls: &[(&str, u64)]) -> Rounds {
        let names: Vec<&str> = calls.iter().map(|(name, _)| *name).collect();
        let share = |name: &str| Share::new(name.into(), 9, 9);
        let shares: Vec<(&str, Arc<Share>)> = names.iter().map(|name| (*name, share(name))).collect();
        let mut rounds = Rounds::default();
        for (name, id) in calls {
            let (_, share) = shares.iter().find(|(known, _)| known == name).unwrap();
            rounds.push(ticket(*id), share);
        }
        rounds
    }

    fn order(rounds: &mut Rounds, cost: impl Fn(Ticket) -> Option<u32>) -> Vec<u64> {
        std::iter::from_fn(|| rounds.next(&cost, |_| true)).map(|ticket| ticket.id).collect()
    }

    #[test]
    fn principals_take_turns_however_much_they_want() {
        let mut rounds = rounds(&[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("c", 6)]);
        assert_eq!(order(&mut rounds, |_| Some(1)), [1, 4, 5, 2, 6, 3]);
    }

    #[test]
    fn who_makes_costly_calls_gets_fewer() {
        let mut rounds = rounds(&[("a", 11), ("a", 12), ("b", 1), ("b", 2), ("b", 3), ("b", 4), ("b", 5), ("b", 6)]);
        let cost = |ticket: Ticket| Some(if ticket.id > 10 { 3 } else { 1 });
        assert_eq!(order(&mut rounds, cost), [1, 2, 11, 3, 4, 5, 12, 6]);
    }

    #[test]
    fn a_call_that_cannot_start_holds_up_neither_its_principal_nor_another() {
        let mut rounds = rounds(&[("a", 1), ("a", 2), ("b", 3)]);
        let cost = |ticket: Ticket| (ticket.id != 1).then_some(1);
        assert_eq!(order(&mut rounds, cost), [2, 3]);
        assert_eq!(order(&mut rounds, |_| Some(1)), [1]);
    }

    #[test]
    fn what_comes_too_late_stays_where_it_is() {
        let mut rounds = rounds(&[("a", 1), ("b", 2)]);
        assert_eq!(rounds.next(|_| Some(1), |ticket| ticket.id == 2), Some(ticket(2)));
        assert_eq!(rounds.next(|_| Some(1), |_| true), Some(ticket(1)));
    }

    #[test]
    fn a_call_that_is_taken_out_is_never_next() {
        let mut rounds = rounds(&[("a", 1), ("a", 2), ("b", 3)]);
        rounds.remove(ticket(1));
        rounds.remove(ticket(3));
        assert_eq!(order(&mut rounds, |_| Some(1)), [2]);
    }
}
