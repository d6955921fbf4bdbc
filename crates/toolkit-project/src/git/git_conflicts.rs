//! `git_conflicts`: the files that a merge could not decide, with both sides and what could settle them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use super::{
    conflict::{self, Conflict, Way},
    repository::{Git, Repository},
};

/// Lists conflicts.
pub(crate) struct GitConflicts(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The top folder of the repository.
    path: String,
    /// The files in conflict.
    conflicts: Vec<Described>,
    /// How many there are on all pages.
    total: usize,
    /// What to give as `cursor` for the next page.
    next_cursor: Option<String>,
}

/// One file in conflict.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Described {
    /// The file, from the top folder.
    file: String,
    /// What this side has; nothing if it removed the file, or if it is no text.
    ours: Option<String>,
    /// What the other side has; nothing if it removed the file, or if it is no text.
    theirs: Option<String>,
    /// What both sides began with.
    base: Option<String>,
    /// What could settle it, made by rules; no model is asked.
    proposal: Option<String>,
    /// Why.
    why: &'static str,
    /// How sure that is, in percent.
    confidence: u8,
}

impl Tool for GitConflicts {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_conflicts";
    const ABOUT: &'static str = "Lists the files that a merge could not decide: both sides, what they began with, and a proposal made by rules.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let page = call.shared.page(conflict::all(&repository).await?);
        let mut conflicts = Vec::new();
        for conflict in &page.items {
            conflicts.push(described(&repository, conflict).await?);
        }
        Ok(Output { path: repository.top().display(), conflicts, total: page.total, next_cursor: page.next_cursor })
    }
}

async fn described(repository: &Repository, conflict: &Conflict) -> Result<Described, Failure> {
    let base = conflict::side(repository, conflict.base.as_ref()).await?;
    let ours = conflict::side(repository, conflict.ours.as_ref()).await?;
    let theirs = conflict::side(repository, conflict.theirs.as_ref()).await?;
    let (way, why, confidence) = conflict::proposal(conflict, base.as_deref(), ours.as_deref(), theirs.as_deref());
    let proposal = match way {
        Some(Way::Ours) => ours.clone(),
        Some(Way::Theirs) => theirs.clone(),
        Some(Way::Union) => conflict::union(repository, conflict).await?,
        None => None,
    };
    Ok(Described { file: conflict.path.clone(), ours, theirs, base, proposal, why, confidence })
}

/// What would settle a conflict by rules.
pub(super) async fn proposed(repository: &Repository, conflict: &Conflict) -> Result<Option<String>, Failure> {
    Ok(described(repository, conflict).await?.proposal)
}
