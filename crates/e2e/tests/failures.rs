//! Servers that fail, as their callers see them: they are left alone and found again, what was lost is sent once more only
//! where it can do no harm, and what reads the same at the same time is one call.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use e2e::Node;
use e2e::control::Control;
use e2e::scripted::{Scripted, as_json};
use e2e::wire::{self, Answer};
use serde_json::{Value, json};

/// Breakers that open soon and for a short time.
const SHORT: &str = "[breaker]\nopen_s = 1\nopen_s_max = 1\n[limits]\nhealth_ms = 500\n";
/// Breakers that never open.
const NEVER: &str = "[breaker]\nfailures = 1000\nwindow_calls = 100_000\n";
/// How long a call may take that is refused at once; the margin is for a busy machine.
const AT_ONCE: Duration = Duration::from_millis(500);

/// A list of `look`, which reads, `set`, which may be repeated, and `act`, which says nothing of itself.
fn list() -> Value {
    let tool = |name: &str, annotations: Value| json!({ "name": name, "inputSchema": { "type": "object" }, "annotations": annotations });
    let set = tool("set", json!({ "idempotentHint": true }));
    let tools = [tool("look", json!({ "readOnlyHint": true })), set, tool("act", json!({}))];
    json!({ "resultType": "complete", "tools": tools, "ttlMs": 60_000, "cacheScope": "private" })
}

fn result(id: &str, text: &str, is_error: bool) -> Vec<u8> {
    let content = json!([{ "type": "text", "text": text }]);
    as_json(id, &json!({ "resultType": "complete", "content": content, "isError": is_error }))
}

/// A node with one server, which counts the calls that come to it.
struct Scene {
    node: Node,
    server: Scripted,
    calls: Arc<AtomicUsize>,
}

impl Scene {
    /// The server answers call number `n`, from 1, with what `answer` makes of `n` and the id of the request.
    fn with(configuration: &str, answer: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        let server = Scripted::start(list(), move |id| answer(counted.fetch_add(1, Ordering::SeqCst) + 1, id));
        let node = Node::start(&format!("{configuration}{}", server.configured("s")));
        let listed = wire::list_tools(node.address(), "/servers/s/mcp");
        assert!(listed.text().contains("look"), "{}", listed.text());
        Self { node, server, calls }
    }

    fn call(&self, tool: &str) -> Answer {
        wire::call(self.node.address(), "/servers/s/mcp", "7", tool, "{}")
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    fn control(&self) -> Control {
        Control::of(&self.node.folder().join("state"), self.node.address())
    }

    fn breaker(&self) -> Value {
        self.control().get("/servers/s")["breaker"].clone()
    }

    /// Calls until it is told that the server is left alone.
    fn until_left_alone(&self) -> Answer {
        for _ in 0..20 {
            let answer = self.call("act");
            assert!(answer.is_error(), "{}", answer.text());
            if answer.code() == Some(-31004) {
                return answer;
            }
        }
        panic!("it is never left alone: {}", self.breaker())
    }
}

#[test]
fn a_server_that_fails_is_left_alone_and_found_again_without_a_call() {
    let rounds = std::env::var("SWITCHBOARD_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    let scene = Scene::with(SHORT, |_, id| result(id, "well", false));
    for round in 0..rounds {
        scene.server.set_down(true);
        let refused = scene.until_left_alone();
        assert_eq!(refused.status, 503, "{}", refused.text());
        let message: Value = serde_json::from_str(&refused.message()).expect("an answer is JSON");
        let data = &message["error"]["data"];
        assert_eq!((&data["code"], &data["retryable"]), (&json!("UNAVAILABLE"), &json!(true)), "{message}");
        assert!(data["retry_after_ms"].as_u64().is_some_and(|after| after <= 1_000), "{message}");
        assert!(message["error"]["message"].as_str().is_some_and(|text| text.contains("left alone")), "{message}");
        scene.server.set_down(false);
        let control = scene.control();
        let seen = control.wait_until("/servers/s", |server| server["breaker"]["state"] == "closed");
        assert_ne!(seen["state"], "backoff", "round {round}");
        assert!(scene.call("act").text().contains("well"), "round {round}: {}", scene.node.log());
    }
    assert_eq!(scene.calls(), rounds, "what was refused did not come to the server");
}

#[test]
fn a_call_that_is_held_back_is_refused_at_once_until_somebody_resets_the_breaker() {
    let scene = Scene::with("[breaker]\nopen_s = 3600\nopen_s_max = 3600\n", |_, id| result(id, "well", false));
    scene.server.set_down(true);
    scene.until_left_alone();
    let since = Instant::now();
    assert_eq!(scene.call("look").code(), Some(-31004));
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    assert_eq!(scene.control().get("/servers/s")["state"], "backoff");
    scene.server.set_down(false);
    assert_eq!(scene.control().ask("POST", "/servers/s/breaker/reset").0, 200);
    assert!(scene.call("act").text().contains("well"), "{}", scene.node.log());
    assert_eq!(scene.breaker()["state"], "closed");
}

#[test]
fn a_tool_that_says_it_failed_is_no_reason_to_leave_its_server_alone() {
    let scene = Scene::with(SHORT, |_, id| result(id, "you gave nonsense", true));
    for _ in 0..30 {
        assert!(scene.call("act").text().contains("you gave nonsense"));
    }
    assert_eq!(scene.breaker()["state"], "closed");
}

#[test]
fn a_tool_with_a_breaker_of_its_own_is_held_back_alone() {
    let own = "[servers.s.tool.act]\nbreaker = true\n";
    let answer = |n: usize, id: &str| if n <= 5 { Vec::new() } else { result(id, "well", false) };
    let scene = Scene::with(&format!("[breaker]\nopen_s = 3600\nopen_s_max = 3600\n{own}"), answer);
    let refused = scene.until_left_alone();
    assert!(refused.text().contains("the tool is left alone"), "{}", refused.text());
    assert!(scene.call("look").text().contains("well"));
    let breaker = scene.breaker();
    assert_eq!((&breaker["state"], &breaker["tools"]["act"]["state"]), (&json!("closed"), &json!("open")), "{breaker}");
}

#[test]
fn a_lost_act_is_never_sent_again_and_a_lost_read_is() {
    let scene = Scene::with(NEVER, |n, id| if n <= 2 { Vec::new() } else { result(id, "well", false) });
    let answer = scene.call("act");
    assert!(answer.text().contains("[OUTCOME_UNKNOWN]"), "{}", answer.text());
    assert_eq!(scene.calls(), 1);
    assert!(scene.call("look").text().contains("well"), "{}", scene.node.log());
    assert_eq!(scene.calls(), 3);
}

#[test]
fn what_is_sent_once_more_is_a_bounded_part_of_what_is_sent() {
    let scene = Scene::with(&format!("{NEVER}[retry]\nwait_ms = 1\n"), |_, _| Vec::new());
    for _ in 0..100 {
        let answer = scene.call("look");
        assert!(answer.text().contains("[UNAVAILABLE]"), "{}", answer.text());
    }
    // ten that need no percent, and twenty of a hundred
    assert!((101..=130).contains(&scene.calls()), "{} calls", scene.calls());
}

#[test]
fn a_server_that_says_when_to_come_again_is_obeyed() {
    let away = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let scene = Scene::with(NEVER, move |n, id| if n == 1 { away.to_vec() } else { result(id, "well", false) });
    let since = Instant::now();
    assert!(scene.call("act").text().contains("well"), "{}", scene.node.log());
    assert!(since.elapsed() >= Duration::from_secs(1));
    assert_eq!(scene.calls(), 2);
}

#[test]
fn a_server_that_turns_calls_away_and_does_not_say_for_how_long_may_have_acted() {
    let away = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let scene = Scene::with(&format!("{NEVER}[retry]\nwait_ms = 1\n"), |_, _| away.to_vec());
    let answer = scene.call("act");
    assert!(answer.text().contains("[OUTCOME_UNKNOWN]"), "{}", answer.text());
    assert!(answer.text().contains("\"retryable\":false"), "{}", answer.text());
    assert_eq!(scene.calls(), 1);
    let answer = scene.call("look");
    assert!(answer.text().contains("[UNAVAILABLE]"), "{}", answer.text());
    assert!(answer.text().contains("\"retryable\":true"), "{}", answer.text());
    for _ in 0..2 {
        let answer = act_under(&scene, "k-1", "{}");
        assert!(answer.text().contains("[OUTCOME_UNKNOWN]"), "{}", answer.text());
    }
    assert_eq!(scene.calls(), 5, "one act, a read and its repetitions, and one act under a key");
}

#[test]
fn reads_of_the_same_at_the_same_time_are_one_call() {
    let scene = Scene::with(NEVER, |_, id| {
        thread::sleep(Duration::from_secs(1));
        result(id, "well", false)
    });
    let together = |tool: &str| -> usize {
        let before = scene.calls();
        let answers: Vec<Answer> = thread::scope(|scope| {
            (0..8)
                .map(|_| scope.spawn(|| scene.call(tool)))
                .collect::<Vec<_>>()
                .into_iter()
                .map(|call| call.join().expect("a call ends"))
                .collect()
        });
        assert!(answers.iter().all(|answer| answer.text().contains("well")));
        scene.calls() - before
    };
    assert_eq!(together("act"), 8);
    let reads = together("look");
    assert!(reads < 8, "{reads} reads");
}

/// Calls `act` under a key, with arguments.
fn act_under(scene: &Scene, key: &str, arguments: &str) -> Answer {
    wire::exchange(scene.node.address(), &under(scene, ("act", arguments), &[&format!("Idempotency-Key: {key}")]))
}

/// The request of a call with headers.
fn under(scene: &Scene, (tool, arguments): (&str, &str), more: &[&str]) -> Vec<u8> {
    let headers = wire::modern_call_headers(tool);
    let headers: Vec<&str> = headers.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let body = wire::modern_call("7", tool, arguments);
    wire::post(scene.node.address(), "/servers/s/mcp", &headers, body.as_bytes())
}

#[test]
fn a_call_under_a_key_is_made_once_and_answered_each_time() {
    let scene = Scene::with(NEVER, |n, id| result(id, &format!("number {n}"), false));
    for _ in 0..3 {
        assert!(act_under(&scene, "k-1", r#"{"a":1,"b":2}"#).text().contains("number 1"));
        assert!(act_under(&scene, "k-1", r#"{ "b": 2, "a": 1 }"#).text().contains("number 1"));
    }
    assert_eq!(scene.calls(), 1);
    let other = act_under(&scene, "k-1", r#"{"a":1,"b":3}"#);
    assert_eq!(other.code(), Some(-32602), "{}", other.text());
    assert!(other.text().contains("belongs to another call"), "{}", other.text());
    assert!(act_under(&scene, "k-2", r#"{"a":1,"b":3}"#).text().contains("number 2"));
    assert_eq!(scene.calls(), 2);
}

#[test]
fn a_lost_call_under_a_key_stays_lost_and_one_that_never_arrived_can_be_made() {
    let scene = Scene::with(NEVER, |n, id| if n == 1 { Vec::new() } else { result(id, "well", false) });
    for _ in 0..2 {
        let answer = act_under(&scene, "k-1", "{}");
        assert!(answer.text().contains("[OUTCOME_UNKNOWN]"), "{}", answer.text());
    }
    assert_eq!(scene.calls(), 1);
    assert!(act_under(&scene, "k-2", "{}").text().contains("well"));
}

#[test]
fn a_call_under_a_key_goes_on_when_its_caller_hangs_up() {
    let scene = Scene::with(NEVER, |n, id| {
        thread::sleep(Duration::from_millis(300));
        result(id, &format!("number {n}"), false)
    });
    let mut connection = wire::connect(scene.node.address());
    wire::send(&mut connection, &under(&scene, ("act", "{}"), &["Idempotency-Key: k-1"]));
    let since = Instant::now();
    while scene.calls() == 0 {
        assert!(since.elapsed() < Duration::from_secs(20), "the call never came");
        thread::yield_now();
    }
    drop(connection);
    assert!(act_under(&scene, "k-1", "{}").text().contains("number 1"));
    assert_eq!(scene.calls(), 1);
}

#[test]
fn a_repeatable_call_under_a_key_stays_unknown_when_only_its_last_attempt_was_never_sent() {
    let rules = "[breaker]\nfailures = 1\nopen_s = 3600\nopen_s_max = 3600\n";
    let scene = Scene::with(rules, |n, id| if n == 1 { Vec::new() } else { result(id, "well", false) });
    let set = || wire::exchange(scene.node.address(), &under(&scene, ("set", "{}"), &["Idempotency-Key: k-1"]));
    let lost = set();
    assert!(lost.text().contains("[OUTCOME_UNKNOWN]"), "{}", lost.text());
    assert_eq!(scene.control().ask("POST", "/servers/s/breaker/reset").0, 200);
    let again = set();
    assert!(again.text().contains("[OUTCOME_UNKNOWN]"), "{}", again.text());
    assert_eq!(scene.calls(), 1);
}

#[test]
fn who_waits_for_the_first_under_a_key_waits_no_longer_than_his_own_time() {
    let (go_on, going_on) = mpsc::sync_channel::<()>(1);
    let going_on = Mutex::new(going_on);
    let scene = Scene::with(NEVER, move |n, id| {
        let _ = going_on.lock().expect("one call at a time").recv();
        result(id, &format!("number {n}"), false)
    });
    thread::scope(|scope| {
        let first = scope.spawn(|| act_under(&scene, "k-1", "{}"));
        let since = Instant::now();
        while scene.calls() == 0 {
            assert!(since.elapsed() < Duration::from_secs(20), "the call never came");
            thread::yield_now();
        }
        let hurried = under(&scene, ("act", "{}"), &["Idempotency-Key: k-1", "X-Timeout: 1"]);
        let told = wire::exchange(scene.node.address(), &hurried);
        assert_eq!(told.code(), Some(-31002), "{}", told.text());
        assert!(told.text().contains("still under way"), "{}", told.text());
        go_on.send(()).expect("the server waits");
        assert!(first.join().expect("a call ends").text().contains("number 1"));
    });
    assert!(act_under(&scene, "k-1", "{}").text().contains("number 1"));
    assert_eq!(scene.calls(), 1);
}

#[test]
fn who_waits_for_the_read_of_somebody_with_less_time_has_all_of_his_own() {
    let scene = Scene::with(NEVER, |n, id| match n {
        1 => loop {
            thread::park();
        },
        _ => result(id, &format!("number {n}"), false),
    });
    thread::scope(|scope| {
        let look = |time| wire::exchange(scene.node.address(), &under(&scene, ("look", "{}"), &[time]));
        let hurried = scope.spawn(move || look("X-Timeout: 1"));
        let since = Instant::now();
        while scene.calls() == 0 {
            assert!(since.elapsed() < Duration::from_secs(20), "the call never came");
            thread::yield_now();
        }
        let patient = look("X-Timeout: 30");
        assert!(patient.text().contains("number 2"), "{}", patient.text());
        assert!(hurried.join().expect("a call ends").text().contains("[TIMEOUT]"));
    });
    assert_eq!(scene.calls(), 2);
}

#[test]
fn who_waits_for_a_server_that_fails_is_told_at_once() {
    const WAITING: usize = 100;
    let (fail, failing) = mpsc::sync_channel::<()>(1);
    let failing = Mutex::new(failing);
    let rules = "[breaker]\nfailures = 1\nopen_s = 3600\nopen_s_max = 3600\n";
    let scene = Scene::with(&format!("{rules}[queue]\nconcurrency_per_server = 1\n"), move |_, _| {
        let _ = failing.lock().expect("one call at a time").recv();
        Vec::new()
    });
    thread::scope(|scope| {
        let lost = scope.spawn(|| scene.call("act"));
        scene
            .control()
            .wait_until("/queue?state=processing", |calls| calls.as_array().is_some_and(|all| all.len() == 1));
        let waiting: Vec<_> = (0..WAITING).map(|_| scope.spawn(|| (scene.call("act"), Instant::now()))).collect();
        scene.control().wait_until("/queue?state=pending&count=1000", |calls| {
            calls.as_array().is_some_and(|all| all.len() == WAITING)
        });
        fail.send(()).expect("the server waits");
        assert!(lost.join().expect("a call ends").text().contains("[OUTCOME_UNKNOWN]"));
        let since = Instant::now();
        for call in waiting {
            let (answer, at) = call.join().expect("a call ends");
            assert_eq!((answer.status, answer.code()), (503, Some(-31004)), "{}", answer.text());
            assert_eq!(answer.header("retry-after"), Some("3600"), "{}", answer.text());
            assert!(at.saturating_duration_since(since) < AT_ONCE, "{:?}", at - since);
        }
    });
    assert_eq!(scene.calls(), 1);
}

#[test]
fn a_tool_of_a_server_that_has_not_said_what_it_has_is_unavailable_and_not_unknown() {
    let silent = "command = \"sleep\"\nargs = [\"1000\"]\nstart_timeout_s = 1\nera = \"legacy\"\n";
    let node = Node::start(&format!(
        "[limits]\nlist_ms_max = 1_000\n[servers.s]\n{silent}[servers.s.tool.look]\ncache_s = 1\n"
    ));
    let call = |tool: &str| wire::call(node.address(), "/mcp", "7", tool, "{}").text();
    for _ in 0..2 {
        let answer = call("s_look");
        assert!(answer.contains("`s` has not said yet what it has") && answer.contains("UNAVAILABLE"), "{answer}");
    }
    let answer = call("t_look");
    assert!(answer.contains("unknown tool: t_look"), "{answer}");
}
