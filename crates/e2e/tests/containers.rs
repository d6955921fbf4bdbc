//! The toolkit `docker` behind the gateway, with a real Docker in namespaces of its own: a client of each era finds out why a
//! container is down, and brings it up.

use e2e::{Client, Node, Outcome, wire};
use serde_json::{Value, json};
use testkit::lab::Machine;

/// One full client of each era.
const CLIENTS: [Client; 2] = [Client::PythonAuto, Client::TypeScriptV1];
/// Ends as long as nobody has left word that the database is up.
const SHOP: &str = "test -e /data/ready || { echo 'the database is not up' >&2; exit 3; }; sleep 600";
/// Leaves word.
const DATABASE: &str = "touch /data/ready; sleep 600";

/// The socket of a Docker, as it is seen from outside of its namespaces.
fn socket(docker: &Machine) -> String {
    format!("unix:///proc/{}/root/run/docker.sock", docker.pid)
}

fn run(docker: &Machine, arguments: &[&str]) {
    let output = docker.output(&[&["docker", "--host", "unix:///run/docker.sock"], arguments].concat());
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
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
    let docker = Machine::boot("engines.sh", &["boot", "docker"]);
    for client in CLIENTS {
        run(&docker, &["create", "--name", "database", "--volume", "shared:/data", "lab:1", "sh", "-c", DATABASE]);
        run(&docker, &["create", "--name", "shop", "--volume", "shared:/data", "lab:1", "sh", "-c", SHOP]);
        run(&docker, &["start", "shop"]);
        run(&docker, &["wait", "shop"]);
        let section = format!(
            "[servers.docker]\ntoolkit = \"docker\"\n[servers.docker.connections.default]\nurl = \"{}\"\n",
            socket(&docker)
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
        run(&docker, &["rm", "--force", "database", "shop"]);
        run(&docker, &["volume", "rm", "shared"]);
    }
}

#[test]
fn what_is_kept_of_containers_is_void_when_one_is_started_and_what_is_kept_of_images_is_not() {
    let docker = Machine::boot("engines.sh", &["boot", "docker"]);
    run(&docker, &["create", "--name", "shop", "lab:1", "sleep", "600"]);
    let node = Node::start(&format!(
        "[servers.docker]\ntoolkit = \"docker\"\n[servers.docker.connections.default]\nurl = \"{}\"\n\
         [servers.docker.tool.\"list_*\"]\ncache_s = 600\n",
        socket(&docker)
    ));
    let call = |tool: &str, arguments: &str| {
        let answer = wire::call(node.address(), "/servers/docker/mcp", "1", tool, arguments);
        assert!(!answer.is_error(), "{}", answer.text());
        answer.text()
    };
    let is_kept = |answer: &str| answer.contains("dev.switchboard/cached");
    for tool in ["list_containers", "list_images"] {
        assert!(!is_kept(&call(tool, "{}")) && is_kept(&call(tool, "{}")), "{tool}");
    }
    call("start_container", r#"{"container":"shop"}"#);
    let containers = call("list_containers", "{}");
    assert!(!is_kept(&containers) && containers.contains("shop"), "{containers}");
    assert!(is_kept(&call("list_images", "{}")));
}
