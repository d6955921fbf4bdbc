//! The test stand: the server behind, the floor proxy and the gateway, each started and on its core.
//! What is measured runs on the first core; whoever asks and answers runs on the second.

use std::path::{Path as FilePath, PathBuf};
use std::process::Command;

use testkit::load::Endpoint;
use testkit::process;

use super::Error;
use super::cells::{Cell, Path, Question, Server, TOOLS};
use crate::program::{self, Configuration, Program, Voice};

const MEASURED_CORE: usize = 0;
const OTHER_CORE: usize = 1;
/// The tools that the server has without being asked for more.
const SERVER_TOOLS: usize = 4;

/// Builds what is measured the way it is shipped.
pub(crate) fn build_release() -> Result<(), Error> {
    build(&["--bins", "--package", "switchboard", "--package", "testkit"])
}

/// Builds the gateway once more, with memory from the system: valgrind counts what is asked for there, and sees nothing
/// of what mimalloc gives. The shipped one is in its place again afterwards.
pub(crate) fn build_countable() -> Result<PathBuf, Error> {
    build(&["--package", "switchboard", "--no-default-features"])?;
    let folder = program::folder("release")?;
    let (built, countable) = (program::find(&folder, "switchboard")?, folder.join("switchboard-countable"));
    std::fs::copy(built, &countable).map_err(|source| Error::System { doing: "keep a program", source })?;
    build_release()?;
    Ok(countable)
}

fn build(what: &[&str]) -> Result<(), Error> {
    let mut cargo = program::command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release"]).args(what);
    let status = cargo.current_dir(crate::page::root()).status();
    let status = status.map_err(|source| Error::System { doing: "start cargo", source })?;
    if status.success() { Ok(()) } else { Err(program::Error::Build.into()) }
}

/// All programs of a run.
#[derive(Debug)]
pub(super) struct Stand {
    folder: PathBuf,
    pinned: bool,
    server: Program,
    floor: Program,
    gateway: Option<(Program, Configuration)>,
}

impl Stand {
    /// Starts everything, with or without the gateway.
    pub(super) fn prepare(with_gateway: bool) -> Result<Self, Error> {
        let folder = program::folder("release")?;
        let pinned = std::thread::available_parallelism().is_ok_and(|cores| cores.get() > OTHER_CORE);
        pin(pinned, OTHER_CORE)?;
        let server = start_server(&folder)?;
        let mut proxy = program::command(program::find(&folder, "floor-proxy")?);
        proxy.arg(server.at("").address.to_string());
        let floor = on_measured_core(pinned, || Program::start("floor-proxy", proxy, Voice::Output))?;
        let mut stand = Self { folder, pinned, server, floor, gateway: None };
        if with_gateway {
            let configuration = Configuration::write(&stand.all_servers())?;
            let gateway = stand.start_gateway(&configuration)?;
            stand.gateway = Some((gateway, configuration));
        }
        Ok(stand)
    }

    /// The paths that can be measured here.
    pub(super) fn paths(&self) -> impl Iterator<Item = Path> {
        let has_gateway = self.gateway.is_some();
        Path::ALL.into_iter().filter(move |path| has_gateway || *path != Path::Gateway)
    }

    /// Where a cell is asked on a path, with what in front of its tools' names, and whose work that is.
    pub(super) fn target(&self, cell: &Cell, path: Path) -> (Endpoint, String, u32) {
        let name = cell.server.name();
        match (path, &self.gateway) {
            (Path::Gateway, Some((gateway, _))) if cell.question == Question::List => {
                (gateway.at(&format!("/servers/{name}/mcp")), String::new(), gateway.pid())
            }
            (Path::Gateway, Some((gateway, _))) => (gateway.at("/mcp"), format!("{name}_"), gateway.pid()),
            (Path::Floor, _) => (self.floor.at("/mcp"), String::new(), self.floor.pid()),
            (Path::Direct | Path::Gateway, _) => (self.server.at("/mcp"), String::new(), self.server.pid()),
        }
    }

    /// Starts one more gateway, on the measured core.
    pub(super) fn start_gateway(&self, configuration: &Configuration) -> Result<Program, Error> {
        let command = program::command(self.program("switchboard")?);
        on_measured_core(self.pinned, || Program::gateway(command, configuration.path()))
    }

    /// The path of one of our release programs.
    pub(super) fn program(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(program::find(&self.folder, name)?)
    }

    /// The most memory that the loaded gateway held.
    pub(super) fn gateway_peak_bytes(&self) -> Result<u64, Error> {
        let Some((gateway, _)) = &self.gateway else { return Ok(0) };
        let usage = process::usage(gateway.pid());
        usage.map(|usage| usage.rss_peak_bytes).map_err(|source| Error::System { doing: "read its memory", source })
    }

    /// The address of the server behind everything.
    pub(super) fn server_address(&self) -> String {
        self.server.at("").address.to_string()
    }

    /// A configuration with the modern server alone.
    pub(super) fn one_server(&self) -> String {
        self.http_server(Server::ModernHttp, "modern")
    }

    /// A configuration with `count` servers that are processes and start on first use.
    pub(super) fn lazy_servers(&self, count: usize) -> Result<String, Error> {
        let program = self.program("bench-server")?;
        Ok((0..count).map(|number| stdio_server(&format!("lazy{number}"), &program, "modern", "")).collect())
    }

    fn all_servers(&self) -> String {
        let program = self.folder.join("bench-server");
        let core = if self.pinned { format!(r#", "--core", "{OTHER_CORE}""#) } else { String::new() };
        [
            self.http_server(Server::ModernHttp, "modern"),
            self.http_server(Server::LegacyHttp, "legacy"),
            stdio_server(Server::ModernStdio.name(), &program, "modern", &core),
            stdio_server(Server::LegacyStdio.name(), &program, "legacy", &core),
        ]
        .concat()
    }

    fn http_server(&self, server: Server, era: &str) -> String {
        let url = self.server.at("/mcp");
        format!("[servers.{}]\nurl = \"{url}\"\nera = \"{era}\"\nmode = \"shared\"\n\n", server.name())
    }
}

fn stdio_server(name: &str, program: &FilePath, era: &str, more_arguments: &str) -> String {
    format!(
        "[servers.{name}]\ncommand = '{}'\nargs = [\"--stdio\"{more_arguments}]\nera = \"{era}\"\nmode = \"shared\"\n\n",
        program.display()
    )
}

fn start_server(folder: &FilePath) -> Result<Program, Error> {
    let mut command: Command = program::command(program::find(folder, "bench-server")?);
    command.args(["--tools", &(TOOLS - SERVER_TOOLS).to_string()]);
    Ok(Program::start("bench-server", command, Voice::Output)?)
}

/// Starts a program from the measured core, which it inherits, and comes back.
fn on_measured_core(pinned: bool, start: impl FnOnce() -> Result<Program, program::Error>) -> Result<Program, Error> {
    pin(pinned, MEASURED_CORE)?;
    let program = start();
    pin(pinned, OTHER_CORE)?;
    Ok(program?)
}

fn pin(pinned: bool, core: usize) -> Result<(), Error> {
    if pinned {
        process::pin_to_core(core).map_err(|source| Error::System { doing: "bind to a core", source })?;
    }
    Ok(())
}
