//! More than anybody expects: ten thousand clients that listen and say nothing, and five hundred servers with a hundred thousand
//! tools. The node holds all of them in bounded memory, and who calls meanwhile is answered as ever.

use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::scripted::Scripted;
use e2e::wire::{self, META};
use serde_json::{Value, json};
use testkit::process;

use crate::until;

/// Streams that are open at one time, and how many threads open them.
const STREAMS: usize = 10_000;
const OPENERS: usize = 8;
/// What an idle stream may cost a node without optimisation: its connection, its task, its place among those that listen.
const STREAM_BYTES_MAX: u64 = 64 << 10;
/// What the node may do for all of them in a second in which nothing happens.
const IDLE_CPU_MAX: Duration = Duration::from_millis(300);
/// How long a call may take on a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(2);
/// Descriptors that may come and go by themselves.
const SLACK: usize = 8;

const SERVERS: usize = 500;
const TOOLS_PER_SERVER: usize = 200;
/// What a tool may cost the node, beside its own bytes: names, its place in lists, in the index and in the copies.
const TOOL_BYTES_MAX: u64 = 6 << 10;
/// How long the first list may take: five hundred servers are asked, without optimisation and on a busy machine.
const COLD_WITHIN: Duration = Duration::from_mins(2);
/// How soon a page of a thousand tools is there once they are known, without optimisation; the fastest of so many counts.
const PAGE_WITHIN: Duration = Duration::from_millis(50);
const PAGE_TRIES: usize = 20;

fn listen(address: &str) -> BufReader<TcpStream> {
    let params = format!(r#"{{"notifications":{{"toolsListChanged":true}},"_meta":{META}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{params}}}"#);
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen"];
    let mut connection = wire::connect(address);
    let request = wire::post(address, "/servers/fixture/mcp", &headers, body.as_bytes());
    connection.write_all(&request).expect("the node reads");
    let mut stream = BufReader::with_capacity(512, connection);
    let mut line = String::new();
    while !line.contains("subscriptions/acknowledged") {
        line.clear();
        let read = stream.read_line(&mut line).expect("the node answers in time");
        assert!(read > 0, "the stream has ended");
    }
    stream
}

fn assert_serves(node: &Node) {
    let began = Instant::now();
    let answer = wire::call(node.address(), "/servers/fixture/mcp", "7", "test_simple_text", "{}");
    assert!(answer.text().contains("simple text response"), "{answer:?}");
    assert!(began.elapsed() < ANSWERED_WITHIN, "a call took {:?}", began.elapsed());
}

#[test]
fn ten_thousand_idle_streams_cost_little_and_hold_nobody_up() {
    let fixture = Fixture::start(Era::Modern);
    let limits = "[limits]\nlistens_per_principal_max = 10_000\n";
    let node = Node::start(&format!("{limits}{}", fixture.configured("fixture")));
    assert_serves(&node);
    let usage = || process::usage(node.pid()).expect("the node runs");
    let descriptors = || process::descriptors(node.pid()).expect("the node runs");
    let (before, open_before) = (usage(), descriptors());

    let address = node.address();
    let streams: Vec<BufReader<TcpStream>> = thread::scope(|scope| {
        let opener = || scope.spawn(|| (0..STREAMS / OPENERS).map(|_| listen(address)).collect::<Vec<_>>());
        let openers: Vec<_> = (0..OPENERS).map(|_| opener()).collect();
        openers.into_iter().flat_map(|opener| opener.join().expect("all streams open")).collect()
    });
    assert_eq!(streams.len(), STREAMS);
    assert_serves(&node);

    let quiet = usage();
    thread::sleep(Duration::from_secs(1));
    let spent = usage().cpu.saturating_sub(quiet.cpu);
    assert!(spent < IDLE_CPU_MAX, "{spent:?} of processor time for a second of nothing");
    let each = quiet.rss_bytes.saturating_sub(before.rss_bytes) / STREAMS as u64;
    println!("an idle stream costs {each} bytes and {:?} a second", spent / 10_000);
    assert!(each < STREAM_BYTES_MAX, "{each} bytes for each of them");

    drop(streams);
    until("all descriptors are closed", || descriptors() <= open_before + SLACK);
    assert_serves(&node);
}

/// A server with two hundred tools.
fn of_many_tools() -> Scripted {
    let tools: Vec<Value> = (0..TOOLS_PER_SERVER)
        .map(|number| {
            let properties = json!({ "text": { "type": "string", "description": "What is said." } });
            let schema = json!({ "type": "object", "properties": properties, "required": ["text"] });
            json!({ "name": format!("tool_{number}"), "description": "Says something.", "inputSchema": schema })
        })
        .collect();
    let list = json!({ "resultType": "complete", "tools": tools, "ttlMs": 600_000, "cacheScope": "private" });
    Scripted::start(list, |_| Vec::new())
}

/// One page of the list of everything, and where the next one begins.
fn page(node: &Node, cursor: Option<&str>) -> (usize, Option<String>) {
    let cursor = cursor.map(|cursor| format!(r#""cursor":{},"#, json!(cursor))).unwrap_or_default();
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/list"];
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{{{cursor}"_meta":{META}}}}}"#);
    let mut connection = wire::connect(node.address());
    connection.set_read_timeout(Some(COLD_WITHIN)).expect("a timeout can be set");
    wire::send(&mut connection, &wire::post(node.address(), "/mcp", &headers, body.as_bytes()));
    let answer = wire::read_answer(&mut BufReader::new(connection));
    let message: Value = serde_json::from_str(&answer.message()).expect("a list is JSON");
    let result = &message["result"];
    let count = result["tools"].as_array().map_or_else(|| panic!("{message}"), Vec::len);
    (count, result["nextCursor"].as_str().map(str::to_owned))
}

#[test]
fn a_hundred_thousand_tools_of_five_hundred_servers_are_listed_page_by_page() {
    let server = of_many_tools();
    let mut configuration = "[limits]\nlist_ms_max = 60_000\n[tools]\nsearch = \"off\"\n".to_owned();
    for number in 0..SERVERS {
        configuration += &server.configured(&format!("s{number}"));
    }
    let node = Node::start(&configuration);
    let rss = || process::usage(node.pid()).expect("the node runs").rss_bytes;
    let before = rss();
    let (mut count, mut next) = page(&node, None);
    let mut pages = 1;
    while let Some(cursor) = next {
        let (more, after) = page(&node, Some(&cursor));
        (count, pages, next) = (count + more, pages + 1, after);
    }
    assert_eq!(count, SERVERS * TOOLS_PER_SERVER, "on {pages} pages");
    let each = rss().saturating_sub(before) / count as u64;
    let fastest = (0..PAGE_TRIES).map(|_| {
        let began = Instant::now();
        page(&node, None);
        began.elapsed()
    });
    let fastest = fastest.min().expect("there were tries");
    println!("{count} tools on {pages} pages, {each} bytes each; a warm page took {fastest:?}");
    assert!(each < TOOL_BYTES_MAX, "{each} bytes for each tool");
    assert!(fastest < PAGE_WITHIN, "a warm page took {fastest:?}");
}
