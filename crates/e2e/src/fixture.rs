//! The conformance fixture of `testkit` as an upstream: over HTTP as a running program, over stdio as a command.

use tempfile::TempDir;

use crate::program::{Program, built, command};

/// Which protocol eras the fixture speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// Both.
    Dual,
    /// Only 2025-11-25 and older.
    Legacy,
    /// Only 2026-07-28.
    Modern,
}

impl Era {
    fn argument(self) -> &'static str {
        match self {
            Self::Dual => "dual",
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

/// A fixture server on a port of its own; it ends when dropped.
#[derive(Debug)]
pub struct Fixture {
    program: Program,
    /// Where its socket is, if it has one.
    _folder: Option<TempDir>,
}

impl Fixture {
    /// Starts a fixture that speaks `era` over HTTP.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start(era: Era) -> Self {
        Self::start_on(era, &["--port", "0"], None)
    }

    /// Starts a fixture that speaks `era` over HTTP on a port that another one has left.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start_on_port(port: u16, era: Era) -> Self {
        Self::start_on(era, &["--port", &port.to_string()], None)
    }

    /// Starts a fixture that speaks `era` on WebSockets.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start_on_websockets(era: Era) -> Self {
        Self::start_on(era, &["--ws"], None)
    }

    /// Starts a fixture that speaks `era` in lines on a unix socket.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn start_on_a_unix_socket(era: Era) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let socket = folder.path().join("fixture.sock");
        Self::start_on(era, &["--unix", &socket.to_string_lossy()], Some(folder))
    }

    fn start_on(era: Era, transport: &[&str], folder: Option<TempDir>) -> Self {
        let mut serve = command(built("conformance-fixture"));
        serve.args(["--era", era.argument()]).args(transport);
        let program = Program::start("conformance-fixture", &mut serve, "listening on ");
        Self { program, _folder: folder }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        self.program.announced()
    }

    /// Its port.
    ///
    /// # Panics
    ///
    /// When its address has none.
    pub fn port(&self) -> u16 {
        let port = self.url().rsplit(':').next().and_then(|rest| rest.split('/').next()?.parse().ok());
        port.expect("the address has a port")
    }

    /// The configuration of it as the server `name`.
    pub fn configured(&self, name: &str) -> String {
        format!("[servers.{name}]\nurl = {:?}\n", self.url())
    }
}

/// The configuration of a fixture over stdio as the server `name`: one process that everyone shares.
pub fn configured_over_stdio(name: &str, era: Era) -> String {
    let program = built("conformance-fixture");
    let program = program.to_string_lossy();
    let era = era.argument();
    format!("[servers.{name}]\ncommand = {program:?}\nargs = [\"--stdio\", \"--era\", \"{era}\"]\nmode = \"shared\"\n")
}
