//! How nodes come to what they share: over a port, with a password, over TLS; and what they do where it does not let them in or
//! is not what it is taken for.

use e2e::Node;
use e2e::cluster::{Cluster, KEY, called, configuration, is_kept, shared, until};
use e2e::counting::Counting;
use e2e::liar::Liar;
use e2e::papers::{AUTHORITY, Papers};
use e2e::valkey::Valkey;

const PASSWORD: &str = "hunter2hunter2";

fn a_node_finds_what_another_has_fetched(cluster: &Cluster) {
    let answer = cluster.in_time(|number| {
        cluster.read_for_all(0, number);
        cluster.read(1, number)
    });
    assert!(is_kept(&answer), "{answer}");
    for node in &cluster.nodes {
        assert!(!node.log().contains(PASSWORD), "{}", node.log());
    }
}

/// A node that is not let in says why, without the password, and goes on alone.
fn goes_on_alone(node: &Node, reason: &str) {
    until(|| node.log().contains("kept answers are not shared with other nodes for now"));
    assert!(node.log().contains(reason), "{}", node.log());
    assert!(!node.log().contains(PASSWORD), "{}", node.log());
    assert_eq!(shared(node)["state"], "down");
    assert!(!is_kept(&called(node, "read", r#"{"n":1}"#)));
    assert!(is_kept(&called(node, "read", r#"{"n":1}"#)));
}

#[test]
fn nodes_share_over_a_port_behind_a_password() {
    a_node_finds_what_another_has_fetched(&Cluster::at(Valkey::guarded(PASSWORD), 2, Node::start));
}

#[test]
fn nodes_share_over_tls_where_they_trust_the_authority() {
    let papers = Papers::new();
    papers.issue("valkey");
    let valkey = Valkey::over_tls(PASSWORD, &papers, "valkey");
    let authority = papers.file(AUTHORITY);
    let cluster = Cluster::at(valkey, 2, |configuration| Node::trusting(&authority, configuration));
    a_node_finds_what_another_has_fetched(&cluster);
    let stranger = Node::start(&configuration(cluster.valkey.url(), KEY, &cluster.world));
    goes_on_alone(&stranger, "tls handshake with localhost failed");
}

#[test]
fn a_node_with_a_wrong_password_says_so_and_goes_on_alone() {
    let (valkey, world) = (Valkey::guarded("another-one"), Counting::start());
    let port = valkey.url().rsplit(':').next().expect("a port stands at the end");
    let node = Node::start(&configuration(&format!("redis://:{PASSWORD}@127.0.0.1:{port}"), KEY, &world));
    goes_on_alone(&node, "it refuses us");
}

#[test]
fn a_place_that_lies_about_kinds_and_lengths_costs_a_call_and_is_counted() {
    let (liar, world) = (Liar::start(), Counting::start());
    let node = Node::start(&configuration(liar.url(), KEY, &world));
    let endless = format!("+{}", "a".repeat(1024 * 1024));
    let lies: [&[u8]; 14] = [
        b"+OK\r\n",
        b":7\r\n",
        b"-ERR no\r\n",
        b"$-1\r\n",
        b"*1\r\n$1\r\n1\r\n",
        b"*2\r\n:1\r\n:2\r\n",
        b"*2\r\n$1\r\n1\r\n*1\r\n:1\r\n",
        b"*2\r\n$-1\r\n$-1\r\n:1\r\n:1\r\n:1\r\n",
        b"$9223372036854775807\r\n",
        b"*2\r\n$1\r\n1\r\n$536870912\r\nabc",
        b"*1000000000\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        endless.as_bytes(),
        b"",
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        liar.say(lie);
        until(|| shared(&node)["state"] == "up");
        let read = || called(&node, "read", &format!(r#"{{"n":{number}}}"#));
        let lie = String::from_utf8_lossy(&lie[..lie.len().min(40)]);
        let told = || ["unanswered", "unreadable"].map(|count| shared(&node)[count].as_u64());
        let before = told();
        let answer = read();
        assert!(
            !is_kept(&answer) && answer["result"]["content"][0]["text"] == format!("did {number}"),
            "{lie}: {answer}"
        );
        assert!(is_kept(&read()), "{lie}");
        assert_ne!(told(), before, "{lie}");
    }
    assert_eq!(shared(&node)["found"], 0);
}
