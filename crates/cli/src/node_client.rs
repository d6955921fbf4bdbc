//! A small client of the modern era: one request, its notifications, its answer.
//! It keeps no state, never repeats a request, and cannot answer questions.

use std::time::Duration;

use bytes::Bytes;
use egress::Target;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use mcp::{Version, header, message, sse};
use serde_json::{Map, Value, json};

use crate::{Error, Node};

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Pages of a list that are read before the list counts as endless.
const PAGES_MAX: usize = 1_000;

/// Talks to one endpoint of a node.
pub(crate) struct NodeClient {
    http: egress::Client,
    target: Target,
    timeout: Duration,
}

/// A request, before it is dressed in headers and `_meta`.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    /// The tool it is about.
    pub(crate) name: Option<&'a str>,
    pub(crate) params: Map<String, Value>,
    /// Arguments that travel in headers as well.
    pub(crate) mirrors: Vec<(String, String)>,
}

/// Takes each notification that comes before an answer: its method and its params.
pub(crate) type OnNotice<'a> = &'a mut (dyn FnMut(&str, &Value) + Send);

impl NodeClient {
    pub(crate) fn new(node: &Node) -> Result<Self, Error> {
        let options = egress::Options { rules: egress::Rules::CONFIGURED, ..egress::Options::default() };
        Ok(Self {
            http: egress::Client::new(options),
            target: node.target()?,
            timeout: Duration::from_secs(node.timeout),
        })
    }

    /// All tools, page by page.
    pub(crate) async fn tools(&self) -> Result<Vec<Value>, Error> {
        let mut tools = Vec::new();
        let mut params = Map::new();
        for _ in 0..PAGES_MAX {
            let ask = Ask { method: "tools/list", name: None, params, mirrors: Vec::new() };
            let mut page = self.ask(ask, &mut |_, _| {}).await?;
            match page["tools"].take() {
                Value::Array(items) => tools.extend(items),
                _ => return Err(self.no_answer("a list without `tools`")),
            }
            match page["nextCursor"].take() {
                Value::String(cursor) => params = Map::from_iter([("cursor".to_owned(), cursor.into())]),
                _ => return Ok(tools),
            }
        }
        Err(self.no_answer("a list without an end"))
    }

    /// Sends a request and waits for its result, as long as the operator allows.
    pub(crate) async fn ask(&self, ask: Ask<'_>, on_notice: OnNotice<'_>) -> Result<Value, Error> {
        let exchange = async {
            let answer = self.http.send(self.request(ask)?, &self.target).await;
            let answer = answer.map_err(|source| Error::Unreachable { url: self.target.to_string(), source })?;
            self.read(answer, on_notice).await
        };
        let late = |_| Error::Timeout { seconds: self.timeout.as_secs() };
        tokio::time::timeout(self.timeout, exchange).await.map_err(late)?
    }

    fn request(&self, ask: Ask<'_>) -> Result<Request<Full<Bytes>>, Error> {
        let mut params = ask.params;
        params.insert("_meta".to_owned(), meta());
        let body = message::request(1, ask.method, Value::Object(params).to_string().as_bytes());
        let mut request = Request::post("/")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header(header::PROTOCOL_VERSION, Version::LATEST.as_str())
            .header(header::METHOD, ask.method);
        if let Some(name) = ask.name {
            request = request.header(header::NAME, header::encode(name).as_ref());
        }
        for (name, value) in ask.mirrors {
            request = request.header(name, value);
        }
        request.body(Full::new(body)).map_err(|error| self.no_answer(&error.to_string()))
    }

    async fn read(&self, answer: Response<egress::Answer>, on_notice: OnNotice<'_>) -> Result<Value, Error> {
        let (head, body) = answer.into_parts();
        if is_event_stream(&head.headers) {
            return self.read_events(body, on_notice).await;
        }
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| self.broken(error))?;
        let message = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        self.outcome(message).unwrap_or_else(|| Err(self.no_answer(&format!("http status {}", head.status))))
    }

    async fn read_events(&self, mut body: egress::Answer, on_notice: OnNotice<'_>) -> Result<Value, Error> {
        let limits = sse::Limits { line_bytes_max: ANSWER_BYTES_MAX, event_bytes_max: ANSWER_BYTES_MAX };
        let mut events = sse::Decoder::new(limits);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.broken(error.into()))?;
            events.push(frame.data_ref().map_or(&[], |data| data.as_ref()));
            while let Some(event) = events.next() {
                let event = event.map_err(|error| self.no_answer(&error.to_string()))?;
                let message: Value = serde_json::from_slice(&event.data).unwrap_or_default();
                if let Some(method) = message["method"].as_str() {
                    on_notice(method, &message["params"]);
                } else if let Some(outcome) = self.outcome(message) {
                    return outcome;
                }
            }
        }
        Err(self.no_answer("the stream ended without an answer"))
    }

    /// The result or the error in `message`, if it is an answer at all.
    fn outcome(&self, mut message: Value) -> Option<Result<Value, Error>> {
        if message["error"].is_object() {
            let code = message["error"]["code"].as_i64().unwrap_or_default();
            let message = message["error"]["message"].as_str().unwrap_or("no message").to_owned();
            return Some(Err(Error::Refused { code, message }));
        }
        let result = message.get_mut("result").filter(|result| result.is_object())?.take();
        Some(match result["resultType"].as_str() {
            None | Some("complete") => Ok(result),
            Some("input_required") => Err(Error::Question),
            Some(other) => Err(self.no_answer(&format!("a result of the unknown type `{other}`"))),
        })
    }

    fn broken(&self, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
        Error::Broken { url: self.target.to_string(), source }
    }

    fn no_answer(&self, what: &str) -> Error {
        Error::NoAnswer { url: self.target.to_string(), what: what.to_owned() }
    }
}

/// What every request says about this client.
fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": Version::LATEST.as_str(),
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "switchboard-cli", "version": env!("CARGO_PKG_VERSION") },
        "progressToken": 1,
    })
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/event-stream"))
}
