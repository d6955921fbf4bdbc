//! One API, loaded: its tools, and the one way to call them, whatever kind of API it is.

use std::collections::BTreeMap;
use std::time::Duration;

use config::Server;
use serde_json::{Map, Value};

use crate::credentials::Credentials;
use crate::http::{self, Bounds, Connection, Operation};
use crate::source::Source;
use crate::{Error, Failure, Outcome, Tool, arguments, openapi, rest};

/// An API whose operations are tools.
#[derive(Debug)]
pub struct Api {
    tools: Vec<Tool>,
    calls: BTreeMap<String, Operation>,
    connection: Connection,
}

impl Api {
    /// Reads the description of the API that `server` configures. Answers may have `answer_bytes_max` bytes.
    pub async fn load(server: &Server, client: &egress::Client, answer_bytes_max: usize) -> Result<Self, Error> {
        let bounds = Bounds { time: Duration::from_secs(server.deadline_s), bytes: answer_bytes_max };
        let credentials = Credentials::of(server);
        let (base, operations) = match &server.openapi {
            Some(place) => from_document(place, server, client, &credentials).await?,
            None if !server.rest.tools.is_empty() => by_hand(server)?,
            None => return Err(Error::NoApi),
        };
        let connection = Connection::new(client.clone(), &base, credentials, bounds);
        let calls = operations.iter().map(|(tool, operation)| (tool.name.clone(), operation.clone())).collect();
        let tools = operations.into_iter().map(|(tool, _)| tool).collect();
        Ok(Self { tools, calls, connection })
    }

    /// The tools, in a stable order.
    pub fn tools(&self) -> &[Tool] {
        &self.tools
    }

    /// Calls the tool `name`; nothing if there is no such tool.
    pub async fn call(&self, name: &str, arguments: &Map<String, Value>) -> Option<Result<Outcome, Failure>> {
        let tool = self.tools.iter().find(|tool| tool.name == name)?;
        let operation = self.calls.get(name)?;
        Some(self.exchange(tool, operation, arguments).await)
    }

    async fn exchange(
        &self,
        tool: &Tool,
        operation: &Operation,
        arguments: &Map<String, Value>,
    ) -> Result<Outcome, Failure> {
        arguments::check(&tool.input_schema, arguments)?;
        let answer = self.connection.exchange(operation.ask(arguments)?).await?;
        http::outcome(&answer, tool.output_schema.is_some())
    }
}

type Operations = Vec<(Tool, Operation)>;

async fn from_document(
    place: &str,
    server: &Server,
    client: &egress::Client,
    credentials: &Credentials,
) -> Result<(String, Operations), Error> {
    let source = Source::of(place);
    let document = source.read(client, credentials).await?;
    let described = openapi::read(&document, &server.include, &server.exclude)
        .map_err(|error| Error::version(source.to_string(), &error))?;
    for left in &described.left_out {
        tracing::warn!(operation = left.operation, reason = %left.reason, "an operation did not become a tool");
    }
    if described.tools.is_empty() {
        return Err(Error::Empty { place: source.to_string() });
    }
    let base = openapi::base(server.base_url.as_deref(), source.url(), &document)?;
    Ok((base, described.tools))
}

fn by_hand(server: &Server) -> Result<(String, Operations), Error> {
    let base = server.base_url.clone().ok_or_else(|| Error::Base("set `base_url`".to_owned()))?;
    Ok((base, rest::tools(server)?))
}
