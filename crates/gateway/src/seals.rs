//! What the gateway hands out and wants back unchanged: cursors, states, session and task ids. Holds the key ring, the
//! wall clock and the randomness that the pure functions of `mcp` are given. Where keys are kept is `key_file`.

use std::{
    path::Path,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use arc_swap::ArcSwap;
use mcp::seal::{Key, KeyRing, SealError, Sealable};

use crate::key_file::KeyFile;

/// The key ring of this node.
#[derive(Debug)]
pub struct Seals {
    ring: ArcSwap<KeyRing>,
    file: Option<KeyFile>,
    /// A name of this node for as long as it runs; a parked call is found only there.
    pub replica: [u8; 8],
}

impl Seals {
    /// A fresh key. What was sealed before the start is not valid any more.
    pub fn ephemeral() -> Self {
        Self {
            ring: ArcSwap::from_pointee(KeyRing::new(Key::new(1, random()), Vec::new())),
            file: None,
            replica: random(),
        }
    }

    /// The keys of this folder of state, so that a restart loses nothing; where they cannot be kept, a fresh key.
    pub fn kept_in(folder: Option<&Path>) -> Self {
        let Some(folder) = folder else {
            tracing::warn!("there is no folder for state: after a restart, clients have to begin anew");
            return Self::ephemeral();
        };
        let file = KeyFile::in_folder(folder);
        match file.read(now_s(), random) {
            Ok(ring) => Self { ring: ArcSwap::from_pointee(ring), file: Some(file), replica: random() },
            Err(error) => {
                tracing::warn!(error = %crate::failure::with_causes(&error), "after a restart, clients have to begin anew");
                Self::ephemeral()
            }
        }
    }

    /// Reads the keys again, since other nodes may have replaced one; where they cannot be read, the known ones stay.
    pub fn renew(&self) {
        let Some(file) = &self.file else { return };
        match file.read(now_s(), random) {
            Ok(ring) => self.ring.store(Arc::new(ring)),
            Err(error) => tracing::warn!(error = %crate::failure::with_causes(&error), "the keys stay as they are"),
        }
    }

    /// Whether the keys outlive the process.
    pub fn are_kept(&self) -> bool {
        self.file.is_some()
    }

    /// Seals something for a principal.
    pub fn seal<T: Sealable>(&self, what: &T, principal: &str, lifetime_s: u64) -> String {
        what.seal(&self.ring.load(), principal, now_s() + lifetime_s, random())
    }

    /// Opens what [`Self::seal`] made for the same principal.
    pub fn open<T: Sealable>(&self, sealed: &str, principal: &str) -> Result<T, SealError> {
        T::open(&self.ring.load(), principal, now_s(), sealed)
    }

    /// The key ring, for what seals in its own way.
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.load_full()
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
