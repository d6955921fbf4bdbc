//! Programs of Node.js under its own profiler. A sample belongs to the innermost function of the project that was running.

use std::collections::HashMap;

use serde::Deserialize;
use toolkit::{Code, Failure};
use workbench::{Command, Packages, Place, Program, aside};

use super::{
    Run, Words,
    hot::{Hot, Measured},
    unmeasured,
};
use crate::files::search::Scope;

/// Files with tests that are measured.
const FILES_MAX: usize = 50;
/// Bytes of a profile.
const PROFILE_BYTES_MAX: u64 = 256 << 20;
/// Bytes of a `package.json`.
const PACKAGE_BYTES_MAX: u64 = 1 << 20;
/// Files that `node --test` takes for tests.
const TESTS: [&str; 5] = [
    "*.test.{js,mjs,cjs}",
    "*-test.{js,mjs,cjs}",
    "*_test.{js,mjs,cjs}",
    "test-*.{js,mjs,cjs}",
    "**/test/**/*.{js,mjs,cjs}",
];
/// What is nobody's time: waiting, and the engine itself.
const NOBODY: [&str; 2] = ["(idle)", "(root)"];

static NODE: Program = Program::new("node").first(&["--cpu-prof"]).packages(Packages::same("nodejs"));

/// A profile as the engine writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    nodes: Vec<Node>,
    samples: Vec<u64>,
    time_deltas: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: u64,
    call_frame: Frame,
    #[serde(default)]
    children: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Frame {
    function_name: String,
    url: String,
    line_number: i64,
}

/// Measures the tests, one file after the other.
pub(super) async fn tests(run: &Run<'_>) -> Result<Measured, Failure> {
    check_runner(&run.project)?;
    let files = test_files(run).await?;
    if files.is_empty() {
        let text = "there are no tests that `node --test` finds, such as `shop.test.js`";
        return Err(Failure::new(Code::NotFound, text).hint("`target: \"command\"` measures one program"));
    }
    let mut measured =
        Measured { message: format!("{} files of tests were measured", files.len()), ..Measured::default() };
    for (number, file) in files.iter().enumerate() {
        let one = profiled(run, number, file, std::iter::empty()).await?;
        measured.total_s += one.total_s;
        measured.hot = merged(measured.hot, one.hot);
    }
    Ok(measured)
}

/// Measures a script.
pub(super) async fn command(run: &Run<'_>, words: &Words) -> Result<Measured, Failure> {
    let mut rest = words.rest();
    let script = super::script(&run.project, rest.next())?;
    profiled(run, 0, &script, rest).await
}

/// Tests that another program runs cannot be run by Node.js alone.
fn check_runner(project: &Place) -> Result<(), Failure> {
    let package = project.join("package.json")?.read(PACKAGE_BYTES_MAX)?;
    let package: serde_json::Value = serde_json::from_slice(&package).unwrap_or_default();
    let script = package["scripts"]["test"].as_str().unwrap_or("node --test");
    if script.contains("node --test") || script.contains("no test specified") {
        return Ok(());
    }
    let text = format!("the tests of this project are run by `{script:.100}`, not by `node --test`");
    let hint = "measure that program: `target: \"command\"` with `command: \"node node_modules/NAME/bin/NAME.js\"`";
    Err(Failure { field: Some("target".to_owned()), ..Failure::new(Code::NotSupported, text).hint(hint) })
}

async fn test_files(run: &Run<'_>) -> Result<Vec<String>, Failure> {
    let project = run.project.clone();
    let scope =
        Scope::new(project.clone(), &TESTS.map(str::to_owned), &["**/node_modules/**".to_owned()], &run.call.shared)?;
    aside(move |stop| {
        let files = std::sync::Mutex::new(Vec::new());
        scope.visit(stop, || {
            |place: &Place, _: &str| {
                let mut files = files.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                files.push(place.display());
                files.len() < FILES_MAX
            }
        })?;
        let mut files = files.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        files.sort();
        files.truncate(FILES_MAX);
        Ok(files)
    })
    .await
}

/// Runs one script under the profiler and reads what it has left.
async fn profiled<'a>(
    run: &Run<'_>,
    number: usize,
    script: &str,
    args: impl Iterator<Item = &'a str>,
) -> Result<Measured, Failure> {
    let name = format!("{number}.cpuprofile");
    let command: Command =
        NODE.command().option("--cpu-prof-dir", &run.shelf.place().display())?.option("--cpu-prof-name", &name)?;
    let command = command.operand("command", script)?.after_script("command", args)?;
    let shown = command.shown();
    let outcome = run.run(command).await?;
    let profile = run.shelf.profile(&name)?;
    if !profile.exists()? {
        return Err(unmeasured(&outcome, &shown));
    }
    let project = run.project.clone();
    let mut measured = aside(move |_| measured(&profile.read(PROFILE_BYTES_MAX)?, &project)).await?;
    measured.message = format!("`{shown}` was measured");
    Ok(measured)
}

/// What a profile says about a project.
fn measured(profile: &[u8], project: &Place) -> Result<Measured, Failure> {
    let profile: Profile = serde_json::from_slice(profile)
        .map_err(|error| Failure::new(Code::CommandFailed, format!("the profile cannot be read: {error}")))?;
    let parents: HashMap<u64, u64> =
        profile.nodes.iter().flat_map(|node| node.children.iter().map(|child| (*child, node.id))).collect();
    let frames: HashMap<u64, &Frame> = profile.nodes.iter().map(|node| (node.id, &node.call_frame)).collect();
    let mut measured = Measured::default();
    let mut seconds: HashMap<(String, usize, &str), f64> = HashMap::new();
    for (sample, delta) in profile.samples.iter().zip(&profile.time_deltas) {
        let Some(frame) = frames.get(sample).filter(|frame| !NOBODY.contains(&frame.function_name.as_str())) else {
            continue;
        };
        let lasted = (*delta).max(0) as f64 / 1e6;
        measured.total_s += lasted;
        let mut at = Some((*sample, *frame));
        while let Some((id, frame)) = at {
            if let Some(place) = place_of(frame, project) {
                *seconds.entry(place).or_default() += lasted;
                break;
            }
            at = parents.get(&id).and_then(|parent| Some((*parent, *frames.get(parent)?)));
        }
    }
    measured.hot = seconds
        .into_iter()
        .map(|((file, line, name), seconds)| Hot {
            kind: "hot_function",
            file,
            line,
            name: name.to_owned(),
            seconds,
            calls: None,
        })
        .collect();
    Ok(measured)
}

/// The file, the line and the name of a function, if it is the project's own.
fn place_of<'a>(frame: &'a Frame, project: &Place) -> Option<(String, usize, &'a str)> {
    let path = frame.url.strip_prefix("file://").unwrap_or(&frame.url);
    let file = path.strip_prefix(&project.display())?.strip_prefix('/')?;
    let is_own = !file.split('/').any(|part| part == "node_modules");
    let name = if frame.function_name.is_empty() { "(anonymous)" } else { frame.function_name.as_str() };
    is_own.then(|| (file.to_owned(), usize::try_from(frame.line_number + 1).unwrap_or(1), name))
}

/// Both, with what is the same added up.
fn merged(mut all: Vec<Hot>, more: Vec<Hot>) -> Vec<Hot> {
    for hot in more {
        match all.iter_mut().find(|it| (&it.file, it.line, &it.name) == (&hot.file, hot.line, &hot.name)) {
            Some(known) => known.seconds += hot.seconds,
            None => all.push(hot),
        }
    }
    all
}
