//! The interactive mode, with lines that are piped in.

use cli::Exit;
use serde_json::{Value, json};

use crate::fake::node::FakeNode;
use crate::fake::shell::{Ended, run_answering};

/// A node with a tool that only reads and one that changes something; each says its arguments.
fn node() -> FakeNode {
    FakeNode::start(|request| {
        let result = match request.body["method"].as_str() {
            Some("tools/list") => json!({ "tools": [
                { "name": "docker_list_containers", "annotations": { "readOnlyHint": true }, "inputSchema": {} },
                { "name": "docker_restart_container", "inputSchema": { "required": ["name"], "properties": { "name": {} } } },
            ] }),
            Some("tools/call") => {
                let text = request.body["params"]["arguments"].to_string();
                json!({ "content": [{ "type": "text", "text": text }], "structuredContent": { "ids": [7] } })
            }
            _ => json!({}),
        };
        ("application/json", json!({ "jsonrpc": "2.0", "id": null, "result": result }).to_string())
    })
}

async fn talk(lines: &'static str, options: &[&str]) -> (Ended, Vec<Value>) {
    let node = node();
    let ended = run_answering(&[&["interactive", "--url", &node.url], options].concat(), lines).await;
    let calls = node.requests().into_iter().map(|request| request.body);
    (ended, calls.filter(|body| body["method"] == "tools/call").collect())
}

#[tokio::test]
async fn phrase_is_shown_and_called() {
    let (ended, calls) = talk("docker list containers all=true\n", &[]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "{\"all\":true}\n"));
    assert_eq!(ended.talk, "2 tools; Tab completes, `help` says more\n→ docker_list_containers all:=true\n");
    assert_eq!(calls[0]["params"]["name"], "docker_list_containers");
}

#[tokio::test]
async fn what_may_change_something_is_not_called_unasked() {
    let (ended, calls) = talk("restart web\n", &[]).await;
    assert_eq!((ended.exit, ended.out.as_str(), calls.len()), (Exit::Failure, "", 0));
    assert!(
        ended.talk.contains("not called, it may change something: docker_restart_container name=web"),
        "{}",
        ended.talk
    );
    let (ended, calls) = talk("restart web\n", &["--yes"]).await;
    assert_eq!((ended.exit, calls.len()), (Exit::Done, 1), "{}", ended.talk);
}

#[tokio::test]
async fn last_result_is_used_in_the_next_line() {
    let (_, calls) = talk("list containers\nlist containers id=$last.ids.0\nquit\nlist containers\n", &[]).await;
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1]["params"]["arguments"], json!({ "id": 7 }));
}

#[tokio::test]
async fn line_that_is_not_understood_says_so_and_the_next_is_read() {
    let (ended, _) = talk("docker\nmake coffee\nx='\nlist containers\n", &[]).await;
    let expected = [
        "error: this can mean docker_list_containers, docker_restart_container\nhint: say more words of one of them\n",
        "error: there is no tool for `make coffee`\nhint: `tools` lists them, `help` says what can be typed\n",
        "error: a quote is still open\n",
    ];
    assert!(ended.talk.contains(&expected.concat()), "{}", ended.talk);
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "{}\n"));
}

#[tokio::test]
async fn tools_and_help_are_data() {
    let (ended, _) = talk("tools restart\nhelp\n", &[]).await;
    assert!(ended.out.starts_with("docker_restart_container\nPHRASE KEY=VALUE…"), "{}", ended.out);
}
