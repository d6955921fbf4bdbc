//! The system's own programs, which say the same as the toolkit or the toolkit is wrong.

#![expect(clippy::disallowed_methods, reason = "a test compares with what the system's own programs print")]

use std::process::{Child, Command, Stdio};

/// What a program prints.
pub(crate) fn print(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| panic!("{program} is needed by this test: {error}"));
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}

/// A process that waits until it is told to end.
pub(crate) fn start(program: &str, arguments: &[&str]) -> Child {
    let started = Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
    started.unwrap_or_else(|error| panic!("{program} is needed by this test: {error}"))
}
