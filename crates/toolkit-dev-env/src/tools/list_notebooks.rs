//! `list_notebooks`: the notebooks in a folder.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use crate::{
    notebook::{BYTES_MAX, Notebook},
    survey::Survey,
};

/// How the files of notebooks are called.
const EXTENSION: &str = "ipynb";

/// Lists notebooks.
pub(crate) struct ListNotebooks(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder to look in, with those below it; the first allowed folder if it is left out.
    path: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    notebooks: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// What to give as `cursor` for the next page.
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    path: String,
    size_bytes: u64,
    /// How many cells it has; nothing if it cannot be read as a notebook.
    cells: Option<usize>,
    /// The kernel that it names.
    kernel: Option<String>,
}

impl Tool for ListNotebooks {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_notebooks";
    const ABOUT: &'static str =
        "Lists the Jupyter notebooks in a folder, with their kernel and the number of their cells.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "analysis"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let folder = match &input.path {
            Some(path) => self.0.roots.place("path", path)?,
            None => self.0.roots.home("path"),
        };
        let place = folder.clone();
        let paths = aside(move |stop| {
            let survey = Survey::of(&place, stop)?;
            let notebooks = survey.files().filter(|path| Path::new(path).extension() == Some(EXTENSION.as_ref()));
            Ok(notebooks.map(str::to_owned).collect::<Vec<_>>())
        })
        .await?;
        let page = call.shared.page(paths);
        let notebooks = aside(move |stop| {
            let listed = |path: &String| {
                stop.check()?;
                let place = folder.join(path)?;
                let notebook = place.read(BYTES_MAX).ok().and_then(|bytes| Notebook::new(bytes).ok());
                Ok(Listed {
                    path: place.display(),
                    size_bytes: place.stat()?.size,
                    cells: notebook.as_ref().map(Notebook::len),
                    kernel: notebook.and_then(|notebook| notebook.kernel()),
                })
            };
            page.items.iter().map(listed).collect::<Result<Vec<_>, Failure>>()
        })
        .await?;
        Ok(Output { notebooks, total: page.total, next_cursor: page.next_cursor })
    }
}
