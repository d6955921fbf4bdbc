//! Under which names things stand at the place that nodes share. A version stands in each, so that nodes that would not
//! understand each other do not meet.

use mcp::seal::{KeyRing, Purpose, blind_name};

/// What is written by nodes of this version. It changes with the form of anything that is written.
const VERSION: u8 = 1;

/// The names of one group of nodes.
#[derive(Debug)]
pub(super) struct Whereabouts(String);

impl Whereabouts {
    pub(super) fn new(prefix: &str) -> Self {
        Self(format!("{prefix}:v{VERSION}"))
    }

    /// What all names begin with.
    pub(super) fn root(&self) -> &str {
        &self.0
    }

    /// The channel on which nodes tell each other what is void.
    pub(super) fn channel(&self) -> String {
        format!("{}:void", self.0)
    }

    /// The count of declarations about a server.
    pub(super) fn count(&self, server: &str) -> String {
        format!("{}:count:{server}", self.0)
    }

    /// The answer to a call, by a digest of all that decides about it. It says nothing to others.
    pub(super) fn answer(&self, ring: &KeyRing, digest: &[u8]) -> String {
        let [name @ .., _, _, _, _, _, _, _, _] = blind_name(ring, Purpose::Answer, digest);
        format!("{}:answer:{:032x}", self.0, u128::from_be_bytes(name))
    }

    /// The turn of whoever fetches the answer of this name.
    pub(super) fn turn(answer: &str) -> String {
        format!("{answer}:turn")
    }
}
