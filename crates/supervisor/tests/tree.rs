//! Ends of children, seen from outside: order, whole trees, and nothing left behind.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};
use supervisor::{Child, Command, Error, Exit, Limits, Line, Lines, guard, spawn};

const PATIENCE: Duration = Duration::from_secs(10);

fn shell(script: &str) -> Command {
    Command::new("sh").arg("-c").arg(script)
}

fn quick() -> Limits {
    Limits {
        stop_stdin_wait: Duration::from_millis(50),
        stop_term_wait: Duration::from_millis(50),
        ..Limits::default()
    }
}

fn start(command: &Command, limits: Limits) -> (Child, Lines) {
    guard::use_program(env!("CARGO_BIN_EXE_guarded"));
    spawn(command, limits).expect("the program starts")
}

async fn text(lines: &mut Lines) -> Option<String> {
    match tokio::time::timeout(PATIENCE, lines.next()).await.expect("a line in time")? {
        Line::Message(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Line::Oversized(_) => panic!("an oversized line"),
    }
}

async fn pid(lines: &mut Lines) -> Pid {
    as_pid(&text(lines).await.expect("a line with a process id"))
}

fn as_pid(text: &str) -> Pid {
    Pid::from_raw(text.trim().parse().expect("a process id")).expect("a positive process id")
}

/// Waits until the process is dead; a zombie that init has not reaped counts as dead.
fn is_gone(pid: Pid, within: Duration) -> bool {
    let Ok(handle) = pidfd_open(pid, PidfdFlags::empty()) else { return true };
    let within = Timespec::try_from(within).expect("a short time");
    poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&within)).expect("a poll") > 0
}

#[tokio::test]
async fn lines_go_in_and_come_out_in_order() {
    let (child, mut lines) = start(&Command::new("cat"), Limits::default());
    for number in 0..2000 {
        child.send(format!("{{\"id\":\n{number}}}").into()).await.expect("cat reads");
    }
    for number in 0..2000 {
        assert_eq!(text(&mut lines).await, Some(format!("{{\"id\": {number}}}")));
    }
    assert_eq!(child.stop().await, Exit::Code(0));
    assert!(matches!(child.send("{}".into()).await, Err(Error::Closed)));
}

#[tokio::test]
async fn a_child_ends_as_its_program_ended() {
    for (script, expected) in [
        ("exit 0", Exit::Code(0)),
        ("exit 3", Exit::Code(3)),
        ("kill -9 $$", Exit::Signal(9)),
        ("kill -15 $$", Exit::Signal(15)),
    ] {
        let (child, _lines) = start(&shell(script), Limits::default());
        assert_eq!(child.exited().await, expected, "{script}");
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_executed_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = directory.path().join("not-a-program");
    fs::write(&program, [0x7f, b'E', b'L', b'F', 0, 0]).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, mode).expect("an executable file");
    let (child, mut lines) = start(&Command::new(&program), Limits::default());
    assert_eq!(text(&mut lines).await, None);
    assert_eq!(child.exited().await, Exit::Code(127));
}

#[tokio::test]
async fn a_missing_program_is_an_error_at_once() {
    guard::use_program(env!("CARGO_BIN_EXE_guarded"));
    let error = spawn(&Command::new("no-such-program"), Limits::default()).expect_err("no such program");
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn stop_closes_the_input_then_asks_then_kills() {
    let polite = "trap 'echo term; exit 7' TERM; echo ready; cat; echo closed; while :; do sleep 0.01; done";
    let (child, mut lines) = start(&shell(polite), Limits { stop_term_wait: PATIENCE, ..quick() });
    assert_eq!(text(&mut lines).await.as_deref(), Some("ready"));
    assert_eq!(child.stop().await, Exit::Code(7));
    assert_eq!(text(&mut lines).await.as_deref(), Some("closed"));
    assert_eq!(text(&mut lines).await.as_deref(), Some("term"));
}

#[tokio::test]
async fn a_child_that_ignores_sigterm_is_killed() {
    let (child, mut lines) = start(&shell("trap '' TERM; echo ready; while :; do sleep 1; done"), quick());
    assert_eq!(text(&mut lines).await.as_deref(), Some("ready"));
    assert_eq!(child.stop().await, Exit::Signal(9));
}

#[tokio::test]
async fn all_who_wait_see_the_same_end() {
    let (child, _lines) = start(&Command::new("cat"), Limits::default());
    let clone = child.clone();
    let (first, second, third) = tokio::join!(child.stop(), clone.stop(), child.exited());
    assert_eq!([first, second, third], [Exit::Code(0); 3]);
}

#[tokio::test]
async fn grandchildren_that_hold_the_pipes_or_left_the_session_end_with_the_child() {
    let script = "sh -c 'trap \"\" TERM HUP; echo $$; exec sleep 1000' & \
                  setsid sh -c 'trap \"\" TERM HUP; echo $$; setsid sleep 1000 & sleep 1000' & cat";
    let (child, mut lines) = start(&shell(script), quick());
    let family = [pid(&mut lines).await, pid(&mut lines).await];
    child.stop().await;
    for pid in family {
        assert!(is_gone(pid, Duration::ZERO), "{pid:?} survived");
    }
    assert_eq!(text(&mut lines).await, None, "the pipes are closed");
}

#[tokio::test]
async fn a_daemon_ends_when_its_parent_has_ended_by_itself() {
    let (child, mut lines) =
        start(&shell("(setsid sh -c 'echo $$; exec sleep 1000' &) ; read wait"), Limits::default());
    let daemon = pid(&mut lines).await;
    child.send("go".into()).await.expect("it reads");
    assert_eq!(child.exited().await, Exit::Code(0));
    assert!(is_gone(daemon, Duration::ZERO));
}

#[tokio::test]
async fn dropping_the_last_handle_kills() {
    let (child, mut lines) = start(&shell("echo $$; exec sleep 1000"), Limits::default());
    let pid = pid(&mut lines).await;
    drop(child);
    assert_eq!(text(&mut lines).await, None);
    assert!(tokio::task::spawn_blocking(move || is_gone(pid, PATIENCE)).await.expect("an answer"));
}

#[tokio::test]
async fn a_flood_without_line_end_is_given_up_at_four_times_the_cap() {
    let (child, mut lines) = start(&shell("exec cat /dev/zero"), Limits { line_bytes_max: 1 << 20, ..quick() });
    let line = lines.next().await;
    assert!(
        matches!(&line, Some(Line::Oversized(over)) if !over.is_whole && over.bytes > 4 << 20 && over.bytes < 5 << 20),
        "{line:?}"
    );
    child.kill_now();
    assert_eq!(child.exited().await, Exit::Signal(9));
}

#[tokio::test]
async fn a_flood_on_stderr_blocks_nobody_and_only_its_end_is_kept() {
    let script = "head -c 5000000 /dev/zero | tr '\\0' x | fold -w 99 >&2; echo >&2; echo the end >&2; echo done";
    let (child, mut lines) = start(&shell(script), Limits { stderr_ring_bytes: 1000, ..quick() });
    assert_eq!(text(&mut lines).await.as_deref(), Some("done"));
    child.exited().await;
    while !child.stderr_tail().ends_with("the end\n") {
        tokio::task::yield_now().await;
    }
    assert_eq!(child.stderr_tail().len(), 1000);
}

#[tokio::test]
async fn a_child_that_does_not_read_makes_only_its_own_senders_wait() {
    let limits = Limits { outbox_lines: 2, write_timeout: Duration::from_millis(50), ..quick() };
    let (deaf, _deaf_lines) = start(&shell("exec sleep 1000"), limits);
    let (other, mut other_lines) = start(&Command::new("cat"), Limits::default());
    let large = bytes::Bytes::from(vec![b'x'; 100_000]);
    let stalled = loop {
        if let Err(error) = deaf.send(large.clone()).await {
            break error;
        }
    };
    assert!(matches!(stalled, Error::Stalled { .. }), "{stalled}");
    other.send("hello".into()).await.expect("cat reads");
    assert_eq!(text(&mut other_lines).await.as_deref(), Some("hello"));
    assert_eq!(deaf.stop().await, Exit::Signal(15));
}

#[tokio::test]
async fn limits_reach_the_program_and_secrets_of_ours_do_not() {
    let limits = Limits { open_files_max: Some(77), ..Limits::default() };
    let command = shell("read go; ulimit -n; env | grep -c -e CARGO_PKG_NAME -e CARGO_MANIFEST_DIR; echo $GIVEN")
        .env("GIVEN", "this");
    let (child, mut lines) = start(&command, limits);
    child.send("go".into()).await.expect("it reads");
    assert_eq!(text(&mut lines).await.as_deref(), Some("77"));
    assert_eq!(text(&mut lines).await.as_deref(), Some("0"));
    assert_eq!(text(&mut lines).await.as_deref(), Some("this"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the one that is killed must be another process than the test")]
fn nothing_survives_kill_9_of_the_parent() {
    let script = "trap '' TERM HUP; echo $$; setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000; wait";
    let mut parent = std::process::Command::new(env!("CARGO_BIN_EXE_guarded"))
        .args(["sh", "-c", script])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a parent");
    let output = BufReader::new(parent.stdout.take().expect("its output"));
    let family: Vec<Pid> = output.lines().take(2).map(|line| as_pid(&line.expect("a line"))).collect();
    kill_process(Pid::from_child(&parent), Signal::KILL).expect("a kill");
    let killed_at = Instant::now();
    for pid in family {
        assert!(is_gone(pid, PATIENCE), "{pid:?} survived");
    }
    assert!(killed_at.elapsed() < Duration::from_secs(2), "it took {:?}", killed_at.elapsed());
    parent.wait().expect("a dead parent");
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").expect("our files").count()
}

fn children() -> HashSet<String> {
    let own = format!(" {} ", std::process::id());
    let stat = |path: &Path| fs::read_to_string(path.join("stat")).ok();
    let is_ours = |text: &String| text.rsplit_once(") ").is_some_and(|(_, fields)| fields[1..].starts_with(&own));
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    processes.filter_map(|entry| stat(&entry.path())).filter(is_ours).collect()
}

/// `SUPERVISOR_CYCLES` lengthens it for a soak.
#[test]
fn three_hundred_cycles_leave_no_process_and_no_file() {
    let cycles = std::env::var("SUPERVISOR_CYCLES").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let run = |cycles: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            for cycle in 0..cycles {
                let (child, mut lines) = start(&shell("sleep 1000 & echo ready; cat"), quick());
                if cycle % 2 == 0 {
                    assert_eq!(text(&mut lines).await.as_deref(), Some("ready"));
                }
                child.kill_now();
                child.exited().await;
            }
        });
    };
    run(1);
    let (files, processes) = (open_files(), children());
    run(cycles);
    assert_eq!(children(), processes);
    assert!(open_files() <= files, "{} files, {files} before", open_files());
}

#[tokio::test]
async fn a_child_that_is_left_goes_on_with_whoever_takes_it_over() {
    let (child, mut lines) = start(&shell("echo $$; while read line; do echo got $line; done"), Limits::default());
    let program = pid(&mut lines).await;
    child.send("one".into()).await.expect("it reads");
    let heirloom = child.leave(lines).await.expect("it can be left");
    assert!(matches!(child.send("two".into()).await, Err(Error::Closed)));
    drop(child);
    let (heir, mut lines) = heirloom.take_over(Limits::default(), None).expect("it can be taken over");
    heir.send("three".into()).await.expect("it still reads");
    assert_eq!(text(&mut lines).await.as_deref(), Some("got one"));
    assert_eq!(text(&mut lines).await.as_deref(), Some("got three"));
    heir.stop().await;
    assert!(is_gone(program, PATIENCE));
}

#[tokio::test]
async fn a_child_that_nobody_takes_over_ends() {
    let (child, mut lines) = start(&shell("echo $$; exec sleep 1000"), Limits::default());
    let program = pid(&mut lines).await;
    let heirloom = child.leave(lines).await.expect("it can be left");
    assert!(!is_gone(program, Duration::from_millis(100)));
    drop(heirloom);
    assert!(is_gone(program, PATIENCE));
}

#[tokio::test]
async fn what_a_child_has_begun_to_say_is_not_lost_on_the_way() {
    let (child, mut lines) = start(&shell("echo first; printf hal; read go; echo f"), Limits::default());
    assert_eq!(text(&mut lines).await.as_deref(), Some("first"));
    let (heir, mut lines) =
        child.leave(lines).await.expect("it can be left").take_over(Limits::default(), None).expect("it lives");
    heir.send("go".into()).await.expect("it reads");
    assert_eq!(text(&mut lines).await.as_deref(), Some("half"));
}

#[tokio::test]
async fn a_child_that_is_to_end_is_not_left() {
    let (child, lines) = start(&shell("sleep 1000"), quick());
    child.kill_now();
    assert!(matches!(child.leave(lines).await, Err(Error::Closed)));
}
