//! How many bytes of one principal's requests and answers are held while they come and go. Whoever does not take what it has
//! asked for is given no more. Small messages are not counted: their number has bounds of its own.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;

/// Messages of fewer bytes are not counted.
const COUNTED_FROM: usize = 64 * 1024;

/// The bytes that are held for one principal.
#[derive(Debug)]
pub struct Held {
    bytes: AtomicUsize,
    max: AtomicUsize,
}

/// Bytes that count for as long as anybody has them.
struct Counted {
    bytes: Bytes,
    held: Arc<Held>,
}

impl Held {
    /// Nothing is held yet.
    pub fn new(max: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), max: AtomicUsize::new(max) }
    }

    /// Changes how many there may be. What is held stays.
    pub fn set_max(&self, max: usize) {
        self.max.store(max, Ordering::Relaxed);
    }

    /// Whether there is no room for anything else.
    pub fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.max.load(Ordering::Relaxed)
    }

    /// The same bytes, counted until nobody has them any more.
    pub fn count(self: &Arc<Self>, bytes: Bytes) -> Bytes {
        if bytes.len() < COUNTED_FROM {
            return bytes;
        }
        self.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        Bytes::from_owner(Counted { bytes, held: self.clone() })
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.held.bytes.fetch_sub(self.bytes.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_count_until_the_last_part_of_them_is_gone() {
        let held = Arc::new(Held::new(COUNTED_FROM - 1));
        let whole = held.count(vec![7; COUNTED_FROM].into());
        assert!(held.is_full());
        let part = whole.slice(..1);
        drop(whole);
        assert!(held.is_full());
        assert_eq!(part[..], [7]);
        drop(part);
        assert!(!held.is_full());
    }

    #[test]
    fn what_is_small_does_not_count() {
        let held = Arc::new(Held::new(0));
        let _small = held.count(vec![0; COUNTED_FROM - 1].into());
        assert!(!held.is_full());
    }

    #[test]
    fn another_bound_holds_at_once() {
        let held = Arc::new(Held::new(2 * COUNTED_FROM));
        let _large = held.count(vec![0; COUNTED_FROM].into());
        assert!(!held.is_full());
        held.set_max(COUNTED_FROM - 1);
        assert!(held.is_full());
    }
}
