//! A node that is restarted while it is used: its doors go over to a new process, and what runs is finished by the old one.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use e2e::Node;
use e2e::fixture::{Era, Fixture, configured_over_stdio};
use e2e::legacy::{Session, call};
use e2e::program::built;
use e2e::wire::{self, META, modern_call, modern_call_headers, post};
use serde_json::json;

const PATH: &str = "/servers/slow/mcp";

/// A server over stdio that answers `slow` after as long as it is told, and other calls meanwhile. Two of it cannot run at the
/// same time; each start leaves a dot in the file.
fn slow() -> String {
    let arguments = "args = ['--aside', '--lock', 'starts']";
    format!("[servers.slow]\ncommand = '{}'\n{arguments}\nmode = \"shared\"\n", built("rogue").display())
}

/// How often that server was started.
fn starts(node: &Node) -> usize {
    fs::read(node.folder().join("starts")).expect("it was started").len()
}

#[test]
fn a_call_that_runs_gets_its_answer_and_new_ones_go_to_the_successor() {
    let mut node = Node::start(&slow());
    let (address, first) = (node.address().to_owned(), node.pid());
    let running = thread::spawn(move || wire::call(&address, PATH, "1", "slow", r#"{"ms":3000}"#));
    node.control().wait_until("/servers/slow", |server| server["calls_running"] == 1);
    let successor = node.hand_over();
    assert_ne!(first, successor);
    assert_eq!(node.control().get("/status")["pid"], successor);
    assert!(wire::call(node.address(), PATH, "2", "echo", r#"{"text":"new"}"#).text().contains("new"));
    assert!(!running.is_finished(), "the call was to be under way for longer");
    assert!(running.join().expect("the call ends").text().contains("done"));
    node.wait_until_first_has_ended();
    assert!(wire::call(node.address(), PATH, "3", "count", "{}").text().contains(r#""text":"1""#));
    assert_eq!(starts(&node), 1);
}

#[test]
fn a_server_goes_on_with_all_that_it_remembers_through_ten_restarts_under_calls() {
    let mut node = Node::start(&slow());
    let (address, ends) = (node.address().to_owned(), Arc::new(AtomicBool::new(false)));
    let counting = {
        let (address, ends) = (address.clone(), ends.clone());
        thread::spawn(move || {
            let counted = (1..).take_while(|_| !ends.load(Ordering::Relaxed)).map(|number| {
                let answer = wire::call(&address, PATH, "1", "count", "{}").text();
                assert!(answer.contains(&format!(r#""text":"{number}""#)), "call {number}: {answer}");
            });
            counted.count()
        })
    };
    // longer than a process that has handed its doors over keeps servers without a call
    let long = thread::spawn(move || wire::call(&address, PATH, "2", "slow", r#"{"ms":9000}"#));
    node.control().wait_until("/servers/slow", |server| server["calls_running"].as_u64() >= Some(1));
    for _ in 0..10 {
        node.hand_over();
    }
    assert!(!long.is_finished(), "the call was to be under way for longer");
    assert!(long.join().expect("the call ends").text().contains("done"), "{}", node.log());
    ends.store(true, Ordering::Relaxed);
    assert!(counting.join().expect("every call is answered") >= 10);
    assert_eq!(starts(&node), 1);
    node.wait_until_first_has_ended();
}

#[test]
fn a_server_that_ends_after_a_restart_is_started_again() {
    let mut node = Node::start(&slow().replace("'--aside'", "'--aside', '--crash-on', 'echo'"));
    assert!(wire::call(node.address(), PATH, "1", "count", "{}").text().contains(r#""text":"1""#));
    node.hand_over();
    assert!(wire::call(node.address(), PATH, "2", "count", "{}").text().contains(r#""text":"2""#));
    assert!(wire::call(node.address(), PATH, "3", "echo", "{}").is_error());
    node.control().wait_until("/servers/slow", |server| server["instances"] == 0);
    assert!(wire::call(node.address(), PATH, "4", "count", "{}").text().contains(r#""text":"1""#));
    assert_eq!(starts(&node), 2);
}

#[test]
fn a_server_that_is_configured_otherwise_is_started_anew_by_the_successor_alone() {
    let mut node = Node::start(&slow().replace(", '--lock', 'starts'", ""));
    assert!(wire::call(node.address(), PATH, "1", "count", "{}").text().contains(r#""text":"1""#));
    // slow enough that the node which is followed sees the change of the file meanwhile
    let changed = slow().replace("'--aside'", "'--aside', '--slow-start', '1500'");
    fs::write(node.folder().join("switchboard.toml"), changed).expect("the file can be written");
    node.hand_over();
    let answer = wire::call(node.address(), PATH, "2", "count", "{}").text();
    assert!(answer.contains(r#""text":"1""#), "{answer}\n{}", node.log());
    assert_eq!(starts(&node), 1);
}

#[test]
fn a_session_goes_on_at_the_successor() {
    let fixture = Fixture::start(Era::Legacy);
    let mut node = Node::start(&fixture.configured("fixture"));
    let session = Session::open(node.address(), "/servers/fixture/mcp", "2025-11-25", &json!({}));
    let greet = call(1, "test_simple_text", &json!({}));
    for _ in 0..3 {
        node.hand_over();
        let answer = session.post(&greet);
        assert!(answer.text().contains("simple text response"), "{} {}", answer.status, answer.text());
    }
}

#[test]
fn idle_connections_go_over_as_they_are_and_reach_servers_that_the_successor_has() {
    let mut node = Node::start(&slow());
    let mut connections: Vec<_> = (0..10).map(|_| BufReader::new(wire::connect(node.address()))).collect();
    // the last of them have asked nothing yet, and the server of the calls is not started
    for connection in &mut connections[..8] {
        wire::send(connection.get_mut(), b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_eq!(wire::read_answer(connection).status, 200);
    }
    for restart in 0..3 {
        node.hand_over();
        for (number, connection) in connections.iter_mut().enumerate() {
            wire::send(connection.get_mut(), &count(&node));
            let answer = wire::read_answer(connection);
            assert_eq!((answer.status, answer.header("connection")), (200, None), "{}", answer.text());
            let counted = format!(r#""text":"{}""#, restart * 10 + number + 1);
            assert!(answer.text().contains(&counted), "{counted}: {}", answer.text());
        }
    }
    assert_eq!(starts(&node), 1);
    node.wait_until_first_has_ended();
}

#[test]
fn a_connection_on_which_a_request_is_coming_gets_its_answer_and_the_word_that_it_closes() {
    let mut node = Node::start(&slow());
    let mut connection = BufReader::new(wire::connect(node.address()));
    let health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    wire::send(connection.get_mut(), health);
    assert_eq!(wire::read_answer(&mut connection).header("connection"), None);
    let (first, rest) = health.split_at(10);
    wire::send(connection.get_mut(), first);
    // whoever is answered after that on another connection knows that the piece has arrived
    assert_eq!(wire::exchange(node.address(), health).status, 200);
    node.hand_over();
    wire::send(connection.get_mut(), rest);
    let answer = wire::read_answer(&mut connection);
    assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    assert!(connection.fill_buf().expect("it is closed").is_empty());
}

/// A call that counts how often it was made.
fn count(node: &Node) -> Vec<u8> {
    let headers = modern_call_headers("count");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    post(node.address(), PATH, &headers, modern_call("1", "count", "{}").as_bytes())
}

#[test]
fn a_standing_stream_ends_with_the_time_to_come_back_and_is_opened_again() {
    let mut node = Node::start(&configured_over_stdio("fixture", Era::Legacy));
    let session = Session::open(node.address(), "/servers/fixture/mcp", "2025-11-25", &json!({}));
    let mut stream = session.listen(None);
    let opening = stream.next().expect("a stream begins with its first id");
    node.hand_over();
    assert_eq!(stream.next().expect("it is told").retry_ms, Some(1_000));
    assert_eq!(stream.next(), None);
    let again = session.listen(opening.id.as_deref());
    assert_eq!(again.status, 200);
}

#[test]
fn a_stream_of_changes_ends_with_its_result() {
    let mut node = Node::start(&configured_over_stdio("fixture", Era::Modern));
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{{"notifications":{{"toolsListChanged":true}},"_meta":{META}}}}}"#
    );
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen"];
    let request = post(node.address(), "/servers/fixture/mcp", &headers, body.as_bytes());
    let mut stream = e2e::events::Stream::open(node.address(), &request);
    assert_eq!(stream.message()["method"], "notifications/subscriptions/acknowledged");
    node.hand_over();
    let end = stream.message();
    assert_eq!(end["result"]["resultType"], "complete", "{end}");
    assert_eq!(end["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 7, "{end}");
}

#[test]
fn sockets_stay_where_they_are() {
    let mut node = Node::start(&slow());
    node.hand_over();
    node.wait_until_first_has_ended();
    let socket = node.socket();
    let mut stream = UnixStream::connect(socket.trim_start_matches("unix:")).expect("the socket is still there");
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("the node reads");
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).expect("the node answers");
    assert_eq!(answer.trim_end(), "HTTP/1.1 200 OK");
    assert!(node.control().socket().exists());
}

#[test]
fn a_successor_that_cannot_start_leaves_the_node_as_it_was() {
    let node = Node::start(&slow());
    fs::write(node.folder().join("switchboard.toml"), "[limits]\nno_such_limit = 1\n")
        .expect("the file can be written");
    let (status, refused) = node.control().ask("POST", "/maintenance/restart");
    assert_eq!(status, 422, "{refused}");
    assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains("problem")), "{refused}");
    assert_eq!(node.control().get("/status")["pid"], node.pid());
    assert!(wire::call(node.address(), PATH, "1", "echo", r#"{"text":"still"}"#).text().contains("still"));
}

#[test]
fn a_second_signal_ends_a_node_at_once() {
    let mut node = Node::start(&slow());
    let address = node.address().to_owned();
    let running = thread::spawn(move || wire::call(&address, PATH, "1", "slow", r#"{"ms":60000}"#));
    node.control().wait_until("/servers/slow", |server| server["calls_running"] == 1);
    node.tell_to_end();
    node.wait_until_doors_are_closed();
    assert!(node.is_alive(), "it waits for its call");
    node.tell_to_end();
    node.wait_until_first_has_ended();
    assert_eq!(running.join().expect("the client sees the end").status, 0);
}
