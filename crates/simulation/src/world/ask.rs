//! What is asked, and what is known of it on its way: a fetch is the way of one call to its answer, a run the attempts to have
//! a server do it.

use std::time::{Duration, Instant};

use traffic::{
    Act, Class,
    breaker::Pass,
    cache::{Demand, Moment},
    queue::Ticket,
};

use super::{PRINCIPALS, SERVERS, class};
use crate::random::Random;

/// What is called, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tool {
    /// Reads.
    Read,
    /// Reads, one call at a time.
    Single,
    /// Reads; answers are kept for their principal.
    Kept,
    /// Reads; answers are kept for everybody.
    Common,
    /// Changes something, and twice is as once.
    Repeat,
    /// Changes something.
    Act,
    /// Changes something, one call on one object at a time.
    Locked,
}

impl Tool {
    const ALL: [Self; 7] = [Self::Read, Self::Single, Self::Kept, Self::Common, Self::Repeat, Self::Act, Self::Locked];

    /// What it does to the world.
    pub(crate) fn act(self) -> Act {
        match self {
            Self::Read | Self::Single | Self::Kept | Self::Common => Act::Reads,
            Self::Repeat => Act::Repeatable,
            Self::Act | Self::Locked => Act::Acts,
        }
    }

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Single => "single",
            Self::Kept => "kept",
            Self::Common => "common",
            Self::Repeat => "repeat",
            Self::Act => "act",
            Self::Locked => "locked",
        }
    }

    /// How many of its calls run at one time.
    pub(crate) fn max(self) -> Option<u32> {
        (self == Self::Single).then_some(1)
    }
}

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) principal: usize,
    pub(crate) server: usize,
    pub(crate) tool: Tool,
    pub(crate) object: u8,
    pub(crate) class: Class,
    /// The key under which it happens once.
    pub(crate) key: Option<u8>,
    /// How long its caller waits.
    pub(crate) timeout: Option<Duration>,
    pub(crate) demand: Demand,
}

impl Ask {
    /// Anything.
    pub(super) fn any(random: &mut Random) -> Self {
        let tool = random.one_of(&Tool::ALL);
        let is_act = tool.act() != Act::Reads;
        let demands =
            [Demand::Any, Demand::Any, Demand::NoCache, Demand::OnlyIfCached, Demand::MaxAge(Duration::from_secs(1))];
        Self {
            principal: usize::from(random.small(0, 100) as u8) % PRINCIPALS,
            server: usize::from(random.small(0, 100) as u8) % SERVERS,
            tool,
            object: random.small(0, 2) as u8,
            class: class(random),
            key: (is_act && random.percent(50)).then(|| random.small(0, 3) as u8),
            timeout: random.percent(40).then(|| Duration::from_secs(random.within(1, 4))),
            demand: random.one_of(&demands),
        }
    }

    /// What has to be answered by any server that is well.
    pub(super) fn plain(random: &mut Random) -> Self {
        Self { tool: Tool::Read, key: None, timeout: None, demand: Demand::NoCache, ..Self::any(random) }
    }
}

/// What a server said, with all on which it depends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How many changes the server had seen.
    pub(crate) version: u64,
    pub(crate) principal: usize,
    pub(crate) server: usize,
    pub(crate) tool: Tool,
    pub(crate) object: u8,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(Answer),
    /// Over its rate.
    TooOften,
    /// No kept answer, where nothing else would do.
    NotKept,
    /// Its key belongs to another call, or its answer is forgotten.
    KeyUsed,
    /// Too many wait.
    Full,
    /// Its time passed before its turn came.
    Expired,
    /// Its server is left alone.
    LeftAlone,
    /// No instance could be reached.
    Unavailable,
    /// Turned away unread, and perhaps told when to come again.
    TurnedAway(Option<Duration>),
    /// Something between the node and the server failed: nobody knows.
    Broken,
    /// The connection broke.
    Lost,
    /// No answer in time.
    Unanswered,
}

/// Where an answer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Spot {
    pub(super) server: usize,
    pub(super) tool: Tool,
    pub(super) object: u8,
    /// Nobody, where it is for everybody.
    pub(super) principal: Option<usize>,
}

/// A kept answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(super) answer: Answer,
    pub(super) at: Instant,
    pub(super) since: Moment,
}

/// What is the same for those who read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) principal: usize,
    pub(super) server: usize,
    pub(super) tool: Tool,
    pub(super) object: u8,
    /// How many acts had ended.
    pub(super) acts: u64,
}

/// A key at a server.
pub(super) type Key = (usize, u8);

/// An answer on its way that is to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    pub(super) spot: Spot,
    pub(super) since: Moment,
    /// What stands in where no answer comes.
    pub(super) spare: Option<Kept>,
}

/// The way of one call to its answer, or of a kept answer to a new one.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    pub(super) ask: Ask,
    pub(super) has_caller: bool,
    /// When it ends, whatever it does, where its caller said so.
    pub(super) until: Option<Instant>,
    /// Whether nobody waits for its end any more.
    pub(super) is_over: bool,
    pub(super) filling: Option<Filling>,
    /// Whether it makes kept answers void at its end.
    pub(super) voids: bool,
    /// The run that it has begun itself.
    pub(super) run: Option<usize>,
}

impl Fetch {
    /// Of a caller.
    pub(super) fn of_caller(ask: Ask, now: Instant) -> Self {
        let until = ask.timeout.map(|timeout| now + timeout);
        Self { ask, has_caller: true, until, is_over: false, filling: None, voids: false, run: None }
    }
}

/// The attempts to have a server do something.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) ask: Ask,
    pub(super) fetch: usize,
    pub(super) key: Option<Key>,
    pub(super) question: Option<Question>,
    /// The number of its attempt.
    pub(super) number: u32,
    pub(super) began: Instant,
    /// When the attempt ends, whatever it does.
    pub(super) until: Option<Instant>,
    pub(super) pass: Option<Pass>,
    pub(super) ticket: Option<Ticket>,
    /// The instance that it is sent to, and when that was.
    pub(super) instance: Option<(usize, Instant)>,
    /// Rises with everything that happens to it: what was noted before is void.
    pub(super) serial: u32,
    pub(super) is_over: bool,
}

impl Run {
    /// Whether nothing has happened to it since.
    pub(super) fn is_at(&self, serial: u32) -> bool {
        !self.is_over && self.serial == serial
    }
}
