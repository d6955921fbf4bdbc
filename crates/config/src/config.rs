//! The whole configuration as one value: its sections, in the order of the file.
//! It does not read or check anything; `load.rs` does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Breaker, Bridge, Bundle, Cache, Error, Gateway, Grpc, Jobs, Limits, Log, Node, Pool, Principal, Queue, Retry,
    Server, Tools,
};

/// Everything an operator can choose. Serialized, secrets read `•••`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the gateway listens and what it says about itself.
    pub gateway: Gateway,
    /// Where gRPC clients connect, and whether by TLS.
    pub grpc: Grpc,
    /// Who may call, by name. Without any, everybody on this machine may.
    pub principals: BTreeMap<String, Principal>,
    /// Plain HTTP for programs that speak no MCP.
    pub bridge: Bridge,
    /// Where this node stands.
    pub node: Node,
    /// How much, how many and how long at most.
    pub limits: Limits,
    /// When calls are held back from a server that fails, and when it is tried again.
    pub breaker: Breaker,
    /// How often a call that got no answer is sent once more.
    pub retry: Retry,
    /// Calls that are finished without their callers.
    pub jobs: Jobs,
    /// How much is kept of answers.
    pub cache: Cache,
    /// What is logged, and in which shape.
    pub log: Log,
    /// How many tools a model sees, and how much of a result.
    pub tools: Tools,
    /// How many calls run at one time, and how many wait.
    pub queue: Queue,
    /// How many processes there are of programs that everybody shares.
    pub pool: Pool,
    /// The MCP servers, by name.
    pub servers: BTreeMap<String, Server>,
    /// The bundles, by name.
    pub bundles: BTreeMap<String, Bundle>,
}

impl Config {
    /// The configuration as TOML, with every default and without secrets.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(Error::Show)
    }
}
