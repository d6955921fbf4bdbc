//! A server that becomes slower with the number of calls gets as many as it can do, and more when it has recovered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire;
use serde_json::json;

/// Callers who call all the time.
const CALLERS: usize = 48;

/// How long a call takes beside few others.
const QUICK: Duration = Duration::from_millis(25);

/// A server that does so many calls at one time as quickly as one, and more of them so much more slowly.
#[derive(Default)]
struct Kneed {
    knee: AtomicU32,
    running: AtomicU32,
}

impl Kneed {
    fn start(knee: u32) -> (Arc<Self>, Scripted) {
        let server = Arc::new(Self { knee: AtomicU32::new(knee), running: AtomicU32::new(0) });
        let shared = server.clone();
        let scripted = Scripted::start(one_tool("work"), move |id| shared.work(id));
        (server, scripted)
    }

    fn work(&self, id: &str) -> Vec<u8> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        let knee = self.knee.load(Ordering::SeqCst);
        thread::sleep(QUICK.mul_f64(f64::from(running.max(knee)) / f64::from(knee)));
        self.running.fetch_sub(1, Ordering::SeqCst);
        as_json(id, &json!({ "resultType": "complete", "content": [] }))
    }
}

#[test]
fn as_many_calls_run_as_the_server_can_do() {
    let (server, scripted) = Kneed::start(CALLERS as u32);
    let settings = "concurrency = 32\nconcurrency_min = 2\n";
    let scene = Scene::start(&format!("{}{settings}", scripted.configured("slow")));
    let is_over = AtomicBool::new(false);
    let may_run = |report: &serde_json::Value| report["calls_max"].as_u64().unwrap_or_default();
    assert_eq!(may_run(&scene.control.get("/servers/slow")), 2);
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    wire::call(scene.node.address(), "/servers/slow/mcp", "7", "work", "{}");
                }
            });
        }
        scene.control.wait_until("/servers/slow", |report| may_run(report) == 32);
        server.knee.store(4, Ordering::SeqCst);
        scene.control.wait_until("/servers/slow", |report| may_run(report) <= 8);
        server.knee.store(CALLERS as u32, Ordering::SeqCst);
        scene.control.wait_until("/servers/slow", |report| may_run(report) == 32);
        is_over.store(true, Ordering::SeqCst);
    });
    assert!(scene.node.log().contains("another number of calls may run"), "{}", scene.node.log());
}
