//! A client of one MCP server: lists, calls, and the questions that come back. It keeps no state between requests and
//! never repeats one that may have had an effect. How messages travel is the business of `http` (modern, over HTTP) and
//! `inside` (anything else, through a gateway within this process).

mod http;
mod inside;

use std::time::Duration;

use config::Server;
use egress::Target;
use mcp::{Version, message};
use serde_json::{Map, Value, json};

use self::http::Http;
pub(crate) use self::http::Mirrors;
use self::inside::Inside;
pub(crate) use self::inside::Peer;
use crate::{Context, Error};

/// Pages of a list that are read before the list counts as endless.
const PAGES_MAX: usize = 1_000;

/// Rounds of questions within one request before the server counts as never satisfied.
const ROUNDS_MAX: usize = 8;

/// What can be listed: the method, and where the items stand in its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Tools,
    Prompts,
    Resources,
    Templates,
}

impl List {
    fn method(self) -> &'static str {
        match self {
            Self::Tools => "tools/list",
            Self::Prompts => "prompts/list",
            Self::Resources => "resources/list",
            Self::Templates => "resources/templates/list",
        }
    }

    fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
        }
    }
}

/// A request, before it is dressed in `_meta` and headers.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    /// What it is about: the tool, the prompt or the resource.
    pub(crate) name: Option<String>,
    pub(crate) params: Map<String, Value>,
    /// Arguments that travel in headers as well.
    pub(crate) mirrors: Mirrors,
}

impl Request {
    pub(crate) fn new(method: &'static str) -> Self {
        Self { method, name: None, params: Map::new(), mirrors: Mirrors::new() }
    }

    pub(crate) fn about(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    pub(crate) fn param(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.params.insert(name.to_owned(), value.into());
        self
    }
}

/// Hears what comes before an answer, and answers what the server asks.
pub(crate) trait Listener {
    /// Takes a notification.
    fn notice(&mut self, method: &str, params: &Value);

    /// What this client declares that it can answer.
    fn capabilities(&self) -> Value;

    /// Answers the questions of one round, by key.
    fn answer(&mut self, questions: &Map<String, Value>) -> Result<Map<String, Value>, Error>;
}

/// Hears nothing and answers nothing.
pub(crate) struct Deaf;

impl Listener for Deaf {
    fn notice(&mut self, _: &str, _: &Value) {}

    fn capabilities(&self) -> Value {
        json!({})
    }

    fn answer(&mut self, _: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
        Err(Error::Question { what: "nobody is there to answer".to_owned() })
    }
}

/// How messages travel.
enum Way {
    Http(Http),
    Inside(Inside),
}

/// Talks to one MCP server.
pub(crate) struct McpClient {
    way: Way,
    address: String,
    timeout_s: u64,
    id: u64,
    missing: Vec<(String, String)>,
}

impl McpClient {
    /// A client of whatever MCP server answers at `url`.
    pub(crate) async fn open(url: &str, timeout_s: u64, context: &Context<'_>) -> Result<Self, Error> {
        if !url.starts_with("ws") {
            let mut client = Self::of_node(url, timeout_s)?;
            match client.request(&Request::new("server/discover"), &mut Deaf).await {
                Ok(_) => return Ok(client),
                Err(Error::Refused { .. } | Error::NoAnswer { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let server = Server { url: Some(url.to_owned()), ..Server::default() };
        Self::inside(url, server, timeout_s, context).await
    }

    /// A client of the node at `url`, which speaks the modern era; nothing is sent yet.
    pub(crate) fn of_node(url: &str, timeout_s: u64) -> Result<Self, Error> {
        let target = Target::parse(url).map_err(|source| Error::Address { url: url.to_owned(), source })?;
        Ok(Self { way: Way::Http(Http::new(target)), address: url.to_owned(), timeout_s, id: 0, missing: Vec::new() })
    }

    /// A client of a server that is started or connected for this one conversation, by its section of a configuration.
    pub(crate) async fn inside(
        name: &str,
        server: Server,
        timeout_s: u64,
        context: &Context<'_>,
    ) -> Result<Self, Error> {
        let inside = Inside::open(server, timeout_s, context);
        let mut client =
            Self { way: Way::Inside(inside), address: name.to_owned(), timeout_s, id: 0, missing: Vec::new() };
        match client.list(List::Tools).await {
            Ok(_) => Ok(client),
            Err(error) => {
                client.close().await;
                Err(error)
            }
        }
    }

    /// All items of a list, page by page.
    pub(crate) async fn list(&mut self, list: List) -> Result<Vec<Value>, Error> {
        let mut items = Vec::new();
        let mut request = Request::new(list.method());
        for _ in 0..PAGES_MAX {
            let mut page = match self.request(&request, &mut Deaf).await {
                // a server without this capability has none of them
                Err(Error::Refused { code, .. }) if code == i64::from(mcp::code::METHOD_NOT_FOUND) => return Ok(items),
                page => page?,
            };
            self.note_missing(&page)?;
            match page[list.member()].take() {
                Value::Array(more) => items.extend(more),
                _ => return Err(self.no_answer(&format!("a list without `{}`", list.member()))),
            }
            match page["nextCursor"].take() {
                Value::String(cursor) => request = Request::new(list.method()).param("cursor", cursor),
                _ => return Ok(items),
            }
        }
        Err(self.no_answer("a list without an end"))
    }

    /// Sends a request and waits for its result, as long as the operator allows; questions are put to the listener.
    pub(crate) async fn request(&mut self, request: &Request, listener: &mut dyn Listener) -> Result<Value, Error> {
        let mut request = request.clone();
        for _ in 0..ROUNDS_MAX {
            let mut result = self.round(&request, listener).await?;
            if result["resultType"] != "input_required" {
                return Ok(result);
            }
            let responses = match result["inputRequests"].take() {
                Value::Object(questions) => listener.answer(&questions)?,
                _ => Map::new(),
            };
            request.params.insert("inputResponses".to_owned(), responses.into());
            match result["requestState"].take() {
                Value::Null => request.params.remove("requestState"),
                state => request.params.insert("requestState".to_owned(), state),
            };
        }
        Err(Error::Question { what: format!("more than {ROUNDS_MAX} rounds of questions") })
    }

    /// The servers that the last list had to do without, each with the reason.
    pub(crate) fn missing(&self) -> &[(String, String)] {
        &self.missing
    }

    /// What the server said of itself, where it was started or connected within this process.
    pub(crate) fn peer(&self) -> Option<Peer> {
        match &self.way {
            Way::Http(_) => None,
            Way::Inside(inside) => inside.peer(),
        }
    }

    /// Ends what was started for this conversation.
    pub(crate) async fn close(self) {
        if let Way::Inside(inside) = self.way {
            inside.close().await;
        }
    }

    async fn round(&mut self, request: &Request, listener: &mut dyn Listener) -> Result<Value, Error> {
        self.id += 1;
        let mut params = request.params.clone();
        params.insert("_meta".to_owned(), meta(self.id, &listener.capabilities()));
        let body = message::request(self.id, request.method, Value::Object(params).to_string().as_bytes());
        let limit = Duration::from_secs(self.timeout_s);
        let late = Error::Timeout { seconds: self.timeout_s };
        let Self { way, id, address, .. } = self;
        let exchange = async {
            let mut answers = match way {
                Way::Http(http) => Answers::Http(http.send(request, body).await?),
                Way::Inside(inside) => Answers::Inside(inside.send(body).await),
            };
            while let Some(message) = answers.next().await? {
                match message["method"].as_str() {
                    Some(method) => listener.notice(method, &message["params"]),
                    None if message["id"] == *id || message["id"].is_null() => return outcome(message, address),
                    None => {}
                }
            }
            Err(no_answer(address, "the stream ended without an answer"))
        };
        tokio::time::timeout(limit, exchange).await.map_err(|_| late)?
    }

    /// A gateway answers a list without the servers that failed, and names them. Behind our own there is only one.
    fn note_missing(&mut self, page: &Value) -> Result<(), Error> {
        let states = page["_meta"]["dev.switchboard/servers"].as_object().into_iter().flatten();
        let reason = |state: &Value| state["reason"].as_str().unwrap_or("no reason given").to_owned();
        self.missing = states.map(|(name, state)| (name.clone(), reason(state))).collect();
        match (&self.way, self.missing.pop_if(|(name, _)| name == inside::NAME)) {
            (Way::Inside(_), Some((_, reason))) => Err(Error::ServerFailed { name: self.address.clone(), reason }),
            (_, other) => {
                self.missing.extend(other);
                Ok(())
            }
        }
    }

    fn no_answer(&self, what: &str) -> Error {
        no_answer(&self.address, what)
    }
}

/// The messages that answer one request.
enum Answers<'a> {
    Http(http::Answers),
    Inside(&'a mut Inside),
}

impl Answers<'_> {
    async fn next(&mut self) -> Result<Option<Value>, Error> {
        match self {
            Self::Http(answers) => answers.next().await,
            Self::Inside(inside) => Ok(inside.next().await),
        }
    }
}

/// The result or the error in `message`.
fn outcome(mut message: Value, address: &str) -> Result<Value, Error> {
    if message["error"].is_object() {
        let code = message["error"]["code"].as_i64().unwrap_or_default();
        let message = message["error"]["message"].as_str().unwrap_or("no message").to_owned();
        return Err(Error::Refused { code, message });
    }
    let result = message["result"].take();
    match result["resultType"].as_str() {
        _ if !result.is_object() => Err(no_answer(address, "neither a result nor an error")),
        None | Some("complete" | "input_required") => Ok(result),
        Some(other) => Err(no_answer(address, &format!("a result of the unknown type `{other}`"))),
    }
}

fn no_answer(address: &str, what: &str) -> Error {
    Error::NoAnswer { url: address.to_owned(), what: what.to_owned() }
}

/// What every request says about this client.
fn meta(id: u64, capabilities: &Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": Version::LATEST.as_str(),
        "io.modelcontextprotocol/clientCapabilities": capabilities,
        "io.modelcontextprotocol/clientInfo": { "name": "switchboard-cli", "version": env!("CARGO_PKG_VERSION") },
        "progressToken": id,
    })
}
