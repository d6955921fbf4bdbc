//! How long a call may be silent of which nobody has said anything: by what it does, as far as that is known beforehand. What
//! reaches out into the world, and what says nothing of itself, may be a build as well as a look at a clock.

use std::time::Duration;

/// What is known beforehand of how long calls of one thing take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tempo {
    /// They only read, and only at their server.
    Reads,
    /// They act, and only at their server.
    Acts,
    /// They say themselves how long they may take, and hold to it.
    Declared(Duration),
    /// Nobody knows.
    #[default]
    Unknown,
}

/// How long calls may be silent where nothing is said of the server or the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silences {
    /// Those that only read.
    pub read: Duration,
    /// Those that act.
    pub act: Duration,
}

impl Tempo {
    /// As a tool says in its annotations.
    pub fn hinted(reads: Option<bool>, reaches_out: Option<bool>) -> Self {
        match (reaches_out, reads) {
            (Some(false), Some(true)) => Self::Reads,
            (Some(false), _) => Self::Acts,
            _ => Self::Unknown,
        }
    }

    /// How long such a call may be silent; none where that is as usual.
    pub fn silence(self, silences: &Silences) -> Option<Duration> {
        match self {
            Self::Reads => Some(silences.read),
            Self::Acts => Some(silences.act),
            Self::Declared(bound) => Some(bound),
            Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stays_at_its_server_is_known_to_be_quick() {
        let check = |reads, reaches_out, expected| assert_eq!(Tempo::hinted(reads, reaches_out), expected);
        check(Some(true), Some(false), Tempo::Reads);
        check(Some(false), Some(false), Tempo::Acts);
        check(None, Some(false), Tempo::Acts);
        check(Some(true), Some(true), Tempo::Unknown);
        check(Some(true), None, Tempo::Unknown);
        check(None, None, Tempo::Unknown);
    }

    #[test]
    fn what_nobody_knows_has_no_bound_of_its_own() {
        let silences = Silences { read: Duration::from_secs(10), act: Duration::from_secs(30) };
        let check = |tempo: Tempo, expected: Option<u64>| {
            assert_eq!(tempo.silence(&silences), expected.map(Duration::from_secs), "{tempo:?}");
        };
        check(Tempo::Reads, Some(10));
        check(Tempo::Acts, Some(30));
        check(Tempo::Declared(Duration::from_mins(15)), Some(900));
        check(Tempo::Unknown, None);
    }
}
