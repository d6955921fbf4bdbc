//! Faults that an operator makes on purpose: calls meet them as if their server had failed, and are told that it has not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire;
use serde_json::{Value, json};

/// A node with a server that counts its calls.
struct World {
    scene: Scene,
    calls: Arc<AtomicUsize>,
}

impl World {
    fn start(settings: &str) -> Self {
        let calls = Arc::<AtomicUsize>::default();
        let counted = calls.clone();
        let scripted = Scripted::start(one_tool("work"), move |id| {
            counted.fetch_add(1, Ordering::SeqCst);
            as_json(id, &json!({ "resultType": "complete", "content": [] }))
        });
        Self { scene: Scene::start(&format!("{}{settings}", scripted.configured("a"))), calls }
    }

    /// Makes a rule and gives its number.
    fn make(&self, rule: &str) -> u64 {
        let (status, rule) = self.scene.control.ask("POST", &format!("/faults?{rule}"));
        assert_eq!(status, 200, "{rule}");
        rule["id"].as_u64().expect("a rule has a number")
    }

    fn call(&self) -> Value {
        let answer = wire::call(self.scene.node.address(), "/servers/a/mcp", "7", "work", "{}");
        serde_json::from_str(&answer.message()).expect("an answer is JSON")
    }

    /// The calls that came to the server since this was last asked.
    fn reached(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }
}

/// What a refusal says of itself.
fn details(answer: &Value) -> &Value {
    &answer["result"]["_meta"]["dev.switchboard/error"]
}

#[test]
fn what_is_dropped_never_comes_to_the_server_and_nobody_takes_it_for_a_fault_of_it() {
    let world = World::start("");
    world.call();
    world.reached();
    let rule = world.make("server=a&effect=drop&for_s=60");
    let lost = world.call();
    assert_eq!((&details(&lost)["code"], &details(&lost)["fault_rule"]), (&json!("OUTCOME_UNKNOWN"), &json!(rule)));
    assert_eq!(world.reached(), 0);
    let listed = world.scene.control.get("/faults");
    assert_eq!((&listed[0]["met"], &listed[0]["effect"]), (&json!(1), &json!("drop")));
    assert!(listed[0]["by"].as_str().is_some_and(|by| by.starts_with("user ")), "{listed}");
    assert_eq!(world.scene.control.ask("POST", &format!("/faults/{rule}/remove")).0, 200);
    assert_eq!(world.call()["result"]["_meta"], Value::Null);
    assert_eq!(world.reached(), 1);
    let log = world.scene.node.log();
    assert!(log.contains("faults are made on purpose from now on") && log.contains("user "), "{log}");
}

#[test]
fn breakers_hold_calls_back_from_a_server_that_fails_on_purpose() {
    let world =
        World::start("[servers.a.tool.work]\nact = \"reads\"\n[breaker]\nfailures = 3\n[retry]\nattempts = 1\n");
    let rule = world.make("server=*&effect=error&for_s=60");
    for _ in 0..3 {
        assert_eq!(details(&world.call())["fault_rule"], json!(rule));
    }
    let held_back = world.call();
    assert!(held_back["error"]["message"].as_str().unwrap().contains("left alone"), "{held_back}");
    assert_eq!(world.reached(), 0);
}

#[test]
fn a_late_answer_says_that_it_is_late_on_purpose_and_a_reload_changes_nothing() {
    let world = World::start("");
    world.make("server=a&tool=w*&effect=delay&delay_ms=300&for_s=60");
    let text = std::fs::read_to_string(&world.scene.file).unwrap();
    world.scene.write(&format!("{text}concurrency = 7\n"));
    world.scene.wait_for(2);
    let began = Instant::now();
    let late = world.call();
    assert!(began.elapsed() >= Duration::from_millis(300));
    let said = json!({ "rule": 1, "effect": "delay", "ms": 300 });
    assert_eq!(late["result"]["_meta"]["dev.switchboard/fault"], said);
    assert_eq!(world.reached(), 1);
}

#[test]
fn who_is_not_meant_meets_nothing_and_a_rule_ends_by_itself() {
    let world = World::start("");
    for rule in ["server=a&principal=ada&effect=drop&for_s=60", "server=a&tool=other*&effect=drop&for_s=60"] {
        world.make(rule);
    }
    assert_eq!(world.call()["result"]["_meta"], Value::Null);
    world.make("server=a&effect=drop&for_s=3");
    assert_eq!(details(&world.call())["code"], "OUTCOME_UNKNOWN");
    world.scene.control.wait_until("/faults", |rules| rules.as_array().is_some_and(|rules| rules.len() == 2));
    assert_eq!(world.call()["result"]["_meta"], Value::Null);
}

#[test]
fn a_rule_that_would_do_nothing_or_too_much_is_refused() {
    let world = World::start("");
    let check = |rule: &str, expected: &str| {
        let (status, refused) = world.scene.control.ask("POST", &format!("/faults?{rule}"));
        assert_eq!(status, 400, "{rule}");
        assert!(refused["detail"].as_str().unwrap().contains(expected), "{refused}");
    };
    check("server=b*&effect=drop&for_s=60", "no server matches `b*`");
    check("server=a&effect=drop&for_s=86400", "from 1 to 3600");
    assert_eq!(world.scene.control.ask("POST", "/faults/7/remove").0, 404);
}
