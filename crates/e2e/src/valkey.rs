//! A real Valkey, or the Redis that it comes from, on a unix socket of its own; nothing of it stays.

#![expect(clippy::disallowed_methods, reason = "what nodes share is a program of its own")]

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::Program;

/// The programs that it may be.
const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];

/// A server that nodes share; it ends when dropped.
#[derive(Debug)]
pub struct Valkey {
    program: Program,
    folder: TempDir,
}

impl Valkey {
    /// Starts an empty one.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not come up.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self { program: started(folder.path()), folder }
    }

    /// Kills it without a warning, and starts it again empty where it was.
    pub fn restarted(self) -> Self {
        let Self { program, folder } = self;
        drop(program);
        Self { program: started(folder.path()), folder }
    }

    /// Kills it without a warning.
    pub fn kill(&mut self) {
        self.program.signal("KILL");
        self.program.wait();
    }

    /// Stops it in the middle of whatever it does, with its connections open.
    pub fn freeze(&self) {
        self.program.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.program.signal("CONT");
    }

    /// The configuration of nodes that share it and seal with this key.
    pub fn configured(&self, key: &str) -> String {
        let url = format!("unix://{}", socket(self.folder.path()).display());
        format!("[cache]\nredis_url = \"{url}\"\nredis_key = \"{key}\"\n")
    }

    /// What it says to a command, line by line.
    ///
    /// # Panics
    ///
    /// When it cannot be asked.
    pub fn ask(&self, words: &[&str]) -> Vec<String> {
        let client = Path::new(program()).with_file_name(program().replace("-server", "-cli"));
        let output = Command::new(client).arg("-s").arg(socket(self.folder.path())).args(words).output();
        let output = output.expect("its client can be started");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

fn started(folder: &Path) -> Program {
    let mut command = Command::new(program());
    command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]).arg(socket(folder));
    Program::start(program(), command.current_dir(folder), "now ready to accept connections at")
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("valkey.sock")
}

/// The one of the programs that is installed.
fn program() -> &'static str {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    PROGRAMS.into_iter().find(is_there).expect("scripts/setup-tests.sh installs redis-server")
}
