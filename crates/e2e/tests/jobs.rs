//! Calls that the gateway finishes without their callers: accepted on disk, answered like any call, not lost and not run
//! twice when the gateway is killed, and in the hands of an operator when they do not succeed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use e2e::Node;
use e2e::control::Control;
use e2e::counting::Counting;
use e2e::events::Stream;
use e2e::fixture::{Era, Fixture};
use e2e::jobs::{ask, ended, submit, task_in, try_submit};
use e2e::program::{built, command};
use e2e::tools::{Python, python};
use e2e::wire;
use serde_json::{Value, json};

fn control(node: &Node) -> Control {
    Control::of(&node.folder().join("state"), node.address())
}

/// Submits a call that has to be accepted.
fn accepted(node: &Node, tool: &str, arguments: &Value) -> String {
    let answer = submit(node.address(), tool, arguments);
    task_in(&answer).unwrap_or_else(|| panic!("no task: {answer:?}"))
}

#[test]
fn a_job_ends_with_the_answer_that_its_call_would_have_had() {
    for era in [Era::Modern, Era::Legacy] {
        let fixture = Fixture::start(era);
        let node = Node::start(&fixture.configured("fixture"));
        let task = accepted(&node, "fixture_test_simple_text", &json!({}));
        assert!(task.starts_with("gw."), "{task}");
        let ended = ended(node.address(), &task);
        let called = wire::call(node.address(), "/mcp", "1", "fixture_test_simple_text", "{}");
        let called: Value = serde_json::from_str(&called.message()).unwrap();
        assert_eq!((&ended["status"], &ended["result"]), (&json!("completed"), &called["result"]), "{era:?}");
    }
}

#[test]
fn a_client_that_cannot_follow_tasks_gets_no_job() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let meta = wire::META.replacen('{', r#"{"dev.switchboard/async":true,"#, 1);
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"count_act","arguments":{{"n":1}},"_meta":{meta}}}}}"#
    );
    let headers = wire::modern_call_headers("count_act");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let answer = wire::exchange(node.address(), &wire::post(node.address(), "/mcp", &headers, body.as_bytes()));
    assert_eq!(answer.code(), Some(-32021), "{answer:?}");
    assert_eq!(counting.count("act", 1), 0);
}

#[test]
fn what_cannot_be_called_is_refused_before_it_is_a_job() {
    let counting = Counting::start();
    let node = Node::start(&format!("jobs.request_bytes_max = 2048\n{}", counting.configured("count")));
    let unknown = submit(node.address(), "nobody_knows", &json!({}));
    assert_eq!(unknown.code(), Some(-32602), "{unknown:?}");
    let large = submit(node.address(), "count_act", &json!({ "text": "x".repeat(4_096) }));
    assert_eq!(large.code(), Some(-32602), "{large:?}");
    assert_eq!(ask(node.address(), "tasks/get", "gw.made-up")["error"]["code"], -32602);
    assert_eq!(control(&node).get("/jobs"), json!([]));
}

#[test]
fn a_job_that_fails_is_kept_with_its_history_and_begins_anew_when_somebody_says_so() {
    let counting = Counting::start();
    let dead = "[servers.dead]\nurl = \"http://127.0.0.1:1/mcp\"\nera = \"modern\"\n";
    let limits = "[jobs]\nattempts_max = 2\nbackoff_ms = 10\nbackoff_ms_max = 10\n";
    let node = Node::start(&format!("{limits}{dead}{}", counting.configured("count")));
    let task = accepted(&node, "dead_anything", &json!({ "n": 7 }));
    let end = ended(node.address(), &task);
    assert_eq!(end["status"], "failed", "{end}");
    let control = control(&node);
    let listed = control.get("/jobs?state=failed");
    let id = listed[0]["id"].as_str().unwrap().to_owned();
    let report = control.get(&format!("/jobs/{id}"));
    assert_eq!((&report["attempts"], report["history"].as_array().map(Vec::len)), (&json!(2), Some(2)), "{report}");
    assert_eq!(report["request"]["params"]["arguments"]["n"], 7, "{report}");
    let (status, begun) = control.ask("POST", &format!("/jobs/{id}/retry"));
    assert_eq!((status, &begun["attempts"]), (200, &json!(0)), "{begun}");
    assert_eq!(ended(node.address(), &task)["status"], "failed");
    assert_eq!(control.ask("POST", "/jobs/purge?state=failed"), (200, json!({ "jobs": 1 })));
    assert_eq!(control.ask("GET", &format!("/jobs/{id}")).0, 404);
}

#[test]
fn a_job_that_runs_can_be_cancelled_and_one_that_waits_never_begins() {
    let counting = Counting::start();
    let node = Node::start(&format!("jobs.running_max = 1\n{}", counting.configured("count")));
    let running = accepted(&node, "count_act", &json!({ "n": 1, "ms": 5_000 }));
    while counting.count("act", 1) == 0 {
        thread::yield_now();
    }
    let waiting = accepted(&node, "count_act", &json!({ "n": 2 }));
    for task in [&waiting, &running, &running] {
        let cancelled = ask(node.address(), "tasks/cancel", task);
        assert_eq!(cancelled["result"]["resultType"], "complete", "{cancelled}");
        assert_eq!(ended(node.address(), task)["status"], "cancelled");
    }
    assert_eq!(counting.count("act", 2), 0);
}

#[test]
fn who_listens_to_a_job_hears_of_its_end() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let task = accepted(&node, "count_act", &json!({ "n": 1, "ms": 1_000 }));
    let body = listening(&json!([task, "gw.made-up"]));
    let headers = [&format!("MCP-Protocol-Version: {}", wire::MODERN), "Mcp-Method: subscriptions/listen"];
    let mut stream = Stream::open(node.address(), &wire::post(node.address(), "/mcp", &headers, body.as_bytes()));
    assert_eq!(stream.message()["params"]["notifications"]["taskIds"], json!([task]));
    let last = loop {
        let params = stream.message()["params"].clone();
        if params["status"] != "working" {
            break params;
        }
    };
    assert_eq!((&last["taskId"], &last["result"]["content"][0]["text"]), (&json!(task), &json!("did 1")), "{last}");
}

fn listening(tasks: &Value) -> String {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": wire::MODERN,
        "io.modelcontextprotocol/clientCapabilities": { "extensions": { "io.modelcontextprotocol/tasks": {} } },
    });
    let params = json!({ "notifications": { "taskIds": tasks }, "_meta": meta });
    json!({ "jsonrpc": "2.0", "id": 9, "method": "subscriptions/listen", "params": params }).to_string()
}

#[test]
fn an_act_whose_gateway_was_killed_is_not_run_again_and_says_so() {
    let counting = Counting::start();
    let node = Node::start(&counting.configured("count"));
    let act = accepted(&node, "count_act", &json!({ "n": 1, "ms": 60_000 }));
    let read = accepted(&node, "count_read", &json!({ "n": 1, "ms": 300 }));
    while counting.count("act", 1) == 0 || counting.count("read", 1) == 0 {
        thread::yield_now();
    }
    let node = node.restarted();
    let end = ended(node.address(), &act);
    assert_eq!((&end["status"], &end["error"]["code"]), (&json!("failed"), &json!(-31009)), "{end}");
    assert_eq!(ended(node.address(), &read)["status"], "completed");
    assert_eq!((counting.count("act", 1), counting.count("read", 1)), (1, 2));
    let id = control(&node).get("/jobs?state=outcome_unknown")[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(control(&node).ask("POST", &format!("/jobs/{id}/retry")).0, 409);
}

/// How often the gateway is killed; `cargo xtask crash-jobs` asks for more.
fn rounds() -> u64 {
    std::env::var("SWITCHBOARD_CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(10)
}

/// What was acknowledged: the task of each number, by tool.
type Acknowledged = Mutex<HashMap<(&'static str, u64), String>>;

/// Ends the load when it goes, also when what was to be done under load has failed.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Submits calls as fast as they are taken, to a gateway that may be gone at any moment.
fn under_load(address: &str, next: &AtomicU64, acknowledged: &Acknowledged, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let tool = if number.is_multiple_of(3) { "read" } else { "act" };
        let arguments = json!({ "n": number, "ms": number % 17 });
        if let Some(task) = try_submit(address, &format!("count_{tool}"), &arguments) {
            acknowledged.lock().expect("nobody panics with it").insert((tool, number), task);
        }
    }
}

#[test]
fn a_gateway_killed_again_and_again_loses_no_job_and_runs_no_act_twice() {
    let counting = Counting::start();
    let settings = "[jobs]\nrunning_max = 8\nper_principal_max = 100000\nbackoff_ms = 10\nbackoff_ms_max = 50\n";
    let mut node = Node::at_fixed_port(&format!("{settings}{}", counting.configured("count")));
    let (next, acknowledged) = (AtomicU64::new(1), Acknowledged::default());
    for round in 0..rounds() {
        let stop = AtomicBool::new(false);
        let before = acknowledged.lock().unwrap().len();
        let enough = before + 3 + (round * 7 % 29) as usize;
        node = thread::scope(|scope| {
            let _at_the_end = Stops(&stop);
            let address = node.address().to_owned();
            for _ in 0..4 {
                let (address, next, acknowledged, stop) = (address.clone(), &next, &acknowledged, &stop);
                scope.spawn(move || under_load(&address, next, acknowledged, stop));
            }
            while acknowledged.lock().unwrap().len() < enough {
                thread::yield_now();
            }
            node.restarted()
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    let mut ends: HashMap<String, u32> = HashMap::new();
    for ((tool, number), task) in &acknowledged {
        let end = ended(node.address(), task);
        let (status, count) = (end["status"].as_str().unwrap(), counting.count(tool, *number));
        let is_unknown = end["error"]["code"] == -31009;
        *ends.entry(format!("{tool} {status}")).or_default() += 1;
        let is_right = match (*tool, status) {
            ("act", "completed") => count == 1,
            // a gateway that has just started may not know yet that a tool only reads: then it is held to act
            (_, "failed") => is_unknown && count <= 1,
            ("read", "completed") => count >= 1,
            _ => false,
        };
        assert!(is_right, "{tool} {number} was called {count} times: {end}");
    }
    assert_eq!(counting.repeated("act"), [0; 0]);
    println!("{} rounds, {} acknowledged: {ends:?}", rounds(), acknowledged.len());
}

#[test]
fn a_node_whose_jobs_cannot_be_read_does_not_start_and_says_what_to_do() {
    let counting = Counting::start();
    let mut node = Node::start(&counting.configured("count"));
    ended(node.address(), &accepted(&node, "count_act", &json!({ "n": 1 })));
    node.end();
    let folder = node.folder();
    for log in ["switchboard.db-wal", "switchboard.db-shm"] {
        let _ = std::fs::remove_file(folder.join("state/jobs").join(log));
    }
    let file = folder.join("state/jobs/switchboard.db");
    std::fs::write(&file, "not a database".repeat(1_000)).unwrap();
    let said = refused_start(&folder);
    assert!(said.contains("is damaged") && said.contains("hint:"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), "not a database".repeat(1_000).as_bytes());
}

#[test]
fn a_node_that_finds_the_jobs_of_a_newer_version_leaves_them_alone_unless_it_can_go_on_with_them() {
    let counting = Counting::start();
    let mut node = Node::start(&counting.configured("count"));
    let task = accepted(&node, "count_act", &json!({ "n": 1 }));
    ended(node.address(), &task);
    node.end();
    let file = node.folder().join("state/jobs/switchboard.db");
    let newer = 99;
    set_version(&file, newer);
    let said = refused_start(&node.folder());
    assert!(said.contains("has schema 99") && said.contains("start the newer version again"), "{said}");
    assert_eq!(version(&file), newer);
    // the newer version can also say that the first one can go on
    let readable = newer + (1 << 16);
    set_version(&file, readable);
    let node = node.restarted();
    assert_eq!(ended(node.address(), &task)["status"], "completed");
    ended(node.address(), &accepted(&node, "count_act", &json!({ "n": 2 })));
    assert_eq!(version(&file), readable);
}

/// What a node says that does not start in this folder.
fn refused_start(folder: &Path) -> String {
    let mut serve = command("timeout");
    serve.arg("20").arg(built("switchboard")).arg("serve").arg("--config").arg(folder.join("switchboard.toml"));
    serve.args(["--listen", "127.0.0.1:0"]).env("SWITCHBOARD_STATE_DIR", folder.join("state"));
    let refused = serve.output().expect("the program can be run");
    assert!(!refused.status.success(), "{refused:?}");
    String::from_utf8_lossy(&refused.stderr).into_owned()
}

/// What the file says of its schema, as another program reads it.
fn version(file: &Path) -> u32 {
    sqlite(file, "pragma user_version").trim().parse().expect("it is a number")
}

fn set_version(file: &Path, version: u32) {
    sqlite(file, &format!("pragma user_version = {version}"));
    assert_eq!(self::version(file), version);
}

/// Runs a statement in a database as Python's SQLite does, and gives the first value of its answer.
fn sqlite(file: &Path, statement: &str) -> String {
    const SCRIPT: &str = "import sqlite3, sys\n\
        with sqlite3.connect(sys.argv[1]) as database:\n\
        \x20   row = database.execute(sys.argv[2]).fetchone()\n\
        print(row[0] if row else '')";
    let run = command(python(Python::DevEnv, "python"))
        .args(["-c", SCRIPT])
        .arg(file)
        .arg(statement)
        .output()
        .expect("Python can be run");
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).expect("it writes text")
}
