//! Real clients of both eras through the gateway to real servers of both eras: one test per server, in it every
//! client, and for every client the same steps as far as it and the server can take them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::fixture::{Era, Fixture};
use e2e::servers::{self, Remote};
use e2e::wire::list_tools;
use e2e::{Client, Node, Outcome};
use serde_json::{Value, json};
use tempfile::TempDir;

/// One thing a client does, and what it must see.
struct Step {
    action: Value,
    sees: Sees,
}

/// What a client must see of a step.
enum Sees {
    /// This text, in an outcome without error.
    Text(&'static str),
    /// This text, in an error of the protocol or of the tool.
    Error(&'static str),
    /// At least that many progress notifications before the answer with this text.
    Progress(usize, &'static str),
    /// That the call ended when it was cancelled.
    Cancelled,
    /// This question, and after its answer this text.
    Question(&'static str, &'static str),
}

impl Step {
    fn new(action: Value, sees: Sees) -> Self {
        Self { action, sees }
    }

    /// Whether `client` can express the step: the Inspector's command line has no option for progress, for cancelling,
    /// for completion and for answers to questions, and a cancel that it cannot make cannot be taken either.
    fn suits(&self, client: Client) -> bool {
        let beyond_inspector = matches!(self.sees, Sees::Progress(..) | Sees::Cancelled | Sees::Question(..))
            || self.action["do"] == "complete"
            || self.action["name"].as_str().is_some_and(|name| name.ends_with("take_cancelled"));
        client.is_full() || !beyond_inspector
    }

    fn is_seen_in(&self, outcome: &Outcome) -> bool {
        let failed = outcome.has_failed();
        let contains = |text: &str| outcome.line().contains(text);
        match self.sees {
            Sees::Text(text) => !failed && contains(text),
            Sees::Error(text) => failed && contains(text),
            Sees::Progress(least, text) => {
                let progress = outcome.value()["progress"].as_array().map_or(0, Vec::len);
                !failed && progress >= least && contains(text)
            }
            Sees::Cancelled => outcome.value()["cancelled"] == true,
            Sees::Question(question, text) => {
                !failed && outcome.asked().iter().any(|asked| asked.contains(question)) && contains(text)
            }
        }
    }
}

fn list(what: &str, sees: &'static str) -> Step {
    Step::new(json!({ "do": format!("list_{what}") }), Sees::Text(sees))
}

fn call(name: &str, arguments: &Value, sees: Sees) -> Step {
    Step::new(json!({ "do": "call", "name": name, "arguments": arguments }), sees)
}

fn call_with_progress(name: &str, arguments: &Value, least: usize, sees: &'static str) -> Step {
    let action = json!({ "do": "progress", "name": name, "arguments": arguments });
    Step::new(action, Sees::Progress(least, sees))
}

fn cancel(name: &str, arguments: &Value) -> Step {
    Step::new(json!({ "do": "cancel", "name": name, "arguments": arguments }), Sees::Cancelled)
}

fn read(uri: &str, sees: Sees) -> Step {
    Step::new(json!({ "do": "read", "uri": uri }), sees)
}

fn prompt(name: &str, arguments: &Value, sees: &'static str) -> Step {
    Step::new(json!({ "do": "prompt", "name": name, "arguments": arguments }), Sees::Text(sees))
}

fn complete(prompt: &str, argument: &str, value: &str, sees: &'static str) -> Step {
    let reference = json!({ "type": "ref/prompt", "name": prompt });
    let action = json!({ "do": "complete", "ref": reference, "argument": { "name": argument, "value": value } });
    Step::new(action, Sees::Text(sees))
}

fn answer(name: &str, arguments: &Value, answer: &Value, question: &'static str, sees: &'static str) -> Step {
    let action = json!({ "do": "call", "name": name, "arguments": arguments, "answer": answer });
    Step::new(action, Sees::Question(question, sees))
}

/// Drives every client through `steps` at `url` and reports all that went wrong at once.
fn check_every_client(url: &str, steps: &[Step]) {
    let steps: Vec<&Step> = steps.iter().collect();
    report(&Client::ALL.iter().flat_map(|client| misses(*client, url, &steps)).collect::<Vec<_>>());
}

fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} steps went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The steps in which `client` did not see what it must.
fn misses(client: Client, url: &str, steps: &[&Step]) -> Vec<String> {
    let steps: Vec<&Step> = steps.iter().copied().filter(|step| step.suits(client)).collect();
    let mut actions = Vec::new();
    let places: Vec<usize> = steps.iter().map(|step| place(&mut actions, &step.action)).collect();
    let outcomes = match client.drive(url, &actions) {
        Ok(outcomes) => outcomes,
        Err(error) => return vec![format!("{client:?} {error}")],
    };
    let connected = outcomes[0].line().contains(client.version_with_dual_server());
    let version = (!connected).then(|| format!("{client:?} connected as {}", outcomes[0].line()));
    let seen = steps.iter().zip(places).map(|(step, place)| (step, &outcomes[1 + place]));
    let unseen = seen.filter(|(step, outcome)| !step.is_seen_in(outcome));
    let unseen = unseen.map(|(step, outcome)| format!("{client:?} did {}\n    saw {}", step.action, outcome.line()));
    version.into_iter().chain(unseen).collect()
}

/// The place of `action` among `actions`, where each list is asked for once, however many steps look at it.
fn place(actions: &mut Vec<Value>, action: &Value) -> usize {
    let is_list = action["do"].as_str().is_some_and(|what| what.starts_with("list_"));
    let known = actions.iter().position(|other| is_list && other == action);
    known.unwrap_or_else(|| {
        actions.push(action.clone());
        actions.len() - 1
    })
}

/// The first step of each kind: enough for the Inspector, which starts anew for each, where another test takes them all.
fn first_of_each_kind(steps: &[Step]) -> impl Iterator<Item = &Step> {
    let kind = |step: &Step| step.action["do"].clone();
    let is_first = move |place: usize| steps[..place].iter().all(|earlier| kind(earlier) != kind(&steps[place]));
    (0..steps.len()).filter(move |place| is_first(*place)).map(|place| &steps[place])
}

/// What `server-everything` offers, a legacy server, where each name begins with `prefix`. Its last progress comes together
/// with the answer, and then the Python SDK 2.x drops it.
fn everything_steps(prefix: &str) -> Vec<Step> {
    let call = |name: &str, arguments: Value, sees| call(&format!("{prefix}{name}"), &arguments, sees);
    let answer = |name: &str, arguments: Value, given: Value, question, sees| {
        answer(&format!("{prefix}{name}"), &arguments, &given, question, sees)
    };
    let operation = format!("{prefix}trigger-long-running-operation");
    vec![
        list("tools", "get-structured-content"),
        list("resources", "demo://resource/static/document/architecture.md"),
        list("templates", "demo://resource/dynamic/text/{resourceId}"),
        list("prompts", "args-prompt"),
        call("echo", json!({ "message": "grüezi" }), Sees::Text("Echo: grüezi")),
        call("get-structured-content", json!({ "location": "Chicago" }), Sees::Text("structuredContent")),
        call("get-sum", json!({ "a": "x" }), Sees::Error("expected number")),
        call_with_progress(&operation, &json!({ "duration": 0.3, "steps": 3 }), 2, "operation completed"),
        cancel(&operation, &json!({ "duration": 30, "steps": 300 })),
        read("demo://resource/dynamic/text/7", Sees::Text("Resource 7")),
        read("demo://nowhere", Sees::Error("demo://nowhere")),
        prompt(&format!("{prefix}args-prompt"), &json!({ "city": "Bern" }), "weather in Bern"),
        complete(&format!("{prefix}completable-prompt"), "department", "S", "Support"),
        answer(
            "trigger-elicitation-request",
            json!({}),
            json!({ "name": "Ada", "check": true }),
            "Please provide inputs for the following fields:",
            "Name: Ada",
        ),
        answer(
            "trigger-sampling-request",
            json!({ "prompt": "Say something", "maxTokens": 10 }),
            json!({}),
            "sampling",
            "a sampled answer",
        ),
    ]
}

/// What our server of the modern era only offers, where each name begins with `prefix`.
fn modern_steps(prefix: &str) -> Vec<Step> {
    let named = |name: &str| format!("{prefix}{name}");
    vec![
        list("tools", "take_cancelled"),
        list("resources", "note://greeting"),
        list("templates", "note://by-number/{number}"),
        list("prompts", "weather"),
        call(&named("echo"), &json!({ "message": "grüezi" }), Sees::Text("Echo: grüezi")),
        call(&named("fail"), &json!({}), Sees::Error("failed as asked")),
        call_with_progress(&named("count"), &json!({ "to": 3 }), 3, "counted to 3"),
        cancel(&named("wait"), &json!({})),
        call(&named("take_cancelled"), &json!({}), Sees::Text("one call was cancelled")),
        read("note://greeting", Sees::Text("a modern greeting")),
        read("note://by-number/3", Sees::Text("note 3")),
        prompt(&named("weather"), &json!({ "city": "Bern" }), "weather in Bern"),
        complete(&named("weather"), "city", "B", "Basel"),
        answer(&named("ask"), &json!({}), &json!({ "name": "Ada" }), "What is your name?", "Hello, Ada!"),
    ]
}

/// What the reference server `git` offers for `repository`, where each name begins with `prefix`: tools, no more.
fn git_steps(prefix: &str, repository: &Path) -> Vec<Step> {
    let log = format!("{prefix}git_log");
    let nowhere = repository.join("nowhere");
    vec![
        list("tools", "git_log"),
        call(&log, &json!({ "repo_path": repository }), Sees::Text("the only commit")),
        call(&log, &json!({ "repo_path": nowhere }), Sees::Error("nowhere")),
    ]
}

/// What the reference server `time` offers, where each name begins with `prefix`: tools, no more.
fn time_steps(prefix: &str) -> Vec<Step> {
    let now = format!("{prefix}get_current_time");
    vec![
        list("tools", "get_current_time"),
        call(&now, &json!({ "timezone": "Europe/Zurich" }), Sees::Text("Europe/Zurich")),
        call(&now, &json!({ "timezone": "Mars/Base" }), Sees::Error("Mars/Base")),
    ]
}

#[test]
fn every_client_uses_the_everything_server_over_stdio() {
    let node = Node::start(&servers::everything_over_stdio("everything"));
    check_every_client(&node.server("everything"), &everything_steps(""));
}

#[test]
fn every_client_uses_the_everything_server_over_streamable_http() {
    let everything = Remote::everything_over_http();
    let node = Node::start(&everything.configured("everything"));
    check_every_client(&node.server("everything"), &everything_steps(""));
}

#[test]
fn every_client_uses_the_everything_server_over_http_with_sse() {
    let everything = Remote::everything_over_sse();
    let node = Node::start(&everything.configured("everything"));
    check_every_client(&node.server("everything"), &everything_steps(""));
}

#[test]
fn every_client_uses_the_filesystem_server() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("note.txt");
    std::fs::write(&file, "a note for every client").expect("a temporary file can be written");
    let node = Node::start(&servers::filesystem("files", folder.path()));
    let steps = [
        list("tools", "read_text_file"),
        call("read_text_file", &json!({ "path": file }), Sees::Text("a note for every client")),
        call("read_text_file", &json!({ "path": "/etc/hostname" }), Sees::Error("denied")),
        call("list_allowed_directories", &json!({}), Sees::Text("Allowed directories")),
    ];
    check_every_client(&node.server("files"), &steps);
}

#[test]
fn every_client_uses_the_git_server() {
    let repository = repository();
    let node = Node::start(&servers::git("git", repository.path()));
    check_every_client(&node.server("git"), &git_steps("", repository.path()));
}

#[test]
fn every_client_uses_the_time_server() {
    let node = Node::start(&servers::time("time"));
    check_every_client(&node.server("time"), &time_steps(""));
}

#[test]
fn every_client_uses_a_server_of_the_modern_era_only() {
    let modern = Remote::modern_only();
    let node = Node::start(&modern.configured("modern"));
    check_every_client(&node.server("modern"), &modern_steps(""));
}

#[test]
fn every_client_uses_the_fixture() {
    let fixture = Fixture::start(Era::Dual);
    check_fixture(&fixture);
}

#[test]
fn every_client_uses_a_fixture_of_the_legacy_era_only() {
    let fixture = Fixture::start(Era::Legacy);
    check_fixture(&fixture);
}

#[test]
fn every_client_uses_a_fixture_of_the_modern_era_only() {
    let fixture = Fixture::start(Era::Modern);
    check_fixture(&fixture);
}

fn check_fixture(fixture: &Fixture) {
    let node = Node::start(&fixture.configured("fixture"));
    let steps = [
        list("tools", "test_simple_text"),
        list("resources", "test://static-text"),
        list("templates", "test://template/{id}/data"),
        list("prompts", "test_simple_prompt"),
        call("test_simple_text", &json!({}), Sees::Text("simple text response")),
        call("test_error_handling", &json!({}), Sees::Error("intentionally returns an error")),
        call_with_progress("test_tool_with_progress", &json!({}), 3, "content"),
        cancel("slow", &json!({ "ms": 60_000 })),
        call("take_cancelled", &json!({}), Sees::Text("one call was cancelled")),
        read("test://static-text", Sees::Text("static text resource")),
        read("test://template/42/data", Sees::Text("Data for ID: 42")),
        prompt("test_prompt_with_arguments", &json!({ "arg1": "x", "arg2": "y" }), "arg1='x'"),
        complete("test_prompt_with_arguments", "arg1", "", "completion"),
        answer(
            "test_elicitation",
            &json!({ "message": "Who are you?" }),
            &json!({ "username": "ada", "email": "ada@example.com" }),
            "Who are you?",
            "ada",
        ),
        answer("test_elicitation_url", &json!({}), &json!({}), "https://example.com/sign-in", "accept"),
        answer("test_sampling", &json!({ "prompt": "Say something" }), &json!({}), "sampling", "a sampled answer"),
        answer("test_input_required_result_list_roots", &json!({}), &json!({}), "roots", "file:///driver"),
        answer(
            "test_input_required_result_multi_round",
            &json!({}),
            &json!({ "name": "Ada", "color": "blue" }),
            "Step 2",
            "Ada likes blue",
        ),
    ];
    check_every_client(&node.server("fixture"), &steps);
}

#[test]
fn every_client_sees_all_servers_behind_one_address() {
    let repository = repository();
    let (everything, modern) = (Remote::everything_over_http(), Remote::modern_only());
    let configuration = [
        everything.configured("everything"),
        servers::shared(&servers::git("git", repository.path())),
        servers::shared(&servers::time("time")),
        modern.configured("modern"),
    ];
    let node = Node::start(&configuration.concat());
    let steps = [
        everything_steps("everything_"),
        git_steps("git_", repository.path()),
        time_steps("time_"),
        modern_steps("modern_"),
    ];
    wait_for_all(&node, &["everything_", "git_", "time_", "modern_"]);
    let all: Vec<&Step> = steps.iter().flatten().collect();
    let few: Vec<&Step> = steps.iter().flat_map(|steps| first_of_each_kind(steps)).collect();
    let steps = |client: Client| if client.is_full() { &all } else { &few };
    report(
        &Client::ALL.iter().flat_map(|client| misses(*client, &node.everything(), steps(*client))).collect::<Vec<_>>(),
    );
}

/// Lists until no server is missing: a list does not wait for one that starts slowly, and it says so.
fn wait_for_all(node: &Node, prefixes: &[&str]) {
    const STARTED_WITHIN: Duration = Duration::from_mins(1);
    let begin = Instant::now();
    let is_whole = || {
        let list = list_tools(node.address(), "/mcp").text();
        prefixes.iter().all(|prefix| list.contains(&format!("\"{prefix}")))
    };
    while !is_whole() {
        assert!(begin.elapsed() < STARTED_WITHIN, "a server never came:\n{}", node.log());
    }
}

/// A new repository with one commit.
fn repository() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    git(folder.path(), &["init", "--quiet"]);
    git(folder.path(), &["commit", "--quiet", "--allow-empty", "--message", "the only commit"]);
    folder
}

#[expect(clippy::disallowed_methods, reason = "the git server needs a repository that git has made")]
fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.com"];
    let status = Command::new("git").args(identity).args(arguments).current_dir(folder).status();
    assert!(status.is_ok_and(|status| status.success()), "git {arguments:?} failed");
}
