//! The real servers that stand behind the gateway: how each is started and how it is configured.
//! What each of them can do is known by the tests.

use std::net::TcpListener;
use std::path::Path;

use crate::program::{Program, command};
use crate::tools::{self, Python};

/// The configuration of server `name`, run by the gateway as a child process.
fn over_stdio(name: &str, program: &Path, arguments: &[&str]) -> String {
    let program = program.to_string_lossy();
    format!("[servers.{name}]\ncommand = {program:?}\nargs = {arguments:?}\n")
}

/// `server-everything` as a child process.
pub fn everything_over_stdio(name: &str) -> String {
    let script = tools::package("@modelcontextprotocol/server-everything/dist/index.js");
    over_stdio(name, &tools::node(), &[&script.to_string_lossy(), "stdio"])
}

/// `server-filesystem` as a child process that may touch only `folder`.
pub fn filesystem(name: &str, folder: &Path) -> String {
    let script = tools::package("@modelcontextprotocol/server-filesystem/dist/index.js");
    over_stdio(name, &tools::node(), &[&script.to_string_lossy(), &folder.to_string_lossy()])
}

/// The Python reference server `git`, for the repository in `folder`.
pub fn git(name: &str, folder: &Path) -> String {
    let program = tools::python(Python::Mcp2, "mcp-server-git");
    over_stdio(name, &program, &["--repository", &folder.to_string_lossy()])
}

/// The Python reference server `time`.
pub fn time(name: &str) -> String {
    over_stdio(name, &tools::python(Python::Mcp2, "mcp-server-time"), &["--local-timezone", "UTC"])
}

/// As `configured`, with one process for everybody instead of one per session: for servers that keep no state.
pub fn shared(configured: &str) -> String {
    format!("{configured}mode = \"shared\"\n")
}

/// A server that runs on its own and is reached over HTTP; it ends when dropped.
#[derive(Debug)]
pub struct Remote {
    _program: Program,
    url: String,
    transport: &'static str,
}

impl Remote {
    /// `server-everything` over Streamable HTTP.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn everything_over_http() -> Self {
        Self::everything("streamableHttp", "listening on port", "/mcp", "http")
    }

    /// `server-everything` over the HTTP+SSE transport of 2024.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn everything_over_sse() -> Self {
        Self::everything("sse", "running on port", "/sse", "sse")
    }

    /// Our server that refuses the legacy handshake.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn modern_only() -> Self {
        let mut serve = command(tools::node());
        serve.arg(tools::script("modern_only.mjs"));
        let program = Program::start("modern-only server", &mut serve, "listening on ");
        Self { url: program.announced().to_owned(), _program: program, transport: "http" }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The configuration of it as the server `name`.
    pub fn configured(&self, name: &str) -> String {
        format!("[servers.{name}]\nurl = {:?}\ntransport = {:?}\n", self.url, self.transport)
    }

    fn everything(mode: &str, announcement: &'static str, path: &str, transport: &'static str) -> Self {
        let port = free_port();
        let mut serve = command(tools::node());
        serve.arg(tools::package("@modelcontextprotocol/server-everything/dist/index.js"));
        serve.arg(mode).env("PORT", port.to_string());
        let program = Program::start("server-everything", &mut serve, announcement);
        Self { _program: program, url: format!("http://127.0.0.1:{port}{path}"), transport }
    }
}

/// A port that was free a moment ago, for a server that cannot choose one itself.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
    listener.local_addr().expect("a bound listener has an address").port()
}
