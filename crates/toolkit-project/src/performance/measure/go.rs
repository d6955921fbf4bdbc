//! The tests of Go, which tell how long each of them took.

use std::collections::HashMap;

use serde::Deserialize;
use toolkit::Failure;
use workbench::{Packages, Place, Program};

use super::{
    Run,
    hot::{Hot, Measured},
    unmeasured,
};

/// Bytes of a file with tests.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Names of one folder.
const NAMES_MAX: usize = 10_000;

static GO: Program = Program::new("go").first(&["test", "-json", "-count=1", "./..."]).packages(Packages {
    debian: "golang-go",
    fedora: "golang",
    ..Packages::same("go")
});

/// A line of what is printed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    action: String,
    #[serde(default)]
    package: String,
    #[serde(default)]
    test: Option<String>,
    #[serde(default)]
    elapsed: f64,
}

/// Measures the tests.
pub(super) async fn tests(run: &Run<'_>) -> Result<Measured, Failure> {
    let command = GO.command();
    let shown = command.shown();
    let outcome = run.run(command).await?;
    let module = module(&run.project)?;
    let events = outcome.stdout.lines().filter_map(|line| serde_json::from_str::<Event>(line).ok());
    let ended = events.filter(|event| matches!(event.action.as_str(), "pass" | "fail"));
    let mut measured = Measured { message: format!("`{shown}` was measured"), ..Measured::default() };
    let mut known = HashMap::new();
    let mut tests = 0;
    for event in ended {
        // what is below a test is a part of it
        let Some(test) = event.test.filter(|test| !test.contains('/')) else { continue };
        tests += 1;
        measured.total_s += event.elapsed;
        let folder = event.package.strip_prefix(&module).unwrap_or_default().trim_start_matches('/').to_owned();
        let places = known.entry(folder.clone()).or_insert_with(|| places(&run.project, &folder));
        if let Some((file, line)) = places.get(&test) {
            let (file, line) = (file.clone(), *line);
            measured.hot.push(Hot { kind: "slow_test", file, line, name: test, seconds: event.elapsed, calls: None });
        }
    }
    if tests == 0 {
        return Err(unmeasured(&outcome, &shown));
    }
    run.shelf.keep("tests.jsonl", &outcome.stdout)?;
    Ok(measured)
}

/// The name of the module.
fn module(project: &Place) -> Result<String, Failure> {
    let text = project.join("go.mod")?.read(FILE_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().find_map(|line| line.strip_prefix("module ")).unwrap_or_default().trim().to_owned())
}

/// Where the tests of a folder stand.
fn places(project: &Place, folder: &str) -> HashMap<String, (String, usize)> {
    let place = if folder.is_empty() { Ok(project.clone()) } else { project.join(folder) };
    let Ok(opened) = place.and_then(|place| place.folder()) else { return HashMap::new() };
    let mut places = HashMap::new();
    for entry in opened.entries(NAMES_MAX).unwrap_or_default() {
        let Some(name) = entry.name.to_str().filter(|name| name.ends_with("_test.go")) else { continue };
        let Ok(bytes) = opened.read(&entry.name, FILE_BYTES_MAX) else { continue };
        let file = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        for (line, text) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            if let Some((test, _)) = text.strip_prefix("func ").and_then(|rest| rest.split_once('(')) {
                places.insert(test.to_owned(), (file.clone(), line + 1));
            }
        }
    }
    places
}
