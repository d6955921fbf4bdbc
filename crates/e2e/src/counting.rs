//! A server that counts what is done: one tool that acts, one that only reads, each called with a number. It lives in the
//! test's own process, so it remembers what a gateway that was killed had asked of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scripted::{Scripted, as_json};

/// How often each tool was called with each number.
type Counts = Arc<Mutex<HashMap<(String, u64), u32>>>;

/// The server.
#[derive(Debug)]
pub struct Counting {
    server: Scripted,
    counts: Counts,
}

impl Counting {
    /// Starts it. A call takes as many milliseconds as its argument `ms` says.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn start() -> Self {
        let counts = Counts::default();
        let counted = counts.clone();
        let server = Scripted::reading(tools(), move |request| {
            let (tool, arguments) = (&request["params"]["name"], &request["params"]["arguments"]);
            let number = arguments["n"].as_u64().unwrap_or_default();
            let key = (tool.as_str().unwrap_or_default().to_owned(), number);
            *counted.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default() += 1;
            // work that takes a while, so that a gateway can die in the middle of it
            thread::sleep(Duration::from_millis(arguments["ms"].as_u64().unwrap_or_default()));
            let text = json!([{ "type": "text", "text": format!("did {number}") }]);
            as_json(&request["id"].to_string(), &json!({ "resultType": "complete", "content": text }))
        });
        Self { server, counts }
    }

    /// Whether it closes every connection without an answer from now on.
    pub fn set_down(&self, is_down: bool) {
        self.server.set_down(is_down);
    }

    /// How often `tool` was called with `number`.
    pub fn count(&self, tool: &str, number: u64) -> u32 {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&(tool.to_owned(), number)).copied().unwrap_or_default()
    }

    /// The numbers with which `tool` was called more than once.
    pub fn repeated(&self, tool: &str) -> Vec<u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().filter(|((name, _), count)| name == tool && **count > 1).map(|((_, number), _)| *number).collect()
    }

    /// The configuration of it as the server `name`.
    pub fn configured(&self, name: &str) -> String {
        self.server.configured(name)
    }
}

fn tools() -> Value {
    let tool = |name: &str, reads: bool| {
        json!({
            "name": name, "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": reads },
        })
    };
    let tools = [tool("act", false), tool("read", true)];
    json!({ "resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private" })
}
