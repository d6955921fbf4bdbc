//! The program as its users see it.

use std::process::Command;

#[test]
fn the_program_greets_who_is_named() {
    let output = Command::new(env!("CARGO_BIN_EXE_{{package}}")).arg("Ada").output().expect("the program starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "Hello, Ada!\n");
}
