//! What the scenarios stand on: a server, a gateway before it, callers with tokens, and loads that run beside each other.

use std::time::Duration;

use config::TokenHash;
use sha2::{Digest as _, Sha256};
use testkit::load::{Ask, Connection, Endpoint, Era, Latencies, Paced, Paces};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Error, Settings, system};
use crate::program::{self, Configuration, Program, Voice};

/// How long callers may take to end once the load is over.
const ENDS_WITHIN: Duration = Duration::from_mins(1);

/// A gateway with one server behind it.
#[derive(Debug)]
pub(crate) struct Stand {
    pub(crate) gateway: Program,
    pub(crate) server: Program,
    _configuration: Configuration,
}

impl Stand {
    /// Starts both. `configure` writes the configuration, given the address of the server.
    pub(super) fn start(settings: &Settings, configure: impl FnOnce(&str) -> String) -> Result<Self, Error> {
        let server = program::command(program::find(&settings.folder, "bench-server")?);
        let server = Program::start("bench-server", server, Voice::Output)?;
        let configuration = Configuration::write(&configure(&server.at("/mcp").to_string()))?;
        let gateway = program::command(program::find(&settings.folder, "switchboard")?);
        let gateway = Program::gateway(gateway, configuration.path())?;
        Ok(Self { gateway, server, _configuration: configuration })
    }

    /// Where the tools of a server are reached through the gateway.
    pub(crate) fn through(&self, server: &str) -> Endpoint {
        self.gateway.at(&format!("/servers/{server}/mcp"))
    }

    /// How often the server was asked to wait.
    pub(crate) async fn waits(&self) -> Result<u64, Error> {
        let ask = Ask::Plain { tool: "waits".to_owned() };
        let mut connection = Connection::open(&self.server.at("/mcp"), Era::Modern, &ask).await?;
        let answer = connection.answer().await?;
        let count = answer.split_once(r#""text":""#).and_then(|(_, rest)| rest.split_once('"')?.0.parse().ok());
        count.ok_or(Error::CallsFailed { errors: 1, first: answer })
    }
}

/// The section of a server at this address.
pub(crate) fn server(name: &str, url: &str) -> String {
    format!("[servers.{name}]\nurl = \"{url}\"\nera = \"modern\"\nmode = \"shared\"\n")
}

/// A caller by name, with the token that goes with it.
pub(crate) struct Caller(String);

impl Caller {
    /// The caller with this number.
    pub(crate) fn number(number: usize) -> Self {
        Self(format!("caller{number}"))
    }

    /// Its section of the configuration.
    pub(crate) fn section(&self) -> String {
        let hash = TokenHash::of_digest(Sha256::digest(self.token()).into());
        format!("[principals.{}]\ntoken_hash = \"{}\"\n", self.0, String::from(hash))
    }

    /// An endpoint as it calls it.
    pub(crate) fn at(&self, endpoint: Endpoint) -> Endpoint {
        endpoint.with_header("Authorization", &format!("Bearer {}", self.token()))
    }

    /// As long as real ones are.
    fn token(&self) -> String {
        format!("sb_{:0>64}", self.0.replace(|letter: char| !letter.is_ascii_digit(), ""))
    }
}

/// A load that goes on until it is ended.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    loads: Vec<JoinHandle<Result<Paces, testkit::load::Error>>>,
}

impl Running {
    /// Begins these loads, all at once.
    pub(crate) fn begin(loads: impl IntoIterator<Item = Paced>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let loads = loads.into_iter().map(|load| tokio::spawn(load.run(stopped.clone()))).collect();
        Self { stop, loads }
    }

    /// Ends them when their last calls are answered, and gives what each found.
    pub(crate) async fn end(mut self) -> Result<Vec<Paces>, Error> {
        let _ = self.stop.send(true);
        let mut all = Vec::new();
        for load in &mut self.loads {
            let one = tokio::time::timeout(ENDS_WITHIN, load).await.map_err(|_| testkit::load::Error::Stalled)?;
            all.push(one.map_err(|error| system("finish a load")(error.into()))??);
        }
        Ok(all)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.loads.iter().for_each(JoinHandle::abort);
    }
}

/// Runs loads beside each other for a while, and gives what they found together.
pub(crate) async fn run(loads: impl IntoIterator<Item = Paced>, time: Duration) -> Result<Paces, Error> {
    let running = Running::begin(loads);
    tokio::time::sleep(time).await;
    let mut together = Paces::default();
    running.end().await?.into_iter().for_each(|one| together.add(one));
    Ok(together)
}

/// The same, where nothing may fail.
pub(crate) async fn run_well(loads: impl IntoIterator<Item = Paced>, time: Duration) -> Result<Latencies, Error> {
    let paces = run(loads, time).await?;
    match paces.errors {
        0 => Ok(paces.latencies()),
        errors => Err(Error::CallsFailed { errors, first: paces.first_error.unwrap_or_default() }),
    }
}

/// A time in milliseconds.
pub(crate) fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_callers_have_one_token() {
        let tokens: Vec<String> = [1, 11, 111].map(|number| Caller::number(number).token()).into();
        assert!(tokens.iter().all(|token| token.len() == 67));
        assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
    }
}
