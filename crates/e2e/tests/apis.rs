//! APIs that are no MCP servers, through the real gateway: what becomes a tool, what a call does, what hostile
//! arguments do not. Contract GW-14 (REST), GW-15 (gRPC), GW-16 (GraphQL); security case T20.

use base64::prelude::{BASE64_STANDARD, Engine};
use e2e::apis::Api;
use e2e::papers::{AUTHORITY, Papers};
use e2e::wire;
use e2e::{Client, Node, tools};
use serde_json::{Value, json};

/// Clients of both eras.
const BOTH_ERAS: [Client; 3] = [Client::PythonLegacy, Client::TypeScriptV2Auto, Client::PythonAuto];

fn call(name: &str, arguments: &Value) -> Value {
    json!({ "do": "call", "name": name, "arguments": arguments })
}

/// The names of the tools of `server`, and then what became of `actions`.
fn drive(client: Client, url: &str, actions: &[Value]) -> Vec<String> {
    let all: Vec<Value> = std::iter::once(json!({ "do": "list_tools" })).chain(actions.iter().cloned()).collect();
    let outcomes = client.drive(url, &all).unwrap_or_else(|error| panic!("{client:?} {error}"));
    outcomes.iter().skip(1).map(e2e::Outcome::line).collect()
}

/// The answer to one modern call, sent as raw HTTP.
fn called(node: &Node, server: &str, tool: &str, arguments: &Value) -> Value {
    let path = format!("/servers/{server}/mcp");
    let answer = wire::call(node.address(), &path, "1", tool, &arguments.to_string());
    serde_json::from_str(&answer.message()).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

fn openapi(api: &Api, more: &str) -> String {
    format!("[servers.pets]\nopenapi = \"{}/openapi.json\"\n{more}", api.url())
}

#[test]
fn operations_of_a_document_are_tools_for_clients_of_both_eras() {
    let api = Api::rest();
    let node = Node::start(&openapi(&api, ""));
    for client in BOTH_ERAS {
        let actions = [
            call("list_pets", &json!({ "tag": ["a", "b c"] })),
            call("get_pet", &json!({ "id": "1" })),
            call("get_pet", &json!({ "id": "99" })),
            call("get_picture", &json!({})),
        ];
        let lines = drive(client, &node.server("pets"), &actions);
        assert!(lines[0].contains("delete_pet") && !lines[0].contains("remote_reference"), "{client:?} {}", lines[0]);
        assert!(lines[1].contains(r#""name":"Tom""#), "{client:?} {}", lines[1]);
        assert!(lines[2].contains(r#""name":"Rex""#), "{client:?} {}", lines[2]);
        assert!(lines[3].contains("[UPSTREAM_ERROR] GET /pets/99 answered 404 Not Found"), "{client:?} {}", lines[3]);
        assert!(lines[4].contains("image/png"), "{client:?} {}", lines[4]);
    }
}

#[test]
fn calls_reach_the_api_as_they_should() {
    let api = Api::rest();
    let node = Node::start(&openapi(&api, ""));
    let added = called(&node, "pets", "add_pet", &json!({ "name": "Ada" }));
    assert_eq!(added["result"]["structuredContent"], json!({ "id": 3, "name": "Ada" }), "{added}");
    let planned = called(&node, "pets", "delete_pet", &json!({ "id": "3", "dry_run": true }));
    assert_eq!(text(&planned), format!(r#"{{"plan":["DELETE {}/v1/pets/3"]}}"#, api.url()));
    let deleted = called(&node, "pets", "delete_pet", &json!({ "id": "3" }));
    assert_eq!(text(&deleted), "DELETE /pets/3 answered 204 No Content");
    let gone = called(&node, "pets", "get_pet", &json!({ "id": "3" }));
    assert_eq!(gone["result"]["isError"], true, "{gone}");
}

#[test]
fn hostile_arguments_never_reach_another_path() {
    let api = Api::rest();
    let node = Node::start(&openapi(&api, ""));
    let refused = [
        "",
        ".",
        "..",
        "../admin",
        "..%2fadmin",
        "%2e%2e",
        "%2e%2e%2fadmin",
        "%252e%252e%252f",
        "..\\admin",
        "a/../../b",
        "a\0b",
        "a%00b",
        "a\r\nx: y",
        "a%0d%0ax: y",
        "..;/admin",
    ];
    for id in refused {
        let answer = called(&node, "pets", "get_pet", &json!({ "id": id }));
        assert!(text(&answer).starts_with("[INVALID_INPUT]"), "{id:?} {answer}");
    }
    for id in [
        "a/b",
        "a?x=1",
        "a#b",
        "@evil.example",
        "//evil.example",
        "a;b",
        "ü",
        "http://169.254.169.254/",
        "．．／admin",
        "‥/admin",
    ] {
        let answer = called(&node, "pets", "get_pet", &json!({ "id": id }));
        assert!(text(&answer).contains("answered 404"), "{id:?} {answer}");
    }
    for line in api.arrived() {
        let path = line.strip_prefix("GET ").expect("only gets were sent");
        let segments: Vec<&str> = path.split('/').collect();
        assert!(matches!(segments[..], ["", "v1", "pets", id] if !id.is_empty() && !id.contains('?')), "{path}");
    }
}

#[test]
fn redirects_are_told_and_not_followed() {
    let api = Api::rest();
    let node = Node::start(&openapi(&api, ""));
    let answer = called(&node, "pets", "go_elsewhere", &json!({}));
    assert!(text(&answer).contains("answered 302 Found and leads elsewhere"), "{answer}");
}

#[test]
fn credentials_are_sent_and_never_shown() {
    let api = Api::rest();
    let auth = "auth = { bearer = \"s3cr3t-bearer\", query = { key = \"s3cr3t-query\" } }\nheaders = { X-Own = \"s3cr3t-header\" }\n";
    let node = Node::start(&openapi(&api, auth));
    let echoed = called(&node, "pets", "echo_headers", &json!({})).to_string();
    assert!(echoed.contains("Bearer •••") && echoed.contains("key=•••") && echoed.contains("x-own"), "{echoed}");
    let list = drive(Client::PythonAuto, &node.server("pets"), &[]).concat();
    for place in [echoed, list, node.log()] {
        assert!(!place.contains("s3cr3t"), "{place}");
    }
}

#[test]
fn call_ends_at_its_deadline() {
    let api = Api::rest();
    let node = Node::start(&openapi(&api, "deadline_s = 1\n"));
    let answer = called(&node, "pets", "be_slow", &json!({}));
    assert!(text(&answer).starts_with("[TIMEOUT]"), "{answer}");
}

#[test]
fn filters_leave_operations_out_everywhere() {
    let api = Api::rest();
    let filters = "include = { tags = [\"pets\"] }\nexclude = { methods = [\"delete\"] }\n";
    let node = Node::start(&openapi(&api, filters));
    let lines = drive(Client::PythonAuto, &node.server("pets"), &[call("delete_pet", &json!({ "id": "1" }))]);
    assert!(
        lines[0].contains("add_pet") && !lines[0].contains("delete_pet") && !lines[0].contains("be_slow"),
        "{}",
        lines[0]
    );
    assert!(lines[1].contains(r#""ok":false"#) || lines[1].contains("unknown tool"), "{}", lines[1]);
}

#[test]
fn rest_by_hand_is_a_server_of_tools() {
    let api = Api::rest();
    let node = Node::start(&format!(
        "[servers.hand]\nbase_url = \"{}/v1\"\n[servers.hand.rest.tools.pet]\npath = \"/pets/{{id}}\"\n\
         [servers.hand.rest.tools.add]\nmethod = \"post\"\npath = \"/pets\"\n\
         [servers.hand.rest.tools.add.arguments]\nname = {{ required = true }}\n",
        api.url()
    ));
    for client in BOTH_ERAS {
        let actions =
            [call("pet", &json!({ "id": "2" })), call("add", &json!({ "name": "Kim" })), call("add", &json!({}))];
        let lines = drive(client, &node.server("hand"), &actions);
        assert!(lines[1].contains("Tom"), "{client:?} {}", lines[1]);
        assert!(lines[2].contains("Kim"), "{client:?} {}", lines[2]);
        assert!(lines[3].contains("[INVALID_INPUT]"), "{client:?} {}", lines[3]);
    }
}

#[test]
fn graphql_fields_are_tools_for_clients_of_both_eras() {
    let api = Api::graphql();
    let node = Node::start(&format!("[servers.books]\ngraphql = {:?}\n", api.url()));
    for client in BOTH_ERAS {
        let actions = [
            call("books", &json!({ "author": "Austen", "select": "title author { name }" })),
            call("book", &json!({ "id": "3" })),
            call("book_count", &json!({})),
            call("add_book", &json!({ "book": { "title": "\") { id } } # x", "author": "Poe", "genre": "POEM" } })),
        ];
        let lines = drive(client, &node.server("books"), &actions);
        assert!(lines[0].contains("add_book"), "{client:?} {}", lines[0]);
        assert!(lines[1].contains("Persuasion") && !lines[1].contains("genre"), "{client:?} {}", lines[1]);
        assert!(lines[2].contains("Ulalume") && lines[2].contains("POEM"), "{client:?} {}", lines[2]);
        assert!(lines[3].contains(r#""result":"#), "{client:?} {}", lines[3]);
        assert!(lines[4].contains("# x"), "{client:?} {}", lines[4]);
    }
}

#[test]
fn graphql_errors_keep_what_was_answered_and_bombs_are_refused() {
    let api = Api::graphql();
    let node = Node::start(&format!("[servers.books]\ngraphql = {:?}\n", api.url()));
    let broken = called(&node, "books", "broken", &json!({}));
    assert!(text(&broken).starts_with("[UPSTREAM_ERROR] this field always fails"), "{broken}");
    assert!(text(&broken).contains("as it should be"), "{broken}");
    let cycle = format!("{}title{}", "author { books { ".repeat(6), " } }".repeat(6));
    let wide = "title ".repeat(2_000);
    for select in
        ["author", "title } addBook", "a: title", "title @skip(if: true)", "__schema { types { name } }", &cycle, &wide]
    {
        let answer = called(&node, "books", "books", &json!({ "select": select }));
        assert!(text(&answer).starts_with("[INVALID_INPUT]"), "{select} {answer}");
    }
    let typed = called(&node, "books", "add_book", &json!({ "book": { "title": 1 } }));
    assert!(text(&typed).starts_with("[INVALID_INPUT]"), "{typed}");
}

#[test]
fn grpc_methods_are_tools_for_clients_of_both_eras() {
    let api = Api::grpc();
    let node = Node::start(&format!("[servers.greeter]\ngrpc = {:?}\nheaders = {{ x-team = \"blue\" }}\n", api.url()));
    for client in BOTH_ERAS {
        let actions = [
            call("greeter_say_hello", &json!({ "name": "Ada", "mood": "LOUD", "bigNumber": "18446744073709551615" })),
            json!({ "do": "progress", "name": "greeter_count_up", "arguments": { "name": "n", "times": 3 } }),
            call("greeter_fail", &json!({ "name": "such route" })),
            call("greeter_show_metadata", &json!({})),
        ];
        let lines = drive(client, &node.server("greeter"), &actions);
        assert!(!lines[0].contains("listen_to") && !lines[0].contains("reflection"), "{client:?} {}", lines[0]);
        assert!(
            lines[1].contains("Hello, Ada!") && lines[1].contains("18446744073709551615"),
            "{client:?} {}",
            lines[1]
        );
        assert!(lines[2].contains("n 2") && lines[2].contains("\"progress\":["), "{client:?} {}", lines[2]);
        assert!(lines[3].contains("answered NOT_FOUND: no such route, né"), "{client:?} {}", lines[3]);
        assert!(lines[4].contains("blue"), "{client:?} {}", lines[4]);
    }
}

#[test]
fn grpc_server_without_reflection_is_described_by_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("greeter.binpb");
    let api = Api::grpc_described_in(&file);
    let node = Node::start(&format!(
        "[servers.greeter]\ngrpc = {:?}\ndescriptor_set = {:?}\ndeadline_s = 7\n",
        api.url(),
        file.to_string_lossy()
    ));
    let answer = called(&node, "greeter", "greeter_say_hello", &json!({ "name": "Ada" }));
    assert_eq!(answer["result"]["structuredContent"]["deadlineS"], 7.0, "{answer}");
    let cut = called(&node, "greeter", "greeter_count_up", &json!({ "times": 5_000 }));
    assert_eq!(cut["result"]["structuredContent"]["truncated"], true, "{}", text(&cut).len());
}

#[test]
fn grpc_is_spoken_by_tls_to_servers_that_are_trusted() {
    let papers = Papers::new();
    papers.issue("api");
    let api = Api::grpc_with_papers(&papers.file("api.pem"), &papers.file("api.key"));
    let configuration = format!("[servers.greeter]\ngrpc = {:?}\n", api.url());
    let greeted = |node: &Node| called(node, "greeter", "greeter_say_hello", &json!({ "name": "Ada" })).to_string();
    let node = Node::trusting(&papers.file(AUTHORITY), &configuration);
    assert!(greeted(&node).contains("Hello, Ada."), "{}", node.log());
    let answer = greeted(&Node::trusting(&Papers::new().file(AUTHORITY), &configuration));
    assert!(answer.contains("could not be reached") && !answer.contains("Hello"), "{answer}");
}

#[test]
fn grpc_server_with_the_newer_reflection_is_understood() {
    let inner = Node::start("grpc.listen = \"127.0.0.1:0\"");
    let node = Node::start(&format!("[servers.inner]\ngrpc = \"http://{}\"\n", inner.grpc()));
    let ping = BASE64_STANDARD.encode(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#);
    let answer = called(&node, "inner", "mcp_call", &json!({ "payload": ping }));
    assert_eq!(answer["result"]["structuredContent"]["headers"]["kind"], "KIND_ERROR", "{answer}\n{}", node.log());
    let streamed = called(&node, "inner", "mcp_stream", &json!({ "payload": ping }));
    assert_eq!(streamed["result"]["structuredContent"]["count"], 1, "{streamed}");
}

#[test]
fn grpc_errors_say_what_their_details_say() {
    let api = Api::grpc();
    let node = Node::start(&format!("[servers.greeter]\ngrpc = {:?}\n", api.url()));
    let refused = called(&node, "greeter", "greeter_refuse", &json!({}));
    let said = "/demo.Greeter/Refuse answered INVALID_ARGUMENT: no; name: must not be empty";
    assert!(text(&refused).contains(said), "{refused}");
    assert!(refused.to_string().contains(r#""retry_after_ms":3000"#), "{refused}");
}

#[test]
fn grpc_call_ends_at_its_deadline_on_both_sides() {
    let api = Api::grpc();
    let node = Node::start(&format!("[servers.greeter]\ngrpc = {:?}\ndeadline_s = 1\n", api.url()));
    let answer = called(&node, "greeter", "greeter_wait", &json!({}));
    assert!(text(&answer).starts_with("[TIMEOUT]"), "{answer}");
    let left = called(&node, "greeter", "greeter_was_left", &json!({}));
    assert!(text(&left).contains("a call was left"), "{left}");
}

#[test]
fn documents_of_real_products_become_tools_with_legal_names_and_schemas() {
    for (file, least) in [
        ("@directus/specs/dist/openapi.json", 80),
        ("@blockfrost/openapi/openapi.yaml", 80),
        ("rclone-openapi/openapi.yaml", 50),
    ] {
        let document = tools::description(file);
        let node = Node::start(&format!(
            "[servers.product]\nopenapi = {:?}\nbase_url = \"http://127.0.0.1:9\"\n",
            document.to_string_lossy()
        ));
        let list = drive(Client::TypeScriptV2Auto, &node.server("product"), &[]);
        let listed: Value = serde_json::from_str(&list[0]).expect("an outcome is json");
        let names: Vec<&str> = listed["value"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert!(names.len() >= least, "{file}: {} tools\n{}", names.len(), node.log());
        for name in names {
            assert!(
                name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
                "{name}"
            );
        }
    }
}

#[test]
fn api_that_cannot_be_read_says_why() {
    for (description, reason) in [
        ("openapi = \"/nowhere/petstore.yaml\"", "cannot read"),
        ("openapi = \"http://127.0.0.1:9/openapi.json\"", "could not be reached"),
        ("openapi = \"http://169.254.169.254/openapi.json\"", "refused"),
        ("graphql = \"http://127.0.0.1:9/graphql\"", "could not be reached"),
        ("grpc = \"http://127.0.0.1:9\"", "could not be reached"),
    ] {
        let node = Node::start(&format!("[servers.broken]\n{description}\n"));
        let answer = called(&node, "broken", "any", &json!({})).to_string();
        assert!(answer.contains(reason), "{description}: {answer}\n{}", node.log());
    }
}
