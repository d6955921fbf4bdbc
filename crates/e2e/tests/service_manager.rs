//! The node as the packages install it, under a real systemd in namespaces of its own: its socket is open before it, and it is
//! reloaded, restarted and found stuck while it is used.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use e2e::program::built;
use serde_json::Value;
use testkit::lab::Machine;

/// The unit that the packages install.
const UNIT: &str = include_str!("../../../packaging/systemd/switchboard.service");
/// What cannot be had in namespaces within others, and how soon a stuck node is noticed.
const DROP_IN: &str =
    "[Service]\nPrivateDevices=no\nProtectKernelTunables=no\nProtectKernelLogs=no\nRestartSec=1\nWatchdogSec=4\n";
const SOCKET: &str = "[Socket]\nListenStream=127.0.0.1:3100\n";
const SERVER: &str = "[servers.slow]\ncommand = '/opt/lab/rogue'\nargs = ['--aside']\nmode = \"shared\"\n";
const URL: &str = "http://127.0.0.1:3100";
/// How long a change may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// A machine on which the service is installed and its socket is open.
struct Installed(Machine);

impl Installed {
    fn boot() -> Self {
        let programs = built("switchboard");
        let machine = Machine::boot_with("systemd.sh", &["boot"], programs.parent().expect("it lies in a folder"));
        let installed = Self(machine);
        let system = Path::new("etc/systemd/system");
        installed.write(&system.join("switchboard.service"), &UNIT.replace("/usr/bin/", "/opt/lab/"));
        installed.write(&system.join("switchboard.service.d/lab.conf"), DROP_IN);
        installed.write(&system.join("switchboard.socket"), SOCKET);
        installed.configure(SERVER);
        installed.run(&["ip", "link", "set", "lo", "up"]);
        installed.run(&["systemctl", "daemon-reload"]);
        installed.run(&["systemctl", "start", "switchboard.socket"]);
        installed
    }

    fn configure(&self, configuration: &str) {
        self.write(Path::new("etc/switchboard/switchboard.toml"), configuration);
    }

    fn write(&self, path: &Path, text: &str) {
        let file = self.0.file(&path.display().to_string());
        std::fs::create_dir_all(file.parent().expect("it lies in a folder")).expect("the machine can be written to");
        std::fs::write(file, text).expect("the machine can be written to");
    }

    /// Runs a command, which succeeds, and gives what it prints.
    fn run(&self, command: &[&str]) -> String {
        let (succeeds, printed) = self.attempt(command);
        assert!(succeeds, "{command:?}: {printed}\n{}", self.journal());
        printed
    }

    fn attempt(&self, command: &[&str]) -> (bool, String) {
        let output = self.0.output(command);
        let printed = [&output.stdout[..], &output.stderr[..]].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).trim().to_owned())
    }

    fn call(&self, tool: &str, arguments: &str) -> String {
        self.run(&["/opt/lab/switchboard", "call", tool, arguments, "--url", &format!("{URL}/mcp")])
    }

    fn property(&self, name: &str) -> String {
        self.run(&["systemctl", "show", "switchboard", "--value", "--property", name])
    }

    /// Does something while a call runs, which is answered all the same.
    fn during_a_call(&self, act: impl FnOnce()) {
        thread::scope(|scope| {
            let call = scope.spawn(|| self.call("slow_slow", r#"{"ms":3000}"#));
            let runs = || {
                let status = ["env", "SWITCHBOARD_STATE_DIR=/var/lib/switchboard", "XDG_RUNTIME_DIR=/run"];
                let status = [&status[..], &["/opt/lab/switchboard", "status", "--json", "--url", URL]].concat();
                let status: Value = serde_json::from_str(&self.run(&status)).expect("the status is JSON");
                status["servers"].as_array().is_some_and(|all| all.iter().any(|one| one["calls_running"] == 1))
            };
            until("the call runs", runs);
            act();
            assert_eq!(call.join().expect("the call ends"), "done");
        });
    }

    fn journal(&self) -> String {
        self.attempt(&["journalctl", "--unit", "switchboard", "--no-pager", "--lines", "40"]).1
    }
}

/// Asks again and again until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < SEEN_WITHIN, "never saw that {what}");
    }
}

#[test]
fn a_service_is_started_by_its_socket_and_serves_through_reloads_restarts_and_a_standstill() {
    let service = Installed::boot();
    assert_eq!(service.property("ActiveState"), "inactive");
    assert_eq!(service.call("slow_count", "{}"), "1", "its socket starts it");

    let first = service.property("MainPID");
    service.during_a_call(|| {
        service.run(&["systemctl", "reload", "switchboard"]);
        assert_eq!(service.property("ActiveState"), "active");
    });
    let second = service.property("MainPID");
    assert_ne!(first, second);
    assert_eq!(service.call("slow_count", "{}"), "2", "its servers go on");

    service.configure("[limits]\nno_such_limit = 1\n");
    let (reloaded, _) = service.attempt(&["systemctl", "reload", "switchboard"]);
    assert!(!reloaded && service.journal().contains("no successor took over"), "{}", service.journal());
    service.configure(SERVER);
    assert_eq!(service.property("MainPID"), second);
    assert_eq!(service.call("slow_count", "{}"), "3");

    service.run(&["kill", "-STOP", &second]);
    until("it is started anew", || service.property("NRestarts") == "1");
    assert_eq!(service.call("slow_count", "{}"), "1");

    service.during_a_call(|| drop(service.run(&["systemctl", "restart", "switchboard"])));
    assert_eq!(service.call("slow_count", "{}"), "1");
}
