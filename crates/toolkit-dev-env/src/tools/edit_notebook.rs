//! `edit_notebook`: cells of a notebook are changed, added and removed; every other byte of it stays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Write, aside, digest};

use super::yes;
use crate::notebook::{BYTES_MAX, CellType, Notebook};

/// Edits in one call.
const EDITS_MAX: usize = 200;

/// Edits notebooks.
pub(crate) struct EditNotebook(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The notebook.
    path: String,
    /// What is done to its cells, one after the other.
    cells: Vec<Edit>,
    /// Whether what was there stays beside it as `NAME.backup.MILLISECONDS`.
    #[serde(default = "yes")]
    create_backup: bool,
}

/// What is done to one cell.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// What is done.
    #[serde(default)]
    act: Act,
    /// The cell, counted from 0 after the edits before this one; for `insert` the place of the new one.
    cell: usize,
    /// What the cell holds; only for `insert`.
    #[serde(default, rename = "type")]
    kind: CellType,
    /// Its source; not for `delete`.
    #[serde(default)]
    source: String,
}

/// What is done to a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Act {
    /// It gets another source; its outputs stay.
    #[default]
    Replace,
    /// A new one comes before it, or behind the last.
    Insert,
    Delete,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The notebook.
    path: String,
    /// How many cells it has now.
    total: usize,
    /// Where the notebook from before is.
    backup_path: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for EditNotebook {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "edit_notebook";
    const ABOUT: &'static str = "Changes, adds and removes cells of a Jupyter notebook. Every byte that no edit names stays as it \
        is, and what was there stays as a backup.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["list_notebooks", "read_notebook", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("createBackup", "create_backup"), ("backup", "create_backup")];
    const EXAMPLES: &'static [&'static str] = &[
        r##"{"path": "first.ipynb", "cells": [{"cell": 0, "source": "# Title"}, {"act": "insert", "cell": 1, "source": "1 + 1"}]}"##,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let before = place.read(BYTES_MAX)?;
            let expect_digest = Some(digest(&before));
            let notebook = edited(Notebook::new(before)?, &input.cells)?;
            let how = Write { create_backup: input.create_backup, expect_digest, ..Write::default() };
            let written = place.write(notebook.bytes(), &how)?;
            Ok(Output {
                path: place.display(),
                total: notebook.len(),
                backup_path: written.backup_path.map(|path| path.display().to_string()),
                message: format!("made {} edits of `{}`", input.cells.len(), place.display()),
            })
        })
        .await
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            edited(Notebook::new(place.read(BYTES_MAX)?)?, &input.cells)?;
            let step = |edit: &Edit| match edit.act {
                Act::Replace => format!("give cell {} a source of {} bytes", edit.cell, edit.source.len()),
                Act::Insert => format!("add a cell at {} with {} bytes", edit.cell, edit.source.len()),
                Act::Delete => format!("remove cell {}", edit.cell),
            };
            Ok(input.cells.iter().map(step).collect())
        })
        .await
    }
}

fn edited(notebook: Notebook, edits: &[Edit]) -> Result<Notebook, Failure> {
    if edits.is_empty() || edits.len() > EDITS_MAX {
        return Err(Failure::invalid("cells", format!("`cells` must have 1 to {EDITS_MAX} edits")));
    }
    edits.iter().try_fold(notebook, |notebook, edit| match edit.act {
        Act::Replace => notebook.with_source(edit.cell, &edit.source),
        Act::Insert => notebook.with_cell(edit.cell, edit.kind, &edit.source),
        Act::Delete => notebook.without(edit.cell),
    })
}
