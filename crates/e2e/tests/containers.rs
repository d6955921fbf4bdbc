//! The toolkit `docker` behind the gateway, with a real Docker in namespaces of its own: a client of each era finds out why a
//! container is down, and brings it up.

#![expect(clippy::disallowed_methods, reason = "a test starts an engine of its own and enters its namespaces")]

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use e2e::{Client, Node, Outcome};
use serde_json::{Value, json};

/// One full client of each era.
const CLIENTS: [Client; 2] = [Client::PythonAuto, Client::TypeScriptV1];
/// Ends as long as nobody has left word that the database is up.
const SHOP: &str = "test -e /data/ready || { echo 'the database is not up' >&2; exit 3; }; sleep 600";
/// Leaves word.
const DATABASE: &str = "touch /data/ready; sleep 600";

/// A running Docker; it is gone when this is dropped.
struct Docker {
    script: Child,
    pid: String,
}

impl Docker {
    fn boot() -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the project");
        let mut script = Command::new(project.join("scripts/lab/engines.sh"))
            .args(["boot", "docker"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script of the lab is there");
        let mut pid = String::new();
        let stdout = script.stdout.take().expect("stdout is piped");
        BufReader::new(stdout).read_line(&mut pid).expect("the script writes");
        assert!(!pid.trim().is_empty(), "Docker does not start; run scripts/setup-tests.sh as root and try again");
        Self { script, pid: pid.trim().to_owned() }
    }

    /// Its socket, as it is seen from outside of its namespaces.
    fn socket(&self) -> String {
        format!("unix:///proc/{}/root/run/docker.sock", self.pid)
    }

    fn run(&self, arguments: &[&str]) {
        let mut entered = Command::new("nsenter");
        entered.args([
            "--target",
            &self.pid,
            "--all",
            "--root",
            "--wd",
            "/usr/bin/docker",
            "--host",
            "unix:///run/docker.sock",
        ]);
        let output = entered.args(arguments).output().expect("nsenter is there");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        // the script takes everything down when nobody holds its stdin any more
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "do": "call", "name": name, "arguments": arguments })
}

fn drive(client: Client, url: &str, actions: &[Value]) -> Vec<Outcome> {
    let mut outcomes = client.drive(url, actions).expect("the client comes to its end");
    outcomes.remove(0);
    outcomes
}

#[test]
fn why_a_container_is_down_is_found_out_and_it_is_brought_up() {
    let docker = Docker::boot();
    for client in CLIENTS {
        docker.run(&["create", "--name", "database", "--volume", "shared:/data", "lab:1", "sh", "-c", DATABASE]);
        docker.run(&["create", "--name", "shop", "--volume", "shared:/data", "lab:1", "sh", "-c", SHOP]);
        docker.run(&["start", "shop"]);
        docker.run(&["wait", "shop"]);
        let section = format!(
            "[servers.docker]\ntoolkit = \"docker\"\n[servers.docker.connections.default]\nurl = \"{}\"\n",
            docker.socket()
        );
        let node = Node::start(&section);
        let shop = json!({"container": "shop"});
        let seen = drive(
            client,
            &node.everything(),
            &[
                call("docker_list_containers", &json!({"all": true, "status": "exited"})),
                call("docker_inspect_container", &shop),
                call("docker_container_logs", &shop),
                call("docker_start_container", &json!({"container": "database", "wait_healthy": true})),
                call("docker_start_container", &json!({"containerId": "shop", "wait_healthy": true})),
                call("docker_list_containers", &json!({"name": "shop"})),
            ],
        );
        let expected =
            ["shop", "\"exit_code\":3", "the database is not up", "\"running\":true", "\"running\":true", "Up "];
        for (outcome, expected) in seen.iter().zip(expected) {
            let line = outcome.line().replace("\\\"", "\"").replace("\": ", "\":");
            assert!(!outcome.has_failed() && line.contains(expected), "{client:?} {expected}: {line}");
        }
        docker.run(&["rm", "--force", "database", "shop"]);
        docker.run(&["volume", "rm", "shared"]);
    }
}
