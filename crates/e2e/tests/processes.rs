//! A program that does one thing after the other, and that everybody shares: calls are spread over several processes of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use e2e::program::built;
use e2e::scene::Scene;
use e2e::wire;
use serde_json::Value;

const PATH: &str = "/servers/slow/mcp";

#[test]
fn more_processes_run_while_all_are_busy_and_none_when_there_is_nothing_to_do() {
    let settings = "mode = \"shared\"\nconcurrency = 8\nprocesses_max = 3\nidle_stop_s = 1\n";
    let scene = Scene::start(&format!("[servers.slow]\ncommand = {:?}\n{settings}", built("rogue")));
    let processes = |report: &Value| report["instances"].as_u64().unwrap_or_default();
    let is_over = AtomicBool::new(false);
    assert!(!wire::call(scene.node.address(), PATH, "1", "echo", "{}").is_error());
    assert_eq!(processes(&scene.control.get("/servers/slow")), 1, "one is enough for one call");
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let answer = wire::call(scene.node.address(), PATH, "7", "slow", r#"{"ms":50}"#);
                    assert!(!answer.is_error(), "{}", answer.text());
                }
            });
        }
        let report = scene.control.wait_until("/servers/slow", |report| processes(report) >= 3);
        assert_eq!(processes(&report), 3);
        is_over.store(true, Ordering::SeqCst);
    });
    scene.control.wait_until("/servers/slow", |report| processes(report) == 0);
    assert!(!wire::call(scene.node.address(), PATH, "1", "echo", "{}").is_error());
}
