//! Runs one command behind a wall: `walled PROFILE FOLDER PROGRAM ARGS…`. The tests look at what gets through.

use std::{
    env,
    os::unix::process::CommandExt as _,
    process::{Command, ExitCode},
};

use supervisor::Sandbox;

#[expect(clippy::disallowed_methods, reason = "this is the one crate that may start processes")]
fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [profile, folder, program, rest @ ..] = arguments.as_slice() else {
        return fail("usage: walled PROFILE FOLDER PROGRAM ARGS…");
    };
    let Ok(profile) = profile.parse() else { return fail("there is no such profile") };
    let wall = Sandbox { profile, writable: vec![folder.into()], readable: Vec::new(), may_be_weaker: false };
    match wall.enter() {
        Ok(()) => fail(&Command::new(program).args(rest).exec().to_string()),
        Err(error) => fail(&error.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(99)
}
