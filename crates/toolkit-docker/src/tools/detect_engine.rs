//! `detect_engine`: which engines answer, at the connection and at the usual places of this machine.

use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Connection, Failure, Marks, Tool};

use crate::{
    endpoint,
    engine::{Engine, Kind},
    error::During as _,
};

/// What a rootless engine says among its security options.
const ROOTLESS: &str = "name=rootless";

/// Looks for engines.
pub(crate) struct DetectEngine;

#[derive(serde::Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The connection first, then the usual places where there is a socket.
    engines: Vec<Found>,
}

#[derive(Serialize, JsonSchema)]
struct Found {
    /// Which engine it is; absent if nobody answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    engine: Option<Kind>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Whether it runs without the rights of root.
    #[serde(skip_serializing_if = "Option::is_none")]
    rootless: Option<bool>,
    /// Where it answers.
    socket: String,
    /// Whether it answers.
    reachable: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Tool for DetectEngine {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "detect_engine";
    const ABOUT: &'static str = "Says which container engines answer, at the connection and at the usual sockets of this machine: \
        Docker or Podman, version, rootless or not.";
    const MARKS: Marks = Marks::reads().idempotent().connects();
    const EXAMPLES: &'static [&'static str] = &["{}"];

    async fn run(&self, _: Input, call: &Call) -> Result<Output, Failure> {
        let own = call.connection()?;
        let mut engines = vec![look(own, call).await];
        for socket in endpoint::sockets().iter().filter(|socket| socket.exists()) {
            let connection = Connection::to(format!("unix://{}", socket.display()));
            let is_known = engines.iter().any(|found| is_same(&found.socket, socket));
            if !is_known {
                engines.push(look(&connection, call).await);
            }
        }
        Ok(Output { engines })
    }
}

/// Whether both lead to one socket; `/var/run` is a link to `/run` nearly everywhere.
fn is_same(address: &str, socket: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().ok();
    address.strip_prefix("unix://").is_some_and(|other| real(Path::new(other)) == real(socket))
}

async fn look(connection: &Connection, call: &Call) -> Found {
    let socket = endpoint::Endpoint::of(connection).map_or_else(|_| String::new(), |endpoint| endpoint.to_string());
    match asked(connection, call).await {
        Ok((engine, rootless)) => Found {
            engine: Some(engine.kind),
            version: Some(engine.version),
            rootless: Some(rootless),
            socket,
            reachable: true,
            reason: None,
        },
        Err(failure) => Found {
            engine: None,
            version: None,
            rootless: None,
            socket,
            reachable: false,
            reason: Some(failure.message),
        },
    }
}

async fn asked(connection: &Connection, call: &Call) -> Result<(Engine, bool), Failure> {
    let engine = Engine::reach(connection, call).await?;
    let info = engine.info().await.during("ask the engine what it is")?;
    let rootless = info.security_options.iter().flatten().any(|option| option.contains(ROOTLESS));
    Ok((engine, rootless))
}
