//! What the tests of the verbs put around them: a shell and a node.

pub(crate) mod node;
pub(crate) mod shell;
