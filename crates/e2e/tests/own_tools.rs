//! The gateway's own tools, tool search and cut results, as real clients of both eras meet them.

use e2e::fixture::{Era, configured_over_stdio};
use e2e::{Client, Node, Outcome};
use serde_json::{Value, json};

/// One full client of each era.
const CLIENTS: [Client; 2] = [Client::PythonAuto, Client::TypeScriptV1];

fn node(tools: &str) -> Node {
    let fixture = configured_over_stdio("fixture", Era::Dual);
    Node::start(&format!("[tools]\n{tools}\n{fixture}\n[bundles.all]\nservers = [\"fixture\"]\n"))
}

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "do": "call", "name": name, "arguments": arguments })
}

fn list() -> Value {
    json!({ "do": "list_tools" })
}

fn drive(client: Client, url: &str, actions: &[Value]) -> Vec<Outcome> {
    let mut outcomes = client.drive(url, actions).expect("the client comes to its end");
    outcomes.remove(0);
    outcomes
}

/// Lists one end of the search and the other: what is found can be called, listed or not.
#[test]
fn tools_that_are_not_listed_are_found_and_called() {
    let node = node("search = \"on\"\npinned = [\"*_error_handling\"]");
    for client in CLIENTS {
        for url in [node.everything(), node.bundle("all")] {
            let seen = drive(
                client,
                &url,
                &[
                    list(),
                    call("switchboard_search_tools", &json!({ "query": "simple text" })),
                    call("switchboard_describe_tool", &json!({ "name": "fixture_test_simple_text" })),
                    call("switchboard_call_tool", &json!({ "name": "fixture_test_simple_text" })),
                    call("fixture_test_simple_text", &json!({})),
                    call("switchboard_call_tool", &json!({ "name": "fixture_test_simple_txt" })),
                ],
            );
            let listed = seen[0].line();
            assert!(listed.contains("switchboard_search_tools"), "{client:?} {listed}");
            assert!(listed.contains("fixture_test_error_handling"), "{client:?} {listed}");
            assert!(!listed.contains("fixture_test_simple_text"), "{client:?} {listed}");
            assert!(!listed.contains("switchboard_restart_server"), "{client:?} {listed}");
            assert!(seen[1].line().contains("fixture_test_simple_text"), "{client:?} {}", seen[1].line());
            assert!(seen[2].line().contains("inputSchema"), "{client:?} {}", seen[2].line());
            for found in &seen[3..5] {
                assert!(!found.has_failed() && found.line().contains("This is a simple text"), "{}", found.line());
            }
            assert!(seen[5].has_failed() && seen[5].line().contains("test_simple_txt"), "{}", seen[5].line());
        }
    }
}

/// `call_tool` is no second way: questions and progress of the tool reach the client.
#[test]
fn a_tool_called_by_name_asks_and_reports_like_any_other() {
    let node = node("search = \"on\"");
    let elicit = json!({ "name": "fixture_test_elicitation", "arguments": { "message": "Who?" } });
    let answer = json!({ "username": "ada", "email": "ada@example.com" });
    let question = json!({
        "do": "call", "name": "switchboard_call_tool", "arguments": elicit, "answer": answer,
    });
    let progress = json!({ "name": "fixture_test_tool_with_progress", "arguments": {} });
    let progress = json!({ "do": "progress", "name": "switchboard_call_tool", "arguments": progress });
    for client in CLIENTS {
        let seen = drive(client, &node.everything(), &[question.clone(), progress.clone()]);
        assert!(seen[0].line().contains("ada@example.com"), "{client:?} {}", seen[0].line());
        let reported = seen[1].value()["progress"].as_array().map_or(0, Vec::len);
        assert!(!seen[1].has_failed() && reported >= 1, "{client:?} {}", seen[1].line());
    }
}

#[test]
fn the_search_takes_the_place_of_the_list_where_tools_are_many() {
    let check = |tools: &str, searched: bool| {
        let listed = drive(Client::PythonAuto, &node(tools).everything(), &[list()]).remove(0).line();
        assert_eq!(listed.contains("switchboard_search_tools"), searched, "{tools}: {listed}");
        assert_eq!(listed.contains("fixture_test_simple_text"), !searched, "{tools}: {listed}");
    };
    check("", false);
    check("search_from = 5", true);
    check("search_from = 5\nsearch = \"off\"", false);
}

#[test]
fn the_gateway_tells_of_its_servers_and_restarts_them_when_confirmed() {
    check_own_server(&node(""));
}

/// The frame of toolkits serves both eras; pinned to the legacy one it is met with a handshake and asks by requests.
#[test]
fn the_gateways_own_server_can_be_driven_in_the_legacy_era() {
    check_own_server(&node("[servers.switchboard]\nera = \"legacy\""));
}

/// What the gateway says of itself can be read; what changes something wants to be confirmed.
fn check_own_server(node: &Node) {
    let (yes, no) = (json!({ "confirm": true }), json!({ "confirm": false }));
    let restart = |answer: &Value| json!({ "do": "call", "name": "restart_server", "arguments": { "server": "fixture" }, "answer": answer });
    for client in CLIENTS {
        let seen = drive(
            client,
            &node.server("switchboard"),
            &[
                call("call_tool", &json!({ "name": "fixture_test_simple_text" })),
                call("list_servers", &json!({ "kind": "stdio" })),
                call("server_status", &json!({ "server": "fixture" })),
                call("route_task", &json!({ "task": "return a simple text" })),
                call("server_status", &json!({ "server": "fixtur" })),
                restart(&no),
                restart(&yes),
            ],
        );
        assert!(seen[0].line().contains("This is a simple text"), "{client:?} {}", seen[0].line());
        assert!(seen[1].line().contains("running"), "{client:?} {}", seen[1].line());
        assert!(!seen[1].line().contains("\"own\""), "{client:?} {}", seen[1].line());
        assert!(seen[2].line().contains("error_percent"), "{client:?} {}", seen[2].line());
        assert!(seen[3].line().contains("fixture_test_simple_text"), "{client:?} {}", seen[3].line());
        assert!(seen[4].has_failed() && seen[4].line().contains("did you mean"), "{client:?} {}", seen[4].line());
        assert!(seen[5].has_failed() && seen[5].line().contains("CANCELLED"), "{client:?} {}", seen[5].line());
        assert!(!seen[6].has_failed() && seen[6].line().contains("starts anew"), "{client:?} {}", seen[6].line());
    }
}

/// A long result is cut where that is configured, its rest can be fetched, and the server's own endpoint stays as it is.
#[test]
fn a_long_result_is_cut_and_the_rest_is_fetched() {
    let node = node("max_result_bytes = 2000");
    let big = call("fixture_big", &json!({ "bytes": 5000 }));
    for client in CLIENTS {
        let cut = drive(client, &node.everything(), &[list(), big.clone()]);
        assert!(cut[0].line().contains("switchboard_fetch_result"), "{client:?} {}", cut[0].line());
        let line = cut[1].line();
        assert!(line.contains("[cut: 2000 of 5000 bytes shown"), "{client:?} {line}");
        assert!(line.contains("resource_link"), "{client:?} {line}");
        let id = line.split("with ref `").nth(1).and_then(|rest| rest.split('`').next()).expect("a ref is named");
        let rest = drive(
            client,
            &node.everything(),
            &[
                call("switchboard_fetch_result", &json!({ "ref": id, "offset": 4000 })),
                json!({ "do": "read", "uri": format!("sw://switchboard/results/{id}") }),
                call("switchboard_fetch_result", &json!({ "ref": "0" })),
            ],
        );
        assert!(rest[0].line().contains("\"total_bytes\":5000"), "{client:?} {}", rest[0].line());
        assert!(rest[1].line().len() > 5000, "{client:?} {}", rest[1].line());
        assert!(rest[2].has_failed(), "{client:?} {}", rest[2].line());
        let own = call("big", &json!({ "bytes": 5000 }));
        let whole = drive(client, &node.server("fixture"), &[own]).remove(0).line();
        assert!(whole.len() > 5000 && !whole.contains("[cut:"), "{client:?}");
    }
}
