//! Real APIs that are no MCP servers: how each is started and how it is configured. They stand in `crates/e2e/apis`.

use std::path::Path;
use std::process::Command;

use crate::program::{Program, command};
use crate::tools::{self, Python};
use crate::wire;

/// An API on a loopback port; it ends when dropped.
#[derive(Debug)]
pub struct Api {
    _program: Program,
    url: String,
}

impl Api {
    /// A REST API that describes itself at `/openapi.json`, keeps what it was asked and shows requests back.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn rest() -> Self {
        let mut serve = command(tools::node());
        serve.arg(tools::api("rest_server.mjs"));
        Self::start("rest api", &mut serve)
    }

    /// A GraphQL server.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn graphql() -> Self {
        let mut serve = command(tools::node());
        serve.arg(tools::api("graphql_server.mjs"));
        Self::start("graphql server", &mut serve)
    }

    /// A gRPC server with reflection.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn grpc() -> Self {
        Self::start("grpc server", &mut Self::grpc_command())
    }

    /// A gRPC server without reflection, which writes its description to `file`.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn grpc_described_in(file: &Path) -> Self {
        Self::start("grpc server", Self::grpc_command().arg(file))
    }

    /// A gRPC server with reflection and a certificate, by TLS only.
    ///
    /// # Panics
    ///
    /// When it does not come up.
    pub fn grpc_with_papers(certificate: &Path, key: &Path) -> Self {
        Self::start("grpc server", Self::grpc_command().arg("--tls").arg(certificate).arg(key))
    }

    /// The requests that came to a REST API, as `GET /path?query`.
    ///
    /// # Panics
    ///
    /// When it does not say.
    pub fn arrived(&self) -> Vec<String> {
        let get = b"GET /arrived HTTP/1.1\r\nhost: api\r\nconnection: close\r\n\r\n";
        let arrived = wire::exchange(self.url.trim_start_matches("http://"), get).message();
        serde_json::from_str(&arrived).expect("the api answers with a list of requests")
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn grpc_command() -> Command {
        let mut serve = command(tools::python(Python::Apis, "python"));
        serve.arg(tools::api("grpc_server.py"));
        serve
    }

    fn start(name: &'static str, serve: &mut Command) -> Self {
        let program = Program::start(name, serve, "listening on ");
        Self { url: program.announced().trim().to_owned(), _program: program }
    }
}
