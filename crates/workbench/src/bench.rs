//! What a toolkit is made with: the folders that it may work in. Toolkits take it as their only argument.

use crate::Roots;

/// What a toolkit is made with.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The folders that it may work in.
    pub roots: Roots,
}
