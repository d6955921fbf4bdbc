//! What becomes of a call when it is its turn: it starts, unless its time has passed or it would only be begun in vain.

use std::time::{Duration, Instant};

use super::{
    Record,
    paces::{Judgement, Paces, Time},
};

/// What becomes of a call when it is its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It starts.
    Starts,
    /// It starts, although it probably has too little time.
    IsTried,
    /// Its time has passed.
    Expires,
    /// Calls like it take so long, and it has less time left.
    TooShort(Duration),
}

impl Fate {
    /// What becomes of this call; `is_crowded` says whether more wait than can run.
    pub(super) fn of(record: &Record, paces: &Paces, is_crowded: bool, now: Instant) -> Self {
        let entry = &record.entry;
        if entry.deadline <= now {
            return Self::Expires;
        }
        let Some(until) = entry.until else { return Self::Starts };
        let since = |moment| until.saturating_duration_since(moment);
        match paces.judge(&entry.tool, Time { given: since(record.offered), left: since(now) }, is_crowded, now) {
            Judgement::Enough => Self::Starts,
            Judgement::Tried => Self::IsTried,
            Judgement::TooLittle(takes) => Self::TooShort(takes),
        }
    }

    /// Whether the call ends without having run.
    pub(super) fn is_unrun(self) -> bool {
        matches!(self, Self::Expires | Self::TooShort(_))
    }
}
