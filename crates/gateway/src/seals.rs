//! What the gateway hands out and wants back unchanged: cursors, states, session and task ids. Holds the key ring, the
//! wall clock and the randomness that the pure functions of `mcp` are given.

use std::time::{SystemTime, UNIX_EPOCH};

use mcp::seal::{Key, KeyRing, SealError, Sealable};

/// The key ring of this node.
#[derive(Debug)]
pub struct Seals {
    ring: KeyRing,
    /// A name of this node for as long as it runs; a parked call is found only there.
    pub replica: [u8; 8],
}

impl Seals {
    /// A fresh key. What was sealed before the start is not valid any more.
    pub fn ephemeral() -> Self {
        Self { ring: KeyRing::new(Key::new(1, random()), Vec::new()), replica: random() }
    }

    /// Seals something for a principal.
    pub fn seal<T: Sealable>(&self, what: &T, principal: &str, lifetime_s: u64) -> String {
        what.seal(&self.ring, principal, now_s() + lifetime_s, random())
    }

    /// Opens what [`Self::seal`] made for the same principal.
    pub fn open<T: Sealable>(&self, sealed: &str, principal: &str) -> Result<T, SealError> {
        T::open(&self.ring, principal, now_s(), sealed)
    }

    /// The key ring, for what seals in its own way.
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }
}

/// Random bytes of the operating system; without them nothing can be kept secret, so there is no way on.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Seconds since 1970.
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
