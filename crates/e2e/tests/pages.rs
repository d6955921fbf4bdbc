//! What the pages tell a newcomer to type, typed: word for word, but for the port, which is a free one, for `npx`, which
//! finds what is installed for the tests, and for `init`, which is agreed to. What begins with `make run` is how each test
//! begins. How long a page takes is printed, and translations have the same to type.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::program::{Program, built, command};
use e2e::talk::Talk;
use e2e::tools;
use e2e::wire::META;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a newcomer with the built program may need for a page, reading aside.
const PAGE_WITHIN: Duration = Duration::from_mins(5);

/// The address in the pages.
const ADDRESS: &str = "http://127.0.0.1:3100";

#[test]
fn everything_in_the_readme_works() {
    check_page("README.md");
}

#[test]
fn everything_in_getting_started_works() {
    check_page("docs/src/getting-started.md");
}

#[test]
fn everything_in_the_french_getting_started_works() {
    check_page("docs/src/fr/getting-started.md");
}

#[test]
fn everything_in_troubleshooting_works() {
    check_page("docs/src/troubleshooting.md");
}

#[test]
fn everything_about_plain_http_works() {
    check_page("docs/src/traffic/plain-http.md");
}

/// The pages that have a translation, and that.
const TRANSLATED: [(&str, &str); 2] = [
    ("docs/src/getting-started.md", "docs/src/fr/getting-started.md"),
    ("docs/src/configuration.md", "docs/src/fr/configuration.md"),
];

#[test]
fn translations_have_the_same_sections_and_the_same_to_type() {
    for (page, translation) in TRANSLATED {
        let read = |page: &str| fs::read_to_string(root().join(page)).expect("the page is there");
        let (page_text, translated) = (read(page), read(translation));
        assert_eq!(outline(&page_text), outline(&translated), "{page} and {translation} have other parts");
        assert!(page_text != translated, "{translation} is not translated");
    }
}

#[test]
fn what_the_page_about_tools_shows_is_the_code() {
    let page = fs::read_to_string(root().join("docs/src/toolkits/adding-a-tool.md")).expect("the page is there");
    let parts: Vec<&str> = page.split("```").collect();
    let blocks = parts.chunks_exact(2).map(|part| (part[0], part[1]));
    let mut shown = 0;
    for (before, block) in blocks {
        let path = before.rsplit('`').nth(1).expect("a file is named before its code");
        let (_, code) = block.split_once('\n').expect("code stands on lines of its own");
        let file = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(file.contains(code), "{path} does not have what the page shows of it:\n{code}");
        shown += 1;
    }
    assert_eq!(shown, 5);
}

/// The levels of the headings, and what is to be typed or written, in their order; comments and the way to files that are
/// included are the translation's own.
fn outline(page: &str) -> Vec<String> {
    let mut is_code = false;
    let mut parts = Vec::new();
    for line in page.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
            parts.push(line.to_owned());
        } else if is_code {
            let typed = line.split("  # ").next().unwrap_or_default().trim_end();
            parts.push(typed.replace("../../../", "../../"));
        } else if line.starts_with('#') || line.starts_with("| `") {
            parts.push(line.split(' ').next().unwrap_or_default().to_owned());
        }
    }
    parts
}

/// Types every shell block of `page` and uses every entry for a desktop client.
fn check_page(page: &str) {
    let begin = Instant::now();
    let text = fs::read_to_string(root().join(page)).expect("the page is there");
    let newcomer = Newcomer::with(&configuration(&text));
    let shell = blocks(&text, "sh");
    assert!(!shell.is_empty(), "{page} has something to type");
    for block in shell {
        newcomer.types(&block);
    }
    for entry in blocks(&text, "json") {
        newcomer.starts(&entry);
    }
    println!("stopwatch: {page} from the start of a node to its last answer: {} ms", begin.elapsed().as_millis());
    assert!(begin.elapsed() < PAGE_WITHIN, "{page} takes {:?}", begin.elapsed());
}

/// The configuration that `page` shows, or the one of the README where it shows none.
fn configuration(page: &str) -> String {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README is there");
    let shown = blocks(page, "toml").into_iter().chain(blocks(&readme, "toml")).next();
    shown.expect("the README shows a configuration")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fenced blocks of `language`.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("\n```{language}\n");
    page.split(fence.as_str()).skip(1).filter_map(|rest| Some(rest.split_once("\n```")?.0.to_owned())).collect()
}

/// Somebody with an empty folder, a node, and a path on which the programs of the pages are found.
struct Newcomer {
    folder: TempDir,
    path: String,
    node: Program,
}

impl Newcomer {
    /// After `make run ARGS="--config switchboard.toml"`.
    fn with(configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("switchboard.toml"), configuration).expect("a temporary file can be written");
        let path = programs(folder.path());
        let mut serve = command(built("switchboard"));
        serve.args(["serve", "--config", "switchboard.toml", "--listen", "127.0.0.1:0"]);
        prepare(&mut serve, folder.path(), &path);
        let node = Program::start("switchboard", &mut serve, "listening on ");
        Self { folder, path, node }
    }

    /// Types a block into the other terminal.
    fn types(&self, block: &str) {
        let typed: Vec<&str> = block.lines().filter(|line| !line.contains("make run")).collect();
        let address = self.node.announced();
        let typed = typed.join("\n").replace(ADDRESS, address);
        let typed = ["switchboard tools", "switchboard call"]
            .iter()
            .fold(typed, |typed, verb| typed.replace(verb, &format!("{verb} --url {address}/mcp")));
        // there is nobody to agree
        let typed = typed.replace("switchboard init", "switchboard init --yes");
        let mut shell = command("sh");
        prepare(shell.args(["-euc", &typed]), self.folder.path(), &self.path);
        let output = shell.output().expect("there is a shell");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{typed}\n{said}{}", String::from_utf8_lossy(&output.stderr));
        assert!(!said.contains(r#""error":{"#), "{typed}\n{said}");
        if typed.contains("tools/list") || typed.contains("switchboard tools") {
            assert!(said.contains("files_list_directory"), "{typed}\n{said}");
        }
    }

    /// Starts what an entry in the configuration of a desktop client says, and speaks to it.
    fn starts(&self, entry: &str) {
        let entry: Value = serde_json::from_str(entry).expect("the entry is JSON");
        let entry = &entry["mcpServers"]["switchboard"];
        assert!(entry["command"].as_str().is_some_and(|command| command.ends_with("switchboard")), "{entry}");
        let arguments = entry["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let arguments: Vec<&str> = arguments.map(|argument| argument.trim_start_matches("/path/to/")).collect();
        let mut stdio = command(built("switchboard"));
        prepare(stdio.args(&arguments), self.folder.path(), &self.path);
        let mut talk = Talk::start(&mut stdio);
        talk.say(&format!(r#"{{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{{"_meta":{META}}}}}"#));
        let answer = talk.hear_answer(&json!(1));
        assert_eq!(answer["result"]["supportedVersions"][0], "2026-07-28", "{entry} {answer}");
        assert!(talk.ends_when_left(), "{entry}");
    }
}

/// The surroundings of everything that a newcomer starts; a busy machine may take longer than usual for the first list.
fn prepare(program: &mut Command, folder: &Path, path: &str) {
    program.current_dir(folder).env("PATH", path).env("ISSUES_TOKEN", "a token");
    program.env("HOME", folder).env_remove("XDG_CONFIG_HOME");
    program.env("SWITCHBOARD_STATE_DIR", folder.join("state")).env("SWITCHBOARD_LIMITS__LIST_MS_MAX", "30000");
}

/// A search path on which `switchboard` is the built one, and `npx -y PACKAGE` starts what is installed.
fn programs(folder: &Path) -> String {
    let programs = folder.join("programs");
    fs::create_dir(&programs).expect("a folder can be made");
    std::os::unix::fs::symlink(built("switchboard"), programs.join("switchboard")).expect("a link can be made");
    let node = tools::node();
    let filesystem = tools::package("@modelcontextprotocol/server-filesystem/dist/index.js");
    let inspector = tools::package(".bin/mcp-inspector");
    let (node, filesystem, inspector) = (node.display(), filesystem.display(), inspector.display());
    let npx = format!(
        "#!/bin/sh\npackage=$2; shift 2\ncase $package in\n\
         @modelcontextprotocol/server-filesystem) exec {node} {filesystem} \"$@\" ;;\n\
         @modelcontextprotocol/inspector) exec {node} {inspector} \"$@\" ;;\nesac\nexit 1\n"
    );
    fs::write(programs.join("npx"), npx).expect("a file can be written");
    fs::set_permissions(programs.join("npx"), fs::Permissions::from_mode(0o755)).expect("a file can be made a program");
    format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default())
}
