//! Tools beside the native command that does the same, in turn. A tool runs in a process that is there already and has to be
//! asked over the protocol; a native command is started each time, as it is by whoever has no tool.

use std::{
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    Error, Times,
    data::{Data, NEEDLE},
    talk::Talk,
};
use crate::program::command;

/// How much longer than the native command a tool may take, beside the way of the question and the answer.
pub(super) const RATIO_MAX: f64 = 1.3;

/// A tool and the native command that does the same.
struct Case {
    toolkit: &'static str,
    tool: &'static str,
    about: &'static str,
    arguments: Value,
    native: Vec<String>,
    /// The package that has the native command.
    package: &'static str,
}

/// What was measured of one of them.
pub(super) struct Pair {
    /// The tool and what it had to do.
    pub(super) name: String,
    /// The native command.
    pub(super) native: String,
    /// How long the tool took.
    pub(super) tool: Times,
    /// How long the native command took.
    pub(super) command: Times,
    /// How long a question takes for which nothing has to be done.
    pub(super) hop: Times,
}

impl Pair {
    /// The tool to the native command without the way of the question and the answer, by the best rounds.
    pub(super) fn ratio(&self) -> f64 {
        (self.tool.best_ms - self.hop.best_ms) / self.command.best_ms
    }
}

/// Measures all of them; a tool that its toolkit does not have yet is left out.
pub(super) fn measure(switchboard: &Path, rounds: usize) -> Result<Vec<Pair>, Error> {
    let data = Data::make()?;
    let mut pairs = Vec::new();
    for case in cases(&data) {
        let mut talk = Talk::start(switchboard, case.toolkit, data.root())?;
        let (listed, _) = talk.ask("tools/list", json!({}))?;
        let tools = listed["tools"].as_array().map(Vec::as_slice).unwrap_or_default();
        if tools.iter().any(|tool| tool["name"] == case.tool) {
            pairs.push(pair(&case, &mut talk, rounds)?);
        }
    }
    Ok(pairs)
}

fn cases(data: &Data) -> Vec<Case> {
    let words = |words: &[&str], path: Option<&Path>| {
        let path = path.map(|path| path.display().to_string());
        words.iter().map(ToString::to_string).chain(path).collect()
    };
    vec![
        Case {
            toolkit: "server",
            tool: "get_resource_usage",
            about: "",
            arguments: json!({}),
            native: words(&["top", "-bn1"], None),
            package: "procps",
        },
        Case {
            toolkit: "project",
            tool: "list_directory",
            about: "10,000 entries, the first 1,000 shown",
            arguments: json!({"path": data.entries(), "limit": 1_000}),
            native: words(&["ls", "-la"], Some(&data.entries())),
            package: "coreutils",
        },
        Case {
            toolkit: "project",
            tool: "find_in_files",
            about: "100 MB in 1,000 files, 50 matches",
            arguments: json!({"path": data.text(), "query": NEEDLE}),
            native: words(&["rg", "--line-number", "--ignore-case", "--context=2", NEEDLE], Some(&data.text())),
            package: "ripgrep",
        },
        Case {
            toolkit: "project",
            tool: "git_status",
            about: "10,000 files",
            arguments: json!({"path": data.repository()}),
            native: words(&["git", "-C"], Some(&data.repository())).into_iter().chain(["status".to_owned()]).collect(),
            package: "git",
        },
    ]
}

fn pair(case: &Case, talk: &mut Talk, rounds: usize) -> Result<Pair, Error> {
    let (mut tool, mut native, mut hop) = (Vec::new(), Vec::new(), Vec::new());
    // what both read is in the cache of the kernel from then on
    talk.call(case.tool, &case.arguments)?;
    run(case)?;
    for _ in 0..rounds {
        tool.push(talk.call(case.tool, &case.arguments)?.1);
        native.push(run(case)?);
        hop.push(talk.ask("server/discover", json!({}))?.1);
    }
    let name =
        if case.about.is_empty() { format!("`{}`", case.tool) } else { format!("`{}`: {}", case.tool, case.about) };
    let shown = case.native.iter().map(|word| if word.starts_with('/') { "…" } else { word }).collect::<Vec<_>>();
    Ok(Pair { name, native: shown.join(" "), tool: Times::of(tool), command: Times::of(native), hop: Times::of(hop) })
}

fn run(case: &Case) -> Result<Duration, Error> {
    let Some((program, arguments)) = case.native.split_first() else { return Ok(Duration::ZERO) };
    let started = Instant::now();
    match output(command(program).args(arguments)) {
        Ok(_) => Ok(started.elapsed()),
        Err(Error::System { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::NotInstalled { program: program.clone(), package: case.package })
        }
        Err(error) => Err(error),
    }
}

/// What a command writes; it has to succeed.
pub(super) fn output(command: &mut Command) -> Result<Output, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| Error::System { doing: format!("start `{name}`"), source })?;
    if output.status.success() {
        return Ok(output);
    }
    Err(Error::Command { command: name, stderr: String::from_utf8_lossy(&output.stderr).into_owned() })
}
