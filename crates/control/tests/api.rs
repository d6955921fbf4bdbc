//! The control API without a socket: requests in, answers out, over a configuration in a folder of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use config::{History, Source};
use control::socket::Peer;
use control::{Api, Cause, Configuration, Restarts};
use gateway::seals::Seals;
use gateway::{Current, Nobody, Residents};
use http::Request;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Who asks.
const PEER: Peer = Peer { user: 0, process: None };

struct Node {
    api: Api,
    file: PathBuf,
    _folder: TempDir,
}

impl Node {
    fn with(text: &str) -> Self {
        Self::with_change(text, |_| {})
    }

    /// A node whose file changes between the moment it is read and the moment it is followed.
    fn with_change(text: &str, change: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("switchboard.toml");
        std::fs::write(&file, text).expect("a file can be written");
        let source = Source { file: Some(file.clone()), ..Source::default() };
        let loaded = source.load().expect("the file can be read");
        change(&file);
        let residents: Arc<dyn Residents> = Arc::new(Nobody);
        let current = Current::new(&loaded.config, &residents, Seals::ephemeral());
        let (log, _) = control::log::start(&loaded.config);
        let history = History::of(folder.path(), Some(&file));
        let configuration = Configuration::new(source, &loaded, current, log, Some(history));
        let api = Api {
            configuration,
            listen: vec!["http://127.0.0.1:1".to_owned()],
            version: "0".to_owned(),
            started: SystemTime::UNIX_EPOCH,
            restarts: Restarts::channel().0,
        };
        Self { api, file, _folder: folder }
    }

    fn write(&self, text: &str) {
        std::fs::write(&self.file, text).expect("a file can be written");
    }

    /// Follows the file until the configuration with this number is in force.
    async fn follow_to(&self, number: u64) {
        let following = tokio::spawn(control::watch::follow(self.api.configuration.clone()));
        while self.api.configuration.health().number != number {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        following.abort();
    }

    async fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}")).body(()).expect("a request");
        let answer = self.api.answer(request, PEER).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }
}

const SERVERS: &str = "
servers.one.command = \"one\"
servers.off = { command = \"off\", enabled = false }
servers.wrong = { command = \"wrong\", env.T = \"${secret:none}\" }
";

#[tokio::test]
async fn every_server_is_listed_with_its_state() {
    let node = Node::with(SERVERS);
    let (status, servers) = node.ask("GET", "/servers").await;
    let found: Vec<_> =
        servers.as_array().unwrap().iter().map(|one| (one["name"].clone(), one["state"].clone())).collect();
    let expected = [("off", "disabled"), ("one", "idle"), ("wrong", "misconfigured")];
    assert_eq!((status, found), (200, expected.map(|(name, state)| (json!(name), json!(state))).to_vec()));
}

#[tokio::test]
async fn refusal_is_a_problem_with_code_and_hint() {
    let node = Node::with(SERVERS);
    let cases = [
        ("GET", "/servers/onne", 404, "NOT_FOUND", json!("did you mean `one`?")),
        ("POST", "/servers/onne/restart", 404, "NOT_FOUND", json!("did you mean `one`?")),
        ("POST", "/servers/onne/breaker/reset", 404, "NOT_FOUND", json!("did you mean `one`?")),
        ("POST", "/servers/off/breaker/reset", 409, "CONFLICT", json!("`switchboard server enable off`")),
        ("POST", "/servers/off/test", 409, "CONFLICT", json!("`switchboard server enable off`")),
        ("GET", "/servers/wrong/logs", 409, "CONFLICT", json!("`switchboard config check` says what is wrong")),
        ("GET", "/config/history/99", 404, "NOT_FOUND", Value::Null),
        ("GET", "/config/history/x", 404, "NOT_FOUND", Value::Null),
        ("DELETE", "/servers/one", 404, "NOT_FOUND", Value::Null),
        ("GET", "", 404, "NOT_FOUND", Value::Null),
    ];
    for (method, path, status, code, hint) in cases {
        let (found, problem) = node.ask(method, path).await;
        assert_eq!((found, &problem["code"], &problem["hint"]), (status, &json!(code), &hint), "{method} {path}");
        assert_eq!(problem["status"], status, "{method} {path}");
    }
}

#[tokio::test]
async fn stopped_server_stays_stopped_over_a_reload_until_it_is_started() {
    let node = Node::with(SERVERS);
    let state = async || node.ask("GET", "/servers/one").await.1["state"].clone();
    assert_eq!(node.ask("POST", "/servers/one/stop").await.1["state"], "stopped");
    node.write(&format!("{SERVERS}servers.two.command = \"two\"\n"));
    let (status, applied) = node.ask("POST", "/config/reload").await;
    assert_eq!((status, &applied["plan"]["added"]), (200, &json!(["two"])));
    assert_eq!(state().await, "stopped");
    assert_eq!(node.ask("POST", "/servers/one/start").await.1["state"], "idle");
    assert_eq!(state().await, "idle");
}

#[tokio::test]
async fn refused_configuration_changes_nothing_and_is_told() {
    let node = Node::with(SERVERS);
    node.write("[limits]\ncal_ms_max = 1\n");
    let (status, problem) = node.ask("POST", "/config/reload").await;
    assert_eq!(status, 422);
    assert!(problem["problems"][0].as_str().unwrap().contains("did you mean `call_ms_max`?"), "{problem}");
    let (_, seen) = node.ask("GET", "/status").await;
    assert_eq!((&seen["config"]["number"], seen["config"]["problems"].as_array().map(Vec::len)), (&json!(1), Some(1)));
    assert_eq!(seen["servers"].as_array().map(Vec::len), Some(3));
    node.write(SERVERS);
    node.api.configuration.reload(Cause::File).expect("the file is good again");
    assert_eq!(node.ask("GET", "/status").await.1["config"]["problems"], json!([]));
}

#[tokio::test]
async fn what_is_left_to_a_successor_is_not_read_here_any_more() {
    let node = Node::with(SERVERS);
    let configuration = &node.api.configuration;
    drop(configuration.hold());
    configuration.reload(Cause::File).expect("a successor that failed leaves it here");
    configuration.hold().leave();
    node.write("");
    let (status, problem) = node.ask("POST", "/config/reload").await;
    assert_eq!((status, &problem["code"]), (409, &json!("CONFLICT")));
    assert_eq!(node.ask("GET", "/servers").await.1.as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn changes_wait_while_a_successor_starts() {
    let node = Node::with(SERVERS);
    let held = node.api.configuration.hold();
    let configuration = node.api.configuration.clone();
    node.write(&format!("{SERVERS}servers.two.command = \"two\"\n"));
    let reloading = tokio::task::spawn_blocking(move || configuration.reload(Cause::Command));
    assert_eq!(node.ask("GET", "/servers/two").await.0, 404);
    assert!(!reloading.is_finished());
    drop(held);
    let applied = reloading.await.expect("it does not panic").expect("the file is good");
    assert_eq!(applied.plan.added, ["two".to_owned()].into());
}

#[tokio::test]
async fn key_that_is_read_at_the_start_waits_for_a_restart() {
    let node = Node::with(SERVERS);
    node.write(&format!("limits.connections_max = 7\n{SERVERS}"));
    let (_, applied) = node.ask("POST", "/config/reload").await;
    assert_eq!(applied["plan"]["at_restart"], json!(["limits.connections_max"]));
    assert_eq!(node.ask("GET", "/status").await.1["config"]["at_restart"], json!(["limits.connections_max"]));
}

#[tokio::test]
async fn past_configuration_keeps_its_references() {
    let node = Node::with(SERVERS);
    let (_, past) = node.ask("GET", "/config/history/1").await;
    assert_eq!((&past["origin"], &past["text"]), (&json!("start"), &json!(SERVERS)));
    assert_eq!(node.ask("GET", "/config/history").await.1.as_array().map(Vec::len), Some(1));
}

#[tokio::test(start_paused = true)]
async fn change_before_the_file_is_followed_is_noticed() {
    let node = Node::with_change(SERVERS, |file| std::fs::write(file, "").expect("a file can be written"));
    node.write(&format!("{SERVERS}servers.two.command = \"two\"\n"));
    node.follow_to(2).await;
    assert_eq!(node.ask("GET", "/servers/two").await.0, 200);
}

#[tokio::test]
async fn file_that_is_being_written_is_not_taken_over_by_command() {
    let node = Node::with(SERVERS);
    let mut file = std::fs::File::create(&node.file).expect("a file can be written");
    std::io::Write::write_all(&mut file, b"servers.one.command = \"one\"\n").expect("a part can be written");
    let (status, problem) = node.ask("POST", "/config/reload").await;
    assert_eq!((status, &problem["code"]), (422, &json!("INVALID_INPUT")));
    assert!(problem["detail"].as_str().unwrap().contains("is still being written"), "{problem}");
    assert_eq!(node.ask("GET", "/servers").await.1.as_array().map(Vec::len), Some(3));
    drop(file);
    assert_eq!(node.ask("POST", "/config/reload").await.0, 200);
    assert_eq!(node.ask("GET", "/servers").await.1.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn emptied_file_is_taken_over_by_command_only() {
    let node = Node::with(SERVERS);
    node.write("");
    let refused = node.api.configuration.reload(Cause::File).expect_err("somebody may be about to write it");
    assert!(refused.problems()[0].contains("is empty (`switchboard config reload`"), "{refused:?}");
    assert_eq!(node.ask("GET", "/servers").await.1.as_array().map(Vec::len), Some(3));
    assert_eq!(node.ask("POST", "/config/reload").await.0, 200);
    assert_eq!(node.ask("GET", "/servers").await.1, json!([]));
}
