//! What the load asks, as request bytes of either era, and how the first answer is told to be right.
//! Ids are nine digits always, so a request is rendered once and a right answer never changes its length.

use serde_json::Value;

use super::{Endpoint, Error};

/// The first id of a connection; ids keep its number of digits.
pub(super) const FIRST_ID: u64 = 100_000_000;
/// Ids start again after this one.
pub(super) const LAST_ID: u64 = 999_999_999;

/// The words that `echo` has to say again.
const MESSAGE: &str = "the quick brown fox jumps over the lazy dog";

/// The two generations of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25: a handshake first, then a session.
    Legacy,
    /// 2026-07-28: every request stands alone.
    Modern,
}

impl Era {
    /// The protocol version that stands for the era here.
    pub fn version(self) -> &'static str {
        match self {
            Self::Legacy => "2025-11-25",
            Self::Modern => "2026-07-28",
        }
    }
}

/// One question, asked over and over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A small call whose text comes back.
    Echo {
        /// Name of the tool at this endpoint.
        tool: String,
    },
    /// A call with a large text as its result.
    Blob {
        /// Name of the tool at this endpoint.
        tool: String,
        /// Length of the text.
        bytes: usize,
    },
    /// A call that takes a while at its server.
    Wait {
        /// Name of the tool at this endpoint.
        tool: String,
        /// How many milliseconds it takes.
        ms: u64,
    },
    /// A call without arguments, any answer to which is right.
    Plain {
        /// Name of the tool at this endpoint.
        tool: String,
    },
    /// The list of tools, whole, on one page.
    List {
        /// How many tools there must be at least.
        tools: usize,
    },
}

impl Ask {
    fn method(&self) -> &'static str {
        match self {
            Self::Echo { .. } | Self::Blob { .. } | Self::Wait { .. } | Self::Plain { .. } => "tools/call",
            Self::List { .. } => "tools/list",
        }
    }

    fn tool(&self) -> Option<&str> {
        match self {
            Self::Echo { tool } | Self::Blob { tool, .. } | Self::Wait { tool, .. } | Self::Plain { tool } => {
                Some(tool)
            }
            Self::List { .. } => None,
        }
    }

    fn members(&self) -> String {
        match self {
            Self::Echo { tool } => format!(r#""name":"{tool}","arguments":{{"message":"{MESSAGE}"}}"#),
            Self::Wait { tool, ms } => format!(r#""name":"{tool}","arguments":{{"ms":{ms}}}"#),
            Self::Blob { tool, .. } | Self::Plain { tool } => format!(r#""name":"{tool}","arguments":{{}}"#),
            Self::List { .. } => String::new(),
        }
    }

    /// Whether all right answers are the same but for their ids.
    pub(super) fn has_one_answer(&self) -> bool {
        !matches!(self, Self::Plain { .. })
    }

    /// Whether a whole answer is the right one for `id`.
    pub(super) fn check(&self, answer: &[u8], id: u64) -> Result<(), Error> {
        let wrong = |why: &str| Err(Error::Wrong(format!("{why}: {}", excerpt(answer))));
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return wrong("not JSON") };
        if answer["id"] != id {
            return wrong("another id");
        }
        let result = &answer["result"];
        let text = result["content"][0]["text"].as_str().unwrap_or_default();
        let right = match self {
            Self::Echo { .. } => text == MESSAGE,
            Self::Blob { bytes, .. } => text.len() == *bytes,
            Self::Wait { .. } => text == "waited",
            Self::Plain { .. } => result.is_object(),
            Self::List { tools } => result["tools"].as_array().is_some_and(|list| list.len() >= *tools),
        };
        if right { Ok(()) } else { wrong("not what was asked for") }
    }
}

/// The refusal in a successful answer: to a legacy client, which reads no others, it comes so.
pub(super) fn refusal(answer: &[u8]) -> Option<Error> {
    let message = serde_json::from_slice::<Value>(answer).ok()?;
    let after_ms = message["error"]["data"]["retry_after_ms"].as_u64()?;
    Some(Error::Refused { status: 200, retry_after_s: Some(after_ms.div_ceil(1_000)), answer: excerpt(answer) })
}

/// A rendered request whose id can be overwritten in place.
pub(super) struct Request {
    bytes: Vec<u8>,
    id_at: usize,
}

impl Request {
    /// Renders `ask` in the modern era, or, with a session, in the legacy era.
    pub(super) fn render(ask: &Ask, endpoint: &Endpoint, era: Era, session: Option<&str>) -> Self {
        let body = body(ask, era);
        let mirrored = match era {
            Era::Modern => [Some(("Mcp-Method", ask.method())), ask.tool().map(|tool| ("Mcp-Name", tool))],
            Era::Legacy => [session.map(|session| ("Mcp-Session-Id", session)), None],
        };
        let mirrored = mirrored.into_iter().flatten().map(|(name, value)| format!("{name}: {value}\r\n"));
        let headers: String = std::iter::once(version_header(era)).chain(mirrored).collect();
        let bytes = post(endpoint, &headers, &body);
        let id_at = bytes.len() - body.len() + BEFORE_ID.len();
        Self { bytes, id_at }
    }

    /// The request under another id.
    pub(super) fn numbered(&mut self, id: u64) -> &[u8] {
        write_id(&mut self.bytes[self.id_at..], id);
        &self.bytes
    }
}

const BEFORE_ID: &str = r#"{"jsonrpc":"2.0","id":"#;

fn body(ask: &Ask, era: Era) -> String {
    let meta = match era {
        Era::Legacy => String::new(),
        Era::Modern => format!(
            r#""_meta":{{"io.modelcontextprotocol/protocolVersion":"{}","io.modelcontextprotocol/clientCapabilities":{{}},"io.modelcontextprotocol/clientInfo":{{"name":"load","version":"1.0.0"}}}}"#,
            era.version()
        ),
    };
    let members = ask.members();
    let comma = if members.is_empty() || meta.is_empty() { "" } else { "," };
    format!(r#"{BEFORE_ID}{FIRST_ID},"method":"{}","params":{{{members}{comma}{meta}}}}}"#, ask.method())
}

/// The handshake's first request, in the legacy era.
pub(super) fn initialize(endpoint: &Endpoint) -> Vec<u8> {
    let body = format!(
        r#"{BEFORE_ID}1,"method":"initialize","params":{{"protocolVersion":"{}","capabilities":{{}},"clientInfo":{{"name":"load","version":"1.0.0"}}}}}}"#,
        Era::Legacy.version()
    );
    post(endpoint, "", &body)
}

/// The handshake's last word, in the legacy era.
pub(super) fn initialized(endpoint: &Endpoint, session: Option<&str>) -> Vec<u8> {
    post(endpoint, &session_headers(session), r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
}

/// The end of a session, in the legacy era.
pub(super) fn goodbye(endpoint: &Endpoint, session: &str) -> Vec<u8> {
    let headers = session_headers(Some(session));
    let Endpoint { address, path, headers: more } = endpoint;
    format!("DELETE {path} HTTP/1.1\r\nHost: {address}\r\n{more}{headers}\r\n").into_bytes()
}

fn session_headers(session: Option<&str>) -> String {
    let session = session.map(|session| format!("Mcp-Session-Id: {session}\r\n")).unwrap_or_default();
    version_header(Era::Legacy) + &session
}

fn version_header(era: Era) -> String {
    format!("MCP-Protocol-Version: {}\r\n", era.version())
}

fn post(endpoint: &Endpoint, headers: &str, body: &str) -> Vec<u8> {
    let Endpoint { address, path, headers: more } = endpoint;
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{more}{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn write_id(into: &mut [u8], mut id: u64) {
    for digit in into[..9].iter_mut().rev() {
        *digit = b'0' + (id % 10) as u8;
        id /= 10;
    }
}

fn excerpt(answer: &[u8]) -> String {
    String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo() -> Ask {
        Ask::Echo { tool: "echo".to_owned() }
    }

    #[test]
    fn a_request_carries_its_number_its_length_and_its_era() {
        let endpoint: Endpoint = "http://127.0.0.1:1/mcp".parse().unwrap();
        let endpoint = endpoint.with_header("X-Timeout", "1");
        for (era, session) in [(Era::Modern, None), (Era::Legacy, Some("s1"))] {
            let mut request = Request::render(&echo(), &endpoint, era, session);
            let text = String::from_utf8(request.numbered(123_456_789).to_vec()).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(&format!("Content-Length: {}", body.len())));
            assert!(head.contains(era.version()) && head.contains("\r\nX-Timeout: 1\r\n"));
            assert_eq!(head.contains("Mcp-Session-Id: s1"), session.is_some());
            assert_eq!(serde_json::from_str::<Value>(body).unwrap()["id"], 123_456_789);
        }
    }

    #[test]
    fn a_list_request_is_json_in_both_eras() {
        for era in [Era::Modern, Era::Legacy] {
            let body: Value = serde_json::from_str(&body(&Ask::List { tools: 1 }, era)).unwrap();
            assert_eq!(body["params"]["_meta"].is_object(), era == Era::Modern);
        }
    }

    #[test]
    fn a_refusal_is_known_by_the_time_after_which_to_come_again() {
        let refused = br#"{"id":1,"error":{"code":-31007,"message":"too many","data":{"retry_after_ms":1200}}}"#;
        assert!(matches!(refusal(refused), Some(Error::Refused { retry_after_s: Some(2), .. })));
        assert!(refusal(br#"{"id":1,"error":{"code":-32602,"message":"no","data":{}}}"#).is_none());
    }

    #[test]
    fn only_the_right_answer_passes() {
        let right =
            format!(r#"{{"jsonrpc":"2.0","id":7,"result":{{"content":[{{"type":"text","text":"{MESSAGE}"}}]}}}}"#);
        assert!(echo().check(right.as_bytes(), 7).is_ok());
        for wrong in [
            right.replace(":7,", ":8,"),
            right.replace("fox", "cat"),
            r#"{"id":7,"error":{}}"#.to_owned(),
            "x".to_owned(),
        ] {
            assert!(echo().check(wrong.as_bytes(), 7).is_err(), "{wrong}");
        }
    }
}
