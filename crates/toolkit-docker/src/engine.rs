//! An engine that answers: Docker or Podman, its version, and the client that speaks its API.

use std::ops::Deref;

use bollard::{Docker, models::SystemVersion};
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Connection, Failure};

use crate::{
    endpoint::Endpoint,
    error::{During as _, Error},
};

/// How the part of Podman that serves the API of Docker calls itself.
const PODMAN: &str = "Podman Engine";

/// Which engine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Docker, or one that says it is.
    Docker,
    /// Podman, through the API of Docker.
    Podman,
}

/// An engine that answers.
pub(crate) struct Engine {
    docker: Docker,
    /// Which engine it is.
    pub(crate) kind: Kind,
    /// Its version.
    pub(crate) version: String,
    /// Where it answers.
    pub(crate) endpoint: Endpoint,
}

impl Engine {
    /// The engine that a call means.
    pub(crate) async fn of(call: &Call) -> Result<Self, Failure> {
        Self::reach(call.connection()?, call).await
    }

    /// The engine at the end of a connection.
    pub(crate) async fn reach(connection: &Connection, call: &Call) -> Result<Self, Failure> {
        let endpoint = Endpoint::of(connection)?;
        let docker = endpoint.docker(call.shared.timeout).during("prepare a connection")?;
        let version = docker.version().await.map_err(Error::reaching(&endpoint.to_string()))?;
        Ok(Self { docker, kind: kind(&version), version: version.version.unwrap_or_default(), endpoint })
    }
}

impl Deref for Engine {
    type Target = Docker;

    fn deref(&self) -> &Docker {
        &self.docker
    }
}

fn kind(version: &SystemVersion) -> Kind {
    let is_podman = version.components.iter().flatten().any(|component| component.name == PODMAN);
    if is_podman { Kind::Podman } else { Kind::Docker }
}
