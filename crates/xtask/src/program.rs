//! Programs that a task starts: found in the target folder, started, asked for their address, stopped for certain.
//! What they are started for is the business of the task.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use testkit::load::Endpoint;

/// How long a program may take to end once it was asked to.
const STOP_TIME_MAX: Duration = Duration::from_secs(30);
/// How often it is looked at meanwhile.
const STOP_POLL: Duration = Duration::from_millis(5);
/// Lines of its output that are shown when a program ends before it listens.
const LOG_LINES_SHOWN: usize = 20;

/// What can go wrong with a program.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("there is no {path:?}\nhint: cargo build --workspace --bins")]
    Missing { path: PathBuf },
    #[error("cannot start {name}")]
    Start { name: String, source: io::Error },
    #[error("{name} ended before it was listening\n{log}")]
    NotListening { name: String, log: String },
    #[error("cannot stop {name}")]
    Stop { name: String, source: io::Error },
    #[error("{name} did not end within {STOP_TIME_MAX:?}")]
    Stuck { name: String },
    #[error("cannot write a configuration")]
    Configuration(#[source] io::Error),
    #[error("cargo build failed")]
    Build,
}

/// The folder of the programs of one build profile, next to the one this task runs from.
pub(crate) fn folder(profile: &str) -> Result<PathBuf, Error> {
    let this = std::env::current_exe().map_err(|source| Error::Start { name: "xtask".to_owned(), source })?;
    let profiles = this.ancestors().find(|path| path.ends_with("debug") || path.ends_with("release"));
    let target = profiles.and_then(Path::parent).ok_or_else(|| Error::Missing { path: this.clone() })?;
    Ok(target.join(profile))
}

/// The path of a program, which has to be there.
pub(crate) fn find(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    let path = folder.join(name);
    if path.exists() { Ok(path) } else { Err(Error::Missing { path }) }
}

/// Thousands of connections need as many descriptors; where the limit stays low, opening them says so.
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _kept_as_it_was = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// A program to be started.
#[expect(clippy::disallowed_methods, reason = "a task drives the product from outside, so not through `supervisor`")]
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    Command::new(program)
}

/// Which of its two voices a program announces its address with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Voice {
    /// Standard output.
    Output,
    /// Standard error.
    Error,
}

/// Lets the gateway, or a verb that talks to it, keep its state beside this task.
pub(crate) fn keep_state(command: &mut Command) -> Result<(), Error> {
    let failed = |source| Error::Start { name: "switchboard".to_owned(), source };
    let folder = std::env::current_exe().map_err(failed)?.with_file_name("state");
    command.env("SWITCHBOARD_STATE_DIR", folder).env_remove("XDG_RUNTIME_DIR");
    Ok(())
}

/// A running program that listens on the loopback; it is killed when dropped.
#[derive(Debug)]
pub(crate) struct Program {
    name: String,
    child: Child,
    endpoint: Endpoint,
}

impl Program {
    /// Starts a program and waits for its line `listening on http://…`.
    pub(crate) fn start(name: &str, mut command: Command, voice: Voice) -> Result<Self, Error> {
        let failed = |source| Error::Start { name: name.to_owned(), source };
        match voice {
            Voice::Output => command.stdout(Stdio::piped()),
            Voice::Error => command.stdout(Stdio::null()).stderr(Stdio::piped()),
        };
        let child = command.stdin(Stdio::null()).spawn().map_err(failed)?;
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut program = Self { name: name.to_owned(), child, endpoint: Endpoint::new(unknown, "/mcp") };
        program.endpoint.address = match voice {
            Voice::Output => listen_to(name, program.child.stdout.take())?,
            Voice::Error => listen_to(name, program.child.stderr.take())?,
        };
        Ok(program)
    }

    /// Starts the gateway with a configuration, on a free port; its state lies beside this task.
    pub(crate) fn gateway(mut command: Command, configuration: &Path) -> Result<Self, Error> {
        command.arg("serve").arg("--config").arg(configuration).args(["--listen", "127.0.0.1:0"]);
        keep_state(&mut command)?;
        Self::start("switchboard", command, Voice::Error)
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A path at its address.
    pub(crate) fn at(&self, path: &str) -> Endpoint {
        self.endpoint.at(path)
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(mut self) -> Result<ExitStatus, Error> {
        let failed = |source| Error::Stop { name: self.name.clone(), source };
        kill_process(Pid::from_child(&self.child), Signal::TERM).map_err(|errno| failed(errno.into()))?;
        let asked = Instant::now();
        while asked.elapsed() < STOP_TIME_MAX {
            if let Some(status) = self.child.try_wait().map_err(failed)? {
                return Ok(status);
            }
            std::thread::sleep(STOP_POLL);
        }
        Err(Error::Stuck { name: self.name.clone() })
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _already_ended = self.child.kill();
        let _already_waited_for = self.child.wait();
    }
}

/// Reads lines until one names the address, then keeps the pipe empty for as long as the program lives.
fn listen_to(name: &str, pipe: Option<impl Read + Send + 'static>) -> Result<SocketAddr, Error> {
    let mut log = Vec::new();
    if let Some(pipe) = pipe {
        let mut lines = BufReader::new(pipe).lines();
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some(address) = address_in(&line) {
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(address);
            }
            log.push(line);
        }
    }
    let shown = log.split_off(log.len().saturating_sub(LOG_LINES_SHOWN)).join("\n");
    Err(Error::NotListening { name: name.to_owned(), log: shown })
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("listening on http://")?.1;
    let end = rest.find(|byte: char| byte == '/' || byte.is_whitespace()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// A configuration file that is removed when dropped.
#[derive(Debug)]
pub(crate) struct Configuration {
    file: tempfile::TempPath,
}

impl Configuration {
    /// Writes the text into a new file.
    pub(crate) fn write(text: &str) -> Result<Self, Error> {
        let file = tempfile::Builder::new().prefix("switchboard-").suffix(".toml").tempfile();
        let file = file.map_err(Error::Configuration)?.into_temp_path();
        fs::write(&file, text).map_err(Error::Configuration)?;
        Ok(Self { file })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line_that_names_it() {
        let expected = Some("127.0.0.1:3100".parse().unwrap());
        for line in ["listening on http://127.0.0.1:3100", "INFO listening on http://127.0.0.1:3100/mcp now"] {
            assert_eq!(address_in(line), expected, "{line}");
        }
        for line in ["listening on unix:/run/x", "http://127.0.0.1:3100", "listening on http://nowhere"] {
            assert_eq!(address_in(line), None, "{line}");
        }
    }

    #[test]
    fn a_program_that_ends_before_it_listens_shows_its_last_words() {
        let mut shell = command("sh");
        shell.args(["-c", "echo no luck"]);
        let error = Program::start("sh", shell, Voice::Output).unwrap_err();
        assert!(error.to_string().contains("no luck"), "{error}");
    }

    #[test]
    fn a_listening_program_is_stopped_on_request() {
        let mut shell = command("sh");
        shell.args(["-c", "echo listening on http://127.0.0.1:1; read never < /dev/zero"]);
        let program = Program::start("sh", shell, Voice::Output).unwrap();
        assert_eq!(program.at("/mcp").to_string(), "http://127.0.0.1:1/mcp");
        assert!(!program.stop().unwrap().success());
    }
}
