//! Section `[grpc]`: the way in for gRPC clients, off until an address is given.
//! Its numbers live in `[limits]`; APIs that speak gRPC are servers, in `[servers]`.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Listen;

/// Where gRPC clients connect, and whether by TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    /// The address to listen on for gRPC: `IP:PORT` (port 0 picks a free one) or `unix:/path/to/socket`. Only loopback
    /// addresses are accepted while there are no principals. Default none: gRPC is off.
    pub listen: Option<Listen>,
    /// A PEM file with the certificate and those that lead to its authority. With it, and `key`, TLS is spoken.
    /// Default none.
    pub certificate: Option<PathBuf>,
    /// A PEM file with the private key of the certificate. Default none.
    pub key: Option<PathBuf>,
    /// A PEM file with authorities: only clients that show a certificate of one of them are let in. Default none.
    pub client_authorities: Option<PathBuf>,
}
