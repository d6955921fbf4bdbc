//! The program `git` as this toolkit runs it: what it is told by its environment, so that neither the machine's nor the
//! user's configuration counts and it never asks anybody. What a repository says of itself is `dangers`' matter.

use workbench::{Packages, Program};

/// Runs git.
pub(super) static GIT: Program = Program::new("git").env(ENV).packages(Packages::same("git"));

/// Reads the user's own configuration, and nothing else: who they are.
pub(super) static GIT_OF_USER: Program =
    Program::new("git").env(&[("LC_ALL", "C"), ("GIT_CONFIG_NOSYSTEM", "1")]).packages(Packages::same("git"));

/// The variable with the protocols that git may speak; none unless a tool says so.
pub(super) const PROTOCOLS: &str = "GIT_ALLOW_PROTOCOL";

/// Git's messages are English, only the repository's own configuration is read, nothing waits for a person, nothing is
/// fetched by the way, and paths are paths.
const ENV: &[(&str, &str)] = &[
    ("LC_ALL", "C"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_SYSTEM", "/dev/null"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_ASKPASS", ""),
    ("SSH_ASKPASS", ""),
    ("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"),
    ("GIT_SSH_VARIANT", "ssh"),
    ("GIT_PAGER", "cat"),
    ("GIT_EDITOR", ":"),
    ("GIT_SEQUENCE_EDITOR", ":"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    (PROTOCOLS, "none"),
];
