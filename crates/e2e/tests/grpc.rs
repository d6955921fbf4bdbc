//! The gRPC way in (contract GW-6), with a real client whose code is generated from our `.proto`: both eras, questions,
//! what ends a call, TLS, health and reflection, and what hostile bytes do not do.

use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::grpc::Grpc;
use e2e::papers::Papers;
use e2e::program::{built, command};
use e2e::wire::{self, modern_call};
use serde_json::{Value, json};

const LISTEN: &str = "grpc.listen = \"127.0.0.1:0\"\n";
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The gateway's own code for a legacy message without a session.
const NO_SESSION: i64 = -31_000;

/// How long the news of a client that gave up may travel.
const NOTICED_WITHIN: Duration = Duration::from_secs(1);

/// A fixture, a node in front of it, and a client.
struct Desk {
    client: Grpc,
    node: Node,
    _fixture: Fixture,
}

impl Desk {
    fn with(era: Era, more: &str) -> Self {
        let fixture = Fixture::start(era);
        let node = Node::start(&format!("{LISTEN}{more}\n{}", fixture.configured("fixture")));
        Self { client: Grpc::to(&node.grpc(), &[]), node, _fixture: fixture }
    }
}

fn request(id: u64, method: &str, mut params: Value, capabilities: &Value) -> String {
    params["_meta"][VERSION] = json!("2026-07-28");
    params["_meta"][CAPABILITIES] = capabilities.clone();
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// A call that tells of its progress.
fn telling(tool: &str, arguments: &Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": "p" } });
    request(7, "tools/call", params, &json!({}))
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_default()
}

#[test]
fn a_call_has_one_answer_and_a_stream_has_its_progress_too() {
    for era in [Era::Legacy, Era::Modern] {
        let Desk { mut client, node: _node, _fixture } = Desk::with(era, "");
        let listed = client.call(&request(1, "tools/list", json!({}), &json!({})));
        let tools = listed["result"]["tools"].as_array().expect("tools are listed");
        assert!(tools.iter().any(|tool| tool["name"] == "fixture_echo"), "{era:?} {listed}");

        let answer = client.call(&telling("fixture_slow", &json!({ "ms": 10 })));
        assert_eq!((text(&answer), &answer["id"]), ("waited 10 ms", &json!(7)), "{era:?}");

        client.open("told", "Stream", &telling("fixture_slow", &json!({ "ms": 10 })));
        let progress = client.event("told");
        assert_eq!((&progress["kind"], &progress["error_code"]), (&json!("KIND_NOTIFICATION"), &json!(0)), "{era:?}");
        assert!(progress["payload"].as_str().is_some_and(|told| told.contains(r#""progressToken":"p""#)), "{progress}");
        let answer = client.event("told");
        assert_eq!(answer["kind"], "KIND_RESULT", "{era:?} {answer}");
        assert_eq!(client.status("told"), "OK", "{era:?}");
    }
}

#[test]
fn headers_choose_the_endpoint_and_mirror_the_payload() {
    let Desk { mut client, node: _node, _fixture } = Desk::with(Era::Modern, "[bundles.few]\ninclude = [\"*_echo\"]");
    let mut ask = |method: &str, payload: String, headers: Value| {
        let message = json!({ "payload": payload, "headers": headers });
        client.command(&json!({ "do": "open", "name": "x", "method": method, "message": message }));
        let event = client.event("x");
        if event["status"].is_null() {
            assert_eq!(client.status("x"), "OK");
        }
        event
    };
    let echo = || modern_call("1", "fixture_echo", r#"{"a":1}"#);
    let list = || request(1, "tools/list", json!({}), &json!({}));
    let own = ask("Call", list(), json!({ "server": "fixture" }));
    assert!(own["payload"].as_str().is_some_and(|listed| listed.contains(r#""name":"echo""#)), "{own}");
    let few = ask("Call", list(), json!({ "bundle": "few" }));
    assert!(few["payload"].as_str().is_some_and(|listed| !listed.contains("slow")), "{few}");
    assert_eq!(ask("Call", list(), json!({ "server": "nobody" }))["status"], "NOT_FOUND");
    assert_eq!(ask("Session", list(), json!({ "bundle": "nothing" }))["status"], "NOT_FOUND");

    let mirrors = json!({ "protocol_version": "2026-07-28", "method": "tools/call", "name": "fixture_echo" });
    assert_eq!(ask("Call", echo(), mirrors)["kind"], "KIND_RESULT");
    for header in ["protocol_version", "method", "name"] {
        let refusal = ask("Call", echo(), json!({ header: "other" }));
        assert_eq!((&refusal["kind"], &refusal["error_code"]), (&json!("KIND_ERROR"), &json!(-32_020)), "{header}");
    }
}

#[test]
fn a_question_to_a_modern_client_is_answered_with_the_next_call() {
    for era in [Era::Legacy, Era::Modern] {
        let Desk { mut client, node: _node, _fixture } = Desk::with(era, "");
        let able = json!({ "elicitation": {} });
        let mut params = json!({ "name": "fixture_test_elicitation", "arguments": { "message": "who?" } });
        let asked = client.call(&request(1, "tools/call", params.clone(), &able));
        assert_eq!(asked["result"]["resultType"], "input_required", "{era:?} {asked}");
        let questions = asked["result"]["inputRequests"].as_object().expect("there are questions");
        let reply = json!({ "action": "accept", "content": { "username": "ada", "email": "a@b.c" } });
        params["inputResponses"] = questions.keys().map(|key| (key.clone(), reply.clone())).collect();
        if let Some(state) = asked["result"].get("requestState") {
            params["requestState"] = state.clone();
        }
        let answer = client.call(&request(2, "tools/call", params, &able));
        assert!(text(&answer).starts_with("User response: action=accept"), "{era:?} {answer}");
    }
}

fn handshake(client: &mut Grpc, session: &str) {
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "grpc", "version": "1" },
    });
    let initialize = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    client.open(session, "Session", &initialize.to_string());
    assert_eq!(client.message(session)["result"]["protocolVersion"], "2025-11-25");
    client.say(session, r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
}

fn legacy_call(id: u64, tool: &str, arguments: &Value) -> String {
    let params = json!({ "name": tool, "arguments": arguments, "_meta": { "progressToken": "p" } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string()
}

/// The next answer in a session; what is told before it is skipped.
fn answer(client: &mut Grpc, session: &str) -> Value {
    loop {
        let message = client.message(session);
        if message.get("method").is_none() {
            return message;
        }
    }
}

#[test]
fn a_session_carries_questions_of_the_server_and_both_eras_at_once() {
    for era in [Era::Legacy, Era::Modern] {
        let Desk { mut client, node: _node, _fixture } = Desk::with(era, "");
        handshake(&mut client, "s");
        client.say("s", &legacy_call(1, "fixture_test_elicitation", &json!({ "message": "who?" })));
        let question = client.event("s");
        assert_eq!(question["kind"], "KIND_REQUEST", "{era:?} {question}");
        let question: Value = serde_json::from_str(question["payload"].as_str().unwrap_or_default()).expect("JSON");
        assert_eq!(question["method"], "elicitation/create", "{era:?}");
        let reply = json!({ "action": "accept", "content": { "username": "ada", "email": "a@b.c" } });
        client.say("s", &json!({ "jsonrpc": "2.0", "id": question["id"], "result": reply }).to_string());
        let answered = answer(&mut client, "s");
        assert!(text(&answered).starts_with("User response: action=accept"), "{era:?} {answered}");

        client.say("s", &modern_call("\"m\"", "fixture_echo", r#"{"a":1}"#));
        assert_eq!(answer(&mut client, "s")["id"], "m", "{era:?}");
    }
}

#[test]
fn what_was_asked_before_the_client_had_said_all_is_answered() {
    let Desk { mut client, node: _node, _fixture } = Desk::with(Era::Modern, "");
    handshake(&mut client, "s");
    client.say("s", &legacy_call(1, "fixture_slow", &json!({ "ms": 700 })));
    client.command(&json!({ "do": "close", "name": "s" }));
    assert_eq!(text(&answer(&mut client, "s")), "waited 700 ms");
    assert_eq!(client.status("s"), "OK");
}

/// Begins a call that has no end of its own, and waits until it runs at the server.
fn begin(client: &mut Grpc, shape: &str) {
    if shape == "Session" {
        handshake(client, "endless");
        client.say("endless", &legacy_call(1, "fixture_slow", &json!({ "ms": 60_000 })));
    } else {
        client.open("endless", shape, &telling("fixture_slow", &json!({ "ms": 60_000 })));
    }
    assert_eq!(client.message("endless")["method"], "notifications/progress");
}

/// Three rounds of a call that is given up, with room for two calls: a place that stays taken is missed in the second
/// round. `give_up` gets the client, and may keep it or let it go.
fn check_giving_up(era: Era, shape: &str, give_up: impl Fn(Grpc) -> Option<Grpc>) {
    let Desk { client: mut other, node, _fixture } =
        Desk::with(era, "queue.concurrency_per_server = 2\nqueue.max_per_server = 0");
    let mut noticed = Vec::new();
    for round in 0..3 {
        let mut client = Grpc::to(&node.grpc(), &[]);
        begin(&mut client, shape);
        let since = Instant::now();
        let _kept = give_up(client);
        let told = other.call(&modern_call("1", "fixture_take_cancelled", "{}"));
        noticed.push(since.elapsed());
        assert_eq!(text(&told), "one call was cancelled", "{era:?} {shape} round {round}: {told}");
    }
    assert!(noticed.iter().any(|after| *after < NOTICED_WITHIN), "{era:?} {shape}: {noticed:?}");
}

#[test]
fn a_call_that_is_cancelled_ends_at_the_server() {
    for (era, shape) in [(Era::Modern, "Stream"), (Era::Legacy, "Stream"), (Era::Modern, "Session")] {
        check_giving_up(era, shape, |mut client| {
            client.command(&json!({ "do": "cancel", "name": "endless" }));
            assert_eq!(client.status("endless"), "CANCELLED");
            Some(client)
        });
    }
}

#[test]
fn a_client_that_is_gone_gives_up_its_calls() {
    for (era, shape) in [(Era::Modern, "Stream"), (Era::Legacy, "Session"), (Era::Modern, "Session")] {
        check_giving_up(era, shape, |client| {
            drop(client);
            None
        });
    }
}

#[test]
fn a_deadline_ends_the_call_at_the_server() {
    let Desk { mut client, node: _node, _fixture } = Desk::with(Era::Modern, "");
    let slow = json!({ "payload": modern_call("1", "fixture_slow", r#"{"ms":60000}"#) });
    client.command(&json!({ "do": "open", "name": "x", "method": "Call", "message": slow, "timeout": 0.5 }));
    assert_eq!(client.status("x"), "DEADLINE_EXCEEDED");
    assert_eq!(text(&client.call(&modern_call("2", "fixture_take_cancelled", "{}"))), "one call was cancelled");
}

#[test]
fn what_is_wrong_in_mcp_is_an_error_in_the_payload() {
    let Desk { mut client, node: _node, _fixture } = Desk::with(Era::Modern, "");
    let mut check = |payload: &str, expected| {
        for shape in ["Call", "Stream"] {
            client.open("x", shape, payload);
            assert_eq!(code(&client.message("x")), expected, "{shape} {payload}");
            assert_eq!(client.status("x"), "OK", "{shape} {payload}");
        }
    };
    check("", -32_700);
    check("no JSON", -32_700);
    check("[]", -32_600);
    check(&"[".repeat(100_000), -32_700);
    check(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#, -32_600);
    check(r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, NO_SESSION);
    check(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#, NO_SESSION);
    let versioned = |version: &str| {
        let meta = json!({ VERSION: version, CAPABILITIES: {} });
        json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } }).to_string()
    };
    check(&versioned("2025-11-25"), -32_022);
    check(&versioned("2099-01-01"), -32_022);
    client.open("x", "Call", &request(1, "subscriptions/listen", json!({ "notifications": {} }), &json!({})));
    assert_eq!(code(&client.message("x")), -32_600);
}

#[test]
fn a_session_outlives_what_it_cannot_read() {
    let Desk { mut client, node: _node, _fixture } = Desk::with(Era::Modern, "");
    client.open("s", "Session", "no JSON");
    assert_eq!(code(&client.message("s")), -32_700);
    client.say("s", &modern_call("1", "fixture_echo", "{}"));
    assert_eq!(answer(&mut client, "s")["id"], 1);
    let elsewhere = json!({ "payload": "{}", "headers": { "server": "fixture" } });
    client.command(&json!({ "do": "send", "name": "s", "message": elsewhere }));
    assert_eq!(client.status("s"), "INVALID_ARGUMENT");
}

#[test]
fn what_is_wrong_with_the_transport_is_a_status() {
    let Desk { mut client, node, _fixture } = Desk::with(Era::Modern, "limits.body_bytes_max = 100_000");
    let mut check = |method: &str, raw: &str, expected: &str| {
        client.command(&json!({ "do": "open", "name": "x", "method": method, "raw": raw }));
        assert_eq!(client.status("x"), expected, "{method} {raw}");
    };
    // a field of wire type 7, and one that is longer than what follows
    for garbage in ["Dw==", "CgUx"] {
        check("/switchboard.v1.Mcp/Call", garbage, "INTERNAL");
    }
    check("/switchboard.v1.Mcp/Nothing", "", "UNIMPLEMENTED");
    check("/switchboard.v1.Mcp", "", "UNIMPLEMENTED");
    check("/switchboard.v2.Mcp/Call", "", "UNIMPLEMENTED");

    for shape in ["Call", "Stream", "Session"] {
        client.open("big", shape, &modern_call("1", "fixture_echo", &json!({ "x": "x".repeat(100_000) }).to_string()));
        assert_eq!(client.status("big"), "RESOURCE_EXHAUSTED", "{shape}");
    }
    assert_eq!(client.call(&modern_call("1", "fixture_echo", "{}"))["id"], 1, "the connection is as before");

    for bytes in
        [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], &[0; 64], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff"]
    {
        let mut connection = wire::connect(&node.grpc());
        wire::send(&mut connection, bytes);
        connection.shutdown(std::net::Shutdown::Write).expect("a connection can be half-closed");
        let mut rest = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "the answer of our own gateway")]
        let _ = connection.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP/1"), "{bytes:?}");
    }
    assert_eq!(client.call(&modern_call("2", "fixture_echo", "{}"))["id"], 2, "others notice nothing");
}

#[test]
fn health_and_reflection_are_served() {
    let Desk { mut client, node: _node, _fixture } = Desk::with(Era::Modern, "");
    for service in ["", "switchboard.v1.Mcp"] {
        client.command(&json!({ "do": "health", "service": service }));
        assert_eq!(client.event("health")["health"], "SERVING", "{service}");
    }
    client.command(&json!({ "do": "reflection" }));
    let told = client.event("reflection");
    let services = told["services"].as_array().cloned().unwrap_or_default();
    for service in ["switchboard.v1.Mcp", "grpc.health.v1.Health"] {
        assert!(services.contains(&json!(service)), "{told}");
    }
    let hint = "run `python -m grpc_tools.protoc -I crates/gateway/proto -o crates/gateway/proto/switchboard/v1/mcp.binpb \
                switchboard/v1/mcp.proto`";
    assert_eq!(told["is_what_the_file_says"], true, "mcp.binpb is not made from mcp.proto: {hint}");
}

#[test]
fn a_node_that_ends_tells_those_who_watch_and_lets_sessions_go() {
    let Desk { mut client, mut node, _fixture } = Desk::with(Era::Modern, "");
    handshake(&mut client, "s");
    client.say("s", &legacy_call(1, "fixture_slow", &json!({ "ms": 1_000 })));
    assert_eq!(client.message("s")["method"], "notifications/progress");
    client.open("w", "Watch switchboard.v1.Mcp", "{}");
    assert_eq!(client.event("w")["health"], "SERVING");
    node.end();
    assert_eq!(client.event("w")["health"], "NOT_SERVING");
    assert_eq!(text(&answer(&mut client, "s")), "waited 1000 ms", "what was asked is answered");
    assert_eq!(client.status("s"), "UNAVAILABLE");
}

/// The lines of `[grpc]` with the papers of the node.
fn configured(papers: &Papers) -> String {
    let file = |name: &str| json!(papers.file(name)).to_string();
    format!("grpc.certificate = {}\ngrpc.key = {}\n", file("node.pem"), file("node.key"))
}

#[test]
fn tls_is_spoken_and_clients_can_be_asked_for_their_certificate() {
    let papers = Papers::new();
    papers.issue("node");
    papers.issue("friend");
    let strangers = Papers::new();
    strangers.issue("stranger");
    let authority = papers.file("authority.pem");
    let echo = modern_call("1", "fixture_echo", "{}");

    let desk = Desk::with(Era::Modern, &configured(&papers));
    let target = desk.node.grpc().replace("127.0.0.1", "localhost");
    assert_eq!(Grpc::to(&target, &[&authority]).call(&echo)["id"], 1);
    assert_eq!(
        opened(Grpc::to(&target, &[&strangers.file("authority.pem")]), &echo),
        "UNAVAILABLE",
        "not our authority"
    );
    assert_eq!(opened(Grpc::to(&target, &[]), &echo), "UNAVAILABLE", "without TLS");

    let asking = format!("{}grpc.client_authorities = {}", configured(&papers), json!(authority));
    let desk = Desk::with(Era::Modern, &asking);
    let target = desk.node.grpc().replace("127.0.0.1", "localhost");
    let files =
        |papers: &Papers, name: &str| [format!("{name}.pem"), format!("{name}.key")].map(|name| papers.file(&name));
    let [certificate, key] = files(&papers, "friend");
    assert_eq!(Grpc::to(&target, &[&authority, &certificate, &key]).call(&echo)["id"], 1);
    let [certificate, key] = files(&strangers, "stranger");
    assert_eq!(opened(Grpc::to(&target, &[&authority, &certificate, &key]), &echo), "UNAVAILABLE", "a stranger");
    assert_eq!(opened(Grpc::to(&target, &[&authority]), &echo), "UNAVAILABLE", "nobody in particular");
}

/// The status with which a call ends.
fn opened(mut client: Grpc, payload: &str) -> String {
    client.open("x", "Call", payload);
    client.status("x")
}

#[test]
fn a_certificate_that_is_missing_stops_the_node_and_says_which_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let configuration = format!("{LISTEN}grpc.certificate = \"nowhere.pem\"\ngrpc.key = \"nowhere.key\"\n");
    let file = folder.path().join("switchboard.toml");
    fs::write(&file, configuration).expect("a temporary file can be written");
    let mut serve = command(built("switchboard"));
    serve.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(&file).env("SWITCHBOARD_STATE_DIR", folder.path());
    let output = serve.output().expect("a built program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot serve gRPC: cannot read nowhere.pem"), "{said}");
}
