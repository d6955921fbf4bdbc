//! One running `switchboard serve` on a port and a unix socket of its own, with the configuration a test gives it.

#![expect(clippy::disallowed_methods, reason = "a door is tried from outside")]

use std::fs::Permissions;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::control::Control;
use crate::program::{Program, built, command};

/// Processes that have taken over; they end when dropped.
#[derive(Debug, Default)]
struct Successors(Vec<u32>);

impl Drop for Successors {
    fn drop(&mut self) {
        for pid in &self.0 {
            // most of them have ended by themselves
            let _ = command("kill").args(["-s", "KILL", &pid.to_string()]).stderr(Stdio::null()).status();
        }
    }
}

/// The program of a node that has one of its own, in the folder of the configuration.
const PROGRAM: &str = "switchboard";
/// The unix socket, in the folder of the configuration.
const SOCKET: &str = "node.sock";

/// How long a change of a process may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(20);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(20);

/// The ports below those that systems give to whoever connects.
const FIXED_PORTS: std::ops::Range<u16> = 12_000..32_000;

/// A port of those, which nobody has; tests that run at one time begin to look at different ones.
fn fixed_port() -> u16 {
    let first = usize::try_from(std::process::id()).unwrap_or_default().wrapping_mul(17) % FIXED_PORTS.len();
    let mut ports = FIXED_PORTS.cycle().skip(first).take(FIXED_PORTS.len());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("some port is free")
}

/// A gateway under test; it ends when dropped.
#[derive(Debug)]
pub struct Node {
    program: Program,
    successors: Successors,
    origin: String,
    folder: TempDir,
}

impl Node {
    /// Starts the gateway with `configuration` (TOML) and waits until it listens.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("switchboard.toml"), configuration).expect("a temporary file can be written");
        Self::start_in(folder, "127.0.0.1:0", &[])
    }

    /// As [`Self::start`], at a port that no connection of anybody else is given while the gateway is gone: who connects to a
    /// port of the other kind again and again can even be given it himself.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn at_fixed_port(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("switchboard.toml"), configuration).expect("a temporary file can be written");
        Self::start_in(folder, &format!("127.0.0.1:{}", fixed_port()), &[])
    }

    /// As [`Self::start`], from a program of its own, which [`Self::install`] replaces.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn installed(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("switchboard.toml"), configuration).expect("a temporary file can be written");
        let program = folder.path().join(PROGRAM);
        std::os::unix::fs::symlink(built("switchboard"), &program).expect("a temporary file can be linked");
        Self::start_program(&program, folder, "127.0.0.1:0", &[])
    }

    /// Puts a script in the place of the program that the node was started from.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn install(&self, script: &str) {
        let (fresh, program) = (self.folder.path().join("fresh"), self.folder.path().join(PROGRAM));
        std::fs::write(&fresh, script).expect("a temporary file can be written");
        std::fs::set_permissions(&fresh, Permissions::from_mode(0o755)).expect("a file of ours can be changed");
        std::fs::rename(fresh, program).expect("a file of ours can be replaced");
    }

    /// As [`Self::start`], where servers may show a certificate of the authority in the PEM file `authority`.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn trusting(authority: &Path, configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("switchboard.toml"), configuration).expect("a temporary file can be written");
        Self::start_in(folder, "127.0.0.1:0", &[("SSL_CERT_FILE", authority)])
    }

    /// As [`Self::start`], by a shell that has run `before`.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn after(before: &str, configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::write(folder.path().join("switchboard.toml"), configuration).expect("a temporary file can be written");
        let mut shell = command("/bin/sh");
        shell.arg("-c").arg(format!("{before}; exec \"$0\" \"$@\"")).arg(built("switchboard"));
        Self::started(shell, folder, "127.0.0.1:0", &[])
    }

    /// Kills the gateway without a warning and starts it again where it was.
    ///
    /// # Panics
    ///
    /// When it does not come up again.
    pub fn restarted(self) -> Self {
        let Self { program, origin, folder, .. } = self;
        drop(program);
        Self::start_in(folder, origin.trim_start_matches("http://"), &[])
    }

    fn start_in(folder: TempDir, listen: &str, environment: &[(&str, &Path)]) -> Self {
        Self::start_program(&built("switchboard"), folder, listen, environment)
    }

    fn start_program(program: &Path, folder: TempDir, listen: &str, environment: &[(&str, &Path)]) -> Self {
        Self::started(command(program), folder, listen, environment)
    }

    fn started(mut serve: Command, folder: TempDir, listen: &str, environment: &[(&str, &Path)]) -> Self {
        let file = folder.path().join("switchboard.toml");
        let listen = format!("{listen},unix:{}", folder.path().join(SOCKET).display());
        serve.arg("serve").arg("--config").arg(&file).args(["--listen", &listen]);
        serve
            .env("SWITCHBOARD_STATE_DIR", folder.path().join("state"))
            .env_remove("XDG_RUNTIME_DIR")
            .envs(environment.iter().copied())
            .current_dir(folder.path());
        let program = Program::start("switchboard", &mut serve, "listening on http://");
        let address = program.announced().split_whitespace().next().expect("an address is announced");
        let origin = format!("http://{}", address.trim_end_matches('/'));
        Self { origin, program, successors: Successors::default(), folder }
    }

    /// The host and port it listens on.
    pub fn address(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }

    /// The host and port it listens on for gRPC, where the configuration says so.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn grpc(&self) -> String {
        let status = self.control().get("/status");
        let listen = status["listen"].as_array().cloned().unwrap_or_default();
        let address = listen.iter().filter_map(|address| address.as_str()?.strip_prefix("grpc")?.split_once("://"));
        address.map(|(_, address)| address.to_owned()).next().expect("it listens for gRPC")
    }

    /// The address of the endpoint with everything.
    pub fn everything(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    /// The address of its unix socket.
    pub fn socket(&self) -> String {
        format!("unix:{}", self.folder.path().join(SOCKET).display())
    }

    /// The address of one server's endpoint, with its own names.
    pub fn server(&self, name: &str) -> String {
        format!("{}/servers/{name}/mcp", self.origin)
    }

    /// The address of one bundle's endpoint.
    pub fn bundle(&self, name: &str) -> String {
        format!("{}/bundles/{name}/mcp", self.origin)
    }

    /// The folder of its configuration, which is also its working directory.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Its control API.
    pub fn control(&self) -> Control {
        Control::of(&self.folder().join("state"), self.address())
    }

    /// The process that was started first.
    pub fn pid(&self) -> u32 {
        self.program.id()
    }

    /// Restarts the gateway without an end, and gives the process that has taken over.
    ///
    /// # Panics
    ///
    /// When none has.
    pub fn hand_over(&mut self) -> u32 {
        let (status, restarted) = self.control().ask("POST", "/maintenance/restart");
        assert_eq!(status, 200, "{restarted}\n{}", self.log());
        let pid = restarted["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).expect("a process has an id");
        self.successors.0.push(pid);
        pid
    }

    /// Waits until the process that was started first has ended.
    ///
    /// # Panics
    ///
    /// When it goes on.
    pub fn wait_until_first_has_ended(&mut self) {
        let since = Instant::now();
        while self.is_alive() {
            assert!(since.elapsed() < SEEN_WITHIN, "the process goes on\n{}", self.log());
            std::thread::sleep(LOOK);
        }
    }

    /// Asks the gateway to end, and does not wait for it.
    pub fn tell_to_end(&self) {
        self.program.signal("TERM");
    }

    /// Waits until nobody is let in any more.
    ///
    /// # Panics
    ///
    /// When its doors stay open.
    pub fn wait_until_doors_are_closed(&self) {
        let since = Instant::now();
        while TcpStream::connect(self.address()).is_ok() {
            assert!(since.elapsed() < SEEN_WITHIN, "the doors stay open\n{}", self.log());
            std::thread::sleep(LOOK);
        }
    }

    /// Tells the gateway to read its configuration anew.
    pub fn hang_up(&self) {
        self.program.signal("HUP");
    }

    /// Asks the gateway to end, and waits until it has.
    pub fn end(&mut self) {
        self.program.signal("TERM");
        self.program.wait();
    }

    /// Whether the gateway still runs.
    pub fn is_alive(&mut self) -> bool {
        self.program.is_alive()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.program.log()
    }
}
