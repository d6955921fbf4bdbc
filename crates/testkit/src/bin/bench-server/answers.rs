//! The answers, rendered once: a request is read just far enough to choose one and to give it its id. `wait` takes as long
//! as it is told, and `waits` says how often it was called.

use std::{cell::Cell, time::Duration};

use serde::Deserialize;
use serde_json::value::RawValue;

/// Length of the text that `blob` answers with.
const BLOB_BYTES: usize = 64 * 1024;

const MODERN_VERSION: &str = "2026-07-28";

/// What a request is asked for, over borrowed bytes.
#[derive(Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<&'a str>,
    #[serde(borrow, default)]
    params: Params<'a>,
}

#[derive(Default, Deserialize)]
struct Params<'a> {
    name: Option<&'a str>,
    #[serde(borrow, default)]
    arguments: Arguments<'a>,
    #[serde(borrow, rename = "_meta")]
    meta: Option<Meta<'a>>,
}

#[derive(Default, Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(default)]
    ms: u64,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(rename = "io.modelcontextprotocol/protocolVersion")]
    version: Option<&'a str>,
}

/// The fixed parts of all answers of one era: everything inside `result`.
struct Results {
    complete: &'static str,
    list: String,
    blob: String,
}

/// All answers of both eras.
pub(crate) struct Answers {
    modern: Results,
    legacy: Results,
    /// How often `wait` was called.
    waits: Cell<u64>,
}

/// One answer.
pub(crate) struct Answer {
    /// The message.
    pub(crate) bytes: Vec<u8>,
    /// How long it takes.
    pub(crate) after: Duration,
}

impl Answers {
    /// Renders all answers; the list names `more_tools` tools besides `echo` and `blob`.
    pub(crate) fn render(more_tools: usize) -> Self {
        let tools = tools(more_tools);
        let blob = format!(r#""content":[{{"type":"text","text":"{}"}}]"#, "x".repeat(BLOB_BYTES));
        Self {
            modern: Results {
                complete: r#""resultType":"complete","#,
                list: format!(r#""ttlMs":60000,"cacheScope":"public","tools":{tools}"#),
                blob: blob.clone(),
            },
            legacy: Results { complete: "", list: format!(r#""tools":{tools}"#), blob },
            waits: Cell::new(0),
        }
    }

    /// The answer to one message; none to a notification or to what is no request.
    pub(crate) fn answer(&self, message: &[u8]) -> Option<Answer> {
        let asked: Asked<'_> = serde_json::from_slice(message).ok()?;
        let (id, method) = (asked.id?.get(), asked.method?);
        let version = asked.params.meta.as_ref().and_then(|meta| meta.version);
        let era = if version == Some(MODERN_VERSION) { &self.modern } else { &self.legacy };
        let Arguments { message, ms } = asked.params.arguments;
        let message = message.map_or("\"\"", RawValue::get);
        let mut after = Duration::ZERO;
        let bytes = match (method, asked.params.name) {
            ("tools/call", Some("echo")) => era.result(id, &[r#""content":[{"type":"text","text":"#, message, "}]"]),
            ("tools/call", Some("blob")) => era.result(id, &[&era.blob]),
            ("tools/call", Some("wait")) => {
                self.waits.set(self.waits.get() + 1);
                after = Duration::from_millis(ms);
                era.result(id, &[r#""content":[{"type":"text","text":"waited"}]"#])
            }
            ("tools/call", Some("waits")) => {
                let waits = self.waits.get().to_string();
                era.result(id, &[r#""content":[{"type":"text","text":""#, &waits, r#""}]"#])
            }
            ("tools/call", Some(name)) if name.starts_with("tool_") => era.result(id, &[r#""content":[]"#]),
            ("tools/call", _) => error(id, -32602, "unknown tool"),
            ("tools/list", _) => era.result(id, &[&era.list]),
            ("server/discover", _) if version.is_some() => era.result(id, &[DISCOVERED]),
            ("initialize", _) => era.result(id, &[INITIALIZED]),
            ("ping", _) => era.result(id, &[]),
            _ => error(id, -32601, "unknown method"),
        };
        Some(Answer { bytes, after })
    }
}

impl Results {
    fn result(&self, id: &str, parts: &[&str]) -> Vec<u8> {
        let head = [r#"{"jsonrpc":"2.0","id":"#, id, r#","result":{"#, self.complete];
        let mut answer = head.concat().into_bytes();
        answer.reserve_exact(parts.iter().map(|part| part.len()).sum::<usize>() + 2);
        for part in parts {
            answer.extend_from_slice(part.as_bytes());
        }
        if parts.is_empty() && answer.ends_with(b",") {
            answer.pop();
        }
        answer.extend_from_slice(b"}}");
        answer
    }
}

const DISCOVERED: &str = r#""supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":60000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"bench-server","version":"1.0.0"}}"#;
const INITIALIZED: &str = r#""protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"bench-server","version":"1.0.0"}"#;

fn error(id: &str, code: i32, message: &str) -> Vec<u8> {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#).into_bytes()
}

fn tools(more: usize) -> String {
    let echo = r#"{"name":"echo","description":"Says it again.","inputSchema":{"type":"object","properties":{"message":{"type":"string"}}}}"#;
    let blob = r#"{"name":"blob","description":"Says a lot.","inputSchema":{"type":"object"}}"#;
    let wait = r#"{"name":"wait","description":"Takes a while.","inputSchema":{"type":"object","properties":{"ms":{"type":"integer"}}}}"#;
    let waits = r#"{"name":"waits","description":"Says how often `wait` was called.","inputSchema":{"type":"object"}}"#;
    let more = (0..more).map(|number| {
        format!(
            r#"{{"name":"tool_{number:04}","description":"Tool number {number}, one of many, with a description of the usual length: it says what it does, when to use it and when not to.","inputSchema":{{"type":"object","properties":{{"path":{{"type":"string","description":"Where to look"}},"limit":{{"type":"integer","minimum":1,"maximum":100}}}},"required":["path"]}}}}"#
        )
    });
    let all: Vec<String> = [echo, blob, wait, waits].map(str::to_owned).into_iter().chain(more).collect();
    format!("[{}]", all.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn ask(request: &Value) -> Value {
        let answer = Answers::render(3).answer(request.to_string().as_bytes()).unwrap();
        serde_json::from_slice(&answer.bytes).unwrap()
    }

    fn modern() -> Value {
        json!({"io.modelcontextprotocol/protocolVersion": MODERN_VERSION, "io.modelcontextprotocol/clientCapabilities": {}})
    }

    #[test]
    fn echo_says_it_again_under_the_same_id() {
        let params = json!({"name": "echo", "arguments": {"message": "a\"b"}, "_meta": modern()});
        let answer = ask(&json!({"jsonrpc": "2.0", "id": "x", "method": "tools/call", "params": params}));
        assert_eq!(answer["id"], "x");
        assert_eq!(answer["result"]["content"][0]["text"], "a\"b");
        assert_eq!(answer["result"]["resultType"], "complete");
    }

    #[test]
    fn only_modern_answers_carry_modern_fields() {
        for (meta, is_modern) in [(modern(), true), (json!({}), false)] {
            let list = ask(&json!({"id": 1, "method": "tools/list", "params": {"_meta": meta}}));
            assert_eq!(list["result"]["tools"].as_array().unwrap().len(), 7);
            assert_eq!(list["result"]["resultType"].is_string(), is_modern);
            assert_eq!(list["result"]["ttlMs"].is_number(), is_modern);
        }
    }

    #[test]
    fn a_wait_takes_as_long_as_it_is_told_and_is_counted() {
        let answers = Answers::render(0);
        let call = |name: &str| {
            let params = json!({"name": name, "arguments": {"ms": 30}, "_meta": modern()});
            answers.answer(json!({"id": 1, "method": "tools/call", "params": params}).to_string().as_bytes()).unwrap()
        };
        let text = |answer: &Answer| {
            let message: Value = serde_json::from_slice(&answer.bytes).unwrap();
            message["result"]["content"][0]["text"].as_str().unwrap().to_owned()
        };
        let waited = call("wait");
        assert_eq!((text(&waited), waited.after), ("waited".to_owned(), Duration::from_millis(30)));
        call("wait");
        let counted = call("waits");
        assert_eq!((text(&counted), counted.after), ("2".to_owned(), Duration::ZERO));
    }

    #[test]
    fn every_method_has_an_answer_that_is_json() {
        for method in ["server/discover", "initialize", "ping", "tools/list", "tools/call", "unknown"] {
            for meta in [modern(), json!({})] {
                let answer = ask(&json!({"id": 1, "method": method, "params": {"_meta": meta}}));
                assert!(answer["result"].is_object() || answer["error"].is_object(), "{method}");
            }
        }
        assert_eq!(ask(&json!({"id": 1, "method": "initialize"}))["result"]["protocolVersion"], "2025-11-25");
    }

    #[test]
    fn a_notification_gets_no_answer() {
        assert!(Answers::render(0).answer(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).is_none());
    }
}
