//! A process hands a descriptor to its successor and hears whether it took it.
#![expect(clippy::disallowed_methods, reason = "the program is started from outside")]

use std::process::{Command, Output};

fn lead(line: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_succeeding")).arg(line).output().expect("the program is built")
}

#[test]
fn a_successor_gets_words_and_descriptors_and_says_its_line() {
    let led = lead("ready");
    assert_eq!(String::from_utf8_lossy(&led.stdout), "ready\na pipe\n", "{led:?}");
}

#[test]
fn a_line_stays_one_line() {
    assert_eq!(String::from_utf8_lossy(&lead("no:\nport").stdout), "no: port\na pipe\n");
}

#[test]
fn a_successor_that_ends_without_a_word_is_an_error() {
    let led = lead("die");
    assert!(
        !led.status.success() && String::from_utf8_lossy(&led.stderr).contains("unexpected end of file"),
        "{led:?}"
    );
}

#[test]
fn the_variable_alone_makes_no_successor() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_succeeding"));
    let led = program.arg("ready").env("SWITCHBOARD_PREDECESSOR", "1").output().expect("the program is built");
    assert_eq!(String::from_utf8_lossy(&led.stdout), "ready\na pipe\n", "{led:?}");
}
