//! Which calls get the same answer: those of the same thing at the same server, with the same arguments, by clients who
//! are the same to that server. Only a digest is kept.

use mcp::{Era, Method};
use sha2::{Digest, Sha256};

use super::Drawer;
use crate::call::Call;

/// A digest of all that decides about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of a call. `is_shared` says whether the answer is the same for all principals. There is none for arguments
    /// that could be read in two ways.
    pub fn of(drawer: &Drawer, call: &Call, is_shared: bool) -> Option<Self> {
        let digest = digest(&drawer.number().to_be_bytes(), call, is_shared)?;
        digest.first_chunk().map(|key| Self(*key))
    }

    /// Its first digits, to tell keys apart in reports.
    pub fn short(&self) -> String {
        let number = u128::from_be_bytes(self.0);
        format!("{:012x}", number >> 80)
    }
}

/// A digest of all that decides about the answer to a call at the server that is meant by `server`.
pub(super) fn digest(server: &[u8], call: &Call, is_shared: bool) -> Option<[u8; 32]> {
    let mut digest = Sha256::new();
    digest.update(server);
    digest.update([
        u8::from(call.method == Method::ToolsCall),
        u8::from(call.caller.era == Era::Modern),
        call.caller.abilities.bits(),
        u8::from(is_shared),
    ]);
    put(&mut digest, call.method.as_str().as_bytes());
    put(&mut digest, call.own_name.as_bytes());
    if !is_shared {
        put(&mut digest, call.caller.principal.name.as_bytes());
        digest.update(call.caller.principal.role.to_be_bytes());
    }
    digest.update(call.request.arguments_digest()?);
    for (_, fixed) in &call.fixed {
        put(&mut digest, fixed);
    }
    Some(digest.finalize().into())
}

/// The length before every text: no two rows of texts write the same bytes.
fn put(digest: &mut Sha256, text: &[u8]) {
    digest.update((text.len() as u64).to_be_bytes());
    digest.update(text);
}
