//! The process that is to follow this one: started from a program on disk, with a socket as its stdin over which words and
//! open descriptors go to it, and one line comes back. Seen from there, the same socket leads to the [`Predecessor`]. What
//! the words mean is decided above.

use std::{
    env,
    ffi::OsString,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::Path,
    process::{self, Stdio},
    time::Duration,
};

use rustix::{
    fs::FileType,
    process::getppid,
    stdio::{dup2_stdin, stdin},
};

use crate::parcels::{Parcels, WRITTEN_WITHIN};

/// The variable by which a successor knows that its stdin leads to its parent: the id of that process, so that it means
/// nothing to whoever merely inherits it.
const PREDECESSOR: &str = "SWITCHBOARD_PREDECESSOR";
/// What the service manager tells one process only; the successor is another.
const FOR_ONE_PROCESS: [&str; 4] = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "WATCHDOG_PID"];
/// The line that comes back: an error with its causes, or the names of thousands of servers.
const LINE_BYTES_MAX: u64 = 256 << 10;

/// A process that was started to follow this one. Dropped before it has taken over, it is killed.
#[derive(Debug)]
pub struct Successor {
    process: process::Child,
    lives_on: bool,
    parcels: Parcels,
}

impl Successor {
    /// Starts `program` with our own environment, folder, stdout and stderr.
    pub fn start(program: &Path, arguments: &[OsString]) -> io::Result<Self> {
        let (parcels, theirs) = Parcels::pair()?;
        let mut command = process::Command::new(program);
        command.args(arguments).stdin(Stdio::from(theirs));
        for name in FOR_ONE_PROCESS {
            command.env_remove(name);
        }
        let process = command.env(PREDECESSOR, process::id().to_string()).spawn()?;
        Ok(Self { process, lives_on: false, parcels })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Gives it words and descriptors, which stay ours too.
    pub fn give(&mut self, words: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.parcels.give(words, descriptors)
    }

    /// Its one line, if it says one in time; blocks the thread. An error of kind `UnexpectedEof` means that it has ended.
    pub fn hear(&mut self, within: Duration) -> io::Result<String> {
        let socket = &self.parcels.socket;
        socket.set_read_timeout(Some(within))?;
        let mut line = String::new();
        // byte by byte, since what follows the line is not for us
        BufReader::with_capacity(1, socket.take(LINE_BYTES_MAX)).read_line(&mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// The socket that leads to it, for what is said once all is given.
    pub fn socket(&self) -> io::Result<UnixStream> {
        self.parcels.socket.try_clone()
    }

    /// Lets it live on when this is dropped.
    pub fn let_live(&mut self) {
        self.lives_on = true;
    }
}

impl Drop for Successor {
    fn drop(&mut self) {
        if !self.lives_on {
            // it may have ended by itself; then there is only its status to fetch
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// The process that this one is to follow.
#[derive(Debug)]
pub struct Predecessor {
    parcels: Parcels,
}

impl Predecessor {
    /// The predecessor of this process, if it was started as a [`Successor`]. Stdin leads nowhere afterwards.
    pub fn of_process() -> Option<Self> {
        let named: i32 = env::var(PREDECESSOR).ok()?.parse().ok()?;
        if getppid().map(rustix::process::Pid::as_raw_pid) != Some(named) {
            return None;
        }
        let kind = rustix::fs::fstat(stdin()).ok().map(|facts| FileType::from_raw_mode(facts.st_mode));
        if kind != Some(FileType::Socket) {
            return None;
        }
        let parcels = Parcels::over(stdin().try_clone_to_owned().ok()?);
        let nowhere = std::fs::File::open("/dev/null").ok()?;
        dup2_stdin(&nowhere).ok()?;
        Some(Self { parcels })
    }

    /// What it gives: words and descriptors.
    pub fn take(&mut self) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
        self.parcels.take()
    }

    /// The socket that leads to it, for what is said once all is taken.
    pub fn into_socket(self) -> UnixStream {
        self.parcels.socket
    }

    /// Says the one line that it waits for.
    pub fn tell(&mut self, line: &str) -> io::Result<()> {
        let mut socket = &self.parcels.socket;
        socket.set_write_timeout(Some(WRITTEN_WITHIN))?;
        let line: String = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        socket.write_all(format!("{line}\n").as_bytes())
    }
}
