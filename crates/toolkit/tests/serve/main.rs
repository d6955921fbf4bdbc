//! A toolkit as clients of both eras meet it.

mod client;
mod tools;

use std::{sync::atomic::Ordering, time::Duration};

use serde_json::{Value, json};

use self::{
    client::{Client, call, legacy, modern},
    tools::bench,
};

#[tokio::test]
async fn a_modern_client_discovers_lists_and_calls() {
    let mut client = Client::connect(bench().0);
    let discovered = client.ask(&modern(1, "server/discover", json!({}))).await;
    assert_eq!(discovered["result"]["capabilities"], json!({"tools": {}}));
    assert_eq!(discovered["result"]["resultType"], "complete");
    assert_eq!(discovered["result"]["instructions"], "Only for tests.");
    let listed = client.ask(&modern(2, "tools/list", json!({}))).await;
    let names: Vec<&str> =
        listed["result"]["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["greet", "count", "erase", "wait", "break", "reach"]);
    let called = client.ask(&call(3, "greet", json!({"who": "Ada"}))).await;
    assert_eq!(called["result"]["structuredContent"], json!({"greeting": "hello Ada\n"}));
    assert_eq!(called["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "bench");
}

#[tokio::test]
async fn a_legacy_client_shakes_hands_first() {
    let mut client = Client::connect(bench().0);
    let refused = client.ask(&legacy(1, "tools/list", json!({}))).await;
    assert_eq!(refused["error"]["code"], -32600);
    let introduction = client.shake_hands(json!({})).await;
    assert_eq!(introduction["result"]["protocolVersion"], "2025-06-18");
    let called = client.ask(&legacy(2, "tools/call", json!({"name": "say_hello", "arguments": {"name": "Ada"}}))).await;
    assert_eq!(called["result"]["content"], json!([{"type": "text", "text": "hello Ada\n"}]));
    assert!(called["result"].get("resultType").is_none(), "{called}");
    assert_eq!(client.ask(&legacy(3, "ping", json!({}))).await["result"], json!({}));
}

#[tokio::test]
async fn a_tool_is_declared_with_all_that_clients_need() {
    let mut client = Client::connect(bench().0);
    let listed = client.ask(&modern(1, "tools/list", json!({}))).await;
    let tools = &listed["result"]["tools"];
    let greet = &tools[0];
    assert_eq!(greet["inputSchema"]["required"], json!(["name"]));
    assert_eq!(greet["inputSchema"]["additionalProperties"], false);
    assert_eq!(greet["inputSchema"]["properties"]["name"]["description"], "Who is greeted.");
    assert_eq!(greet["inputSchema"]["examples"], json!([{"name": "Ada"}]));
    assert!(greet["inputSchema"]["properties"].get("who").is_none(), "aliases are not listed");
    assert_eq!(greet["outputSchema"]["properties"]["greeting"]["type"], "string");
    assert_eq!(greet["annotations"]["readOnlyHint"], true);
    let erase = &tools[2];
    assert_eq!(erase["inputSchema"]["properties"]["confirm"]["type"], "boolean");
    assert_eq!(erase["outputSchema"]["type"], "object");
}

#[tokio::test]
async fn a_wrong_argument_is_named_and_the_tool_does_not_run() {
    let mut client = Client::connect(bench().0);
    let mut check = async |arguments: Value, field: Value, text: &str| {
        let result = client.ask(&call(1, "greet", arguments)).await["result"].take();
        assert_eq!(result["isError"], true);
        assert_eq!(result["_meta"]["dev.switchboard/error"]["field"], field, "{result}");
        assert_eq!(result["content"][0]["text"], text);
        assert!(result.get("structuredContent").is_none());
    };
    check(json!({}), json!("name"), "[INVALID_INPUT] `name` is missing\nhint: `name`: Who is greeted.").await;
    check(
        json!({"name": "a", "tims": 1}),
        json!("tims"),
        "[INVALID_INPUT] `tims` is not an argument of `greet`\nhint: did you mean `times`?",
    )
    .await;
    check(
        json!({"name": "a", "times": 300}),
        json!("times"),
        "[INVALID_INPUT] `times` does not fit: invalid value: integer `300`, expected u8\nhint: look at the tool's input schema",
    )
    .await;
    check(json!({"name": ""}), Value::Null, "[NOT_FOUND] nobody is there\nhint: give a name").await;
}

#[tokio::test]
async fn what_is_no_call_is_refused_by_the_protocol() {
    let mut client = Client::connect(bench().0);
    let mut check = async |request: Value, code: i32| {
        assert_eq!(client.ask(&request).await["error"]["code"], code, "{request}");
    };
    check(call(1, "gret", json!({})), -32602).await;
    check(modern(2, "tools/call", json!({"name": 7})), -32602).await;
    check(modern(3, "prompts/list", json!({})), -32601).await;
    check(modern(4, "resources/read", json!({"uri": "a:b"})), -32601).await;
    let mut future = modern(5, "tools/list", json!({}));
    future["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2099-01-01".into();
    check(future, -32022).await;
    let mut bare = modern(6, "tools/list", json!({}));
    bare["params"]["_meta"].as_object_mut().unwrap().remove("io.modelcontextprotocol/clientCapabilities");
    check(bare, -32602).await;
    check(json!([1]), -32600).await;
}

#[tokio::test]
async fn progress_comes_under_the_token_of_the_client() {
    let mut client = Client::connect(bench().0);
    client.say(&call(1, "count", json!({}))).await;
    let first = client.hear().await;
    assert_eq!(first["params"], json!({"progressToken": "p", "progress": 1, "total": 2, "message": "one"}));
    assert_eq!(client.hear().await["params"]["progress"], 2);
    assert_eq!(client.hear().await["result"]["structuredContent"], json!({"message": "counted"}));
}

#[tokio::test]
async fn a_modern_client_is_asked_before_something_is_destroyed() {
    let (toolkit, erased) = bench();
    let mut client = Client::connect(toolkit);
    let asked = client.ask(&call(1, "erase", json!({}))).await;
    assert_eq!(asked["result"]["resultType"], "input_required");
    assert_eq!(asked["result"]["inputRequests"]["confirm"]["method"], "elicitation/create");
    let answer = |id, action: &str, confirm: bool| {
        let mut retry = call(id, "erase", json!({}));
        retry["params"]["inputResponses"] = json!({"confirm": {"action": action, "content": {"confirm": confirm}}});
        retry
    };
    let declined = client.ask(&answer(2, "decline", true)).await;
    assert_eq!(declined["result"]["_meta"]["dev.switchboard/error"]["code"], "CANCELLED");
    assert_eq!(erased.load(Ordering::SeqCst), 0);
    let done = client.ask(&answer(3, "accept", true)).await;
    assert_eq!(done["result"]["structuredContent"]["message"], "erased 1 times for local");
}

#[tokio::test]
async fn a_legacy_client_is_asked_by_a_request() {
    let (toolkit, erased) = bench();
    let mut client = Client::connect(toolkit);
    client.shake_hands(json!({"elicitation": {}})).await;
    let asked = client.ask(&legacy(1, "tools/call", json!({"name": "erase"}))).await;
    assert_eq!(asked["method"], "elicitation/create");
    let yes =
        json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept", "content": {"confirm": true}}});
    assert_eq!(client.ask(&yes).await["result"]["structuredContent"]["message"], "erased 1 times for local");
    let asked = client.ask(&legacy(2, "tools/call", json!({"name": "erase"}))).await;
    let no = json!({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -1, "message": "no"}});
    assert_eq!(client.ask(&no).await["result"]["isError"], true);
    assert_eq!(erased.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn who_cannot_be_asked_has_to_confirm_by_argument() {
    let (toolkit, erased) = bench();
    let mut client = Client::connect(toolkit);
    client.shake_hands(json!({})).await;
    let refused = client.ask(&legacy(1, "tools/call", json!({"name": "erase"}))).await;
    assert_eq!(refused["result"]["_meta"]["dev.switchboard/error"]["code"], "CONFIRMATION_REQUIRED");
    assert_eq!(erased.load(Ordering::SeqCst), 0);
    let confirmed = json!({"name": "erase", "arguments": {"confirm": true}});
    client.ask(&legacy(2, "tools/call", confirmed)).await;
    assert_eq!(erased.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_dry_run_gives_the_plan_and_changes_nothing() {
    let (toolkit, erased) = bench();
    let mut client = Client::connect(toolkit);
    let planned = client.ask(&call(1, "erase", json!({"dry_run": true}))).await;
    assert_eq!(planned["result"]["structuredContent"], json!({"plan": ["erase everything"]}));
    assert_eq!(erased.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_repeated_key_gives_the_first_result() {
    let (toolkit, erased) = bench();
    let mut client = Client::connect(toolkit);
    let once = json!({"confirm": true, "idempotency_key": "k"});
    let first = client.ask(&call(1, "erase", once.clone())).await;
    let second = client.ask(&call(2, "erase", once)).await;
    assert_eq!(first["result"], second["result"]);
    assert_eq!(erased.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_stopped() {
    let mut client = Client::connect(bench().0);
    let late = client.ask(&call(1, "wait", json!({"timeout_s": 2}))).await;
    assert_eq!(late["result"]["_meta"]["dev.switchboard/error"]["code"], "TIMEOUT");
}

#[tokio::test]
async fn a_cancelled_call_gets_no_answer_and_its_id_is_free_again() {
    let mut client = Client::connect(bench().0);
    client.say(&call(7, "wait", json!({}))).await;
    let twin = client.ask(&call(7, "greet", json!({"name": "a"}))).await;
    assert_eq!(twin["error"]["code"], -32600);
    client.say(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})).await;
    let next = client.ask(&call(7, "greet", json!({"name": "a"}))).await;
    assert_eq!(next["result"]["structuredContent"]["greeting"], "hello a\n");
}

#[tokio::test]
async fn a_result_over_the_cap_is_cut_and_says_so() {
    let mut client = Client::connect(bench().0);
    let cut = client.ask(&call(1, "greet", json!({"name": "Ada", "times": 30}))).await;
    let text = cut["result"]["content"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("hello Ada\nhello Ada\n") && text.contains("[cut: 200 of 300 bytes shown"), "{text}");
    assert_eq!(cut["result"]["_meta"]["dev.switchboard/result"]["truncated"], true);
}

#[tokio::test]
async fn a_stream_of_changes_is_acknowledged_and_ended() {
    let mut client = Client::connect(bench().0);
    let acknowledged = client.ask(&modern(9, "subscriptions/listen", json!({"notifications": {}}))).await;
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    assert_eq!(acknowledged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 9);
    client.say(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 9}})).await;
    assert_eq!(client.hear().await["result"]["resultType"], "complete");
}

#[tokio::test(start_paused = true)]
async fn the_calls_of_a_client_that_has_gone_end() {
    let (toolkit, _) = bench();
    let client = Client::connect(toolkit.clone());
    client.say(&call(1, "wait", json!({}))).await;
    drop(client);
    tokio::time::timeout(Duration::from_mins(1), async {
        while std::sync::Arc::strong_count(&toolkit) > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("nothing holds the toolkit any more");
}

#[tokio::test]
async fn a_tool_that_breaks_says_so_and_the_next_call_is_served() {
    let mut client = Client::connect(bench().0);
    let broken = client.ask(&call(1, "break", json!({"idempotency_key": "k"}))).await;
    let error = &broken["result"]["_meta"]["dev.switchboard/error"];
    assert_eq!((&broken["result"]["isError"], &error["code"]), (&json!(true), &json!("INTERNAL_ERROR")), "{broken}");
    assert!(error["hint"].as_str().unwrap().contains("stderr"), "{error}");
    // its key is free again, and others are served
    let again = client.ask(&call(2, "break", json!({"idempotency_key": "k"}))).await;
    assert_eq!(again["result"]["_meta"]["dev.switchboard/error"]["code"], "INTERNAL_ERROR");
    let greeted = client.ask(&call(3, "greet", json!({"name": "Ada"}))).await;
    assert_eq!(greeted["result"]["structuredContent"]["greeting"], "hello Ada\n");
}

#[tokio::test]
async fn a_connection_is_chosen_by_its_name_and_its_secret_is_never_said() {
    let mut client = Client::connect(bench().0);
    let listed = client.ask(&modern(1, "tools/list", json!({}))).await;
    let parameter = &listed["result"]["tools"][5]["inputSchema"]["properties"]["connection"];
    assert_eq!((&parameter["enum"], &parameter["default"]), (&json!(["build", "default"]), &json!("default")));
    let reached = client.ask(&call(2, "reach", json!({}))).await;
    assert_eq!(reached["result"]["structuredContent"]["message"], "reached unix:///run/engine.sock with nothing");
    let reached = client.ask(&call(3, "reach", json!({"connection": "build"}))).await;
    assert_eq!(reached["result"]["structuredContent"]["message"], "reached tcp://build:2376 with •••");
    let refused = client.ask(&call(4, "reach", json!({"connection": "built"}))).await;
    assert_eq!(
        refused["result"]["content"][0]["text"],
        "[INVALID_INPUT] there is no connection `built`\nhint: did you mean `build`?"
    );
    let refused = client.ask(&call(5, "greet", json!({"name": "Ada", "connection": "build"}))).await;
    assert_eq!(refused["result"]["_meta"]["dev.switchboard/error"]["field"], "connection");
}

#[tokio::test]
async fn who_asks_for_the_commands_sees_them_with_the_result_and_with_a_failure() {
    let mut client = Client::connect(bench().0);
    let learning = |id, name: &str, arguments: Value| {
        let mut call = call(id, name, arguments);
        call["params"]["_meta"]["dev.switchboard/commands"] = true.into();
        call
    };
    let reached = client.ask(&learning(1, "reach", json!({"connection": "build"}))).await;
    let command = "engine --host tcp://build:2376 --secret •••";
    let expected = json!([{"command": command, "why": "it knows"}]);
    assert_eq!(reached["result"]["_meta"]["dev.switchboard/commands"], expected);
    let text = format!("The commands behind this:\n$ {command}\n  # it knows");
    assert_eq!(reached["result"]["content"][1]["text"], text);
    let broken = client.ask(&learning(2, "break", json!({}))).await;
    assert_eq!(broken["result"]["_meta"]["dev.switchboard/commands"][0]["command"], "false");
    let silent = client.ask(&call(3, "reach", json!({}))).await;
    assert!(silent["result"]["_meta"].get("dev.switchboard/commands").is_none(), "{silent}");
    assert_eq!(silent["result"]["content"].as_array().unwrap().len(), 1);
}
