//! A program that does one thing after the other, and that everybody shares: calls are spread over a pool of processes of it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::program::{built, command};
use e2e::scene::Scene;
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

const PATH: &str = "/servers/slow/mcp";

/// A program that is shared, with a pool of processes that do one call at a time.
fn with_pool(pool: &str) -> String {
    let pool = format!("pool = {{ {pool}, calls_per_process = 1 }}");
    format!("[servers.slow]\ncommand = '{}'\nmode = \"shared\"\n{pool}\n", built("rogue").display())
}

fn processes(report: &Value) -> u64 {
    report["pool"]["processes"].as_u64().unwrap_or_default()
}

fn call(scene: &Scene, tool: &str, arguments: &str) -> Answer {
    wire::call(scene.node.address(), PATH, "7", tool, arguments)
}

/// Who calls all the time, from several threads; every call has to be answered.
fn under_load(scene: &Scene, callers: usize, meanwhile: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..callers {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let answer = call(scene, "slow", r#"{"ms":50}"#);
                    assert!(!answer.is_error(), "{}", answer.text());
                }
            });
        }
        meanwhile();
        is_over.store(true, Ordering::SeqCst);
    });
}

/// The process that answers now.
fn pid(scene: &Scene) -> String {
    let answer: Value = serde_json::from_str(&call(scene, "pid", "{}").message()).unwrap_or_default();
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default().to_owned()
}

/// The two processes that there are.
fn both(scene: &Scene) -> BTreeSet<String> {
    let first = pid(scene);
    scene.control.wait_until("/servers/slow", |report| processes(report) == 2);
    thread::scope(|threads| {
        threads.spawn(|| call(scene, "slow", r#"{"ms":2000}"#));
        scene.control.wait_until("/servers/slow", |report| report["pool"]["busy"] == 1);
        BTreeSet::from([first, pid(scene)])
    })
}

#[test]
fn processes_come_while_calls_wait_and_go_when_there_is_nothing_to_do() {
    let scene = Scene::start(&with_pool("min = 1, target = 2, max = 4, idle_s = 1"));
    assert!(!call(&scene, "echo", "{}").is_error());
    assert_eq!(processes(&scene.control.get("/servers/slow")), 1, "one is enough for one call");
    let seen = Mutex::new(BTreeSet::new());
    under_load(&scene, 8, || {
        let report = scene.control.wait_until("/servers/slow", |report| report["calls_max"] == 4);
        assert_eq!((processes(&report), &report["pool"]["started"]), (4, &json!(3)));
        while seen.lock().unwrap().len() < 4 {
            seen.lock().unwrap().insert(pid(&scene));
        }
    });
    let report = scene.control.wait_until("/servers/slow", |report| report["pool"]["ended"] == 3);
    assert_eq!(processes(&report), 1);
    assert!(seen.into_inner().unwrap().contains(&pid(&scene)), "the first is still there");
}

#[test]
fn the_fewest_start_with_the_first_call_and_all_end_when_nobody_calls() {
    let settings = format!("{}idle_stop_s = 1\n", with_pool("min = 3, target = 3, max = 3"));
    let scene = Scene::start(&settings);
    assert_eq!(processes(&scene.control.get("/servers/slow")), 0);
    assert!(!call(&scene, "echo", "{}").is_error());
    scene.control.wait_until("/servers/slow", |report| processes(report) == 3);
    scene.control.wait_until("/servers/slow", |report| processes(report) == 0);
    assert!(!call(&scene, "echo", "{}").is_error());
}

#[test]
fn a_killed_process_takes_only_its_own_call_with_it_and_another_takes_its_place() {
    let scene = Scene::start(&with_pool("min = 2, target = 2, max = 2"));
    let first = pid(&scene);
    scene.control.wait_until("/servers/slow", |report| processes(report) == 2);
    thread::scope(|scope| {
        let lost = scope.spawn(|| call(&scene, "slow", r#"{"ms":20000}"#));
        scene.control.wait_until("/servers/slow", |report| report["pool"]["busy"] == 1);
        let whole = scope.spawn(|| call(&scene, "slow", r#"{"ms":3000}"#));
        scene.control.wait_until("/servers/slow", |report| report["pool"]["busy"] == 2);
        assert!(command("kill").args(["-s", "KILL", &first]).status().unwrap().success());
        let began = Instant::now();
        assert!(lost.join().unwrap().text().contains("[OUTCOME_UNKNOWN]"));
        assert!(began.elapsed() < Duration::from_secs(10), "who called it does not wait for the answer");
        assert!(whole.join().unwrap().text().contains("done"));
    });
    let other = pid(&scene);
    assert_ne!(other, first);
    for _ in 0..20 {
        assert!(!call(&scene, "echo", "{}").is_error(), "a dead process is given no call");
    }
    scene.control.wait_until("/servers/slow", |report| processes(report) == 2);
}

#[test]
fn other_bounds_are_in_force_at_once_and_no_call_is_lost() {
    let bounded = |max: u32| with_pool(&format!("min = 1, target = {max}, max = {max}"));
    let scene = Scene::start(&bounded(1));
    under_load(&scene, 6, || {
        let first = pid(&scene);
        for (number, max) in [(2, 4), (3, 2)] {
            scene.write(&bounded(max));
            scene.wait_for(number);
            let report = scene.control.wait_until("/servers/slow", |report| report["calls_max"] == max);
            assert_eq!(processes(&report), u64::from(max));
        }
        let all: BTreeSet<String> = (0..40).map(|_| pid(&scene)).collect();
        assert!(all.contains(&first), "the server was not replaced");
    });
}

#[test]
fn all_processes_go_on_when_the_node_is_restarted() {
    let mut scene = Scene::start(&with_pool("min = 2, target = 2, max = 2"));
    let before = both(&scene);
    assert_eq!(before.len(), 2);
    scene.node.hand_over();
    assert_eq!(both(&scene), before);
}
