//! `git_resolve_conflict`: one file that a merge could not decide is settled. What was there stays beside it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Place, Write, aside};

use super::{
    conflict::{self, Conflict},
    git_conflicts,
    repository::{Git, Repository, succeed},
    staging,
};
use crate::files::CHANGED_EVERYTHING;

/// Bytes of a file that is kept before it is settled.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Settles conflicts.
pub(crate) struct GitResolveConflict(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The repository, or a folder in it.
    path: String,
    /// The file, absolute or from the top folder.
    file: String,
    /// What settles it.
    resolution: Resolution,
    /// What the file shall hold, for `text`.
    text: Option<String>,
}

/// What settles a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Resolution {
    /// This side as it is.
    Ours,
    /// The other side as it is.
    Theirs,
    /// What both sides add, one after the other.
    Union,
    /// What `text` says.
    Text,
    /// What `git_conflicts` proposes.
    Proposal,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The file.
    file: String,
    /// Files that are still in conflict.
    remaining: Vec<String>,
    /// Where what was there before is.
    backup_path: Option<String>,
    /// What was done, and what comes next.
    message: String,
}

impl Tool for GitResolveConflict {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_resolve_conflict";
    const ABOUT: &'static str =
        "Settles one file that a merge could not decide: by one side, by both, by the proposal, or by a text.";
    const MARKS: Marks = Marks::destroys();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": "app", "file": "src/main.py", "resolution": "ours"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let conflict = input.conflict(&repository).await?;
        let settled = input.settled(&repository, &conflict).await?;
        let place = repository.top().join(&conflict.path)?;
        let backup_path = settled.put(&repository, place, &conflict).await?;
        let add = repository.git(["update-index", "--add", "--remove", "-z", "--stdin"]);
        succeed(add.input(format!("{}\0", conflict.path)), "cannot mark the file as settled").await?;
        let remaining: Vec<String> = conflict::all(&repository).await?.into_iter().map(|other| other.path).collect();
        let message = if remaining.is_empty() {
            "no conflict is left: end the merge with `git_commit`".to_owned()
        } else {
            format!("still in conflict: {}", staging::named(&remaining))
        };
        Ok(Output { file: conflict.path, remaining, backup_path, message })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let repository = self.0.repository(&input.path).await?;
        let conflict = input.conflict(&repository).await?;
        let what = match input.settled(&repository, &conflict).await? {
            Settled::Side(option) => format!("take the side `{}`", option.trim_start_matches("--")),
            Settled::Text(text) => format!("write {} bytes", text.len()),
            Settled::Gone => "put the file into the trash".to_owned(),
        };
        Ok(vec![format!("settle `{}`: {what}", conflict.path)])
    }
}

/// What a settled file is.
enum Settled {
    /// One side as git has it.
    Side(&'static str),
    /// This text.
    Text(String),
    /// Nothing: the side that counts has removed it.
    Gone,
}

impl Input {
    /// The conflict of the named file.
    async fn conflict(&self, repository: &Repository) -> Result<Conflict, Failure> {
        let files = staging::files(repository, "file", std::slice::from_ref(&self.file))?;
        let all = conflict::all(repository).await?;
        let named: Vec<String> = all.iter().map(|conflict| conflict.path.clone()).collect();
        all.into_iter().find(|conflict| files.contains(&conflict.path)).ok_or_else(|| {
            let hint = if named.is_empty() {
                "no file is in conflict".to_owned()
            } else {
                format!("in conflict: {}", staging::named(&named))
            };
            let failure = Failure::new(Code::NotFound, format!("`{}` is not in conflict", self.file)).hint(hint);
            Failure { field: Some("file".to_owned()), ..failure }
        })
    }

    async fn settled(&self, repository: &Repository, conflict: &Conflict) -> Result<Settled, Failure> {
        let wrong = |reason: &str| {
            let hint = "take `ours` or `theirs`, or give the whole file as `text`";
            Err(Failure::invalid("resolution", format!("`{}`: {reason}", conflict.path)).hint(hint))
        };
        if self.resolution != Resolution::Text && self.text.is_some() {
            return Err(Failure::invalid("text", "`text` is only for `resolution: \"text\"`"));
        }
        match self.resolution {
            Resolution::Ours if conflict.ours.is_none() => Ok(Settled::Gone),
            Resolution::Theirs if conflict.theirs.is_none() => Ok(Settled::Gone),
            Resolution::Ours => Ok(Settled::Side("--ours")),
            Resolution::Theirs => Ok(Settled::Side("--theirs")),
            Resolution::Text => checked(self.text.as_deref()).map(Settled::Text),
            Resolution::Union => match conflict::union(repository, conflict).await? {
                Some(text) => Ok(Settled::Text(text)),
                None => wrong("what both sides add cannot be put together"),
            },
            Resolution::Proposal => match git_conflicts::proposed(repository, conflict).await? {
                Some(text) => Ok(Settled::Text(text)),
                None => wrong("there is no proposal"),
            },
        }
    }
}

impl Settled {
    /// Puts it into its place, and gives where what was there before is.
    async fn put(self, repository: &Repository, place: Place, conflict: &Conflict) -> Result<Option<String>, Failure> {
        let option = match self {
            Self::Gone => {
                return aside(move |_| {
                    let is_there = place.look()?.is_some();
                    let trashed = is_there.then(|| place.trash()).transpose()?;
                    Ok(trashed.map(|trashed| trashed.path.display().to_string()))
                })
                .await;
            }
            Self::Text(text) => return kept(place, text.into_bytes()).await,
            Self::Side(option) => option,
        };
        let there = place.clone();
        let before =
            aside(move |_| if there.exists()? { there.read(FILE_BYTES_MAX).map(Some) } else { Ok(None) }).await?;
        let backup_path = match before {
            // written as it is, it leaves its backup before git writes over it
            Some(bytes) => kept(place, bytes).await?,
            None => None,
        };
        let command = repository.git(["checkout", "--quiet"]).words([option]).rest("file", [conflict.path.as_str()])?;
        succeed(command.why("take one side of the file"), "cannot take that side").await?;
        Ok(backup_path)
    }
}

/// Writes a file; what was there stays as a backup.
async fn kept(place: Place, bytes: Vec<u8>) -> Result<Option<String>, Failure> {
    let written = aside(move |_| place.write(&bytes, &Write::default())).await?;
    Ok(written.backup_path.map(|path| path.display().to_string()))
}

/// A text that settles something: it must not hold the marks of a conflict.
fn checked(text: Option<&str>) -> Result<String, Failure> {
    let Some(text) = text else {
        return Err(Failure::invalid("text", "`text` is missing").hint("give what the file shall hold"));
    };
    if text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
        let failure = Failure::invalid("text", "`text` still has the marks of a conflict in it");
        return Err(failure.hint("leave out the lines that begin with `<<<<<<<`, `=======` and `>>>>>>>`"));
    }
    Ok(text.to_owned())
}
