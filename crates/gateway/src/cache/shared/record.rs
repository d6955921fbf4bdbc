//! How an answer is written at the place that nodes share: sealed under its own name, so that one that was changed, cut off
//! or put under another name does not open.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use mcp::{
    Envelope, Era, ScanLimits,
    pack::{Packer, Unpacker},
    seal::{KeyRing, Purpose, open_bytes, seal_bytes},
};

use super::super::{About, Drawer, Kept, Moment};
use crate::{
    call::Answer,
    seals::{now_s, random},
};

/// Clocks of nodes that differ by more are not believed.
const CLOCKS_DIFFER_MAX: Duration = Duration::from_secs(5);

/// An answer as it is written.
#[derive(Debug)]
pub(super) struct Record {
    /// The count of declarations when its fetching began.
    pub(super) since: u64,
    came: Duration,
    took: Duration,
    era: Era,
    message: Bytes,
}

impl Record {
    pub(super) fn of(kept: &Kept, since: u64) -> Self {
        Self {
            since,
            came: now().saturating_sub(kept.age(Instant::now())),
            took: kept.took,
            era: kept.answer.era,
            message: kept.answer.envelope.bytes().clone(),
        }
    }

    /// The answer under this name, for so long.
    pub(super) fn seal(&self, ring: &KeyRing, name: &str, lifetime: Duration) -> Vec<u8> {
        let mut packer = Packer::default();
        packer.put_u64(self.since);
        packer.put_u64(ms(self.came));
        packer.put_u64(ms(self.took));
        packer.put_array([u8::from(self.era == Era::Modern)]);
        packer.put_bytes(&self.message);
        let expires_at_s = now_s().saturating_add(lifetime.as_secs()).saturating_add(1);
        seal_bytes(ring, Purpose::Answer, name, expires_at_s, random(), &packer.finish())
    }

    /// The answer, if it was sealed under this name and its time is not over.
    pub(super) fn open(ring: &KeyRing, name: &str, sealed: &[u8]) -> Option<Self> {
        let payload = open_bytes(ring, Purpose::Answer, name, now_s(), sealed).ok()?;
        let mut unpacker = Unpacker::new(&payload);
        let record = Self {
            since: unpacker.take_u64()?,
            came: Duration::from_millis(unpacker.take_u64()?),
            took: Duration::from_millis(unpacker.take_u64()?),
            era: if unpacker.take_array::<1>()? == [0] { Era::Legacy } else { Era::Modern },
            message: Bytes::copy_from_slice(unpacker.take_bytes()?),
        };
        unpacker.is_finished().then_some(record)
    }

    /// As an answer that this node keeps from now on.
    pub(super) fn into_kept(self, about: About, since: Moment, drawer: std::sync::Arc<Drawer>) -> Option<Kept> {
        let now = now();
        if self.came > now + CLOCKS_DIFFER_MAX {
            return None;
        }
        let came = Instant::now().checked_sub(now.saturating_sub(self.came))?;
        let envelope = Envelope::parse(&self.message, ScanLimits { depth_max: 128 }).ok()?;
        Some(Kept::restored(Answer { envelope, era: self.era }, about, came, self.took, since, drawer))
    }
}

/// The time since 1970.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use mcp::seal::Key;

    use super::*;

    const NAME: &str = "switchboard:v1:answer:1";
    const HOUR: Duration = Duration::from_hours(1);

    fn ring(secret: u8) -> KeyRing {
        KeyRing::new(Key::new(1, [secret; 32]), Vec::new())
    }

    fn record(came: Duration) -> Record {
        let message = Bytes::from_static(br#"{"jsonrpc":"2.0","id":1,"result":{"content":[]}}"#);
        Record { since: 7, came, took: Duration::from_millis(40), era: Era::Modern, message }
    }

    fn kept(record: Record) -> Option<Kept> {
        let drawer = std::sync::Arc::new(Drawer::new(0, "a".into(), None, std::sync::Arc::default()));
        record.into_kept(About::Resource("file:///a".into()), drawer.now(), drawer)
    }

    #[test]
    fn a_record_opens_under_its_own_name_and_key_and_only_whole() {
        let sealed = record(now()).seal(&ring(1), NAME, HOUR);
        let opened = Record::open(&ring(1), NAME, &sealed).unwrap();
        assert_eq!((opened.since, opened.took, opened.era), (7, Duration::from_millis(40), Era::Modern));
        assert_eq!(opened.message, record(now()).message);
        assert!(Record::open(&ring(1), "switchboard:v1:answer:2", &sealed).is_none());
        assert!(Record::open(&ring(2), NAME, &sealed).is_none());
        for length in 0..sealed.len() {
            assert!(Record::open(&ring(1), NAME, &sealed[..length]).is_none(), "{length} bytes");
        }
    }

    #[test]
    fn an_answer_keeps_its_age_from_node_to_node() {
        let age = kept(record(now().saturating_sub(Duration::from_secs(3)))).unwrap().age(Instant::now());
        assert!((Duration::from_secs(3)..Duration::from_secs(4)).contains(&age), "{age:?}");
    }

    #[test]
    fn an_answer_from_a_clock_that_is_far_ahead_is_not_believed() {
        assert!(kept(record(now() + Duration::from_secs(1))).is_some());
        assert!(kept(record(now() + HOUR)).is_none());
    }
}
