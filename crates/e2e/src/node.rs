//! One running `switchboard serve` on a port and a unix socket of its own, with the configuration a test gives it.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::control::Control;
use crate::program::{Program, built, command};

/// The unix socket, in the folder of the configuration.
const SOCKET: &str = "node.sock";

/// A gateway under test; it ends when dropped.
#[derive(Debug)]
pub struct Node {
    program: Program,
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

    /// Kills the gateway without a warning and starts it again where it was.
    ///
    /// # Panics
    ///
    /// When it does not come up again.
    pub fn restarted(self) -> Self {
        let Self { program, origin, folder } = self;
        drop(program);
        Self::start_in(folder, origin.trim_start_matches("http://"), &[])
    }

    fn start_in(folder: TempDir, listen: &str, environment: &[(&str, &Path)]) -> Self {
        let file = folder.path().join("switchboard.toml");
        let mut serve = command(built("switchboard"));
        let listen = format!("{listen},unix:{}", folder.path().join(SOCKET).display());
        serve.arg("serve").arg("--config").arg(&file).args(["--listen", &listen]);
        serve
            .env("SWITCHBOARD_STATE_DIR", folder.path().join("state"))
            .env_remove("XDG_RUNTIME_DIR")
            .envs(environment.iter().copied())
            .current_dir(folder.path());
        let program = Program::start("switchboard", &mut serve, "listening on http://");
        let address = program.announced().split_whitespace().next().expect("an address is announced");
        Self { origin: format!("http://{}", address.trim_end_matches('/')), program, folder }
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
        let status = Control::of(&self.folder().join("state"), self.address()).get("/status");
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
