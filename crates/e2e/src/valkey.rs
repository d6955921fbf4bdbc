//! A real Valkey, or the Redis that it comes from, on a unix socket of its own, and behind a port where a test wants that;
//! nothing of it stays.

#![expect(clippy::disallowed_methods, reason = "what nodes share is a program of its own")]

use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::papers::{AUTHORITY, Papers};
use crate::program::Program;

/// The programs that it may be.
const PROGRAMS: [&str; 2] = ["valkey-server", "redis-server"];
/// The file with its configuration, and the one with its password.
const CONFIGURATION: &str = "valkey.conf";
const PASSWORD: &str = "password";
const SOCKET: &str = "valkey.sock";

/// A server that nodes share; it ends when dropped.
#[derive(Debug)]
pub struct Valkey {
    program: Program,
    folder: TempDir,
    url: String,
    password: String,
}

impl Valkey {
    /// Starts an empty one on a socket.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not come up.
    pub fn start() -> Self {
        let folder = folder();
        let url = format!("unix://{}", folder.path().join(SOCKET).display());
        Self::with(folder, url, "", "")
    }

    /// Starts one behind a port of its own that lets nobody in without this password.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not come up.
    pub fn guarded(password: &str) -> Self {
        let (folder, port) = (folder(), free_port());
        let url = format!("redis://:{}@127.0.0.1:{port}", read_from(&folder));
        Self::with(folder, url, password, &format!("bind 127.0.0.1\nport {port}\n"))
    }

    /// The same over TLS, where it shows what these papers say of `NAME`.
    ///
    /// # Panics
    ///
    /// When it is not installed or does not come up.
    pub fn over_tls(password: &str, papers: &Papers, name: &str) -> Self {
        let (folder, port) = (folder(), free_port());
        let url = format!("rediss://:{}@localhost:{port}", read_from(&folder));
        let mut how = format!("bind 127.0.0.1\nport 0\ntls-port {port}\ntls-auth-clients no\n");
        let key = format!("{name}.key");
        for (word, file) in [("cert", format!("{name}.pem")), ("key", key), ("ca-cert", AUTHORITY.to_owned())] {
            let _ = writeln!(how, "tls-{word}-file {}", papers.file(&file).display());
        }
        Self::with(folder, url, password, &how)
    }

    fn with(folder: TempDir, url: String, password: &str, how: &str) -> Self {
        let socket = folder.path().join(SOCKET);
        let port = if how.is_empty() { "port 0\n" } else { how };
        let guard = if password.is_empty() { String::new() } else { format!("requirepass {password}\n") };
        let text = format!("save \"\"\nappendonly no\nunixsocket {}\n{port}{guard}", socket.display());
        fs::write(folder.path().join(CONFIGURATION), text).expect("a temporary file can be written");
        fs::write(folder.path().join(PASSWORD), password).expect("a temporary file can be written");
        Self { program: started(folder.path()), folder, url, password: password.to_owned() }
    }

    /// Kills it without a warning, and starts it again empty where it was.
    pub fn restarted(self) -> Self {
        let Self { program, folder, url, password } = self;
        drop(program);
        Self { program: started(folder.path()), folder, url, password }
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

    /// Where it is, with a reference to its password.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it says to a command, line by line.
    ///
    /// # Panics
    ///
    /// When it cannot be asked.
    pub fn ask(&self, words: &[&str]) -> Vec<String> {
        let client = Path::new(program()).with_file_name(program().replace("-server", "-cli"));
        let mut client = Command::new(client);
        if !self.password.is_empty() {
            client.env("REDISCLI_AUTH", &self.password);
        }
        let output = client.arg("-s").arg(self.folder.path().join(SOCKET)).args(words).output();
        let output = output.expect("its client can be started");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// A reference to the file with the password.
fn read_from(folder: &TempDir) -> String {
    format!("${{file:{}}}", folder.path().join(PASSWORD).display())
}

/// A port that was free a moment ago: the program does not choose one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
    listener.local_addr().expect("a bound listener has an address").port()
}

fn started(folder: &Path) -> Program {
    let mut command = Command::new(program());
    command.arg(folder.join(CONFIGURATION));
    Program::start(program(), command.current_dir(folder), "now ready to accept connections at")
}

/// The one of the programs that is installed.
fn program() -> &'static str {
    let is_there = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    PROGRAMS.into_iter().find(is_there).expect("scripts/setup-tests.sh installs redis-server")
}
