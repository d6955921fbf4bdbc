//! A running node and its configuration: what changes is in force at once and as a whole, and nobody else notices.

#![expect(clippy::disallowed_methods, reason = "one test needs a disk that is full")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use e2e::cluster::until;
use e2e::control::Control;
use e2e::events::Stream;
use e2e::fixture::{self, Era, Fixture};
use e2e::legacy::Session;
use e2e::program::{Program, built, command};
use e2e::scene::Scene;
use e2e::wire;
use serde_json::json;

/// Reloads under load in an ordinary run; the long one is asked for by `SWITCHBOARD_RELOADS`.
const RELOADS: u64 = 60;
/// What the memory of a node may grow by without growing with the reloads: what an allocator keeps of a busy moment.
const GROWTH_KIB_MAX: u64 = 16 * 1024;
/// Connections to a server that a node keeps for the next calls, because it needed them at once.
const IDLE_CONNECTIONS_MAX: usize = 8;

fn assert_undisturbed(scene: &Scene) {
    assert_eq!(scene.server_names(), ["fixture"]);
    assert!(scene.greets("fixture"));
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
        assert_undisturbed(&scene);
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
    assert_undisturbed(&scene);
    fs::create_dir(&scene.file).expect("a folder can take its place");
    let (status, _) = scene.control.ask("POST", "/config/reload");
    assert_eq!(status, 422);
    assert_undisturbed(&scene);
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
    let scene = Scene::start(&two_servers());
    let comment = "# a line that says nothing and takes a while to be written\n".repeat(50);
    let whole = two_servers().replace("[servers.other]", &format!("{comment}[servers.other]"));
    let mut file = fs::File::create(&scene.file).expect("the file is cut to nothing");
    // A kilobyte a second; what is there always parses, and has only one of the two servers until the end.
    for part in whole.as_bytes().chunks(1_000) {
        file.write_all(part).expect("a part can be written");
        file.sync_all().expect("the part is there");
        scene.node.hang_up();
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(scene.server_names(), ["fixture", "other"]);
    }
    let (status, problem) = scene.control.ask("POST", "/config/reload");
    assert_eq!((status, &problem["hint"]), (422, &json!("it is read as soon as whoever writes it closes it")));
    assert_eq!(scene.server_names(), ["fixture", "other"]);
    drop(file);
    scene.wait_for(2);
    let history = scene.control.get("/config/history");
    assert_eq!(history[0]["summary"], "nothing changes", "{history}");
}

#[test]
fn emptied_file_is_taken_over_by_command_only() {
    let scene = Scene::start(&two_servers());
    fs::write(&scene.file, "").expect("the file can be emptied");
    assert!(scene.wait_for_problem().contains("is empty"));
    assert_eq!(scene.server_names(), ["fixture", "other"]);
    assert_eq!(scene.control.ask("POST", "/config/reload").0, 200);
    assert!(scene.server_names().is_empty());
}

#[test]
fn first_configuration_on_a_new_machine_is_noticed() {
    let home = tempfile::tempdir().expect("a folder can be made");
    let run = |words: &[&str]| {
        let mut program = command(built("switchboard"));
        program.args(words).env("HOME", home.path()).current_dir(home.path());
        for name in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "SWITCHBOARD_STATE_DIR"] {
            program.env_remove(name);
        }
        program
    };
    let mut serve = run(&["serve", "--listen", "127.0.0.1:0"]);
    let node = Program::start("switchboard", &mut serve, "listening on http://");
    let address = node.announced().split_whitespace().next().expect("an address is announced").trim_end_matches('/');
    let fixture = built("conformance-fixture");
    let fixture = fixture.to_string_lossy();
    let added = run(&["server", "add", "first", "--no-test", "--", &fixture, "--stdio"]).output();
    let added = added.expect("the program can be run");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let control = Control::of(&home.path().join(".local/state/switchboard"), address);
    let since = Instant::now();
    control.wait_until("/servers/first", |server| server["name"] == "first");
    assert!(since.elapsed() < Duration::from_secs(15), "the node looks every 30 seconds where it is told nothing");
}

#[test]
fn log_takes_another_filter_and_shape_while_the_node_runs() {
    let good = fixture::configured_over_stdio("fixture", Era::Modern);
    let scene = Scene::start(&good);
    scene.write(&format!("{good}[log]\nfilter = \"debug\"\nformat = \"json\"\n"));
    scene.wait_for(2);
    scene.write(&good);
    scene.wait_for(3);
    let shapes = || -> Vec<bool> {
        let log = scene.node.log();
        let in_force = log.lines().filter(|line| line.contains("the configuration is in force"));
        in_force.map(|line| line.starts_with('{')).collect()
    };
    // what a node has written comes after what it answers
    until(|| shapes().len() == 2);
    assert_eq!(shapes(), [true, false], "{}", scene.node.log());
    assert_eq!(scene.control.get("/status")["config"]["at_restart"], json!([]));
}

#[test]
fn node_tells_of_itself_without_its_secrets() {
    let secret = "hunter2hunter2";
    let scene = Scene::start(&format!(
        "[servers.{secret}]\ncommand = \"nowhere-to-be-found\"\nenv = {{ API_TOKEN = \"{secret}\" }}\n"
    ));
    assert!(!scene.greets(secret));
    assert_eq!(scene.control.ask("POST", "/config/reload").0, 200);
    let show = |words: &[&str]| {
        let mut logs = command(built("switchboard"));
        logs.args(["logs", "--node", "--json", "--url", &format!("http://{}", scene.node.address())]).args(words);
        let output = logs.env("SWITCHBOARD_STATE_DIR", scene.node.folder().join("state")).env_remove("XDG_RUNTIME_DIR");
        let output = output.output().expect("the program can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let all = show(&[]);
    assert!(all.contains("the configuration is in force") && all.contains("\"level\": \"info\""), "{all}");
    assert!(!all.contains(secret) && !scene.node.log().contains(secret), "{all}");
    assert!(!show(&["--level", "error"]).contains("\"level\": \"info\""));
    assert_eq!(show(&["--search", "Configuration IS in force", "--lines", "1"]).matches("\"at\"").count(), 1);
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
fn limits_of_sessions_count_at_once() {
    let scene = Scene::start("");
    let handshake = || Session::handshake(scene.node.address(), "/mcp", "2025-11-25", &json!({}));
    assert!(handshake().header("mcp-session-id").is_some());
    scene.write("[limits]\nsessions_max = 1\n");
    scene.wait_for(2);
    let refused = handshake();
    assert_eq!((refused.header("mcp-session-id"), refused.code().is_some()), (None, true), "{refused:?}");
    scene.write("[limits]\nsessions_max = 2\nsession_idle_ms_max = 1_000\n");
    scene.wait_for(3);
    assert!(handshake().header("mcp-session-id").is_some());
    scene.control.wait_until("/status", |status| status["sessions"] == 0);
    assert_eq!(scene.control.get("/status")["config"]["at_restart"], json!([]));
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
    assert_undisturbed(&scene);
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
    assert!(scene.greets("local") && scene.greets("remote"));
    let process = scene.process();
    let (descriptors_before, mut memory_before) = (descriptors(&process), 0);
    let (stop, calls) = (AtomicBool::new(false), AtomicU64::new(0));
    let since = Instant::now();
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
            if number == reloads / 4 {
                memory_before = memory_kib(&process);
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    let (took, calls) = (since.elapsed(), calls.load(Ordering::Relaxed));
    scene.write(&steady);
    assert_eq!(scene.control.ask("POST", "/config/reload").0, 200);
    assert!(scene.greets("local"));
    scene.control.wait_until("/status", |_| descriptors(&process) <= descriptors_before + IDLE_CONNECTIONS_MAX);
    let memory = memory_kib(&process);
    eprintln!(
        "{reloads} reloads in {took:?} beside {calls} calls, none failed; memory {memory_before} KiB after a quarter of \
         them, {memory} KiB after all; descriptors {descriptors_before} before, {} after",
        descriptors(&process)
    );
    assert!(calls > reloads, "{calls} calls in {reloads} reloads");
    assert!(memory < memory_before + GROWTH_KIB_MAX, "{memory_before} KiB before, {memory} KiB after");
}

/// How many descriptors a process has open.
fn descriptors(process: &Path) -> usize {
    fs::read_dir(process.join("fd")).expect("the process runs").count()
}

/// How much memory a process holds.
fn memory_kib(process: &Path) -> u64 {
    let status = fs::read_to_string(process.join("status")).expect("the process runs");
    let held = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    held.expect("the kernel says what a process holds")
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

#[test]
fn change_of_a_file_that_cannot_be_written_is_laid_over_it() {
    // In a namespace of its own the test may make a disk that cannot be written.
    let script = "mount -t tmpfs none \"$1/etc\" && cd \"$1/etc\" && printf '[servers.a]\\ncommand = \"a\"\\n' > f.toml && \
        mount -o remount,ro \"$1/etc\" && \
        \"$2\" server add b --config f.toml --no-test -- b && \"$2\" server disable a --config f.toml && \
        \"$2\" server list --config f.toml --json && \"$2\" config explain servers.a.enabled --config f.toml && \
        ! \"$2\" server remove a --config f.toml && \"$2\" config unset servers.a --config f.toml && \
        \"$2\" server list a --config f.toml";
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::create_dir(folder.path().join("etc")).expect("a folder can be made");
    let mut shell = Command::new("unshare");
    shell.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]);
    shell.arg(folder.path()).arg(built("switchboard")).env("SWITCHBOARD_STATE_DIR", folder.path().join("state"));
    let output = shell.output().expect("unshare can be run");
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said} {told}");
    assert!(said.contains("which cannot be written") && said.contains("\"server\": \"b\""), "{said}");
    assert!(said.contains("false from the stored configuration"), "{said}");
    assert!(told.contains("`switchboard server disable a`"), "{told}");
    assert!(said.lines().last().is_some_and(|line| line.starts_with('a') && line.contains("enabled")), "{said}");
}
