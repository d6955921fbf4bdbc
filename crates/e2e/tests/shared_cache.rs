//! Answers that several nodes keep together: one asks and all have it, what one makes void is void for all, and whatever
//! happens to what they share is at worst a call more.

use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::counting::Counting;
use e2e::valkey::Valkey;
use e2e::wire;
use serde_json::Value;

const PATH: &str = "/servers/world/mcp";
const KEY: &str = "a text of at least 32 characters";
const KEEP: &str = "[servers.world.tool.read]\ncache_s = 600\n";
/// How soon nodes have to agree.
const AGREED_WITHIN: Duration = Duration::from_secs(10);

/// Nodes with the same server, and what they share.
struct Cluster {
    world: Counting,
    valkey: Valkey,
    nodes: Vec<Node>,
}

impl Cluster {
    /// So many nodes, all of them connected.
    fn start(nodes: usize) -> Self {
        let (world, valkey) = (Counting::start(), Valkey::start());
        let configuration = configuration(&valkey, KEY, &world);
        let nodes: Vec<Node> = (0..nodes).map(|_| Node::start(&configuration)).collect();
        let cluster = Self { world, valkey, nodes };
        cluster.wait_for("up");
        cluster
    }

    /// Waits until what is shared is in this state for all nodes, and they hear each other.
    fn wait_for(&self, state: &str) {
        for node in &self.nodes {
            until(|| node.control().get("/cache")["shared"]["state"] == state);
        }
        if state == "up" {
            let count = self.nodes.len().to_string();
            until(|| self.valkey.ask(&["PUBSUB", "NUMSUB", "switchboard:v1:void"]).contains(&count));
        }
    }

    fn read(&self, node: usize, number: u64) -> Value {
        called(&self.nodes[node], "read", &format!(r#"{{"n":{number}}}"#))
    }
}

fn configuration(valkey: &Valkey, key: &str, world: &Counting) -> String {
    format!("{}{}{KEEP}", valkey.configured(key), world.configured("world"))
}

fn until(mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < AGREED_WITHIN, "it does not come about");
        thread::yield_now();
    }
}

fn called(node: &Node, tool: &str, arguments: &str) -> Value {
    let answer = wire::call(node.address(), PATH, "7", tool, arguments);
    let answer: Value = serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"));
    assert!(answer["result"]["content"][0]["text"].is_string(), "{answer}");
    answer
}

fn is_kept(answer: &Value) -> bool {
    answer["result"]["_meta"]["dev.switchboard/cached"]["age_ms"].is_u64()
}

#[test]
fn what_one_node_has_fetched_the_others_have() {
    let cluster = Cluster::start(2);
    assert!(!is_kept(&cluster.read(0, 1)));
    assert!(is_kept(&cluster.read(1, 1)));
    assert_eq!(cluster.world.count("read", 1), 1);
    assert_eq!(cluster.nodes[1].control().get("/cache")["shared"]["found"], 1);
}

#[test]
fn what_one_node_makes_void_is_void_for_all_within_a_second() {
    let cluster = Cluster::start(2);
    cluster.read(0, 1);
    assert!(is_kept(&cluster.read(1, 1)));
    called(&cluster.nodes[0], "act", r#"{"n":1}"#);
    let since = Instant::now();
    until(|| !is_kept(&cluster.read(1, 1)));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert!(is_kept(&cluster.read(0, 1)), "the new answer is everybody's");
    assert_eq!(cluster.world.count("read", 1), 2);
}

#[test]
fn a_hundred_callers_at_two_nodes_ask_the_server_once() {
    let cluster = Cluster::start(2);
    let ask = |node: &Node| called(node, "read", r#"{"n":1,"ms":300}"#);
    thread::scope(|scope| {
        for node in cluster.nodes.iter().cycle().take(100) {
            scope.spawn(|| ask(node));
        }
    });
    // on a busy machine an answer may come too late, and then a node asks for itself
    let late = |node: &Node| node.control().get("/cache")["shared"]["unanswered"] != 0;
    let asked_max = if cluster.nodes.iter().any(late) { 2 } else { 1 };
    let asked = cluster.world.count("read", 1);
    assert!((1..=asked_max).contains(&asked), "asked {asked} times");
}

#[test]
fn a_killed_valkey_costs_a_call_and_comes_back_without_old_answers() {
    let mut cluster = Cluster::start(2);
    cluster.read(0, 1);
    cluster.valkey.kill();
    cluster.wait_for("down");
    assert!(is_kept(&cluster.read(0, 1)), "the memory is there");
    assert!(!is_kept(&cluster.read(1, 1)));
    called(&cluster.nodes[0], "act", r#"{"n":1}"#);
    cluster.valkey = cluster.valkey.restarted();
    cluster.wait_for("up");
    assert!(!is_kept(&cluster.read(1, 1)), "it may have missed that something changed");
    assert!(is_kept(&cluster.read(0, 1)));
}

#[test]
fn a_valkey_that_stalls_holds_nobody_up() {
    let cluster = Cluster::start(1);
    cluster.valkey.freeze();
    let since = Instant::now();
    assert!(!is_kept(&cluster.read(0, 1)));
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert!(is_kept(&cluster.read(0, 1)));
    for number in 2..20 {
        cluster.read(0, number);
    }
    assert!(since.elapsed() < Duration::from_secs(3), "{:?}", since.elapsed());
    cluster.valkey.thaw();
    cluster.wait_for("up");
}

#[test]
fn a_valkey_that_lies_is_not_believed() {
    let cluster = Cluster::start(2);
    for number in 1..=4 {
        cluster.read(0, number);
    }
    let names = || cluster.valkey.ask(&["KEYS", "switchboard:v1:answer:*"]);
    let [genuine, foreign, changed, garbage] = <[String; 4]>::try_from(names()).expect("four answers are there");
    // the answer to another call, as it would be another principal's
    cluster.valkey.ask(&["COPY", &genuine, &foreign, "REPLACE"]);
    cluster.valkey.ask(&["SETRANGE", &changed, "40", "x"]);
    cluster.valkey.ask(&["SET", &garbage, "garbage"]);
    let answers: Vec<Value> = (1..=4).map(|number| cluster.read(1, number)).collect();
    assert_eq!(answers.iter().filter(|answer| is_kept(answer)).count(), 1, "{answers:?}");
    for (answer, number) in answers.iter().zip(1..) {
        assert_eq!(answer["result"]["content"][0]["text"], format!("did {number}"));
    }
    assert_eq!(cluster.nodes[1].control().get("/cache")["shared"]["unreadable"], 3);

    let before = names();
    cluster.read(0, 5);
    let endless = names().into_iter().find(|name| !before.contains(name)).expect("a fifth is there");
    cluster.valkey.ask(&["SETRANGE", &endless, &(8 * 1024 * 1024).to_string(), "x"]);
    assert_eq!(cluster.read(1, 5)["result"]["content"][0]["text"], "did 5");
    assert_eq!(cluster.world.count("read", 5), 2);
}

#[test]
fn a_node_with_another_key_finds_nothing() {
    let cluster = Cluster::start(1);
    cluster.read(0, 1);
    let stranger = Node::start(&configuration(&cluster.valkey, &KEY.to_uppercase(), &cluster.world));
    until(|| stranger.control().get("/cache")["shared"]["state"] == "up");
    assert!(!is_kept(&called(&stranger, "read", r#"{"n":1}"#)));
    assert_eq!(stranger.control().get("/cache")["shared"]["found"], 0);
}
