//! The first steps of a call: its rate, what is kept, its key, and reads that are shared; and the way back through them.

use std::time::Duration;

use traffic::{
    Act, Class, Rate,
    cache::{Demand, State, Verdict},
    once::Begin,
    single_flight::Part,
};

use super::{
    Event, World,
    ask::{Ask, Fetch, Filling, Kept, Outcome, Question, Spot, Tool},
};

/// What each kept answer of a key costs: bounds are for other tests.
const ANSWER_BYTES: usize = 1;

impl World {
    /// A call comes to its rate.
    pub(super) fn enter(&mut self, fetch: usize) {
        let Ask { principal, .. } = self.fetches[fetch].ask;
        let caller = &self.principals[principal];
        let now_ms = self.since_start().as_millis() as u64;
        if let Some(rate) = caller.rate {
            let is_counted = caller.meter.count(Rate::per_minute(rate.0, rate.1), now_ms).is_ok();
            self.witness.rated(principal, rate, now_ms, is_counted);
            if !is_counted {
                return self.fetch_ends(fetch, Outcome::TooOften);
            }
        }
        self.look_up(fetch);
    }

    /// Looks for a kept answer, or makes kept answers void.
    fn look_up(&mut self, fetch: usize) {
        let ask = self.fetches[fetch].ask;
        if ask.tool.act() != Act::Reads {
            if ask.demand == Demand::OnlyIfCached {
                return self.fetch_ends(fetch, Outcome::NotKept);
            }
            self.fetches[fetch].voids = true;
            self.declare_void(ask.server);
            return self.ask_once(fetch);
        }
        let Some(spot) = spot(ask) else {
            if ask.demand == Demand::OnlyIfCached {
                return self.fetch_ends(fetch, Outcome::NotKept);
            }
            return self.ask_once(fetch);
        };
        let kept = self.answers.get(&spot).copied().filter(|kept| self.is_good(&spot, kept));
        let verdict = kept.map_or_else(
            || ask.demand.without(),
            |kept| {
                let age = self.now.saturating_duration_since(kept.at);
                ask.demand.judge(self.terms.state(None, age), age)
            },
        );
        match (verdict, kept) {
            (Verdict::Give, Some(kept)) => self.give(fetch, kept),
            (Verdict::GiveAndFetch, Some(kept)) => {
                self.give(fetch, kept);
                self.fetch_behind(ask, spot);
            }
            (Verdict::Refuse, _) => self.fetch_ends(fetch, Outcome::NotKept),
            (verdict, kept) => {
                let spare = kept.filter(|_| verdict == Verdict::FetchOrGive);
                self.fetches[fetch].filling = Some(self.filling(spot, spare));
                self.ask_once(fetch);
            }
        }
    }

    fn filling(&self, spot: Spot, spare: Option<Kept>) -> Filling {
        Filling { spot, since: self.ledgers[spot.server].now(), spare }
    }

    fn is_good(&self, spot: &Spot, kept: &Kept) -> bool {
        self.ledgers[spot.server].is_good(kept.since, |_| true)
    }

    fn give(&mut self, fetch: usize, kept: Kept) {
        let age = self.now.saturating_duration_since(kept.at);
        self.witness.given(self.since_start(), fetch, &kept.answer, age);
        self.fetch_is_answered(fetch, Outcome::Answered(kept.answer));
    }

    /// Fetches a new answer while the caller already has the kept one.
    fn fetch_behind(&mut self, ask: Ask, spot: Spot) {
        if self.refreshing.contains(&spot) {
            return;
        }
        self.refreshing.push(spot);
        let ask = Ask { class: Class::Bulk, timeout: None, ..ask };
        let fetch = self.fetches.len();
        let filling = Some(self.filling(spot, None));
        self.fetches.push(Fetch { has_caller: false, filling, ..Fetch::of_caller(ask, self.now) });
        self.witness.fetched_behind(fetch, ask, self.now);
        self.ask_once(fetch);
    }

    /// An act makes everything void that is kept of its server.
    fn declare_void(&mut self, server: usize) {
        self.ledgers[server].declare(Tool::Act);
    }

    /// Asks a server, unless that has been done.
    pub(super) fn ask_once(&mut self, fetch: usize) {
        let ask = self.fetches[fetch].ask;
        if let Some(key) = ask.key {
            return self.ask_under_key(fetch, ask, (ask.server, key));
        }
        if ask.tool.act() != Act::Reads || ask.demand == Demand::NoCache {
            return self.begin(fetch, None, None);
        }
        let Ask { principal, server, tool, object, .. } = ask;
        let question = Question { principal, server, tool, object, acts: self.acts[server] };
        match self.flights.join(question, || fetch) {
            Part::Leads => self.begin(fetch, None, Some(question)),
            Part::Alone => self.begin(fetch, None, None),
            Part::Follows => self.follows(fetch),
        }
    }

    /// A read waits for the answer to another one, as long as its caller does.
    fn follows(&mut self, fetch: usize) {
        self.witness.shares();
        if let Some(until) = self.fetches[fetch].until {
            self.after(until.saturating_duration_since(self.now), Event::FollowedTooLong { fetch });
        }
    }

    fn ask_under_key(&mut self, fetch: usize, ask: Ask, key: (usize, u8)) {
        let owner = self.principals[ask.principal].share.principal.clone();
        let digest = [ask.object * 8 + ask.tool as u8; 32];
        match self.keys.begin(&owner, &key, digest, self.now, || fetch) {
            Begin::First => self.begin(fetch, Some(key), None),
            Begin::Waits => {}
            Begin::Kept(outcome) => self.fetch_ends(fetch, outcome),
            Begin::Forgotten | Begin::Conflict => self.fetch_ends(fetch, Outcome::KeyUsed),
            Begin::Full => self.fetch_ends(fetch, Outcome::Full),
        }
    }

    /// A run has ended: those who waited for it are told.
    pub(super) fn run_ends(&mut self, run: usize, outcome: Outcome) {
        self.runs[run].is_over = true;
        let (fetch, ask) = (self.runs[run].fetch, self.runs[run].ask);
        if let Some(question) = self.runs[run].question.take() {
            for follower in self.flights.landed(&question) {
                self.fetch_ends(follower, outcome);
            }
        }
        if let Some(key) = self.runs[run].key.take() {
            let owner = self.principals[ask.principal].share.principal.clone();
            let kept = has_happened(outcome).then_some((outcome, ANSWER_BYTES));
            let waiting = self.keys.finished(&owner, &key, kept, self.now);
            self.fetch_ends(fetch, outcome);
            for waiter in waiting.into_iter().filter(|waiter| !self.fetches[*waiter].is_over).collect::<Vec<_>>() {
                self.ask_once(waiter);
            }
            return;
        }
        self.fetch_ends(fetch, outcome);
    }

    /// What comes of a fetch: it is kept, and the caller gets it.
    pub(super) fn fetch_ends(&mut self, fetch: usize, outcome: Outcome) {
        if self.fetches[fetch].is_over {
            return;
        }
        let outcome = match self.fetches[fetch].filling.take() {
            Some(filling) => self.fill(fetch, filling, outcome),
            None => outcome,
        };
        if self.fetches[fetch].voids {
            self.declare_void(self.fetches[fetch].ask.server);
        }
        self.fetch_is_answered(fetch, outcome);
    }

    /// Keeps an answer; where there is none, the spare one stands in.
    fn fill(&mut self, fetch: usize, filling: Filling, outcome: Outcome) -> Outcome {
        let Filling { spot, since, spare, .. } = filling;
        match (outcome, spare) {
            (Outcome::Answered(answer), _) => {
                let kept = Kept { answer, at: self.now, since };
                if self.terms.keep(None) && self.is_good(&spot, &kept) {
                    self.answers.insert(spot, kept);
                }
                outcome
            }
            (failure, Some(spare)) if is_of_the_server(failure) && self.is_good(&spot, &spare) => {
                let age = self.now.saturating_duration_since(spare.at);
                if self.terms.state(None, age) == State::Gone {
                    return failure;
                }
                self.witness.given(self.since_start(), fetch, &spare.answer, age);
                Outcome::Answered(spare.answer)
            }
            (failure, _) => failure,
        }
    }

    fn fetch_is_answered(&mut self, fetch: usize, outcome: Outcome) {
        let Fetch { has_caller, filling, ask, .. } = &self.fetches[fetch];
        let (has_caller, ask) = (*has_caller, *ask);
        debug_assert!(filling.is_none(), "it has been filled");
        self.fetches[fetch].is_over = true;
        if has_caller {
            self.witness.answered(self.now, self.since_start(), fetch, outcome);
        } else if let Some(spot) = spot(ask) {
            self.refreshing.retain(|other| *other != spot);
        }
    }

    /// The caller goes. Its run ends with it, unless it has a key; whoever followed asks anew.
    pub(super) fn give_up(&mut self, fetch: usize) {
        if self.fetches[fetch].is_over {
            return;
        }
        self.fetches[fetch].filling = None;
        self.fetches[fetch].is_over = true;
        self.witness.gave_up(fetch);
        if let Some(run) =
            self.fetches[fetch].run.filter(|run| self.runs[*run].key.is_none() && !self.runs[*run].is_over)
        {
            self.drop_run(run);
            if let Some(question) = self.runs[run].question.take() {
                let followers = self.flights.landed(&question);
                for follower in
                    followers.into_iter().filter(|follower| !self.fetches[*follower].is_over).collect::<Vec<_>>()
                {
                    self.ask_once(follower);
                }
            }
        }
        if self.fetches[fetch].voids {
            self.declare_void(self.fetches[fetch].ask.server);
        }
    }
}

/// Where the answer to a question is kept, if it is.
fn spot(ask: Ask) -> Option<Spot> {
    let principal = match ask.tool {
        Tool::Kept => Some(ask.principal),
        Tool::Common => None,
        _ => return None,
    };
    Some(Spot { server: ask.server, tool: ask.tool, object: ask.object, principal })
}

/// Whether a key is used up by this end.
fn has_happened(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Answered(_) | Outcome::Lost | Outcome::Unanswered)
}

/// Whether a failure says that the server cannot answer, so that a kept answer may stand in.
fn is_of_the_server(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Unavailable
            | Outcome::LeftAlone
            | Outcome::TurnedAway(_)
            | Outcome::Broken
            | Outcome::Lost
            | Outcome::Unanswered
    )
}

/// The longest that a kept answer is given.
pub(crate) fn age_max(terms: &traffic::cache::Terms) -> Duration {
    terms.fresh.unwrap_or_default() + terms.while_fetching.max(terms.on_failure)
}
