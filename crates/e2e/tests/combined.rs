//! Calls that come within a moment and go to their server as one: where a tool has a list form, each caller gets its part;
//! where the list form fails, reads are sent one by one and acts are not sent again.

use std::sync::{Arc, Mutex};

use e2e::Node;
use e2e::apis::Api;
use e2e::scripted::{Scripted, as_json};
use e2e::wire;
use serde_json::{Value, json};

/// What a server was called with: the tool and its arguments.
type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// A server with a tool and its list form, which fails if it is told to.
fn server(reads: bool, fails: bool) -> (Scripted, Calls) {
    let calls = Calls::default();
    let seen = calls.clone();
    let tool = |name: &str| json!({ "name": name, "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": reads } });
    let mut one = tool("get");
    one["_meta"] = json!({ "dev.switchboard/batch": { "tool": "get_many", "argument": "items", "max": 4 } });
    let list =
        json!({ "resultType": "complete", "tools": [one, tool("get_many")], "ttlMs": 60_000, "cacheScope": "private" });
    let server = Scripted::reading(list, move |request| {
        let (name, arguments) = (&request["params"]["name"], &request["params"]["arguments"]);
        let name = name.as_str().expect("a tool has a name").to_owned();
        seen.lock().expect("no test panics with it").push((name, arguments.clone()));
        let text =
            |arguments: &Value| json!({ "content": [{ "type": "text", "text": format!("got {}", arguments["n"]) }] });
        let mut result = match arguments["items"].as_array() {
            None => text(arguments),
            Some(_) if fails => json!({ "content": [], "isError": true }),
            Some(items) => {
                let results: Vec<Value> = items.iter().map(text).collect();
                json!({ "content": [], "structuredContent": { "results": results } })
            }
        };
        result["resultType"] = json!("complete");
        as_json(&request["id"].to_string(), &result)
    });
    (server, calls)
}

/// Makes `count` calls that start together, and tells what became of them.
fn together(server: &Scripted, count: u64) -> Value {
    let node = Node::start(&format!("bridge.sessionless = true\n{}", server.configured("there")));
    let call = |n: u64| json!({ "id": n.to_string(), "name": "there_get", "arguments": { "n": n } });
    let batch = json!({ "calls": (0..count).map(call).collect::<Vec<_>>(), "atomic_start": true }).to_string();
    let answer = wire::exchange(node.address(), &wire::post(node.address(), "/mcp/tools/batch", &[], batch.as_bytes()));
    let message: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    message["result"].clone()
}

fn sizes(calls: &Calls) -> Vec<(String, usize)> {
    let calls = calls.lock().expect("no test panics with it");
    let size = |arguments: &Value| arguments["items"].as_array().map_or(1, Vec::len);
    let mut sizes: Vec<_> = calls.iter().map(|(name, arguments)| (name.clone(), size(arguments))).collect();
    sizes.sort();
    sizes
}

#[test]
fn calls_that_come_together_go_as_one_and_each_has_its_part() {
    for reads in [true, false] {
        let (server, calls) = server(reads, false);
        let told = together(&server, 7);
        for n in 0..7 {
            assert_eq!(told["results"][n]["result"]["content"][0]["text"], format!("got {n}"), "{told}");
        }
        let many = |size| ("get_many".to_owned(), size);
        assert_eq!(sizes(&calls), [many(3), many(4)]);
    }
}

#[test]
fn a_call_that_comes_alone_goes_alone() {
    let (server, calls) = server(true, false);
    assert_eq!(together(&server, 1)["succeeded"], 1);
    assert_eq!(sizes(&calls), [("get".to_owned(), 1)]);
}

#[test]
fn where_the_list_form_fails_reads_go_one_by_one_and_acts_do_not() {
    let (reading, calls) = server(true, true);
    assert_eq!(together(&reading, 3)["succeeded"], 3);
    assert_eq!(sizes(&calls).iter().filter(|(name, _)| name == "get").count(), 3);
    let (acting, calls) = server(false, true);
    assert_eq!(together(&acting, 3)["failed"], 3);
    assert_eq!(sizes(&calls), [("get_many".to_owned(), 3)]);
}

#[test]
fn calls_of_a_rest_api_become_one_request_and_each_has_its_item() {
    let api = Api::rest();
    let node = Node::start(&format!(
        "bridge.sessionless = true\n[servers.pets]\nbase_url = \"{}/v1\"\n\
         [servers.pets.rest.tools.pet]\npath = \"/pets/{{id}}\"\n\
         [servers.pets.rest.tools.pet.list]\ntool = \"pets\"\npath = \"/pets\"\nargument = \"id\"\nname = \"ids\"\nkey = \"id\"\n",
        api.url()
    ));
    let listed = wire::list_tools(node.address(), "/servers/pets/mcp");
    assert!(listed.text().contains("dev.switchboard/batch"), "{}", listed.text());
    let call = |id: &str| json!({ "id": id, "name": "pets_pet", "arguments": { "id": id } });
    let batch = json!({ "calls": [call("1"), call("2"), call("99")], "atomic_start": true }).to_string();
    let answer = wire::exchange(node.address(), &wire::post(node.address(), "/mcp/tools/batch", &[], batch.as_bytes()));
    let message: Value = serde_json::from_slice(&answer.body).expect("an answer is JSON");
    let results = &message["result"]["results"];
    let names = [0, 1].map(|n| results[n]["result"]["structuredContent"]["name"].clone());
    assert_eq!(names, ["Rex", "Tom"], "{message}");
    assert_eq!(results[2]["result"]["isError"], true, "{message}");
    assert_eq!(api.arrived(), ["GET /v1/pets?ids=1,2,99"]);
}
