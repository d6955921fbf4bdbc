//! What a hostile request costs beside what it is: for each kind, the bytes that were sent, the memory that the node took for
//! them at the highest, and the processor time, beside that of as many bytes of honest calls. A hundred times as much is a fault.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use e2e::Node;
use e2e::fixture::{Era, Fixture};
use e2e::wire::{self, META};
use flate2::Compression;
use flate2::write::GzEncoder;
use testkit::process;

/// No request may cost so many times what it is.
const TIMES_MAX: u64 = 100;
/// Each kind is sent again until it has brought so many bytes, or so often.
const BYTES: usize = 2 << 20;
const REQUESTS_MAX: usize = 200;
/// What memory moves by itself: a thread that wakes up, a buffer of a connection.
const NOISE_BYTES: u64 = 8 << 20;
/// What a processor's time is told in.
const TICK: Duration = Duration::from_millis(10);

/// What an honest call says of itself.
const CALL: [&str; 3] = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: echo"];
const LISTEN: [&str; 2] = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen"];
const UNKNOWN: [&str; 2] = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: nobody/knows"];

/// One kind of request.
struct Kind {
    name: &'static str,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Kind {
    fn new(name: &'static str, headers: &[&str], body: impl Into<Vec<u8>>) -> Self {
        Self { name, headers: headers.iter().map(|&header| header.to_owned()).collect(), body: body.into() }
    }

    fn with(mut self, headers: impl IntoIterator<Item = String>) -> Self {
        self.headers.extend(headers);
        self
    }

    fn request(&self, address: &str) -> Vec<u8> {
        let headers: Vec<&str> = self.headers.iter().map(String::as_str).collect();
        wire::post(address, "/servers/fixture/mcp", &headers, &self.body)
    }
}

fn call(arguments: &str) -> String {
    wire::modern_call("1", "echo", arguments)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).and_then(|()| packer.finish()).expect("bytes can be packed")
}

fn kinds() -> Vec<Kind> {
    let keys = |key: &dyn Fn(usize) -> String| (0..100_000).map(key).collect::<Vec<_>>().join(",");
    let with = |name, arguments: String| Kind::new(name, &CALL, call(&arguments));
    let subjects = vec![r#""a://b""#; 50_000].join(",");
    let listens = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{{"notifications":{{"resourceSubscriptions":[{subjects}]}},"_meta":{META}}}}}"#
    );
    let unknown = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"nobody/knows","params":{{"_meta":{META}}}}}"#);
    let bomb = gzip(call(&format!(r#"{{"text":"{}"}}"#, "x".repeat(7 << 20))).as_bytes());
    vec![
        Kind::new("brackets without end", &CALL, vec![b'['; 1 << 20]),
        Kind::new("invalid bytes", &CALL, vec![0xff; 1 << 20]),
        Kind::new("a batch", &CALL, format!("[{}]", vec![call("{}"); 1_000].join(","))),
        Kind::new("many subjects", &LISTEN, listens),
        Kind::new("an unknown method", &UNKNOWN, unknown),
        Kind::new("a bomb", &CALL, bomb).with(["Content-Encoding: gzip".to_owned()]),
        Kind::new("many headers", &CALL, call("{}")).with((0..400).map(|number| format!("X-{number}: y"))),
        with("nested objects", r#"{"a":"#.repeat(100_000)),
        with("many keys", format!("{{{}}}", keys(&|number| format!(r#""k{number}":1"#)))),
        with("the same key", format!("{{{}}}", keys(&|_| r#""k":1"#.to_owned()))),
        with("a long number", format!(r#"{{"n":1{}}}"#, "0".repeat(1 << 20))),
        with("escapes", format!(r#"{{"text":"{}"}}"#, "\\u0000".repeat(150_000))),
        with("half a message", "{".to_owned()),
    ]
}

/// What requests have cost the node.
struct Cost {
    bytes: usize,
    /// Memory at the highest, for one of them after the other.
    memory: u64,
    time: Duration,
}

/// What sending `request` again and again costs the node.
fn cost(node: &Node, request: &[u8]) -> Cost {
    let usage = || process::usage(node.pid()).expect("the node runs");
    // from here on the highest is counted anew
    fs::write(format!("/proc/{}/clear_refs", node.pid()), "5").expect("a process of ours can be told");
    let before = usage();
    let times = (BYTES / request.len()).clamp(1, REQUESTS_MAX);
    for _ in 0..times {
        wire::exchange(node.address(), request);
    }
    let after = usage();
    Cost {
        bytes: times * request.len(),
        memory: after.rss_peak_bytes.saturating_sub(before.rss_bytes),
        time: after.cpu.saturating_sub(before.cpu),
    }
}

#[test]
fn no_request_costs_a_hundred_times_what_it_is() {
    let fixture = Fixture::start(Era::Modern);
    let mut node = Node::start(&fixture.configured("fixture"));
    let honest = Kind::new("honest", &CALL, call(&format!(r#"{{"text":"{}"}}"#, "x".repeat(1_000))));
    let honest = honest.request(node.address());
    cost(&node, &honest);
    let usual = cost(&node, &honest);
    let of_a_byte = (usual.time + TICK).as_secs_f64() / usual.bytes as f64;
    let mut faults = Vec::new();
    for kind in kinds() {
        let request = kind.request(node.address());
        let Cost { bytes, memory, time } = cost(&node, &request);
        let times = time.as_secs_f64() / (of_a_byte * bytes as f64);
        println!("{}: {bytes} bytes, {memory} bytes of memory, {time:?}: {times:.2} times honest ones", kind.name);
        let takes_memory = memory > TIMES_MAX * request.len() as u64 + NOISE_BYTES;
        let takes_time = time > 2 * TICK && times > TIMES_MAX as f64;
        if takes_memory || takes_time {
            faults.push(kind.name);
        }
        assert!(node.is_alive(), "{}", kind.name);
    }
    assert_eq!(faults, Vec::<&str>::new());
    assert!(!wire::exchange(node.address(), &honest).is_error());
}
