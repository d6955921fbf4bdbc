//! Who is calling (contract TR-2, 03): a token says it, at every door and in both eras; whoever has none or a wrong one is
//! turned away, and what belongs to one principal does not exist for another.

use e2e::fixture::{Era, Fixture};
use e2e::grpc::Grpc;
use e2e::legacy;
use e2e::people::{ADA, BOB, EVE, Token, ada_and_bob};
use e2e::scene::Scene;
use e2e::wire::{self, Answer, modern_call, modern_call_headers};
use e2e::{Client, Node};
use serde_json::{Value, json};

const TOOL: &str = "test_simple_text";
const PATH: &str = "/servers/fixture/mcp";

/// A modern call of a tool with these headers added.
fn modern(node: &Node, headers: &[&str]) -> Answer {
    let own = modern_call_headers(TOOL);
    let headers: Vec<&str> = own.iter().map(String::as_str).chain(headers.iter().copied()).collect();
    wire::exchange(node.address(), &wire::post(node.address(), PATH, &headers, modern_call("1", TOOL, "{}").as_bytes()))
}

/// A legacy message with these headers.
fn legacy(node: &Node, headers: &[&str], message: &Value) -> Answer {
    wire::exchange(node.address(), &wire::post(node.address(), PATH, headers, message.to_string().as_bytes()))
}

fn initialize() -> Value {
    let client = json!({ "name": "wire", "version": "1" });
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params })
}

/// The header with the id of a session that this principal opens.
fn open_session(node: &Node, token: Token) -> String {
    let answer = legacy(node, &[&token.header()], &initialize());
    let id = answer.header("mcp-session-id").unwrap_or_else(|| panic!("no session: {}", answer.text()));
    format!("Mcp-Session-Id: {id}")
}

fn is_turned_away(answer: &Answer, challenge: &str) -> bool {
    (answer.status, answer.header("www-authenticate")) == (401, Some(challenge))
}

const NO_TOKEN: &str = r#"Bearer realm="switchboard""#;
const INVALID: &str = r#"Bearer realm="switchboard", error="invalid_token""#;

#[test]
fn real_clients_of_both_eras_call_with_their_tokens() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&(ada_and_bob() + &fixture.configured("fixture")));
    let actions = [json!({ "do": "list_tools" }), json!({ "do": "call", "name": TOOL })];
    for client in [Client::TypeScriptV1, Client::TypeScriptV2Auto] {
        for token in [ADA, BOB] {
            let seen = client.drive_as(token.secret, &node.server("fixture"), &actions);
            let seen = seen.unwrap_or_else(|error| panic!("{client:?} {error}"));
            assert!(seen[2].line().contains("simple text response"), "{client:?} {}", seen[2].line());
        }
        assert!(client.drive_as(EVE.secret, &node.server("fixture"), &actions).is_err(), "{client:?}");
        assert!(client.drive(&node.server("fixture"), &actions).is_err(), "{client:?}");
    }
}

#[test]
fn whoever_shows_no_valid_token_is_turned_away_at_every_door() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&(ada_and_bob() + &fixture.configured("fixture")));
    let get = |path: &str, headers: &str| {
        let text = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}\r\n\r\n", node.address());
        wire::exchange(node.address(), text.as_bytes())
    };
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mcp";
    for (proof, challenge) in [(None, NO_TOKEN), (Some(EVE.header()), INVALID)] {
        let headers: Vec<&str> = proof.iter().map(String::as_str).collect();
        let line = proof.as_deref().unwrap_or("X-None: 1");
        let answers = [
            ("modern", modern(&node, &headers)),
            ("legacy", legacy(&node, &headers, &initialize())),
            ("stream", get(PATH, line)),
            ("sse", get("/sse", line)),
            ("websocket", get("/mcp/ws", &format!("{line}\r\n{upgrade}"))),
            ("messages", legacy_at(&node, "/messages?session=0", &headers)),
            ("nowhere", get("/servers/nobody/mcp", line)),
        ];
        for (door, answer) in answers {
            assert!(is_turned_away(&answer, challenge), "{door}: {} {:?}", answer.status, answer.headers);
        }
    }
    assert_eq!(get("/healthz", "X-None: 1").status, 200);
    for wrong in ["Authorization: Basic YTpi", "Authorization: Bearer", "Authorization:"] {
        assert!(is_turned_away(&modern(&node, &[wrong]), INVALID), "{wrong}");
    }
    let twice = modern(&node, &[&ADA.header(), &ADA.header()]);
    assert!(is_turned_away(&twice, INVALID), "{}", twice.status);
    assert_eq!(modern(&node, &[&ADA.header()]).status, 200);
}

#[test]
fn who_shows_wrong_tokens_too_often_is_told_to_wait_and_a_right_one_passes() {
    let fixture = Fixture::start(Era::Dual);
    let limits = "[limits]\nwrong_tokens_per_minute = 3\n";
    let node = Node::start(&(limits.to_owned() + &ada_and_bob() + &fixture.configured("fixture")));
    for _ in 0..3 {
        assert!(is_turned_away(&modern(&node, &[&EVE.header()]), INVALID));
    }
    let refused = modern(&node, &[&EVE.header()]);
    let wait_s: Option<u64> = refused.header("retry-after").and_then(|seconds| seconds.parse().ok());
    assert_eq!((refused.status, refused.header("www-authenticate")), (429, Some(INVALID)));
    assert!(wait_s.is_some_and(|seconds| (1..=20).contains(&seconds)), "{wait_s:?}");
    assert_eq!(modern(&node, &[&ADA.header()]).status, 200);
    assert!(is_turned_away(&modern(&node, &[]), NO_TOKEN));
    let told = node.log().lines().filter(|line| line.contains("too many tokens")).count();
    assert_eq!(told, 1, "{}", node.log());
}

fn legacy_at(node: &Node, path: &str, headers: &[&str]) -> Answer {
    wire::exchange(node.address(), &wire::post(node.address(), path, headers, b"{}"))
}

#[test]
fn token_that_has_expired_or_comes_from_elsewhere_is_like_an_unknown_one() {
    let fixture = Fixture::start(Era::Modern);
    let expired = ADA.of("ada", "expires = \"2026-01-01T00:00:00Z\"");
    let elsewhere = BOB.of("bob", "networks = [\"192.0.2.0/24\"]");
    let mut node = Node::start(&(expired + &elsewhere + &fixture.configured("fixture")));
    let [unknown, expired, elsewhere] = [EVE, ADA, BOB].map(|token| modern(&node, &[&token.header()]));
    assert!(is_turned_away(&unknown, INVALID), "{}", unknown.text());
    for other in [expired, elsewhere] {
        assert_eq!((other.status, other.text()), (unknown.status, unknown.text()));
    }
    node.end();
    let log = node.log();
    assert!(log.contains("it has expired") && log.contains("it is not good from this network"), "{log}");
}

#[test]
fn session_of_another_principal_is_like_an_unknown_one() {
    let fixture = Fixture::start(Era::Dual);
    let node = Node::start(&(ada_and_bob() + &fixture.configured("fixture")));
    let session = open_session(&node, ADA);
    let call = legacy::call(1, TOOL, &json!({}));
    let own = legacy(&node, &[&ADA.header(), &session], &call);
    assert!(own.message().contains("simple text response"), "{}", own.text());
    let foreign = legacy(&node, &[&BOB.header(), &session], &call);
    let unknown = legacy(&node, &[&BOB.header(), "Mcp-Session-Id: nobody"], &call);
    assert_eq!((foreign.status, foreign.text()), (404, unknown.text()));
    let end = format!("DELETE {PATH} HTTP/1.1\r\nHost: {}\r\n{session}\r\n{}\r\n\r\n", node.address(), BOB.header());
    assert_eq!(wire::exchange(node.address(), end.as_bytes()).status, 404);
    assert_eq!(legacy(&node, &[&ADA.header(), &session], &call).status, 200);
}

#[test]
fn parked_call_and_cursor_of_another_principal_are_not_valid() {
    let fixture = Fixture::start(Era::Legacy);
    let node = Node::start(&format!("limits.list_page_items = 1\n{}{}", ada_and_bob(), fixture.configured("fixture")));
    let ask = |token: Token, params: &str, method: &str, name: &str| {
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{params}"_meta":{ASKABLE}}}}}"#);
        let mirrored = format!("Mcp-Method: {method}");
        let named = format!("Mcp-Name: {name}");
        let mut headers = vec!["MCP-Protocol-Version: 2026-07-28", mirrored.as_str()];
        headers.extend((!name.is_empty()).then_some(named.as_str()));
        let proof = token.header();
        headers.push(&proof);
        let answer = wire::exchange(node.address(), &wire::post(node.address(), PATH, &headers, body.as_bytes()));
        serde_json::from_str::<Value>(&answer.message()).unwrap_or_else(|_| panic!("{}", answer.text()))
    };
    let page = ask(ADA, "", "tools/list", "");
    let cursor = format!(r#""cursor":{},"#, page["result"]["nextCursor"]);
    assert!(ask(BOB, &cursor, "tools/list", "")["error"]["message"].to_string().contains("cursor is not valid"));
    assert!(ask(ADA, &cursor, "tools/list", "")["result"]["tools"].is_array());

    let name = "test_elicitation";
    let call = format!(r#""name":"{name}","arguments":{{"message":"Who?"}},"#);
    let parked = ask(ADA, &call, "tools/call", name);
    let state = &parked["result"]["requestState"];
    let questions = parked["result"]["inputRequests"].as_object().unwrap_or_else(|| panic!("no question: {parked}"));
    let answer = json!({ "action": "accept", "content": { "username": "ada", "email": "ada@example.com" } });
    let answers: serde_json::Map<String, Value> = questions.keys().map(|key| (key.clone(), answer.clone())).collect();
    let retry = format!(r#"{call}"requestState":{state},"inputResponses":{},"#, Value::Object(answers));
    let foreign = ask(BOB, &retry, "tools/call", name);
    assert!(foreign["error"]["message"].to_string().contains("state not valid"), "{foreign}");
    assert!(ask(ADA, &retry, "tools/call", name).to_string().contains("ada@example.com"));
}

/// What a modern client that can answer questions says of itself.
const ASKABLE: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"form":{}}}}"#;

/// The names of the tools in a list.
fn names(answer: &Answer) -> Vec<String> {
    let list: Value = serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{}", answer.text()));
    let tools = if list["result"].is_null() { &list["data"]["tools"] } else { &list["result"]["tools"] };
    tools.as_array().into_iter().flatten().filter_map(|tool| Some(tool["name"].as_str()?.to_owned())).collect()
}

#[test]
fn who_may_see_only_some_things_can_call_only_these() {
    let (fixture, other) = (Fixture::start(Era::Dual), Fixture::start(Era::Modern));
    let ada = ADA.of("ada", "servers = [\"fixture\"]\ntools = [\"fixture_test_simple_*\"]");
    let all = format!("{}{}", fixture.configured("fixture"), other.configured("other"));
    let node = Node::start(&(ada + &BOB.of("bob", "") + &all));
    let listed = |path: &str, token: Token| {
        let headers = [&token.header(), "MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"];
        let meta = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
        let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{"_meta":{meta}}}}}"#);
        wire::exchange(node.address(), &wire::post(node.address(), path, &headers, body.as_bytes()))
    };
    let called = |path: &str, tool: &str, token: Token| {
        let mut headers = modern_call_headers(tool);
        headers.push(token.header());
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        let call = modern_call("1", tool, "{}");
        wire::exchange(node.address(), &wire::post(node.address(), path, &headers, call.as_bytes()))
    };
    for (path, prefix) in [("/mcp", "fixture_"), (PATH, "")] {
        assert_eq!(names(&listed(path, ADA)), [format!("{prefix}test_simple_text")], "{path}");
        assert!(names(&listed(path, BOB)).len() > 10, "{path}");
        assert!(!called(path, &format!("{prefix}test_simple_text"), ADA).is_error(), "{path}");
        let hidden = format!("{prefix}test_image_content");
        let refused = called(path, &hidden, ADA);
        assert!(refused.message().contains(&format!("unknown tool: {hidden}")), "{path} {}", refused.text());
        assert!(!called(path, &hidden, BOB).is_error(), "{path}");
    }
    assert!(called("/mcp", "other_test_simple_text", ADA).message().contains("unknown tool"));
    assert!(called("/mcp", "switchboard_list_servers", ADA).message().contains("unknown tool"));
    let (hidden, nowhere) = (listed("/servers/other/mcp", ADA), listed("/servers/nowhere/mcp", ADA));
    assert_eq!((hidden.status, hidden.text()), (404, nowhere.text()));

    let session = open_session(&node, ADA);
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    assert_eq!(names(&legacy(&node, &[&ADA.header(), &session], &list)), ["test_simple_text"]);
    let hidden = legacy(&node, &[&ADA.header(), &session], &legacy::call(1, "test_image_content", &json!({})));
    assert!(hidden.message().contains("unknown tool"), "{}", hidden.text());

    let get = |path: &str| {
        let proof = ADA.header();
        wire::exchange(
            node.address(),
            format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{proof}\r\n\r\n", node.address()).as_bytes(),
        )
    };
    assert_eq!(names(&get("/tools")), ["fixture_test_simple_text"]);
    for path in ["/health", "/stats", "/tools/openapi.json"] {
        assert!(!get(path).text().contains("other"), "{path} {}", get(path).text());
    }
}

#[test]
fn grpc_clients_prove_who_they_are_in_their_metadata() {
    let fixture = Fixture::start(Era::Modern);
    let node =
        Node::start(&format!("grpc.listen = \"127.0.0.1:0\"\n{}{}", ada_and_bob(), fixture.configured("fixture")));
    let call = modern_call("1", &format!("fixture_{TOOL}"), "{}");
    let mut ada = Grpc::with_token(&node.grpc(), ADA.secret);
    assert!(ada.call(&call).to_string().contains("simple text response"));
    for mut stranger in [Grpc::with_token(&node.grpc(), EVE.secret), Grpc::to(&node.grpc(), &[])] {
        stranger.open("call", "Call", &call);
        assert_eq!(stranger.status("call"), "UNAUTHENTICATED");
    }
}

#[test]
fn principal_comes_changes_and_goes_while_the_node_runs() {
    let fixture = e2e::fixture::configured_over_stdio("fixture", Era::Dual);
    let scene = Scene::start(&fixture);
    assert_eq!(modern(&scene.node, &[]).status, 200);
    scene.write(&(ada_and_bob() + &fixture));
    scene.wait_for(2);
    assert_eq!(modern(&scene.node, &[]).status, 401);
    let session = open_session(&scene.node, ADA);
    scene.write(&(EVE.of("ada", "") + &fixture));
    scene.wait_for(3);
    let call = legacy::call(1, TOOL, &json!({}));
    assert_eq!(legacy(&scene.node, &[&ADA.header(), &session], &call).status, 401);
    assert_eq!(legacy(&scene.node, &[&EVE.header(), &session], &call).status, 200);
    assert_eq!(modern(&scene.node, &[&BOB.header()]).status, 401);
    scene.write(&format!("gateway.anonymous_local = true\n{}{fixture}", ada_and_bob()));
    scene.wait_for(4);
    assert_eq!(modern(&scene.node, &[]).status, 200);
    assert_eq!(modern(&scene.node, &[&EVE.header()]).status, 401);
}

#[test]
fn tokens_and_their_hashes_are_never_told() {
    let fixture = e2e::fixture::configured_over_stdio("fixture", Era::Modern);
    let mut scene = Scene::start(&format!("log.filter = \"trace\"\n{}{fixture}", ada_and_bob()));
    for token in [ADA, EVE] {
        modern(&scene.node, &[&token.header()]);
    }
    scene.write(&(ada_and_bob() + &fixture));
    scene.wait_for(2);
    let status = scene.control.get("/status").to_string();
    scene.node.end();
    let told = [scene.node.log(), status];
    for told in told {
        for Token { secret, hash } in [ADA, EVE] {
            assert!(!told.contains(secret) && !told.contains(hash), "{told}");
        }
    }
}
