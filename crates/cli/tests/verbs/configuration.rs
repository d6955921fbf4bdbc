//! The verbs that change the configuration, and those that only look at it.

use std::path::PathBuf;

use crate::fake::node::FakeNode;
use crate::fake::shell::{Ended, run};
use cli::Exit;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A configuration file of its own.
struct File {
    _folder: TempDir,
    path: PathBuf,
}

impl File {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("switchboard.toml");
        std::fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    /// Runs `words` with this configuration; the path of the file reads `FILE`.
    async fn run(&self, words: &[&str]) -> Ended {
        let file = self.path.to_str().unwrap();
        let words = [&["--config", file], words].concat();
        let ended = run(&words).await;
        Ended { out: ended.out.replace(file, "FILE"), talk: ended.talk.replace(file, "FILE"), ..ended }
    }
}

#[tokio::test]
async fn command_is_added_with_its_keys_and_the_comments_stay() {
    let file = File::with("# mine\n[log]\nfilter = \"warn\"\n");
    let words = ["server", "add", "git", "--no-test", "--with", "era=legacy", "--with", "env.A=1", "--", "uvx", "git"];
    let ended = file.run(&words).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "added the server git in FILE\n"), "{}", ended.talk);
    let text = file.text();
    assert!(text.starts_with("# mine\n"), "{text}");
    let shown = file.run(&["server", "show", "git", "--json"]).await;
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let expected = json!({ "command": "uvx", "args": ["git"], "era": "legacy", "env": { "A": "1" } });
    assert_eq!(shown["settings"], expected);
}

#[tokio::test]
async fn pasted_block_adds_all_its_servers() {
    let file = File::with("");
    let block = r#"{"mcpServers": {"Time": {"command": "mcp-time"}, "web": {"url": "https://example.org/mcp"}}}"#;
    let ended = file.run(&["server", "add", "--no-test", block]).await;
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    let ended = file.run(&["server", "list"]).await;
    assert_eq!(ended.out, "time  enabled  mcp-time\nweb   enabled  https://example.org/mcp\n");
}

#[tokio::test]
async fn description_of_an_api_is_added_as_one() {
    let file = File::with("");
    let ended = file.run(&["server", "add", "shop", "https://example.org/openapi.json", "--no-test"]).await;
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    let ended = file.run(&["server", "show", "shop"]).await;
    assert_eq!(ended.out, "# FILE\n[servers.shop]\nopenapi = \"https://example.org/openapi.json\"\n");
}

#[tokio::test]
async fn what_is_no_server_is_refused_and_nothing_is_written() {
    let file = File::with("[servers.git]\ncommand = \"git\"\n");
    let before = file.text();
    let cases: [(&[&str], &str); 6] = [
        (&["uvx"], "error: cannot tell what `uvx` is: a name alone is no server\n"),
        (&["git2", "nowhere"], "error: cannot tell what `nowhere` is: it is neither a url nor a file\n"),
        (&["{}"], "error: cannot tell what `{}` is: it has neither `mcpServers` nor `servers`\n"),
        (&["git", "--", "uvx"], "error: `servers.git` exists\n"),
        (&["a", "--with", "eraa=x", "--", "b"], "error: argument `eraa=x`: there is no such key\n"),
        (&["Git!", "--", "b"], "error: the configuration would be wrong: FILE:4:10: servers.\"Git!\": "),
    ];
    for (words, expected) in cases {
        let ended = file.run(&[&["server", "add", "--no-test"], words].concat()).await;
        assert_eq!(ended.exit, Exit::Usage, "{words:?} {}", ended.talk);
        assert!(ended.talk.starts_with(expected), "{words:?} {}", ended.talk);
        assert_eq!(file.text(), before);
    }
}

#[tokio::test]
async fn added_server_is_tried_out() {
    let node = FakeNode::start(|request| {
        let result = match request.body["method"].as_str() {
            Some("server/discover") => json!({
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": { "tools": {} },
                "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "demo", "version": "2" } },
            }),
            _ => json!({
                "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
                "tools": [{ "name": "echo", "inputSchema": { "type": "object" } }],
            }),
        };
        let id = &request.body["id"];
        ("application/json", json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string())
    });
    let file = File::with("");
    let ended = file.run(&["server", "add", "demo", &format!("{}/mcp", node.url)]).await;
    assert_eq!(ended.exit, Exit::Done, "{} {}", ended.out, ended.talk);
    assert!(ended.out.contains("demo: works, 1 tool, 0 resources, 0 prompts (ready in "), "{}", ended.out);
    assert!(ended.out.ends_with("demo 2 over protocol 2026-07-28)\n"), "{}", ended.out);
    let ended = file.run(&["server", "test", "demo", "--json"]).await;
    let trials: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&trials[0]["works"], &trials[0]["tools"]), (&json!(true), &json!(1)), "{trials}");
}

#[tokio::test]
async fn server_that_does_not_start_is_added_and_exit_5() {
    let file = File::with("");
    let ended = file.run(&["server", "add", "ghost", "--", "no-such-program"]).await;
    assert_eq!(ended.exit, Exit::Unavailable, "{}", ended.talk);
    assert!(ended.out.contains("ghost: does not work: "), "{}", ended.out);
    assert!(ended.out.contains("program `no-such-program` was not found"), "{}", ended.out);
    assert!(ended.talk.contains("hint: change it with `switchboard server edit ghost`"), "{}", ended.talk);
    let ended = file.run(&["server", "test", "gost"]).await;
    assert_eq!(ended.exit, Exit::NotFound);
    assert_eq!(ended.talk, "error: there is no server `gost`\nhint: did you mean `ghost`?\n");
}

#[tokio::test]
async fn server_is_edited_switched_and_removed() {
    let file =
        File::with("# about git\n[servers.git]\ncommand = \"git\" # here\n\n[servers.time]\ncommand = \"time\"\n");
    let check = async |words: &[&str], out: &str, text: &str| {
        let ended = file.run(words).await;
        assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, out), "{words:?} {}", ended.talk);
        assert_eq!(file.text(), text, "{words:?}");
    };
    let time = "\n[servers.time]\ncommand = \"time\"\n";
    check(
        &["server", "edit", "git", "idle_stop_s=60", "command=mcp-git"],
        "changed the server git in FILE\n",
        &format!("# about git\n[servers.git]\ncommand = \"mcp-git\" # here\nidle_stop_s = 60\n{time}"),
    )
    .await;
    check(
        &["server", "edit", "git", "idle_stop_s="],
        "changed the server git in FILE\n",
        &format!("# about git\n[servers.git]\ncommand = \"mcp-git\" # here\n{time}"),
    )
    .await;
    check(
        &["server", "disable", "git"],
        "disabled the server git in FILE\n",
        &format!("# about git\n[servers.git]\ncommand = \"mcp-git\" # here\nenabled = false\n{time}"),
    )
    .await;
    let ended = file.run(&["server", "list"]).await;
    assert_eq!(ended.out, "git   disabled  mcp-git\ntime  enabled   time\n");
    check(
        &["server", "enable", "git"],
        "enabled the server git in FILE\n",
        &format!("# about git\n[servers.git]\ncommand = \"mcp-git\" # here\n{time}"),
    )
    .await;
    check(&["server", "remove", "git"], "removed the server git in FILE\n", time).await;
}

#[tokio::test]
async fn server_that_is_not_there_is_exit_3() {
    let file = File::with("[servers.git]\ncommand = \"git\"\n");
    for verb in ["show", "enable", "disable", "remove", "test"] {
        let ended = file.run(&["server", verb, "gti"]).await;
        assert_eq!((ended.exit, ended.out.as_str()), (Exit::NotFound, ""), "{verb}");
        assert!(ended.talk.contains("hint: known are `git`") || ended.talk.contains("did you mean"), "{}", ended.talk);
    }
    let ended = file.run(&["server", "edit", "gti", "era=legacy"]).await;
    assert_eq!(ended.exit, Exit::NotFound, "{}", ended.talk);
}

#[tokio::test]
async fn server_with_a_mistake_is_listed_as_wrong() {
    let file = File::with("[servers.a]\ncomand = \"x\"\n[servers.b]\ncommand = \"y\"\n");
    let ended = file.run(&["server", "list"]).await;
    let lines: Vec<&str> = ended.out.lines().collect();
    assert!(lines[0].starts_with("a  wrong    FILE:1:10: servers.a: "), "{lines:?}");
    assert_eq!(lines[1], "b  enabled  y");
    let ended = file.run(&["server", "test", "a"]).await;
    assert_eq!(ended.exit, Exit::Unavailable);
    assert!(ended.out.starts_with("a: does not work: FILE:1:10"), "{}", ended.out);
}

#[tokio::test]
async fn bundle_is_created_listed_shown_and_removed() {
    let file = File::with("[servers.git]\ncommand = \"git\"\n");
    let words = ["bundle", "create", "review", "--server", "git", "--exclude", "git_commit", "--naming", "bare"];
    let ended = file.run(&words).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Done, "created the bundle review in FILE\n"), "{}", ended.talk);
    let ended = file.run(&["bundle", "list"]).await;
    assert_eq!(ended.out, "review  git  /bundles/review/mcp\n");
    let ended = file.run(&["bundle", "show", "review", "--json"]).await;
    let shown: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(shown["settings"], json!({ "servers": ["git"], "exclude": ["git_commit"], "naming": "bare" }));
    let ended = file.run(&["bundle", "create", "b", "--server", "gti"]).await;
    assert_eq!(ended.exit, Exit::Usage, "{}", ended.talk);
    let ended = file.run(&["bundle", "remove", "review"]).await;
    assert_eq!(ended.exit, Exit::Done, "{}", ended.talk);
    let ended = file.run(&["bundle", "show", "review"]).await;
    assert_eq!(ended.exit, Exit::NotFound);
    let ended = file.run(&["bundle", "list"]).await;
    assert_eq!(ended.talk, "no bundles yet; make one with `switchboard bundle create NAME --server NAME`\n");
}

#[tokio::test]
async fn explanation_says_who_gives_a_value() {
    let file = File::with("limits.call_ms_max = 1_000\nprofile.dev.limits.call_ms_max = 2_000\n");
    let ended =
        file.run(&["config", "explain", "limits.call_ms_max", "--profile", "dev", "--set", "limits.call_ms_max=3_000"]);
    let expected = "limits.call_ms_max = 3000
  3000 from the flag `--set` (--set limits.call_ms_max:1:8)
  2000 from the profile `dev` (FILE:2:20)
  1000 from the configuration file (FILE:1:8)
  300000 is the default
";
    assert_eq!(ended.await.out, expected);
    let ended = file.run(&["config", "explain", "limits.cal_ms_max"]).await;
    assert_eq!(ended.exit, Exit::Usage);
    assert_eq!(ended.talk, "error: `limits.cal_ms_max` is no key\nhint: did you mean `call_ms_max`?\n");
}

#[tokio::test]
async fn key_is_taken_away_and_one_that_is_not_there_is_told() {
    let file = File::with("# mine\n[limits]\ncall_ms_max = 1000\nlist_ms_max = 2000\n");
    let ended = file.run(&["config", "unset", "limits.call_ms_max"]).await;
    assert_eq!(
        (ended.exit, ended.out.as_str()),
        (Exit::Done, "took away limits.call_ms_max from FILE\n"),
        "{}",
        ended.talk
    );
    assert_eq!(file.text(), "# mine\n[limits]\nlist_ms_max = 2000\n");
    let ended = file.run(&["config", "unset", "limits.call_ms_max"]).await;
    assert!(ended.exit != Exit::Done && ended.talk.contains("it is not in the file"), "{}", ended.talk);
    let ended = file.run(&["config", "unset", "limits.cal_ms_max"]).await;
    assert!(ended.exit != Exit::Done && ended.talk.contains("did you mean `call_ms_max`?"), "{}", ended.talk);
}

#[tokio::test]
async fn init_leaves_a_configuration_that_is_there_alone() {
    let file = File::with("# mine\n");
    let ended = file.run(&["init", "--yes"]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Failure, ""));
    assert_eq!(
        ended.talk,
        "error: there is a configuration already: `FILE`\n\
         hint: `switchboard client import` and `switchboard server add` add to it\n"
    );
    assert_eq!(file.text(), "# mine\n");
}

#[tokio::test]
async fn init_that_is_agreed_to_is_no_dry_run() {
    let ended = run(&["init", "--yes", "--dry-run"]).await;
    assert_eq!((ended.exit, ended.out.as_str()), (Exit::Usage, ""));
    assert!(ended.talk.contains("--yes") && ended.talk.contains("--dry-run"), "{}", ended.talk);
}

#[tokio::test]
async fn principal_gets_a_token_that_is_shown_once_and_kept_as_a_hash() {
    let file = File::with("# mine\n");
    let added = file.run(&["principal", "add", "ada", "--network", "10.0.0.0/8", "--with", "class_max=HIGH"]).await;
    let (first, token) = added.out.trim().split_once("\ntoken: ").unwrap_or_else(|| panic!("{added:?}"));
    assert_eq!((added.exit, first), (Exit::Done, "added the principal ada in FILE"));
    assert!(added.talk.contains("nobody calls over HTTP, gRPC or a socket without a token"), "{}", added.talk);
    assert!(token.starts_with("sb_") && !file.text().contains(token), "{}", file.text());
    let hash_of = |text: &str| text.split_once("token_hash = \"").unwrap().1.split('"').next().unwrap().to_owned();
    let before = hash_of(&file.text());

    let rotated = file.run(&["principal", "rotate", "ada", "--json"]).await;
    let rotated: Value = serde_json::from_str(&rotated.out).unwrap();
    assert_ne!(rotated["token"], token);
    assert_ne!(hash_of(&file.text()), before);

    let listed = file.run(&["principal", "list"]).await;
    assert_eq!(listed.out, "ada  10.0.0.0/8  does not expire\n");
    let removed = file.run(&["principal", "remove", "ada"]).await;
    assert_eq!((removed.exit, removed.out.as_str()), (Exit::Done, "removed the principal ada in FILE\n"));
    assert!(removed.talk.contains("that was the last one"), "{}", removed.talk);
    assert_eq!(file.run(&["principal", "rotate", "ada"]).await.exit, Exit::NotFound);
}

#[tokio::test]
async fn principal_that_cannot_be_is_refused_and_nothing_is_written() {
    let file = File::with("");
    for words in [["--network", "10.0.0.7/8"], ["--expires", "tomorrow"], ["--with", "class_max=CRITICAL"]] {
        let ended = file.run(&[&["principal", "add", "ada"], &words[..]].concat()).await;
        assert_eq!((ended.exit, file.text().as_str()), (Exit::Usage, ""), "{words:?} {}", ended.talk);
    }
}
