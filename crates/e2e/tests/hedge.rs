//! A second copy of a call that only reads and takes longer than nearly all before it: the first answer counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire;
use serde_json::json;

/// How long the one slow call takes: as long as a test has patience.
const SLOW: Duration = Duration::from_secs(20);

const TOOL: &str = "[servers.slow.tool.get]\nact = \"reads\"\nhedge = true\n";

/// A server that is slow to answer the call with this number, and none else.
fn slow_at(number: usize, slow: Duration) -> (Arc<AtomicUsize>, Scripted) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = calls.clone();
    let server = Scripted::start(one_tool("get"), move |id| {
        if counted.fetch_add(1, Ordering::SeqCst) + 1 == number {
            thread::sleep(slow);
        }
        as_json(id, &json!({ "resultType": "complete", "content": [] }))
    });
    (calls, server)
}

fn call(scene: &Scene, number: usize) {
    let answer = wire::call(scene.node.address(), "/servers/slow/mcp", "7", "get", &format!(r#"{{"n":{number}}}"#));
    assert!(!answer.is_error(), "{}", answer.text());
}

#[test]
fn a_call_that_takes_long_is_answered_by_its_copy() {
    let (calls, server) = slow_at(31, SLOW);
    let scene = Scene::start(&format!("{}{TOOL}", server.configured("slow")));
    (0..30).for_each(|number| call(&scene, number));
    let before = scene.control.get("/servers/slow")["copies"].clone();
    let began = Instant::now();
    call(&scene, 30);
    assert!(began.elapsed() < SLOW / 2, "{:?}", began.elapsed());
    assert!(calls.load(Ordering::SeqCst) >= 32);
    let copies = scene.control.get("/servers/slow")["copies"].clone();
    let first = |copies: &serde_json::Value| copies["first"].as_u64().unwrap_or_default();
    assert!(first(&copies) > first(&before), "{before} {copies}");
}

#[test]
fn the_copy_goes_to_another_instance_however_much_more_the_first_one_weighs() {
    let (_, heavy) = slow_at(31, SLOW);
    let (light_calls, light) = slow_at(0, Duration::ZERO);
    let instance = |server: &Scripted, weight| {
        format!("[[servers.slow.instances]]\nurl = {:?}\nweight = {weight}\n", server.url())
    };
    let [heavy, light] = [instance(&heavy, 1_000), instance(&light, 1)];
    let scene =
        Scene::start(&format!("[servers.slow]\nera = \"modern\"\nbalance = \"weighted\"\n{heavy}{light}{TOOL}"));
    (0..30).for_each(|number| call(&scene, number));
    let before = light_calls.load(Ordering::SeqCst);
    let began = Instant::now();
    call(&scene, 30);
    assert!(began.elapsed() < SLOW / 2, "{:?}", began.elapsed());
    assert!(light_calls.load(Ordering::SeqCst) > before, "the copy went to the instance that is slow");
}

#[test]
fn a_call_whose_caller_hears_of_it_is_sent_once() {
    let (calls, server) = slow_at(31, Duration::from_secs(1));
    let scene = Scene::start(&format!("{}{TOOL}", server.configured("slow")));
    (0..30).for_each(|number| call(&scene, number));
    let before = (calls.load(Ordering::SeqCst), scene.control.get("/servers/slow")["copies"].clone());
    let headers = wire::modern_call_headers("get");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let body = wire::modern_call("7", "get", "{}").replacen(r#""_meta":{"#, r#""_meta":{"progressToken":1,"#, 1);
    assert!(body.contains("progressToken"), "{body}");
    let asked = wire::post(scene.node.address(), "/servers/slow/mcp", &headers, body.as_bytes());
    let answer = wire::exchange(scene.node.address(), &asked);
    assert!(!answer.is_error(), "{}", answer.text());
    let after = (calls.load(Ordering::SeqCst), scene.control.get("/servers/slow")["copies"].clone());
    assert_eq!((before.0 + 1, before.1), after);
}
