//! A running node and its configuration: what changes is in force at once and as a whole, and nobody else notices.

#![expect(clippy::disallowed_methods, reason = "one test needs a disk that is full")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use e2e::Node;
use e2e::control::Control;
use e2e::events::Stream;
use e2e::fixture::{self, Era, Fixture};
use e2e::legacy::Session;
use e2e::program::built;
use e2e::wire;
use serde_json::{Value, json};

/// Reloads under load in an ordinary run; the long one is asked for by `SWITCHBOARD_RELOADS`.
const RELOADS: u64 = 60;

/// A node whose configuration file is changed by the test.
struct Scene {
    node: Node,
    control: Control,
    file: PathBuf,
}

impl Scene {
    fn start(configuration: &str) -> Self {
        let node = Node::start(configuration);
        let control = Control::of(&node.folder().join("state"), node.address());
        let file = node.folder().join("switchboard.toml");
        Self { node, control, file }
    }

    /// Replaces the file as editors do: a new one takes its place.
    fn write(&self, configuration: &str) {
        let fresh = self.file.with_extension("fresh");
        fs::write(&fresh, configuration).expect("the folder can be written");
        fs::rename(&fresh, &self.file).expect("the file can be replaced");
    }

    /// Waits until the configuration with this number is in force.
    fn wait_for(&self, number: u64) {
        self.control.wait_until("/status", |status| status["config"]["number"] == number);
    }

    /// Waits until the node says why it keeps the old configuration, and gives what it says.
    fn wait_for_problem(&self) -> String {
        let complains = |status: &Value| status["config"]["problems"].as_array().is_some_and(|all| !all.is_empty());
        self.control.wait_until("/status", complains)["config"]["problems"].to_string()
    }

    fn server_names(&self) -> Vec<String> {
        let servers = self.control.get("/servers");
        let names = servers.as_array().into_iter().flatten().filter_map(|server| server["name"].as_str());
        names.map(str::to_owned).collect()
    }

    fn greets(&self, server: &str) -> bool {
        let path = format!("/servers/{server}/mcp");
        wire::call(self.node.address(), &path, "1", "test_simple_text", "{}").text().contains("simple text response")
    }

    fn assert_undisturbed(&self) {
        assert_eq!(self.server_names(), ["fixture"]);
        assert!(self.greets("fixture"));
    }
}

/// Whether a stream tells of `method` before it ends.
fn hears(stream: &mut Stream, method: &str) -> bool {
    std::iter::from_fn(|| stream.next()).any(|event| event.data.contains(method))
}

fn two_servers() -> String {
    let over_stdio = fixture::configured_over_stdio;
    format!("{}{}", over_stdio("fixture", Era::Modern), over_stdio("other", Era::Legacy))
}

#[test]
fn server_comes_and_goes_with_its_file_and_clients_hear_of_it() {
    let alone = fixture::configured_over_stdio("fixture", Era::Modern);
    let scene = Scene::start(&alone);
    let session = Session::open(scene.node.address(), "/mcp", "2025-11-25", &json!({}));
    let mut told = session.listen(None);
    assert!(!wire::list_tools(scene.node.address(), "/mcp").text().contains("other_"));

    scene.write(&two_servers());
    scene.wait_for(2);
    assert!(scene.greets("other"));
    assert!(hears(&mut told, "notifications/tools/list_changed"));
    assert!(wire::list_tools(scene.node.address(), "/mcp").text().contains("other_test_simple_text"));

    scene.write(&alone);
    scene.wait_for(3);
    assert!(hears(&mut told, "notifications/tools/list_changed"));
    assert!(!wire::list_tools(scene.node.address(), "/mcp").text().contains("other_"));
    assert!(scene.greets("fixture"));
}

#[test]
fn bad_file_keeps_the_old_configuration_and_says_why() {
    let good = fixture::configured_over_stdio("fixture", Era::Modern);
    let scene = Scene::start(&good);
    let broken = [
        (format!("{good}[limits\n"), "unclosed table"),
        (format!("{good}[limits]\ncal_ms_max = 1\n"), "unknown key"),
        (format!("{good}{good}"), "duplicate key"),
        (String::from_utf8_lossy(&[b'a', 0]).into_owned(), "switchboard.toml:1"),
    ];
    for (text, why) in broken {
        scene.write(&text);
        let problems = scene.wait_for_problem();
        assert!(problems.contains(why), "{problems}");
        scene.assert_undisturbed();
        let (status, problem) = scene.control.ask("POST", "/config/reload");
        assert_eq!((status, &problem["code"]), (422, &json!("INVALID_INPUT")));
        scene.write(&good);
        scene.control.wait_until("/status", |status| status["config"]["problems"] == json!([]));
    }
    assert_eq!(scene.control.get("/config/history").as_array().map(Vec::len), Some(1));
}

#[test]
fn file_that_cannot_be_read_keeps_the_old_configuration() {
    let scene = Scene::start(&fixture::configured_over_stdio("fixture", Era::Modern));
    fs::remove_file(&scene.file).expect("the file can be removed");
    assert!(scene.wait_for_problem().contains("cannot read the configuration"));
    scene.assert_undisturbed();
    fs::create_dir(&scene.file).expect("a folder can take its place");
    let (status, _) = scene.control.ask("POST", "/config/reload");
    assert_eq!(status, 422);
    scene.assert_undisturbed();
}

#[test]
fn secret_that_refers_to_itself_leaves_only_its_server_out() {
    let good = fixture::configured_over_stdio("fixture", Era::Modern);
    let scene = Scene::start(&good);
    let secrets = scene.node.folder().join("secrets.toml");
    fs::write(&secrets, "a = \"${secret:b}\"\nb = \"${secret:a}\"\n").expect("the folder can be written");
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).expect("a mode can be set");
    scene.write(&format!("{good}[servers.wrong]\ncommand = \"x\"\nenv.T = \"${{secret:a}}\"\n"));
    scene.wait_for(2);
    assert!(scene.greets("fixture"));
    let wrong = scene.control.get("/servers/wrong");
    assert_eq!(wrong["state"], "misconfigured");
    assert!(wrong["reason"].to_string().contains("a → b → a"), "{wrong}");
}

#[test]
fn half_written_file_never_takes_effect() {
    use std::io::Write;
    let scene = Scene::start(&two_servers());
    let whole = format!("{}# the end\n", two_servers());
    let (first, rest) = whole.split_at(whole.find("[servers.other]").expect("there are two servers"));
    let mut file = fs::File::create(&scene.file).expect("the file can be written");
    file.write_all(first.as_bytes()).expect("the first half can be written");
    file.sync_all().expect("the first half is there");
    // Longer than the rest that files need: the node would have read it by now.
    assert!(scene.greets("fixture"));
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(scene.server_names(), ["fixture", "other"]);
    file.write_all(rest.as_bytes()).expect("the second half can be written");
    drop(file);
    scene.wait_for(2);
    let history = scene.control.get("/config/history");
    assert_eq!(history[0]["summary"], "nothing changes", "{history}");
}

#[test]
fn hangup_reads_the_configuration_anew() {
    let scene = Scene::start(&fixture::configured_over_stdio("fixture", Era::Modern));
    scene.node.hang_up();
    scene.write(&two_servers());
    scene.node.hang_up();
    scene.wait_for(2);
    assert_eq!(scene.server_names(), ["fixture", "other"]);
}

#[test]
fn call_on_a_server_that_goes_is_finished() {
    let scene = Scene::start(&two_servers());
    assert!(scene.greets("other"));
    let address = scene.node.address().to_owned();
    let call = std::thread::spawn(move || {
        wire::call(&address, "/servers/other/mcp", "1", "slow_compute", r#"{"seconds": 2}"#).text()
    });
    scene.control.wait_until("/servers/other", |server| server["calls_running"] == 1);
    scene.write(&fixture::configured_over_stdio("fixture", Era::Modern));
    scene.wait_for(2);
    assert_eq!(scene.server_names(), ["fixture"]);
    let answer = call.join().expect("the call is answered");
    assert!(answer.contains("\"result\"") && !answer.contains("isError\":true"), "{answer}");
}

#[test]
fn change_of_names_touches_no_process() {
    let plain = fixture::configured_over_stdio("fixture", Era::Modern);
    let scene = Scene::start(&plain);
    assert!(scene.greets("fixture"));
    let since = scene.control.get("/servers/fixture")["since"].clone();
    scene.write(&format!("{plain}prefix = \"short\"\nhide = [\"echo\"]\n"));
    scene.wait_for(2);
    let tools = wire::list_tools(scene.node.address(), "/mcp").text();
    assert!(tools.contains("\"short_test_simple_text\"") && !tools.contains("_echo\""), "{tools}");
    let server = scene.control.get("/servers/fixture");
    assert_eq!((&server["state"], &server["since"]), (&json!("running"), &since));
}

#[test]
fn server_is_stopped_started_restarted_and_tested_by_hand() {
    let scene = Scene::start(&fixture::configured_over_stdio("fixture", Era::Modern));
    let (status, check) = scene.control.ask("POST", "/servers/fixture/test");
    assert_eq!((status, check["steps"].as_array().map(Vec::len)), (200, Some(2)), "{check}");
    assert_eq!(scene.control.ask("POST", "/servers/fixture/stop").1["state"], "stopped");
    assert!(!scene.greets("fixture"));
    assert_eq!(scene.control.ask("POST", "/servers/fixture/test").0, 409);
    assert_eq!(scene.control.ask("POST", "/servers/fixture/start").0, 200);
    assert!(scene.greets("fixture"));
    assert_eq!(scene.control.ask("POST", "/servers/fixture/restart").0, 200);
    assert!(scene.greets("fixture"));
    let (status, problem) = scene.control.ask("POST", "/servers/fixtrue/restart");
    assert_eq!((status, &problem["hint"]), (404, &json!("did you mean `fixture`?")));
    assert_eq!(scene.control.ask("GET", "/nothing").0, 404);
}

#[test]
fn configuration_of_the_past_is_listed_compared_and_brought_back() {
    let alone = fixture::configured_over_stdio("fixture", Era::Modern);
    let scene = Scene::start(&alone);
    scene.write(&two_servers());
    scene.wait_for(2);
    let config = |words: &[&str]| {
        let mut program = Command::new(built("switchboard"));
        program.arg("config").args(words).arg("--config").arg(&scene.file);
        let output = program.env("SWITCHBOARD_STATE_DIR", scene.node.folder().join("state")).output();
        let output = output.expect("the program can be run");
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (_, history) = config(&["history"]);
    assert!(history.contains("added: other") && history.contains("the node was started"), "{history}");
    let (_, difference) = config(&["diff", "1"]);
    assert!(difference.contains("+ servers.other.command = ") && difference.contains("added: other"), "{difference}");
    assert!(!config(&["rollback", "99"]).0);
    assert!(config(&["rollback", "1"]).0);
    scene.wait_for(3);
    scene.assert_undisturbed();
    assert_eq!(fs::read_to_string(&scene.file).expect("the file is there"), alone);
}

#[test]
fn control_socket_is_for_its_user_only_and_goes_with_the_node() {
    let scene = Scene::start("");
    let socket = scene.control.socket().to_owned();
    let mode = fs::metadata(&socket).expect("there is a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut node = scene.node;
    node.end();
    assert!(!socket.exists());
}

#[test]
fn reloads_under_load_fail_no_call() {
    let reloads = std::env::var("SWITCHBOARD_RELOADS").ok().and_then(|count| count.parse().ok()).unwrap_or(RELOADS);
    let remote = Fixture::start(Era::Modern);
    let over_stdio = fixture::configured_over_stdio("local", Era::Modern);
    let steady = format!("{}{over_stdio}", remote.configured("remote"));
    let scene = Scene::start(&steady);
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for server in ["local", "remote", "local", "remote"] {
            let (scene, stop, calls) = (&scene, &stop, &calls);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let path = format!("/servers/{server}/mcp");
                    let answer = wire::call(scene.node.address(), &path, "1", "test_simple_text", "{}");
                    let text = answer.text();
                    if !text.contains("simple text response") {
                        stop.store(true, Ordering::Relaxed);
                        panic!("a call to {server} failed: {} {text}", answer.status);
                    }
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for number in 0..reloads {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let change = match number % 4 {
                0 => fixture::configured_over_stdio("coming", Era::Legacy),
                1 => format!("[limits]\nlist_page_items = {}\n", 100 + number),
                2 => "[bundles.x]\nservers = [\"local\"]\n".to_owned(),
                // The server that is called is replaced by a fresh one.
                _ => format!("[servers.local.env]\nROUND = \"{number}\"\n"),
            };
            scene.write(&format!("{steady}{change}"));
            let (status, applied) = scene.control.ask("POST", "/config/reload");
            assert_eq!(status, 200, "{applied}");
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(calls.load(Ordering::Relaxed) > reloads, "{calls:?} calls in {reloads} reloads");
}

#[test]
fn full_disk_leaves_the_file_as_it_was() {
    // In a namespace of its own the test may make a disk that is full soon.
    let script = "mount -t tmpfs -o size=64k none \"$1\" && cd \"$1\" && \
        printf '[servers.a]\\ncommand = \"a\"\\n' > f.toml && cp f.toml before && \
        { dd if=/dev/zero of=filler bs=1k count=1000 2>/dev/null; true; } && \
        ! \"$2\" server add b --config f.toml --no-test -- b && cmp f.toml before && ls -A";
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]);
    let output = shell.arg(folder.path()).arg(built("switchboard")).output().expect("unshare can be run");
    let (names, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{names} {told}");
    assert_eq!(names.split_whitespace().collect::<Vec<_>>(), ["before", "f.toml", "filler"], "{told}");
    assert!(told.contains("it is as it was"), "{told}");
}
