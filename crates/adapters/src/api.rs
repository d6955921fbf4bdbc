//! An API as a toolkit: its description read, each operation a tool behind the face that the server of tools sees.

use std::sync::Arc;

use config::Server;
use serde_json::Value;
use toolkit::{Arguments, Call, Declaration, Failure, Output, Running, Served, Toolkit};
use url::Url;

use crate::credentials::Credentials;
use crate::http::{Connection, Operation};
use crate::source::Source;
use crate::tool::Tool;
use crate::{Error, arguments, graphql, grpc, http, openapi, rest};

/// Reads the description of the API that `server` configures and makes a toolkit of it. One answer of the API may
/// have `answer_bytes_max` bytes.
pub async fn toolkit(
    name: &str,
    server: &Server,
    client: &egress::Client,
    answer_bytes_max: usize,
) -> Result<Toolkit, Error> {
    let place = Place { server, client, answer_bytes_max };
    let tools = match (&server.openapi, &server.graphql, &server.grpc) {
        (Some(document), _, _) => place.described(document).await?,
        (_, Some(endpoint), _) => place.introspected(endpoint).await?,
        (_, _, Some(address)) => place.reflected(address).await?,
        _ => place.by_hand()?,
    };
    if tools.is_empty() {
        return Err(Error::Empty { place: name.to_owned() });
    }
    let toolkit = Toolkit::new(name, env!("CARGO_PKG_VERSION")).secrets(Credentials::of(server).secrets());
    let adapted = tools.into_iter().map(|(tool, action)| Adapted::new(&tool, action, server.deadline_s));
    Ok(adapted.fold(toolkit, |toolkit, tool| toolkit.served(Arc::new(tool))))
}

/// What a call of a tool does.
enum Action {
    Http(http::Action),
    List(rest::list::Action),
    GraphQl(graphql::Action),
    Grpc(grpc::Action),
}

type Tools = Vec<(Tool, Action)>;

/// Where tools come from.
struct Place<'a> {
    server: &'a Server,
    client: &'a egress::Client,
    answer_bytes_max: usize,
}

impl Place<'_> {
    async fn described(&self, place: &str) -> Result<Tools, Error> {
        let source = Source::of(place);
        let document = source.read(self.client, &self.credentials()).await?;
        let read = openapi::read(&document, &self.server.include, &self.server.exclude)
            .map_err(|error| Error::version(source.to_string(), &error))?;
        for left in &read.left_out {
            tracing::warn!(operation = left.operation, reason = %left.reason, "an operation did not become a tool");
        }
        let base = openapi::base(self.server.base_url.as_deref(), source.url(), &document)?;
        Ok(self.over_http(&base, read.tools))
    }

    fn by_hand(&self) -> Result<Tools, Error> {
        let base = self.server.base_url.as_deref().ok_or(Error::NoApi)?;
        let connection = Arc::new(self.connection(base));
        let listed = rest::lists(self.server)
            .map(|(tool, list)| (tool, Action::List(rest::list::Action { connection: connection.clone(), list })));
        let mut tools = self.over_http(base, rest::tools(self.server)?);
        tools.extend(listed);
        Ok(tools)
    }

    fn over_http(&self, base: &str, operations: Vec<(Tool, Operation)>) -> Tools {
        let connection = Arc::new(self.connection(base));
        let act = |(tool, operation): (Tool, Operation)| {
            let promises = tool.output_schema.is_some();
            (tool, Action::Http(http::Action { connection: connection.clone(), operation, promises }))
        };
        operations.into_iter().map(act).collect()
    }

    async fn introspected(&self, endpoint: &str) -> Result<Tools, Error> {
        let url = Url::parse(endpoint).map_err(|_| Error::Base(endpoint.to_owned()))?;
        let connection = self.connection(&url.origin().ascii_serialization());
        let found = graphql::Action::discover(connection, url.path(), self.server).await?;
        Ok(found.into_iter().map(|(tool, action)| (tool, Action::GraphQl(action))).collect())
    }

    async fn reflected(&self, address: &str) -> Result<Tools, Error> {
        let found = grpc::Action::discover(self.client, address, self.server, self.answer_bytes_max).await?;
        Ok(found.into_iter().map(|(tool, action)| (tool, Action::Grpc(action))).collect())
    }

    fn connection(&self, base: &str) -> Connection {
        Connection::new(self.client.clone(), base, self.credentials(), self.answer_bytes_max)
    }

    fn credentials(&self) -> Credentials {
        Credentials::of(self.server)
    }
}

/// One operation as a tool.
struct Adapted {
    declaration: Declaration,
    input_schema: Value,
    action: Action,
}

impl Adapted {
    fn new(tool: &Tool, action: Action, deadline_s: u64) -> Self {
        Self { declaration: tool.declaration(deadline_s), input_schema: tool.input_schema.clone(), action }
    }
}

impl Served for Adapted {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn run<'a>(&'a self, arguments: Arguments, call: &'a Call) -> Running<'a, Result<Output, Failure>> {
        Box::pin(async move {
            arguments::check(&self.input_schema, &arguments)?;
            let done = match &self.action {
                Action::Http(action) => action.run(&arguments).await,
                Action::List(action) => action.run(&arguments).await,
                Action::GraphQl(action) => action.run(arguments).await,
                Action::Grpc(action) => action.run(arguments, call).await,
            };
            Ok(done?)
        })
    }

    fn plan<'a>(&'a self, arguments: Arguments, _: &'a Call) -> Running<'a, Result<Vec<String>, Failure>> {
        Box::pin(async move {
            arguments::check(&self.input_schema, &arguments)?;
            let plan = match &self.action {
                Action::Http(action) => action.plan(&arguments),
                Action::List(action) => action.plan(&arguments),
                Action::GraphQl(action) => action.plan(arguments),
                Action::Grpc(action) => action.plan(arguments),
            };
            Ok(plan?)
        })
    }
}
