//! Nodes with one server behind them, and a Valkey that they share.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Node;
use crate::counting::Counting;
use crate::valkey::Valkey;
use crate::wire;

/// What seals the answers that nodes share.
pub const KEY: &str = "a text of at least 32 characters";
/// How soon nodes have to agree.
const AGREED_WITHIN: Duration = Duration::from_secs(10);
/// Scenes that are played until everybody was answered in time.
const SCENES_MAX: u64 = 20;
const PATH: &str = "/servers/world/mcp";
const KEEP: &str = "[servers.world.tool.read]\ncache_s = 600\n";

/// Nodes with the same server, and what they share.
#[derive(Debug)]
pub struct Cluster {
    /// The server.
    pub world: Counting,
    /// What they share.
    pub valkey: Valkey,
    /// The nodes.
    pub nodes: Vec<Node>,
}

impl Cluster {
    /// So many nodes, all of them connected.
    ///
    /// # Panics
    ///
    /// When they do not come up.
    pub fn start(nodes: usize) -> Self {
        Self::at(Valkey::start(), nodes, Node::start)
    }

    /// So many nodes that share this, each started from its configuration.
    ///
    /// # Panics
    ///
    /// When they do not come up.
    pub fn at(valkey: Valkey, nodes: usize, start: impl Fn(&str) -> Node) -> Self {
        let world = Counting::start();
        let configuration = configuration(valkey.url(), KEY, &world);
        let nodes: Vec<Node> = (0..nodes).map(|_| start(&configuration)).collect();
        let cluster = Self { world, valkey, nodes };
        cluster.wait_for("up");
        cluster
    }

    /// Waits until what is shared is in this state for all nodes, and they hear each other.
    ///
    /// # Panics
    ///
    /// When that does not come about.
    pub fn wait_for(&self, state: &str) {
        for node in &self.nodes {
            until(|| shared(node)["state"] == state);
        }
        if state == "up" {
            let count = self.nodes.len().to_string();
            until(|| self.valkey.ask(&["PUBSUB", "NUMSUB", "switchboard:v1:void"]).contains(&count));
        }
    }

    /// The names of the answers that are there.
    pub fn answers(&self) -> Vec<String> {
        let names = self.valkey.ask(&["KEYS", "switchboard:v1:answer:*"]);
        names.into_iter().filter(|name| !name.is_empty() && !name.ends_with(":turn")).collect()
    }

    /// What this node answers to a question with this number, which nobody has asked; the answer is there for the others
    /// then, unless what is shared was too late for it.
    pub fn read_for_all(&self, node: usize, number: u64) -> Value {
        let unanswered = || shared(&self.nodes[node])["unanswered"].clone();
        let (answers, late) = (self.answers().len(), unanswered());
        let answer = self.read(node, number);
        until(|| self.answers().len() > answers || unanswered() != late);
        answer
    }

    /// What this node answers to a question with this number.
    pub fn read(&self, node: usize, number: u64) -> Value {
        called(&self.nodes[node], "read", &format!(r#"{{"n":{number}}}"#))
    }

    /// Plays a scene with ever new numbers until nobody in it was answered too late by what is shared: a node that is not
    /// answered within 50 ms goes on alone, which is what it is to do and not what such a scene is about.
    ///
    /// # Panics
    ///
    /// When what is shared is never in time.
    pub fn in_time<T>(&self, scene: impl Fn(u64) -> T) -> T {
        let unanswered = || self.nodes.iter().map(|node| shared(node)["unanswered"].as_u64()).collect::<Vec<_>>();
        for number in 1_000..1_000 + SCENES_MAX {
            self.wait_for("up");
            let before = unanswered();
            let seen = scene(number);
            if unanswered() == before {
                return seen;
            }
        }
        panic!("what is shared never answered in time")
    }
}

/// The configuration of a node that keeps what this server's tool `read` says, and shares it there.
pub fn configuration(url: &str, key: &str, world: &Counting) -> String {
    let shared = format!("[cache]\nredis_url = \"{url}\"\nredis_key = \"{key}\"\n");
    format!("{shared}{}{KEEP}", world.configured("world"))
}

/// What a node says of what it shares.
pub fn shared(node: &Node) -> Value {
    node.control().get("/cache")["shared"].clone()
}

/// Waits until something is so.
///
/// # Panics
///
/// When it does not come about.
pub fn until(mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < AGREED_WITHIN, "it does not come about");
        thread::yield_now();
    }
}

/// The answer to a call.
///
/// # Panics
///
/// When it is not a text.
pub fn called(node: &Node, tool: &str, arguments: &str) -> Value {
    let answer = wire::call(node.address(), PATH, "7", tool, arguments);
    let answer: Value = serde_json::from_str(&answer.message()).unwrap_or_else(|_| panic!("{answer:?}"));
    assert!(answer["result"]["content"][0]["text"].is_string(), "{answer}");
    answer
}

/// Whether an answer is a kept one.
pub fn is_kept(answer: &Value) -> bool {
    answer["result"]["_meta"]["dev.switchboard/cached"]["age_ms"].is_u64()
}
