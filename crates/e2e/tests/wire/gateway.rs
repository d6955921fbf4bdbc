//! A gateway in front of one fixture, and the ways to speak to it.

use std::cell::Cell;

use e2e::Node;
use e2e::events::Stream;
use e2e::fixture::{Era, Fixture};
use e2e::wire::{Answer, call, exchange, modern_call_headers, post};
use serde_json::Value;

/// The endpoint that every test speaks to.
pub(crate) const PATH: &str = "/servers/fixture/mcp";

/// The tool that ordinary calls use.
pub(crate) const TOOL: &str = "test_simple_text";

/// A gateway, its only server, and how many good calls it was asked to forward.
pub(crate) struct Gateway {
    node: Node,
    _fixture: Fixture,
    forwarded: Cell<u64>,
}

impl Gateway {
    /// In front of a server of both eras.
    pub(crate) fn start() -> Self {
        Self::with(Era::Dual, "")
    }

    /// In front of a server of `era`, with more `configuration`.
    pub(crate) fn with(era: Era, configuration: &str) -> Self {
        let fixture = Fixture::start(era);
        let node = Node::start(&format!("{configuration}\n{}", fixture.configured("fixture")));
        Self { node, _fixture: fixture, forwarded: Cell::new(0) }
    }

    /// The host and port it listens on.
    pub(crate) fn address(&self) -> &str {
        self.node.address()
    }

    /// Sends `bytes` as they are.
    pub(crate) fn raw(&self, bytes: impl AsRef<[u8]>) -> Answer {
        exchange(self.address(), bytes.as_ref())
    }

    /// Sends `bytes` as they are and reads the answer as events.
    pub(crate) fn raw_stream(&self, bytes: impl AsRef<[u8]>) -> Stream {
        Stream::open(self.address(), bytes.as_ref())
    }

    /// Posts `body` with `headers` instead of the ones that mirror it.
    pub(crate) fn post_with(&self, headers: &[&str], body: &[u8]) -> Answer {
        self.raw(post(self.address(), PATH, headers, body))
    }

    /// Posts `body` with the headers of a modern call of `tool`.
    pub(crate) fn post_call(&self, tool: &str, body: impl AsRef<[u8]>) -> Answer {
        let headers = modern_call_headers(tool);
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        self.post_with(&headers, body.as_ref())
    }

    /// Calls `tool` as a modern client does.
    pub(crate) fn call(&self, id: &str, tool: &str, arguments: &str) -> Answer {
        self.forwarded.set(self.forwarded.get() + 1);
        call(self.address(), PATH, id, tool, arguments)
    }

    /// What the server counted so far, such as its `calls`, this one included.
    pub(crate) fn statistics(&self) -> Value {
        let message = self.call("\"statistics\"", "stats", "{}").message();
        let message: Value = serde_json::from_str(&message).expect("an answer is JSON");
        message["result"]["structuredContent"].clone()
    }

    /// Asserts that an ordinary call still works.
    pub(crate) fn assert_undisturbed(&self, after: &str) {
        let answer = self.call("1", TOOL, "{}");
        assert!(answer.text().contains("simple text response"), "after {after}: {answer:?}");
    }

    /// Asserts that the server has seen the good calls and nothing else.
    pub(crate) fn assert_nothing_else_arrived(&self) {
        let statistics = self.statistics();
        assert_eq!(statistics["calls"].as_u64(), Some(self.forwarded.get()), "{statistics}");
    }

    /// Posts every case's body and asserts status and error code, and that none reaches the server.
    pub(crate) fn check_bodies(&self, status: u16, codes: &[i64], cases: &[(&str, Vec<u8>)]) {
        for (name, body) in cases {
            let answer = self.post_call(TOOL, body);
            assert_eq!(answer.status, status, "{name}: {}", answer.text());
            assert!(answer.code().is_some_and(|code| codes.contains(&code)), "{name}: {}", answer.text());
            self.assert_undisturbed(name);
        }
        self.assert_nothing_else_arrived();
    }
}
