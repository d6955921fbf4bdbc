//! Runs one command as the gateway would run a server: the smallest whole program around this crate.
//!
//! `guarded PROGRAM ARGS…` passes the program's lines to stdout and ends when it ends. The tests kill it, and use it as guard.

use std::{io::Write as _, process::ExitCode};

use supervisor::{Command, Exit, Limits, Line, guard, spawn};

fn main() -> ExitCode {
    if let Some(code) = guard::take_over() {
        return code;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let mut arguments = std::env::args_os().skip(1);
    match (runtime, arguments.next()) {
        (Ok(runtime), Some(program)) => runtime.block_on(run(Command::new(program).args(arguments))),
        _ => fail("usage: guarded PROGRAM ARGS…"),
    }
}

async fn run(command: Command) -> ExitCode {
    let (child, mut lines) = match spawn(&command, Limits::default()) {
        Ok(started) => started,
        Err(error) => return fail(&error.to_string()),
    };
    let mut stdout = std::io::stdout();
    while let Some(line) = lines.next().await {
        if let Line::Message(bytes) = line
            && stdout.write_all(&[&bytes, &b"\n"[..]].concat()).and_then(|()| stdout.flush()).is_err()
        {
            child.kill_now();
        }
    }
    match child.exited().await {
        Exit::Code(code) => ExitCode::from(code as u8),
        exit => fail(&exit.to_string()),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::FAILURE
}
