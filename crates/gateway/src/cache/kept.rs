//! One kept answer: what its server said, when it was fetched, and what it has been good for since.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use mcp::{Envelope, Kind, ResultKey, ScanLimits, Splice};
use traffic::cache::{Moment, State, Terms};

use super::{About, Drawer, Key, Subject};
use crate::{answered_by::insert_meta, call::Answer};

/// What keeping an answer costs besides its bytes: the places of its members, its key, its row in the table.
const OVERHEAD_BYTES: u64 = 1_024;

/// Calls that an answer was given to before it counts as asked for often.
const HITS_OFTEN: u64 = 3;

/// An answer that is kept.
#[derive(Debug)]
pub struct Kept {
    /// The answer, in memory of its own.
    pub answer: Answer,
    /// How long the server said that it is fresh.
    pub hint: Option<Duration>,
    /// What it is about.
    pub about: About,
    /// When it came.
    pub came: Instant,
    /// How long its call took.
    pub took: Duration,
    /// When its fetching began, in the order of what was declared void.
    pub since: Moment,
    /// The drawer that it belongs to.
    pub drawer: Arc<Drawer>,
    hits: AtomicU64,
    /// It was fetched before anybody asked, and nobody has asked since.
    is_unasked: AtomicBool,
}

/// When and where an answer was fetched, and for what.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What the call was that it answers.
    pub subject: Subject,
    /// When its fetching began.
    pub began: Instant,
    /// The same, in the order of what was declared void.
    pub since: Moment,
    /// The drawer that it belongs to.
    pub drawer: Arc<Drawer>,
}

impl Kept {
    /// An answer to keep, in memory of its own, so that no more is held than is counted.
    pub fn new(answer: &Answer, origin: Origin, came: Instant) -> Option<Self> {
        let bytes = bytes::Bytes::copy_from_slice(answer.envelope.bytes());
        let envelope = Envelope::parse(&bytes, ScanLimits { depth_max: 128 }).ok()?;
        Some(Self {
            hint: hint(&envelope),
            answer: Answer { envelope, era: answer.era },
            about: origin.subject.about(),
            came,
            took: came.saturating_duration_since(origin.began),
            since: origin.since,
            drawer: origin.drawer,
            hits: AtomicU64::new(0),
            is_unasked: AtomicBool::new(false),
        })
    }

    /// An answer that another node has fetched. Whoever read it has made sure that it is good.
    pub fn restored(
        answer: Answer,
        about: About,
        came: Instant,
        took: Duration,
        since: Moment,
        drawer: Arc<Drawer>,
    ) -> Self {
        Self {
            hint: hint(&answer.envelope),
            answer,
            about,
            came,
            took,
            since,
            drawer,
            hits: AtomicU64::new(0),
            is_unasked: AtomicBool::new(false),
        }
    }

    /// Whether nothing that concerns it was declared void.
    pub fn is_good(&self) -> bool {
        self.drawer.is_good(self.since, &self.about)
    }

    /// How old it is.
    pub fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.came)
    }

    /// The answer as a caller gets it: it says that it was kept, for how long, and whether it is past its time. Where the
    /// server said how long it is fresh, what is left of that is said.
    pub fn given(&self, age: Duration, is_stale: bool) -> Option<Answer> {
        self.hits.fetch_add(1, Ordering::Relaxed);
        let envelope = &self.answer.envelope;
        let stale = if is_stale { r#","stale":true"# } else { "" };
        let mark = format!(r#""dev.switchboard/cached":{{"age_ms":{}{stale}}}"#, age.as_millis());
        let mut splice = Splice::new(envelope.bytes());
        if let Some(hint) = self.hint {
            let left = hint.saturating_sub(age).as_millis().to_string();
            splice.replace_owned(envelope.result_members().get(ResultKey::TtlMs).value, left.into_bytes());
        }
        insert_meta(&mut splice, envelope, &mark);
        let envelope = Envelope::parse(&splice.apply(), ScanLimits { depth_max: 128 }).ok()?;
        Some(Answer { envelope, era: self.answer.era })
    }

    /// How many calls it was given to.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }

    /// Whether it is asked for often.
    pub fn is_wanted(&self) -> bool {
        self.hits() >= HITS_OFTEN
    }

    /// Whether it is as good as a new one.
    pub fn is_fresh(&self, terms: Terms, now: Instant) -> bool {
        terms.state(self.hint, self.age(now)) == State::Fresh
    }

    /// It was fetched before anybody asked.
    pub fn mark_unasked(&self) {
        self.is_unasked.store(true, Ordering::Relaxed);
    }

    /// Whether nobody has asked for it, though it was fetched for that.
    pub fn is_unasked(&self) -> bool {
        self.is_unasked.load(Ordering::Relaxed)
    }

    /// Somebody has asked for it. Says whether that is the first who does, of one that was fetched before.
    pub fn use_up(&self) -> bool {
        self.is_unasked() && self.is_unasked.swap(false, Ordering::Relaxed)
    }

    /// What it counts in memory.
    pub fn bytes(&self) -> u64 {
        self.answer.envelope.bytes().len() as u64 + OVERHEAD_BYTES
    }

    /// Whether another says the same.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.answer.envelope.result() == other.answer.envelope.result()
    }
}

/// Whether an answer is one that could be given again: a whole result, and no failure.
pub fn is_whole(answer: &Answer) -> bool {
    let envelope = &answer.envelope;
    let absent = |key| !envelope.result_members().get(key).is_some();
    envelope.kind() == Kind::Result
        && envelope.result_members().span.is_some()
        && matches!(envelope.result_raw(ResultKey::ResultType), None | Some(b"\"complete\""))
        && matches!(envelope.result_raw(ResultKey::IsError), None | Some(b"false"))
        && envelope.result_raw(ResultKey::Content).is_none_or(|content| content.starts_with(b"["))
        && absent(ResultKey::TaskId)
        && absent(ResultKey::Task)
}

/// How long a server says that its answer is fresh. A time that is none counts as no time at all.
fn hint(envelope: &Envelope) -> Option<Duration> {
    let ttl = envelope.result_raw(ResultKey::TtlMs)?;
    let ms = std::str::from_utf8(ttl).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    Some(Duration::from_millis(ms))
}

/// What answers count in memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight;

impl quick_cache::Weighter<Key, Arc<Kept>> for Weight {
    fn weight(&self, _: &Key, kept: &Arc<Kept>) -> u64 {
        kept.bytes()
    }
}
