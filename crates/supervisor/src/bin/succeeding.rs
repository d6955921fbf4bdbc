//! A process that follows itself: the smallest whole program around `successor`.
//!
//! `succeeding LINE` hands a pipe to a successor, prints the line it says, and then what it has written into the pipe.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    os::fd::AsFd as _,
    process::ExitCode,
    time::Duration,
};

use supervisor::{Predecessor, Successor};

fn main() -> ExitCode {
    let done = match Predecessor::of_process() {
        Some(predecessor) => follow(predecessor),
        None => lead(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn lead() -> io::Result<()> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let (mut reader, writer) = io::pipe()?;
    let mut successor = Successor::start(&std::env::current_exe()?, &arguments)?;
    successor.give(b"a pipe", &[writer.as_fd()])?;
    drop(writer);
    println!("{}", successor.hear(Duration::from_secs(10))?);
    successor.let_live();
    let mut written = String::new();
    reader.by_ref().take(1 << 10).read_to_string(&mut written)?;
    println!("{written}");
    Ok(())
}

fn follow(mut predecessor: Predecessor) -> io::Result<()> {
    let (words, descriptors) = predecessor.take()?;
    let line = std::env::args().nth(1).unwrap_or_default();
    if line == "die" {
        return Ok(());
    }
    predecessor.tell(&line)?;
    for descriptor in descriptors {
        File::from(descriptor).write_all(&words)?;
    }
    Ok(())
}
