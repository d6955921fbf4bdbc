//! What can be wrong with the file of a client.

use thiserror::Error;

/// Why a file could not be read or changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// It is not what its name says.
    #[error("line {line}, column {column}: {what}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// In the words of the parser.
        what: String,
    },
    /// The place where servers stand holds something else.
    #[error("`{0}` is not a list of servers")]
    Shape(String),
    /// An entry of that name stands there already.
    #[error("there is already a server named `{0}`")]
    Exists(String),
    /// There is no entry of that name.
    #[error("there is no server named `{0}`")]
    Missing(String),
    /// The name stands there more than once, so nobody can say which one counts.
    #[error("`{0}` stands there more than once: keep one of them")]
    Twice(String),
    /// The client cannot do what the server needs.
    #[error("{client} cannot {what}")]
    Unable {
        /// The client's title.
        client: &'static str,
        /// What is asked of it.
        what: &'static str,
    },
    /// The text is well-formed, but written in a way that cannot be changed without touching more than the entry.
    #[error("`{0}` is written in a form that cannot be changed safely: add the entry by hand")]
    Form(String),
}
