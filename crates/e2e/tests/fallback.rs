//! Another way to an answer where a server has none: servers with the same tool, the kept answer, the configured one. Every
//! answer says who gave it, and what may have been done is not done elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::Node;
use e2e::people::ADA;
use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json};
use e2e::wire;
use serde_json::{Value, json};

/// An address where nobody answers.
const NOBODY: &str = "http://127.0.0.1:9/mcp";

/// A server with lamps that says who it is, what it was told, and how often it was called.
struct Lamps {
    server: Scripted,
    calls: Arc<AtomicUsize>,
}

impl Lamps {
    fn start(who: &'static str) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let tool = |name: &str, reads: bool| json!({ "name": name, "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": reads } });
        let tools = [tool("get_lamp", true), tool("set_lamp", false)];
        let list = json!({ "resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private" });
        let server = Scripted::reading(list, move |request| {
            counted.fetch_add(1, Ordering::SeqCst);
            let text = format!("{who}: {}", request["params"]["arguments"]);
            let content = [json!({ "type": "text", "text": text })];
            as_json(&request["id"].to_string(), &json!({ "resultType": "complete", "content": content }))
        });
        Self { server, calls }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn called(node: &Node, server: &str, tool: &str, arguments: &str) -> Value {
    called_with(node, server, tool, arguments, &[])
}

fn called_with(node: &Node, server: &str, tool: &str, arguments: &str, headers: &[&str]) -> Value {
    let own = wire::modern_call_headers(tool);
    let headers: Vec<&str> = own.iter().map(String::as_str).chain(headers.iter().copied()).collect();
    let body = wire::modern_call("7", tool, arguments);
    let path = format!("/servers/{server}/mcp");
    let answer = wire::exchange(node.address(), &wire::post(node.address(), &path, &headers, body.as_bytes()));
    serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// What an answer says of who gave it.
fn by(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["dev.switchboard/answered_by"]
}

#[test]
fn another_server_answers_until_the_first_is_back_and_both_answers_tell_the_truth() {
    let (first, other) = (Lamps::start("first"), Lamps::start("other"));
    let quick = "[breaker]\nopen_s = 1\nopen_s_max = 1\nsuccesses = 1\n";
    let equivalent = "equivalent = [\"other\"]\nfix.get_lamp.room = \"hall\"\n";
    let (a, b) = (first.server.configured("first"), other.server.configured("other"));
    let scene = Scene::start(&format!("{quick}{a}{equivalent}{b}"));
    let own = called(&scene.node, "first", "get_lamp", "{}");
    assert_eq!((text(&own), by(&own)), ("first: {\"room\":\"hall\"}", &Value::Null));

    first.server.set_down(true);
    for _ in 0..20 {
        let answer = called(&scene.node, "first", "get_lamp", r#"{"room":"attic"}"#);
        assert_eq!(text(&answer), "other: {\"room\":\"hall\"}", "what is fixed holds everywhere");
        assert_eq!(by(&answer), &json!({ "server": "other", "step": "equivalent" }));
    }
    assert_eq!(scene.control.get("/servers/first")["answered_by"]["get_lamp"]["by"], "other");
    assert!(scene.control.get("/servers/other")["answered_by"].is_null());

    first.server.set_down(false);
    scene.control.wait_until("/servers/first", |report| {
        let answer = called(&scene.node, "first", "get_lamp", "{}");
        assert!(text(&answer).contains("hall"), "{answer}");
        report["answered_by"].is_null()
    });
    let own = called(&scene.node, "first", "get_lamp", "{}");
    assert_eq!((text(&own), by(&own)), ("first: {\"room\":\"hall\"}", &Value::Null));
}

#[test]
fn an_act_goes_elsewhere_only_if_it_was_never_sent() {
    let (first, other) = (Lamps::start("first"), Lamps::start("other"));
    let equivalent = "equivalent = [\"other\"]\n";
    let gone = format!("[servers.gone]\nurl = {NOBODY:?}\nera = \"modern\"\n{equivalent}");
    let (a, b) = (first.server.configured("first"), other.server.configured("other"));
    let node = Node::start(&format!("{gone}{a}{equivalent}{b}"));
    let never_sent = called(&node, "gone", "set_lamp", "{}");
    assert_eq!(by(&never_sent)["server"], "other", "{never_sent}");

    assert_eq!(text(&called(&node, "first", "set_lamp", "{}")), "first: {}");
    first.server.set_down(true);
    let before = other.calls();
    let lost = called(&node, "first", "set_lamp", "{}");
    assert!(text(&lost).starts_with("[OUTCOME_UNKNOWN]"), "{lost}");
    assert_eq!(other.calls(), before);
}

#[test]
fn under_a_key_an_act_is_done_once_wherever_it_was_done() {
    let other = Lamps::start("other");
    let gone = format!("[servers.gone]\nurl = {NOBODY:?}\nera = \"modern\"\nequivalent = [\"other\"]\n");
    let node = Node::start(&format!("{gone}{}", other.server.configured("other")));
    for _ in 0..3 {
        let answer = called_with(&node, "gone", "set_lamp", "{}", &["Idempotency-Key: k-1"]);
        assert_eq!(by(&answer)["server"], "other", "{answer}");
    }
    assert_eq!(other.calls(), 1);
}

#[test]
fn whoever_may_not_see_the_other_server_gets_no_answer_of_it() {
    let (first, other) = (Lamps::start("first"), Lamps::start("other"));
    let reads = "[servers.first.tool.get_lamp]\nact = \"reads\"\n";
    let ada = ADA.of("ada", "servers = [\"first\"]");
    let (a, b) = (first.server.configured("first"), other.server.configured("other"));
    let node = Node::start(&format!("{ada}{a}equivalent = [\"other\"]\n{reads}{b}"));
    let ask = || called_with(&node, "first", "get_lamp", "{}", &[&ADA.header()]);
    assert_eq!(text(&ask()), "first: {}");
    first.server.set_down(true);
    assert!(text(&ask()).starts_with("[UNAVAILABLE]"));
    assert_eq!(other.calls(), 0);
}

#[test]
fn the_kept_answer_comes_after_other_servers_and_the_configured_one_last() {
    let (first, other) = (Lamps::start("first"), Lamps::start("other"));
    let tool = "[servers.first.tool.get_lamp]\nstale_on_error_s = 600\nequivalent = [\"other\"]\n\
                degraded = { structured = { lamp = \"unknown\" } }\n";
    let (a, b) = (first.server.configured("first"), other.server.configured("other"));
    let node = Node::start(&format!("{a}{tool}{b}"));
    let ask = |arguments: &str| called(&node, "first", "get_lamp", arguments);
    assert_eq!(text(&ask("{}")), "first: {}");

    first.server.set_down(true);
    assert_eq!(text(&ask("{}")), "other: {}");
    other.server.set_down(true);
    let kept = ask("{}");
    assert_eq!((text(&kept), &by(&kept)["step"]), ("first: {}", &json!("kept")));
    assert_eq!(kept["result"]["_meta"]["dev.switchboard/cached"]["stale"], true);
    let configured = ask(r#"{"room":"attic"}"#);
    assert_eq!(configured["result"]["structuredContent"], json!({ "lamp": "unknown" }));
    assert_eq!(text(&configured), r#"{"lamp":"unknown"}"#);
    assert_eq!(by(&configured), &json!({ "server": "first", "step": "degraded", "degraded": true }));
}

#[test]
fn plain_http_tells_who_answered_too() {
    let other = Lamps::start("other");
    let gone = format!("[servers.gone]\nurl = {NOBODY:?}\nera = \"modern\"\nequivalent = [\"other\"]\n");
    let bridge = "[bridge]\nsessionless = true\n";
    let node = Node::start(&format!("{bridge}{gone}{}", other.server.configured("other")));
    let body = json!({ "name": "get_lamp", "arguments": {} }).to_string();
    let asked = wire::post(node.address(), "/servers/gone/mcp/tools/call", &[], body.as_bytes());
    let answer: Value = serde_json::from_slice(&wire::exchange(node.address(), &asked).body).unwrap();
    let told = &answer["bridge_info"]["answered_by"];
    assert_eq!(told, &json!({ "server": "other", "step": "equivalent" }), "{answer}");
}

#[test]
fn a_rule_about_regions_holds_elsewhere_too() {
    let (free, bound) = (Lamps::start("free"), Lamps::start("bound"));
    let section = |name: &str, url: &str, more: &str| {
        let instance = format!("[[servers.{name}.instances]]\nurl = {url:?}\nregion = \"eu\"\n");
        format!("[servers.{name}]\nera = \"modern\"\n{more}\n{instance}")
    };
    let rule = "only_regions = [\"eu\"]";
    let gone = section("gone", NOBODY, &format!("{rule}\nequivalent = [\"free\"]"));
    let also_gone = section("lost", "http://127.0.0.1:10/mcp", &format!("{rule}\nequivalent = [\"free\", \"bound\"]"));
    let (a, b) = (section("free", free.server.url(), ""), section("bound", bound.server.url(), rule));
    let node = Node::start(&format!("{gone}{also_gone}{a}{b}"));
    let refused = called(&node, "gone", "get_lamp", "{}").to_string();
    assert!(refused.contains("UNAVAILABLE"), "{refused}");
    assert_eq!(text(&called(&node, "lost", "get_lamp", "{}")), "bound: {}");
    assert_eq!(free.calls(), 0);
}
