//! `read_notebook`: the cells of a notebook, with what running them gave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use crate::notebook::{BYTES_MAX, Cell, Notebook};

/// Reads notebooks.
pub(crate) struct ReadNotebook(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The notebook.
    path: String,
    /// Only these cells, counted from 0.
    cells: Option<Vec<usize>>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The notebook.
    path: String,
    cells: Vec<Cell>,
    /// How many cells it has.
    total: usize,
    /// The kernel that it names.
    kernel: Option<String>,
}

impl Tool for ReadNotebook {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "read_notebook";
    const ABOUT: &'static str = "Reads the cells of a Jupyter notebook: type, source and outputs as text; of pictures only that \
        they are there.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "analysis/first.ipynb", "cells": [0, 1]}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let notebook = Notebook::new(place.read(BYTES_MAX)?)?;
            let wanted = input.cells.unwrap_or_else(|| (0..notebook.len()).collect());
            let cells = wanted.into_iter().map(|cell| notebook.cell(cell)).collect::<Result<_, _>>()?;
            Ok(Output { path: place.display(), cells, total: notebook.len(), kernel: notebook.kernel() })
        })
        .await
    }
}
