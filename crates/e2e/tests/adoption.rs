//! `switchboard client` with the real program and each client's real file: taken over, installed, taken out, and every
//! byte as it was.

#![expect(clippy::disallowed_methods, reason = "the program is run from outside, as a person runs it")]

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use e2e::program::built;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Where each client keeps its file below the home folder, with the sample it is tested on.
const FILES: [(&str, &str, &str); 10] = [
    ("claude-desktop", ".config/Claude/claude_desktop_config.json", "claude-desktop.json"),
    ("claude-code", ".claude.json", "claude-code.json"),
    ("cursor", ".cursor/mcp.json", "cursor.json"),
    ("vscode", ".config/Code/User/mcp.json", "vscode.json"),
    ("codex", ".codex/config.toml", "codex.toml"),
    ("windsurf", ".codeium/windsurf/mcp_config.json", "windsurf.json"),
    ("lm-studio", ".lmstudio/mcp.json", "lm-studio.json"),
    ("zed", ".config/zed/settings.json", "zed.json"),
    ("continue", ".continue/config.yaml", "continue.yaml"),
    ("gemini-cli", ".gemini/settings.json", "gemini-cli.json"),
];

/// A person's home folder.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder"))
    }

    /// A home where every client is at home.
    fn with_every_client() -> Self {
        let home = Self::new();
        for (_, file, sample) in FILES {
            home.write(file, &sample_text(sample));
        }
        home
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("a file of the home")
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder of the home");
        fs::write(path, text).expect("a file of the home");
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(built("switchboard"));
        command.args(words).env_clear().env("HOME", self.0.path()).current_dir(self.0.path());
        command.output().expect("the program runs")
    }

    /// Runs a verb that has to succeed and gives its result.
    fn json(&self, words: &[&str]) -> Value {
        let output = self.run(&[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("a result in JSON")
    }

    /// Runs a verb that has to fail and gives its exit code and what it said.
    fn fails(&self, words: &[&str]) -> (i32, String) {
        let output = self.run(words);
        assert!(!output.status.success(), "{words:?} did not fail");
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn sample_text(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../adoption/tests/samples");
    fs::read_to_string(folder.join(name)).expect("a sample of a client's file")
}

#[test]
fn import_install_uninstall_leaves_every_client_as_it_was() {
    for line_end in ["\n", "\r\n"] {
        for mark in ["", "\u{feff}"] {
            let home = Home::new();
            let text_of = |sample| format!("{mark}{}", sample_text(sample).replace('\n', line_end));
            for (_, file, sample) in FILES {
                home.write(file, &text_of(sample));
            }
            home.json(&["client", "import"]);
            for (client, file, sample) in FILES {
                home.json(&["client", "install", client]);
                assert_ne!(home.read(file), text_of(sample), "{client} was not changed");
            }
            for (client, file, sample) in FILES {
                let row = &home.json(&["client", "uninstall", client])[0];
                assert_eq!(row["restored"], true, "{client}");
                assert_eq!(home.read(file), text_of(sample), "{client}");
            }
        }
    }
}

#[test]
fn imported_servers_stand_in_a_configuration_without_problems() {
    let home = Home::with_every_client();
    let imported = home.json(&["client", "import"]);
    let outcomes: Vec<&str> =
        imported["servers"].as_array().expect("rows").iter().filter_map(|row| row["outcome"].as_str()).collect();
    assert!(outcomes.iter().filter(|outcome| **outcome == "added").count() >= 10, "{imported:#}");
    let github = imported["servers"].as_array().expect("rows").iter().find(|row| row["server"] == "github");
    assert_eq!(github.map(|row| &row["outcome"]), Some(&json!("added_disabled")), "{imported:#}");
    let path = home.path(".config/switchboard/switchboard.toml");
    let problems = home.run(&["config", "check", "--config", &path.display().to_string()]);
    let said = String::from_utf8_lossy(&problems.stderr);
    // what the samples refer to is not set here, and that is all that is wrong
    for line in said.lines().filter(|line| line.starts_with("error: ") && !line.contains("the configuration has")) {
        assert!(line.contains("the environment has no variable"), "{said}");
    }
    assert_eq!(fs::metadata(&path).expect("the configuration").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_second_import_adds_nothing() {
    let home = Home::with_every_client();
    home.json(&["client", "import"]);
    let config = home.read(".config/switchboard/switchboard.toml");
    let again = home.json(&["client", "import"]);
    assert_eq!(home.read(".config/switchboard/switchboard.toml"), config);
    for row in again["servers"].as_array().expect("rows") {
        assert!(["same", "skipped"].contains(&row["outcome"].as_str().unwrap_or_default()), "{row}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let home = Home::with_every_client();
    assert_eq!(home.json(&["client", "import", "--dry-run"])["dry_run"], true);
    assert!(!home.path(".config/switchboard").exists());
}

#[test]
fn an_entry_of_ours_is_not_taken_over() {
    let home = Home::with_every_client();
    home.json(&["client", "install", "cursor", "codex", "--address", "http://127.0.0.1:3100/mcp"]);
    home.json(&["client", "install", "zed", "--name", "all-of-them"]);
    let imported = home.json(&["client", "import"]);
    let ours: Vec<&Value> = imported["servers"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["note"] == "it is switchboard itself")
        .collect();
    assert_eq!(ours.len(), 3, "{imported:#}");
}

#[test]
fn only_takes_out_what_was_taken_over_and_uninstall_brings_it_back() {
    let home = Home::with_every_client();
    home.json(&["client", "import", "cursor"]);
    let config = home.path(".config/switchboard/switchboard.toml").display().to_string();
    let row = &home.json(&["client", "install", "cursor", "--only", "--config", &config])[0];
    assert_eq!(row["taken_out"], json!(["playwright", "wiki"]));
    let installed: Value = serde_json::from_str(&home.read(".cursor/mcp.json")).expect("JSON");
    let names: Vec<&String> = installed["mcpServers"].as_object().expect("servers").keys().collect();
    assert_eq!(names, ["switchboard"]);
    home.json(&["client", "uninstall", "cursor"]);
    assert_eq!(home.read(".cursor/mcp.json"), sample_text("cursor.json"));
}

#[test]
fn a_file_that_was_changed_since_keeps_its_changes() {
    let home = Home::with_every_client();
    home.json(&["client", "install", "vscode"]);
    let file = ".config/Code/User/mcp.json";
    home.write(file, &format!("// mine\n{}", home.read(file)));
    let row = &home.json(&["client", "uninstall", "vscode"])[0];
    assert_eq!(row["restored"], false);
    assert_eq!(home.read(file), format!("// mine\n{}", sample_text("vscode.json")));
    let backup = fs::read_to_string(row["backup"].as_str().expect("a backup")).expect("the backup is there");
    assert_eq!(backup, sample_text("vscode.json"));
}

#[test]
fn a_client_without_a_file_gets_one_and_loses_it_again() {
    let home = Home::new();
    fs::create_dir_all(home.path(".cursor")).expect("a folder");
    home.json(&["client", "install", "cursor"]);
    assert!(home.read(".cursor/mcp.json").contains("\"switchboard\""));
    home.json(&["client", "uninstall", "cursor"]);
    assert!(!home.path(".cursor/mcp.json").exists());
}

#[test]
fn a_link_stays_a_link_and_a_mode_stays_a_mode() {
    let home = Home::new();
    home.write("dotfiles/mcp.json", &sample_text("cursor.json"));
    let real = home.path("dotfiles/mcp.json");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("a mode");
    fs::create_dir(home.path(".cursor")).expect("a folder");
    symlink(&real, home.path(".cursor/mcp.json")).expect("a link");
    home.json(&["client", "install", "cursor"]);
    assert!(home.path(".cursor/mcp.json").is_symlink());
    assert!(home.read("dotfiles/mcp.json").contains("switchboard"));
    assert_eq!(fs::metadata(&real).expect("the file").permissions().mode() & 0o777, 0o640);
}

#[test]
fn list_says_what_is_there_and_where_we_are_installed() {
    let home = Home::with_every_client();
    fs::remove_dir_all(home.path(".cursor")).expect("a folder less");
    home.json(&["client", "install", "zed"]);
    let list = home.json(&["client", "list"]);
    let row = |client: &str| {
        list.as_array().expect("rows").iter().find(|row| row["client"] == client).expect("a row").clone()
    };
    assert_eq!((row("cursor")["found"].clone(), row("cursor")["servers"].clone()), (json!(false), json!(0)));
    assert_eq!(row("zed")["installed"], "switchboard");
    assert_eq!(row("codex")["servers"], 2);
}

#[test]
fn what_goes_wrong_is_said_with_its_place_and_leaves_the_file_alone() {
    let home = Home::with_every_client();
    let broken = "{\n  \"mcpServers\": {,}\n}\n";
    home.write(".cursor/mcp.json", broken);
    let (code, said) = home.fails(&["client", "install", "cursor"]);
    assert_eq!((code, said.contains("line 2, column 18")), (1, true), "{said}");
    assert_eq!(home.read(".cursor/mcp.json"), broken);

    home.json(&["client", "install", "zed"]);
    let (code, said) = home.fails(&["client", "install", "zed"]);
    assert_eq!((code, said.contains("already a server named `switchboard`")), (1, true), "{said}");

    let (code, said) = home.fails(&["client", "uninstall", "codex"]);
    assert_eq!((code, said.contains("nothing of ours")), (3, true), "{said}");

    let (code, said) = home.fails(&["client", "install", "claude-desktop", "--address", "http://127.0.0.1:3100/mcp"]);
    assert_eq!((code, said.contains("only starts programs")), (1, true), "{said}");

    let (code, said) = home.fails(&["client", "install", "curser"]);
    assert_eq!((code, said.contains("cursor")), (2, true), "{said}");

    let (code, said) = home.fails(&["client", "install", "windsurf", "--project"]);
    assert_eq!((code, said.contains("no file for a project")), (2, true), "{said}");
}

#[test]
fn a_file_that_is_no_text_is_refused() {
    let home = Home::new();
    fs::create_dir(home.path(".cursor")).expect("a folder");
    fs::write(home.path(".cursor/mcp.json"), [0xff, 0xfe, 0x00]).expect("a file");
    let (code, said) = home.fails(&["client", "install", "cursor"]);
    assert_eq!((code, said.contains("cannot read or write")), (1, true), "{said}");
    assert_eq!(fs::read(home.path(".cursor/mcp.json")).expect("the file"), [0xff, 0xfe, 0x00]);
}

#[test]
fn export_prints_what_the_client_would_read() {
    let home = Home::with_every_client();
    let exported = home.run(&["client", "export", "codex", "--address", "http://127.0.0.1:3100/mcp"]);
    assert_eq!(
        String::from_utf8_lossy(&exported.stdout),
        "[mcp_servers.switchboard]\nurl = \"http://127.0.0.1:3100/mcp\"\n"
    );
    home.json(&["client", "import", "cursor"]);
    let exported = home.run(&["client", "export", "vscode", "--servers"]);
    let exported: Value = serde_json::from_slice(&exported.stdout).expect("JSON");
    assert_eq!(
        exported["servers"]["playwright"],
        json!({"type": "stdio", "command": "npx", "args": ["@playwright/mcp@latest"]})
    );
    assert_eq!(exported["servers"]["wiki"]["headers"]["X-Key"], "${env:WIKI_KEY}");
}
