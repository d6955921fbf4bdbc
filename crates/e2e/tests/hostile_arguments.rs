//! Texts that are meant to do harm, at every place of every tool of every toolkit that takes a text. Nothing runs, nothing
//! outside of the folder is read or written, no secret is said, and every answer is a result or says why not.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use e2e::{
    arguments::with_text,
    program::{built, command},
    talk::Talk,
    toolkits,
};
use serde_json::{Value, json};

/// What nobody may ever be told.
const CANARY: &str = "canary-5f1c0a9d-never-to-be-said";
/// Toolkits that act on the machine itself, which here is the one of whoever runs the tests: they only plan their acts. Their
/// own tests let them act on machines that are made for it.
const OF_THE_MACHINE: [&str; 2] = ["server", "docker"];
/// Codes with which a tool may refuse; a fault of its own is none of them.
const CODES: [&str; 22] = [
    "INVALID_INPUT",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "CONFLICT",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "PATH_DENIED",
    "COMMAND_DENIED",
    "CONFIRMATION_REQUIRED",
    "TOO_LARGE",
    "TIMEOUT",
    "CANCELLED",
    "OUTCOME_UNKNOWN",
    "OVERLOADED",
    "UNAVAILABLE",
    "DEPENDENCY_MISSING",
    "COMMAND_FAILED",
    "FILESYSTEM_ERROR",
    "GIT_ERROR",
    "DOCKER_ERROR",
    "GRAPHICS_ERROR",
    "NOT_SUPPORTED",
];

#[test]
fn no_text_at_any_place_of_any_tool_does_harm() {
    let names = toolkits::names();
    std::thread::scope(|scope| {
        for toolkit in &names {
            scope.spawn(|| attack_all(toolkit));
        }
    });
}

/// Attacks every tool of a toolkit.
fn attack_all(toolkit: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, outside) = lay_out(folder.path());
    let mut talk = start(toolkit, &root);
    let tools = ask(&mut talk, "tools/list", json!({}))["tools"].as_array().cloned().expect("tools are listed");
    let mut calls = 0;
    for tool in &tools {
        calls += attack(toolkit, tool, &outside, &mut talk);
        assert_eq!(names_in(&outside), ["canary.txt"], "{toolkit} {}: something was made or removed", tool["name"]);
    }
    assert!(calls > tools.len(), "{toolkit}: only {calls} calls for {} tools", tools.len());
    assert_eq!(fs::read_to_string(outside.join("canary.txt")).expect("it is there"), CANARY, "{toolkit}");
    assert!(ask(&mut talk, "server/discover", json!({})).is_object(), "{toolkit} does not answer any more");
    assert!(talk.ends_when_left(), "{toolkit} did not end well");
}

/// A root with little in it, and beside it what no tool may touch.
fn lay_out(folder: &Path) -> (PathBuf, PathBuf) {
    let (root, outside) = (folder.join("root"), folder.join("outside"));
    fs::create_dir_all(root.join("app")).expect("a folder");
    fs::create_dir(&outside).expect("a folder");
    fs::write(root.join("app/main.py"), "print('hello')\n").expect("a file");
    fs::write(outside.join("canary.txt"), CANARY).expect("a file");
    symlink(&outside, root.join("link")).expect("a link");
    (root, outside)
}

/// A toolkit with a secret in its environment and one of an outside system.
fn start(toolkit: &str, root: &Path) -> Talk {
    let connections = json!({"canary": {"url": "unix:///nowhere/at/all.sock", "secret": CANARY}}).to_string();
    let mut program = command(built("switchboard"));
    program.args(["toolkit", toolkit, "--show-commands", "--root"]).arg(root);
    Talk::start(program.env("SWITCHBOARD_CONNECTIONS", connections).env("CANARY_TOKEN", CANARY))
}

/// Calls a tool with each text at each place; gives the number of calls.
fn attack(toolkit: &str, tool: &Value, outside: &Path, talk: &mut Talk) -> usize {
    let (name, schema) = (tool["name"].as_str().unwrap_or_default(), &tool["inputSchema"]);
    let mut calls = 0;
    for text in texts(outside) {
        for (place, arguments) in with_text(schema, &text) {
            // the frame looks at a key only when something is done, and each key would make a plan anew
            if place == ".idempotency_key" && only_plans(toolkit, tool) {
                continue;
            }
            calls += 1;
            let arguments = completed(toolkit, tool, arguments);
            talk.say(&request(calls, "tools/call", json!({"name": name, "arguments": arguments})));
            let what = format!("{toolkit} {name}{place} with {:?}", shortened(&text));
            judge(&talk.hear_answer(&json!(calls)), &what);
        }
    }
    calls
}

/// The arguments with the rest of an example around them, so that the tool comes to look at the text.
fn completed(toolkit: &str, tool: &Value, arguments: Value) -> Value {
    let mut whole = tool["inputSchema"]["examples"].get(0).cloned().unwrap_or_else(|| json!({}));
    let (Value::Object(all), Value::Object(own)) = (&mut whole, arguments) else { return whole };
    let takes = |name: &str| tool["inputSchema"]["properties"].get(name).is_some();
    all.extend(own);
    all.insert("timeout_s".to_owned(), json!(5));
    let only_plans = only_plans(toolkit, tool);
    for (flag, value) in [("confirm", !only_plans), ("dry_run", only_plans)] {
        if takes(flag) {
            all.insert(flag.to_owned(), json!(value));
        }
    }
    whole
}

/// Whether a tool is only asked what it would do. What reaches other systems would fetch things from there, text after text.
fn only_plans(toolkit: &str, tool: &Value) -> bool {
    OF_THE_MACHINE.contains(&toolkit) || tool["annotations"]["openWorldHint"] == true
}

/// Refuses an answer that is none, and one that says what nobody may be told.
fn judge(answer: &Value, what: &str) {
    let result = &answer["result"];
    assert!(result.is_object(), "{what}: {answer}");
    assert!(!answer.to_string().contains(CANARY), "{what} was told the secret: {answer}");
    assert!(!answer.to_string().contains("root:x:0:0"), "{what} was told who may log in: {answer}");
    if result["isError"] != true {
        return;
    }
    let error = &result["_meta"]["dev.switchboard/error"];
    let (code, message) = (error["code"].as_str().unwrap_or_default(), error["message"].as_str().unwrap_or_default());
    assert!(CODES.contains(&code) && !message.is_empty(), "{what}: {error}");
    let text = result["content"][0]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with(&format!("[{code}] ")) && result.get("structuredContent").is_none(), "{what}: {result}");
}

fn ask(talk: &mut Talk, method: &str, params: Value) -> Value {
    talk.say(&request(0, method, params));
    talk.hear_answer(&json!(0))["result"].take()
}

fn request(id: usize, method: &str, mut params: Value) -> String {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map_while(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// For shells, option parsers, ways out of a folder, formats, terminals, and buffers.
fn texts(outside: &Path) -> Vec<String> {
    let (canary, made) = (outside.join("canary.txt"), outside.join("made"));
    let (canary, made) = (canary.display(), made.display());
    let mut texts: Vec<String> = [
        "",
        " ",
        ".",
        "..",
        "/",
        "~",
        "-",
        "--",
        "--help",
        "-rf",
        "*",
        "[",
        "(a+)+$",
        "\\",
        "null",
        "a\0b",
        "a\nb",
        "a\r\nb: c",
        "%s%s%n",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/a}",
        "'; drop table users; --",
        "\u{202e}gpj.exe",
        "\u{1b}[2J",
        "\u{feff}",
        "99999999999999999999",
        "../outside",
        "../outside/canary.txt",
        "app/../../outside/canary.txt",
        "link",
        "link/canary.txt",
        "link/made",
        "app/../link/made",
        "%2e%2e/outside/canary.txt",
        "..\\outside\\canary.txt",
        "/etc/passwd",
        "/etc/shadow",
        "/proc/self/environ",
        "/proc/self/cwd/../outside/canary.txt",
        "/dev/stdin",
        "~root/x",
    ]
    .map(str::to_owned)
    .into();
    texts.extend([
        format!("; touch {made}"),
        format!("$(touch {made})"),
        format!("`touch {made}`"),
        format!("| tee {made}"),
        format!("&& touch {made}"),
        format!("\ntouch {made}\n"),
        format!("'; touch {made}; '"),
        format!("\"; touch {made}; \""),
        format!("!touch {made}"),
        format!("ext::sh -c touch% {made}"),
        format!("--output={made}"),
        format!("-o{made}"),
        format!("--exec=touch {made}"),
        format!("--upload-pack=touch {made}"),
        format!("--config=core.fsmonitor=touch {made}"),
        format!("--to-command=touch {made}"),
        format!("@{canary}"),
        format!("file://{canary}"),
        canary.to_string(),
        made.to_string(),
        outside.display().to_string(),
        format!("/proc/self/root{canary}"),
        "A".repeat(100_000),
    ]);
    texts
}
