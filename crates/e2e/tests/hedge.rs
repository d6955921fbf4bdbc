//! A second copy of a call that only reads and takes longer than nearly all before it: the first answer counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json, one_tool};
use e2e::wire;
use serde_json::json;

/// How long the one slow call takes: as long as a test has patience.
const SLOW: Duration = Duration::from_secs(20);

const TOOL: &str = "[servers.slow.tool.get]\nact = \"reads\"\nhedge = true\n";

/// A server that answers at once, but for the first call after it was told to be slow.
struct Server {
    scripted: Scripted,
    calls: Arc<AtomicUsize>,
    is_slow: Arc<AtomicBool>,
}

impl Server {
    fn start(slow: Duration) -> Self {
        let (calls, is_slow) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (counted, told) = (calls.clone(), is_slow.clone());
        let scripted = Scripted::start(one_tool("get"), move |id| {
            counted.fetch_add(1, Ordering::SeqCst);
            if told.swap(false, Ordering::SeqCst) {
                thread::sleep(slow);
            }
            as_json(id, &json!({ "resultType": "complete", "content": [] }))
        });
        Self { scripted, calls, is_slow }
    }

    fn be_slow(&self) {
        self.is_slow.store(true, Ordering::SeqCst);
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn call(scene: &Scene, number: usize) {
    let answer = wire::call(scene.node.address(), "/servers/slow/mcp", "7", "get", &format!(r#"{{"n":{number}}}"#));
    assert!(!answer.is_error(), "{}", answer.text());
}

#[test]
fn a_call_that_takes_long_is_answered_by_its_copy() {
    let server = Server::start(SLOW);
    let scene = Scene::start(&format!("{}{TOOL}", server.scripted.configured("slow")));
    (0..30).for_each(|number| call(&scene, number));
    let before = scene.control.get("/servers/slow")["copies"].clone();
    server.be_slow();
    let began = Instant::now();
    call(&scene, 30);
    assert!(began.elapsed() < SLOW / 2, "{:?}", began.elapsed());
    assert!(server.calls() >= 32);
    let copies = scene.control.get("/servers/slow")["copies"].clone();
    let first = |copies: &serde_json::Value| copies["first"].as_u64().unwrap_or_default();
    assert!(first(&copies) > first(&before), "{before} {copies}");
}

#[test]
fn the_copy_goes_to_another_instance_however_much_more_the_first_one_weighs() {
    let (heavy, light) = (Server::start(SLOW), Server::start(SLOW));
    let instance = |server: &Server, weight| {
        format!("[[servers.slow.instances]]\nurl = {:?}\nweight = {weight}\n", server.scripted.url())
    };
    let instances = [instance(&heavy, 1_000), instance(&light, 1)].concat();
    let scene = Scene::start(&format!("[servers.slow]\nera = \"modern\"\nbalance = \"weighted\"\n{instances}{TOOL}"));
    (0..30).for_each(|number| call(&scene, number));
    let before = light.calls();
    heavy.be_slow();
    let began = Instant::now();
    call(&scene, 30);
    assert!(began.elapsed() < SLOW / 2, "{:?}", began.elapsed());
    assert!(light.calls() > before, "the copy went to the instance that is slow");
}

#[test]
fn a_call_whose_caller_hears_of_it_is_sent_once() {
    let server = Server::start(Duration::from_secs(1));
    let scene = Scene::start(&format!("{}{TOOL}", server.scripted.configured("slow")));
    (0..30).for_each(|number| call(&scene, number));
    let before = (server.calls(), scene.control.get("/servers/slow")["copies"].clone());
    server.be_slow();
    let headers = wire::modern_call_headers("get");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let body = wire::modern_call("7", "get", "{}").replacen(r#""_meta":{"#, r#""_meta":{"progressToken":1,"#, 1);
    assert!(body.contains("progressToken"), "{body}");
    let asked = wire::post(scene.node.address(), "/servers/slow/mcp", &headers, body.as_bytes());
    let answer = wire::exchange(scene.node.address(), &asked);
    assert!(!answer.is_error(), "{}", answer.text());
    let after = (server.calls(), scene.control.get("/servers/slow")["copies"].clone());
    assert_eq!((before.0 + 1, before.1), after);
}
