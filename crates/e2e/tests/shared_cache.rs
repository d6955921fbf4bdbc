//! Answers that several nodes keep together: one asks and all have it, what one makes void is void for all, and whatever
//! happens to what they share is at worst a call more.

use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::cluster::{Cluster, KEY, called, configuration, is_kept, shared, until};
use serde_json::Value;

#[test]
fn what_one_node_has_fetched_the_others_have() {
    let cluster = Cluster::start(2);
    let (kept, asked) = cluster.in_time(|number| {
        let answers = [cluster.read_for_all(0, number), cluster.read(1, number)];
        (answers.map(|answer| is_kept(&answer)), cluster.world.count("read", number))
    });
    assert_eq!((kept, asked), ([false, true], 1));
    assert!(shared(&cluster.nodes[1])["found"].as_u64() > Some(0));
}

#[test]
fn what_one_node_makes_void_is_void_for_all_within_a_second() {
    let cluster = Cluster::start(2);
    let heard = || shared(&cluster.nodes[1])["heard"].as_u64();
    let (took, answers, asked) = cluster.in_time(|number| {
        cluster.read_for_all(0, number);
        cluster.read(1, number);
        let (before, since) = (heard(), Instant::now());
        called(&cluster.nodes[0], "act", r#"{"n":1}"#);
        // an act is told of when it begins and when it has ended
        until(|| heard() == before.map(|before| before + 2));
        let (took, asked) = (since.elapsed(), cluster.world.count("read", number));
        let answers = [cluster.read(1, number), cluster.read(1, number)];
        (took, answers.map(|answer| is_kept(&answer)), cluster.world.count("read", number) - asked)
    });
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!((answers, asked), ([false, true], 1));
}

#[test]
fn a_hundred_callers_at_two_nodes_ask_the_server_once() {
    let cluster = Cluster::start(2);
    let asked = cluster.in_time(|number| {
        thread::scope(|scope| {
            for node in cluster.nodes.iter().cycle().take(100) {
                scope.spawn(move || called(node, "read", &format!(r#"{{"n":{number},"ms":300}}"#)));
            }
        });
        cluster.world.count("read", number)
    });
    assert_eq!(asked, 1);
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
    let told = shared(&cluster.nodes[0]);
    assert!(told["state"] != "up" && told["unanswered"].as_u64() > Some(0), "{told}");
    cluster.valkey.thaw();
    cluster.wait_for("up");
}

#[test]
fn a_valkey_that_lies_is_not_believed() {
    let cluster = Cluster::start(2);
    for number in 1..=4 {
        cluster.read_for_all(0, number);
    }
    let there = cluster.answers();
    let [genuine, foreign, changed, garbage] = <[String; 4]>::try_from(there).expect("four answers are there");
    // the answer to another call, as it would be another principal's
    cluster.valkey.ask(&["COPY", &genuine, &foreign, "REPLACE"]);
    cluster.valkey.ask(&["SETRANGE", &changed, "40", "x"]);
    cluster.valkey.ask(&["SET", &garbage, "garbage"]);
    let answers: Vec<Value> = (1..=4).map(|number| cluster.read(1, number)).collect();
    assert_eq!(answers.iter().filter(|answer| is_kept(answer)).count(), 1, "{answers:?}");
    for (answer, number) in answers.iter().zip(1..) {
        assert_eq!(answer["result"]["content"][0]["text"], format!("did {number}"));
    }
    // each is looked at once more when its turn is taken, and counts once
    assert_eq!(shared(&cluster.nodes[1])["unreadable"], 3);

    let before = cluster.answers();
    cluster.read_for_all(0, 5);
    let endless = cluster.answers().into_iter().find(|name| !before.contains(name)).expect("a fifth is there");
    cluster.valkey.ask(&["SETRANGE", &endless, &(8 * 1024 * 1024).to_string(), "x"]);
    assert_eq!(cluster.read(1, 5)["result"]["content"][0]["text"], "did 5");
    assert_eq!(cluster.world.count("read", 5), 2);
}

#[test]
fn a_node_with_another_key_finds_nothing() {
    let cluster = Cluster::start(1);
    cluster.read(0, 1);
    let stranger = Node::start(&configuration(cluster.valkey.url(), &KEY.to_uppercase(), &cluster.world));
    until(|| shared(&stranger)["state"] == "up");
    assert!(!is_kept(&called(&stranger, "read", r#"{"n":1}"#)));
    assert_eq!(shared(&stranger)["found"], 0);
}
