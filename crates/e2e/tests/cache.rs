//! Answers that are kept: given again while they are good, marked as such, void when the world changes, and standing in
//! where a server fails. Clients and servers of both eras.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use e2e::Node;
use e2e::control::Control;
use e2e::fixture::{Era, Fixture};
use e2e::legacy::{self, Session};
use e2e::people::{ADA, BOB, Token, ada_and_bob};
use e2e::program::{built, command};
use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json};
use e2e::wire::{self, META, MODERN};
use serde_json::{Value, json};

const PATH: &str = "/servers/world/mcp";

/// A server with lamps, which says how often it was asked, and can be out of order.
#[derive(Debug, Default)]
struct World {
    calls: AtomicUsize,
    is_out_of_order: AtomicBool,
    is_busy: AtomicBool,
}

/// How long the server has calls wait while it is busy, and how long its answers stand in.
const BUSY_S: u64 = 2;

impl World {
    fn start() -> (Arc<Self>, Scripted) {
        let world = Arc::new(Self::default());
        let tool = |name: &str, reads: bool| {
            json!({
                "name": name, "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": reads },
            })
        };
        let tools = [tool("get_lamp", true), tool("fail", true), tool("set_lamp", false)];
        let list = json!({ "resultType": "complete", "tools": tools, "ttlMs": 0, "cacheScope": "private" });
        let shared = world.clone();
        (world, Scripted::reading(list, move |request| shared.answer(request)))
    }

    fn answer(&self, request: &Value) -> Vec<u8> {
        let count = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        if self.is_out_of_order.load(Ordering::SeqCst) {
            return Vec::new();
        }
        if self.is_busy.load(Ordering::SeqCst) {
            let head = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close";
            return format!("{head}\r\nRetry-After: {BUSY_S}\r\n\r\n").into_bytes();
        }
        let id = request["id"].to_string();
        if request["method"] == "resources/read" {
            let contents = [json!({ "uri": request["params"]["uri"], "text": format!("call {count}") })];
            let hint =
                json!({ "resultType": "complete", "contents": contents, "ttlMs": 60_000, "cacheScope": "private" });
            return as_json(&id, &hint);
        }
        let content = [json!({ "type": "text", "text": format!("call {count}") })];
        let is_error = request["params"]["name"] == "fail";
        as_json(&id, &json!({ "resultType": "complete", "content": content, "isError": is_error }))
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// A call of a modern client with a wish for the cache; the whole answer.
fn wishing(node: &Node, wish: &str, tool: &str, arguments: &str) -> Value {
    let wish = format!("X-Cache-Control: {wish}");
    let mut headers = wire::modern_call_headers(tool);
    headers.push(wish);
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let body = wire::modern_call("7", tool, arguments);
    let answer = wire::exchange(node.address(), &wire::post(node.address(), PATH, &headers, body.as_bytes()));
    serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn called(node: &Node, tool: &str, arguments: &str) -> Value {
    let answer = wire::call(node.address(), PATH, "7", tool, arguments);
    serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"))
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// What an answer says of having been kept.
fn mark(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["dev.switchboard/cached"]
}

#[test]
fn a_call_with_the_same_arguments_gets_the_kept_answer_and_is_told_so() {
    let (world, server) = World::start();
    let node = Node::start(&format!("{}[servers.world.tool.\"get_*\"]\ncache_s = 600\n", server.configured("world")));
    let first = called(&node, "get_lamp", r#"{"room":"hall","floor":1}"#);
    assert_eq!((text(&first), mark(&first)), ("call 1", &Value::Null), "{first}");
    let again = called(&node, "get_lamp", r#" { "floor" : 1, "room" : "hall" } "#);
    assert_eq!(text(&again), "call 1");
    assert!(mark(&again)["age_ms"].is_u64() && mark(&again)["stale"].is_null(), "{again}");
    assert_eq!(text(&called(&node, "get_lamp", r#"{"room":"attic"}"#)), "call 2");

    let session = Session::open(node.address(), PATH, "2025-11-25", &json!({}));
    let ask = || session.post(&legacy::call(1, "get_lamp", &json!({ "room": "hall", "floor": 1 }))).message();
    let (first, again): (Value, Value) = (serde_json::from_str(&ask()).unwrap(), serde_json::from_str(&ask()).unwrap());
    assert_eq!((text(&first), text(&again)), ("call 3", "call 3"));
    assert!(mark(&first).is_null() && mark(&again)["age_ms"].is_u64(), "{again}");
    assert_eq!(world.calls(), 3);
}

#[test]
fn answers_of_a_legacy_server_are_kept_too() {
    let fixture = Fixture::start(Era::Legacy);
    let tool = "[servers.world.tool.count]\nact = \"reads\"\ncache_s = 600\n";
    let node = Node::start(&format!("{}{tool}", fixture.configured("world")));
    let (first, again) = (called(&node, "count", "{}"), called(&node, "count", "{}"));
    assert_eq!((text(&first), text(&again)), ("1", "1"));
    assert!(mark(&again)["age_ms"].is_u64(), "{again}");
}

#[test]
fn nothing_is_kept_that_nobody_asked_for_or_that_failed() {
    let (world, server) = World::start();
    let node = Node::start(&format!("{}[servers.world.tool.fail]\ncache_s = 600\n", server.configured("world")));
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 1");
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 2");
    assert_eq!(text(&called(&node, "fail", "{}")), "call 3");
    assert_eq!(text(&called(&node, "fail", "{}")), "call 4");
    assert_eq!(world.calls(), 4);
}

#[test]
fn an_act_makes_the_answers_of_its_server_void_or_only_those_that_it_names() {
    let (_, server) = World::start();
    let get = "[servers.world.tool.get_lamp]\ncache_s = 600\n";
    let node = Node::start(&format!("{}{get}", server.configured("world")));
    let ask = |node: &Node, room: &str| text(&called(node, "get_lamp", &format!(r#"{{"room":"{room}"}}"#))).to_owned();
    assert_eq!((&*ask(&node, "hall"), &*ask(&node, "hall")), ("call 1", "call 1"));
    called(&node, "set_lamp", r#"{"room":"attic"}"#);
    assert_eq!(ask(&node, "hall"), "call 3");

    let (_, server) = World::start();
    let set = "[servers.world.tool.set_lamp]\ninvalidates = [\"get_*\", \"arg:room\"]\n";
    let node = Node::start(&format!("{}{get}{set}", server.configured("world")));
    assert_eq!((&*ask(&node, "hall"), &*ask(&node, "attic")), ("call 1", "call 2"));
    called(&node, "set_lamp", r#"{"room":"attic"}"#);
    assert_eq!((&*ask(&node, "hall"), &*ask(&node, "attic")), ("call 1", "call 4"));
}

#[test]
fn a_caller_says_whether_a_kept_answer_will_do() {
    let (world, server) = World::start();
    let node = Node::start(&format!("{}[servers.world.tool.get_lamp]\ncache_s = 600\n", server.configured("world")));
    let refused = wishing(&node, "only-if-cached", "get_lamp", "{}");
    assert_eq!((&refused["error"]["code"], world.calls()), (&json!(-31004), 0), "{refused}");
    let refused = wishing(&node, "only-if-cached", "set_lamp", "{}");
    assert_eq!((&refused["error"]["code"], world.calls()), (&json!(-31004), 0), "{refused}");
    assert_eq!(text(&wishing(&node, "no-cache", "get_lamp", "{}")), "call 1");
    assert_eq!(text(&wishing(&node, "only-if-cached", "get_lamp", "{}")), "call 1");
    assert_eq!(text(&wishing(&node, "max-age=600", "get_lamp", "{}")), "call 1");
    assert_eq!(text(&wishing(&node, "max-age=0", "get_lamp", "{}")), "call 2");
    assert_eq!(text(&wishing(&node, "no-cache", "get_lamp", "{}")), "call 3");
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 3");
    assert_eq!(wishing(&node, "sometimes", "get_lamp", "{}")["error"]["code"], -32602);
}

#[test]
fn a_kept_answer_stands_in_for_a_server_that_fails() {
    let (world, server) = World::start();
    let tool = "[servers.world.tool.get_lamp]\ncache_s = 0\nstale_on_error_s = 600\n[breaker]\nfailures = 100\n";
    let node = Node::start(&format!("{}{tool}", server.configured("world")));
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 1");
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 2");
    world.is_out_of_order.store(true, Ordering::SeqCst);
    let spare = called(&node, "get_lamp", "{}");
    assert_eq!((text(&spare), &mark(&spare)["stale"]), ("call 2", &json!(true)), "{spare}");
    let failed = wishing(&node, "no-cache", "get_lamp", "{}");
    assert_eq!(failed["result"]["isError"], true, "{failed}");
    world.is_out_of_order.store(false, Ordering::SeqCst);
    assert!(mark(&called(&node, "get_lamp", "{}")).is_null());
}

#[test]
fn a_kept_answer_does_not_stand_in_once_the_fetch_has_outlasted_it() {
    let (world, server) = World::start();
    let tool = format!(
        "[servers.world.tool.get_lamp]\ncache_s = 0\nstale_on_error_s = {BUSY_S}\n[breaker]\nfailures = 100\n[retry]\nattempts = 2\n"
    );
    let node = Node::start(&format!("{}{tool}", server.configured("world")));
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 1");
    world.is_busy.store(true, Ordering::SeqCst);
    let failed = called(&node, "get_lamp", "{}");
    assert_eq!(world.calls(), 3, "it was sent once more");
    assert!(failed["result"]["isError"] == true || failed["error"].is_object(), "{failed}");
}

#[test]
fn a_kept_answer_stands_in_while_calls_are_held_back() {
    let (world, server) = World::start();
    let tool = "[servers.world.tool.get_lamp]\ncache_s = 0\nstale_on_error_s = 600\n[breaker]\nfailures = 1\n";
    let node = Node::start(&format!("{}{tool}", server.configured("world")));
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 1");
    world.is_out_of_order.store(true, Ordering::SeqCst);
    assert_eq!(text(&called(&node, "get_lamp", "{}")), "call 1");
    let refused = wishing(&node, "no-cache", "get_lamp", "{}");
    assert_eq!(refused["error"]["code"], -31004, "{refused}");
    let spare = called(&node, "get_lamp", "{}");
    assert_eq!((text(&spare), &mark(&spare)["stale"]), ("call 1", &json!(true)), "{spare}");
}

#[test]
fn a_stale_answer_is_given_at_once_and_fetched_anew_behind_the_scenes() {
    let (world, server) = World::start();
    let tool = "[servers.world.tool.get_lamp]\ncache_s = 0\nstale_s = 600\n";
    let scene = Scene::start(&format!("{}{tool}", server.configured("world")));
    assert_eq!(text(&called(&scene.node, "get_lamp", "{}")), "call 1");
    let stale = called(&scene.node, "get_lamp", "{}");
    assert_eq!((text(&stale), &mark(&stale)["stale"]), ("call 1", &json!(true)), "{stale}");
    scene.control.wait_until("/status", |_| world.calls() == 2);
    let newer = scene.control.wait_until("/status", |_| text(&called(&scene.node, "get_lamp", "{}")) != "call 1");
    assert!(newer["version"].is_string());
}

#[test]
fn a_resource_is_kept_for_as_long_as_its_server_says() {
    let (world, server) = World::start();
    let node = Node::start(&server.configured("world"));
    let read = || {
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{{"uri":"lamp://hall","_meta":{META}}}}}"#
        );
        let headers =
            [&format!("MCP-Protocol-Version: {MODERN}"), "Mcp-Method: resources/read", "Mcp-Name: lamp://hall"];
        let answer = wire::exchange(node.address(), &wire::post(node.address(), PATH, &headers, body.as_bytes()));
        serde_json::from_str::<Value>(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"))
    };
    let (first, again) = (read(), read());
    assert_eq!(first["result"]["contents"][0]["text"], "call 1", "{first}");
    assert_eq!(again["result"]["contents"][0]["text"], "call 1", "{again}");
    assert!(mark(&again)["age_ms"].is_u64(), "{again}");
    assert!(again["result"]["ttlMs"].as_u64().is_some_and(|left| left <= 60_000), "{again}");
    assert_eq!(world.calls(), 1);
}

#[test]
fn a_change_of_the_configuration_counts_at_once() {
    let (_, server) = World::start();
    let configured = |cache_s: u32| {
        format!(
            "{}[servers.world.tool.get_lamp]\ncache_s = {cache_s}\nstale_on_error_s = 1\n",
            server.configured("world")
        )
    };
    let scene = Scene::start(&configured(600));
    assert_eq!(text(&called(&scene.node, "get_lamp", "{}")), "call 1");
    assert_eq!(text(&called(&scene.node, "get_lamp", "{}")), "call 1");
    scene.write(&configured(0));
    scene.wait_for(2);
    assert_eq!(text(&called(&scene.node, "get_lamp", "{}")), "call 2");
}

#[test]
fn what_is_kept_can_be_seen_and_dropped() {
    let (world, server) = World::start();
    let tool = "[servers.world.tool.get_lamp]\ncache_s = 600\n";
    let scene = Scene::start(&format!("{}{tool}", server.configured("world")));
    for _ in 0..3 {
        assert_eq!(text(&called(&scene.node, "get_lamp", r#"{"secret":"hunter2"}"#)), "call 1");
    }
    let kept = scene.control.get("/cache");
    assert_eq!((&kept["answers"], &kept["hits"], &kept["misses"]), (&json!(1), &json!(2), &json!(1)), "{kept}");
    assert_eq!((&kept["tools"][0]["tool"], &kept["top"][0]["hits"]), (&json!("get_lamp"), &json!(2)), "{kept}");
    assert!(!kept.to_string().contains("hunter2"), "{kept}");
    assert_eq!(scene.control.ask("POST", "/cache/clear?server=nobody").0, 404);
    let (status, cleared) = scene.control.ask("POST", "/cache/clear?server=world");
    assert_eq!((status, &cleared["answers"]), (200, &json!(1)), "{cleared}");
    assert_eq!(text(&called(&scene.node, "get_lamp", r#"{"secret":"hunter2"}"#)), "call 2");
    assert_eq!(world.calls(), 2);
}

/// What is answered to whoever has this token and asks for the lamp.
fn asked_by(node: &Node, token: Token) -> String {
    let mut headers = wire::modern_call_headers("get_lamp");
    headers.push(token.header());
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let body = wire::modern_call("7", "get_lamp", "{}");
    let answer = wire::exchange(node.address(), &wire::post(node.address(), PATH, &headers, body.as_bytes()));
    let answer: Value = serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"));
    text(&answer).to_owned()
}

#[test]
fn principals_have_their_own_answers_unless_the_answers_are_shared() {
    let (_, server) = World::start();
    let principals = ada_and_bob();
    let configured = |is_shared: bool| {
        let tool = format!("[servers.world.tool.get_lamp]\ncache_s = 600\ncache_shared = {is_shared}\n");
        format!("{principals}{}{tool}", server.configured("world"))
    };
    let node = Node::start(&configured(false));
    let asked = [ADA, BOB, ADA, BOB].map(|token| asked_by(&node, token));
    assert_eq!(asked, ["call 1", "call 2", "call 1", "call 2"]);
    let node = Node::start(&configured(true));
    assert_eq!([ADA, BOB].map(|token| asked_by(&node, token)), ["call 3", "call 3"]);
}

#[test]
fn a_principal_in_another_role_is_given_nothing_that_was_kept_for_it_before() {
    let (_, server) = World::start();
    let kept = format!("{}[servers.world.tool.get_lamp]\ncache_s = 600\n", server.configured("world"));
    let scene = Scene::start(&(ADA.of("ada", "") + &kept));
    let ask = || asked_by(&scene.node, ADA);
    assert_eq!([ask(), ask()], ["call 1", "call 1"]);
    scene.write(&(ADA.of("ada", "class_max = \"BULK\"") + &kept));
    scene.wait_for(2);
    assert_eq!([ask(), ask()], ["call 2", "call 2"]);
    scene.write(&(ADA.of("ada", "class_max = \"BULK\"\nservers = [\"world\"]") + &kept));
    scene.wait_for(3);
    assert_eq!([ask(), ask()], ["call 3", "call 3"]);
}

#[test]
fn a_context_that_changes_makes_void_what_depends_on_it_at_every_server() {
    let (world, server) = World::start();
    let (_, other) = World::start();
    let keep = "[servers.world.tool.get_lamp]\ncache_s = 600\ndepends = [\"deployment\"]\n";
    let change = "[servers.other.tool.set_lamp]\nchanges = [\"deployment\"]\ninvalidates = []\n";
    let node = Node::start(&format!("{}{keep}{}{change}", server.configured("world"), other.configured("other")));
    let ask = || text(&called(&node, "get_lamp", "{}")).to_owned();
    assert_eq!((&*ask(), &*ask()), ("call 1", "call 1"));
    wire::call(node.address(), "/servers/other/mcp", "7", "set_lamp", "{}");
    assert_eq!((&*ask(), &*ask()), ("call 2", "call 2"));
    assert_eq!(node.control().ask("POST", "/cache/clear?context=deployment").1["answers"], 1);
    assert_eq!(ask(), "call 3");
    assert_eq!(node.control().ask("POST", "/cache/clear?context=deploymnet").0, 404);
    assert_eq!(world.calls(), 3);
}

#[test]
fn an_answer_that_is_asked_for_often_is_fetched_anew_before_its_time_is_over() {
    let (world, server) = World::start();
    let keep = "[servers.world.tool.get_lamp]\ncache_s = 3\n";
    let node = Node::start(&format!("[cache]\nwarm_per_minute = 60\n{}{keep}", server.configured("world")));
    assert!(mark(&called(&node, "get_lamp", "{}")).is_null());
    while world.calls() < 3 {
        let answer = called(&node, "get_lamp", "{}");
        assert!(mark(&answer)["age_ms"].is_u64() && mark(&answer)["stale"].is_null(), "nobody waits: {answer}");
    }
}

/// What the node says of answers that were fetched before anybody asked: how many, and how many were of use.
fn warmed(node: &Node) -> (Value, Value) {
    let seen = control(node).get("/cache");
    (seen["warmed"].clone(), seen["warmed_used"].clone())
}

fn wait_until_warmed(node: &Node, times: u64) {
    control(node).wait_until("/cache", |seen| seen["warmed"] == times);
}

fn control(node: &Node) -> Control {
    Control::of(&node.folder().join("state"), node.address())
}

#[test]
fn what_is_usually_asked_next_is_there_before_it_is_asked() {
    let (world, server) = World::start();
    let keep = "[servers.world.tool.get_lamp]\ncache_s = 600\n";
    let warm = "[cache]\nwarm_per_minute = 600\nwarm = [\"sequence\"]\n";
    let node = Node::start(&format!("{warm}{}{keep}", server.configured("world")));
    let ask = |room: &str| called(&node, "get_lamp", &format!(r#"{{"room":"{room}"}}"#));
    for _ in 0..5 {
        ask("hall");
        ask("attic");
    }
    assert_eq!((world.calls(), warmed(&node)), (2, (json!(0), json!(0))));
    called(&node, "set_lamp", "{}");
    assert_eq!(text(&ask("hall")), "call 4");
    wait_until_warmed(&node, 1);
    let next = ask("attic");
    assert_eq!((text(&next), mark(&next)["age_ms"].is_u64()), ("call 5", true), "{next}");
    assert_eq!((world.calls(), warmed(&node)), (5, (json!(1), json!(1))));
}

#[test]
fn a_call_on_a_schedule_is_made_before_anybody_asks() {
    let (_, server) = World::start();
    let keep = "[servers.world.tool.get_lamp]\ncache_s = 600\ncache_shared = true\n\
        warm = [{ arguments = { room = \"hall\" }, every_s = 10 }]\n";
    let node = Node::start(&format!("[cache]\nwarm_per_minute = 60\n{}{keep}", server.configured("world")));
    assert_eq!(text(&called(&node, "get_lamp", r#"{"room":"attic"}"#)), "call 1");
    wait_until_warmed(&node, 1);
    let there = called(&node, "get_lamp", r#"{"room":"hall"}"#);
    assert_eq!((text(&there), mark(&there)["age_ms"].is_u64()), ("call 2", true), "{there}");
    wait_until_warmed(&node, 2);
    let again = called(&node, "get_lamp", r#"{"room":"hall"}"#);
    assert_eq!(text(&again), "call 3", "it is made again, though what was kept is good: {again}");
}

#[test]
fn times_follow_what_the_node_counts_where_it_may_and_are_as_configured_again_where_it_may_not() {
    let (_, server) = World::start();
    let keep = format!("{}[servers.world.tool.get_lamp]\ncache_s = 600\n", server.configured("world"));
    let scene = Scene::start(&format!("[cache]\nadvise = \"auto\"\n{keep}"));
    for room in 0..20 {
        called(&scene.node, "get_lamp", &format!(r#"{{"room":{room}}}"#));
    }
    let tuned = scene.control.wait_until("/cache", |seen| seen["tools"][0]["tuned_cache_s"] == 300);
    let advice = tuned["tools"][0]["advice"].as_str().unwrap_or_default();
    assert!(advice.starts_with("kept for 300 s instead of 600"), "{tuned}");
    scene.write(&keep);
    scene.wait_for(2);
    scene.control.wait_until("/cache", |seen| seen["tools"][0]["tuned_cache_s"].is_null());
}

#[test]
fn what_the_node_has_seen_becomes_a_better_setting() {
    let (_, server) = World::start();
    let node = Node::start(&format!("{}[servers.world.tool.get_lamp]\ncache_s = 600\n", server.configured("world")));
    for room in 0..20 {
        called(&node, "get_lamp", &format!(r#"{{"room":{room}}}"#));
    }
    let file = node.folder().join("switchboard.toml");
    let advise = |words: &[&str]| -> Value {
        let mut verb = command(built("switchboard"));
        verb.args(["cache", "advise", "--json"]).args(words).arg("--config").arg(&file);
        verb.args(["--url", &node.everything()]);
        let verb = verb.env("SWITCHBOARD_STATE_DIR", node.folder().join("state")).env_remove("XDG_RUNTIME_DIR");
        let output = verb.output().expect("a built program starts");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    };
    let is_kept = || std::fs::read_to_string(&file).expect("it is there").contains("cache_s = 600");
    let advised = advise(&[]);
    let expected = (&json!("servers.world.tool.get_lamp.cache_s"), &json!(0));
    assert_eq!((&advised["advice"][0]["key"], &advised["advice"][0]["value"]), expected, "{advised}");
    assert!(is_kept(), "it is only said");
    advise(&["--apply"]);
    assert!(!is_kept());
    node.control().wait_until("/cache", |cache| cache["tools"][0]["advised_cache_s"].is_null());
    assert_eq!(advise(&[])["advice"], json!([]));
}
