//! `run_notebook`: runs the cells of a notebook in a kernel of its project's environment, and keeps what they gave in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Bench, Command, Place, Write, aside, digest};

use super::CHANGED_PROJECT;
use crate::{
    deadline::Deadline,
    environment::Environment,
    notebook::{self, BYTES_MAX, Notebook},
    programs::{ENVIRONMENT_PYTHON, PYTHON3},
    shown,
};

/// What runs the cells, by the packages `nbclient` and `ipykernel`.
const PROGRAM: &str = include_str!("../../programs/run_notebook.py");
/// How Python comes to it: with what is asked, on stdin.
const LOADER: &str = "import json, sys; asked = json.load(sys.stdin); exec(asked['program'])";
/// The exit code with which it says that a package or a kernel is missing.
const MISSING: i32 = 3;
/// Bytes of what cells give.
const RESULT_BYTES_MAX: usize = 40 << 20;
/// Bytes of the name of a kernel.
const KERNEL_BYTES_MAX: usize = 100;

/// Runs notebooks.
pub(crate) struct RunNotebook(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The notebook.
    path: String,
    /// Only these cells, counted from 0; all if it is left out.
    cells: Option<Vec<usize>>,
    /// The name of the kernel; the one that the notebook names if it is left out.
    kernel: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The notebook.
    path: String,
    /// The cells that were run, with what they gave.
    cells: Vec<Ran>,
    /// The cell at which it ended early, and why.
    failed: Option<Broken>,
    duration_ms: u64,
    /// Where the notebook from before is.
    backup_path: Option<String>,
    /// What was done.
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct Ran {
    cell: usize,
    outputs: Vec<notebook::Output>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Broken {
    cell: usize,
    error: String,
}

/// What the program says.
#[derive(Deserialize)]
struct Said {
    ran: Vec<SaidOfCell>,
    failed: Option<Broken>,
}

#[derive(Deserialize)]
struct SaidOfCell {
    cell: usize,
    execution_count: Value,
    outputs: Value,
}

impl Tool for RunNotebook {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "run_notebook";
    const ABOUT: &'static str = "Runs the cells of a Jupyter notebook in the environment of its project, which needs the \
        packages `nbclient` and `ipykernel`, and keeps their outputs in the notebook. It ends at the first cell that fails.";
    const MARKS: Marks = Marks::writes().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_PROJECT);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "analysis/first.ipynb"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let deadline = Deadline::of(call);
        let place = self.0.roots.place("path", &input.path)?;
        let reading = place.clone();
        let (notebook, command) = aside(move |_| prepare(&reading, &input)).await?;
        call.progress(0, Some(1), "running the cells in a kernel of their own");
        let command = deadline.prepare(command).stdout_bytes_max(RESULT_BYTES_MAX);
        let shown = command.shown();
        let outcome = command.run().await?;
        if outcome.exit_code == Some(MISSING) {
            let text = outcome.stderr.lines().last().unwrap_or("a package is missing").to_owned();
            let hint = "call `install_dependencies` with `packages`: [\"nbclient\", \"ipykernel\"], or choose another `kernel`";
            return Err(Failure::new(Code::DependencyMissing, text).hint(hint));
        }
        let said = match serde_json::from_str::<Said>(&outcome.stdout) {
            Ok(said) if outcome.exit_code == Some(0) => said,
            _ => return Err(outcome.failure(&shown)),
        };
        let digest = digest(notebook.bytes());
        let with =
            |notebook: Notebook, ran: &SaidOfCell| notebook.with_outputs(ran.cell, &ran.outputs, &ran.execution_count);
        let notebook = said.ran.iter().try_fold(notebook, with)?;
        let writing = place.clone();
        let written =
            aside(move |_| writing.write(notebook.bytes(), &Write { expect_digest: Some(digest), ..Write::default() }))
                .await?;
        Ok(Output {
            path: place.display(),
            message: format!("ran {} cells of `{}`", said.ran.len(), place.display()),
            cells: said.ran.iter().map(ran).collect(),
            failed: said.failed,
            duration_ms: deadline.elapsed_ms(),
            backup_path: written.backup_path.map(|path| path.display().to_string()),
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let (notebook, _) = prepare(&place, &input)?;
            let count = input.cells.map_or(notebook.len(), |cells| cells.len());
            Ok(vec![
                format!("run {count} cells of `{}` in a kernel of their own", place.display()),
                "keep their outputs in the notebook, and the notebook from before beside it".to_owned(),
            ])
        })
        .await
    }
}

fn ran(said: &SaidOfCell) -> Ran {
    Ran { cell: said.cell, outputs: said.outputs.as_array().into_iter().flatten().map(notebook::output).collect() }
}

/// The notebook, and the command that runs it.
fn prepare(place: &Place, input: &Input) -> Result<(Notebook, Command), Failure> {
    if let Some(kernel) = &input.kernel {
        check_kernel(kernel)?;
    }
    let notebook = Notebook::new(place.read(BYTES_MAX)?)?;
    for cell in input.cells.iter().flatten() {
        notebook.cell(*cell)?;
    }
    let folder = place.parent().unwrap_or_else(|| place.root());
    let text = String::from_utf8_lossy(notebook.bytes()).into_owned();
    let asked = json!({"program": PROGRAM, "notebook": text, "cells": input.cells, "kernel": input.kernel});
    let environment = nearest(&folder)?;
    let program = if environment.is_some() { &ENVIRONMENT_PYTHON } else { &PYTHON3 };
    let command = program.command().words(["-c", LOADER]).within(&folder).input(asked.to_string());
    let command = command.why("the kernel runs where the project's packages are");
    let command = environment.iter().fold(command, |command, environment| environment.around(command));
    Ok((notebook, command))
}

/// The environment of the project that a folder lies in.
fn nearest(folder: &Place) -> Result<Option<Environment>, Failure> {
    let mut place = Some(folder.clone());
    while let Some(folder) = place {
        if let Some(environment) = Environment::of(&folder)? {
            return Ok(Some(environment));
        }
        place = folder.parent();
    }
    Ok(None)
}

fn check_kernel(kernel: &str) -> Result<(), Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if !kernel.is_empty()
        && kernel.len() <= KERNEL_BYTES_MAX
        && kernel.bytes().all(is_plain)
        && !kernel.starts_with(['.', '-'])
    {
        return Ok(());
    }
    let text = format!("`{}` is no name of a kernel", shown::short(kernel));
    Err(Failure::invalid("kernel", text).hint("give it as `python3`"))
}
