//! `git_clone`: a repository from elsewhere comes here. What is half made when it fails or is given up is removed again.

use std::{thread, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::{Command, Outcome, Place, aside};

use super::{
    address, names, refusal,
    remote::Remote,
    repository::{Git, alone},
    status::{Status, Unknown},
};
use crate::files::CHANGED_EVERYTHING;

/// Commits of a shallow clone at most: more than any history has.
const DEPTH_MAX: u32 = 1_000_000;
/// How often progress is told.
const TOLD_EVERY: Duration = Duration::from_secs(1);
/// Packs of a new repository that are looked at: git makes one or two.
const PACKS_MAX: usize = 1_000;
/// How often the removal of a half made clone is tried: git may be dying while we remove.
const REMOVALS_MAX: u32 = 40;
/// The time between two such tries; all of them take two seconds.
const REMOVAL_PAUSE: Duration = Duration::from_millis(50);

/// Clones.
pub(crate) struct GitClone(pub(crate) Git);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Where it is: `https://…`, `ssh://…`, `user@host:path`, or a folder beneath an allowed one.
    url: String,
    /// The new folder; named after the address in the first allowed folder if nothing is said.
    path: Option<String>,
    /// The branch or tag to check out.
    branch: Option<String>,
    /// How many commits to bring; all if nothing is said.
    #[schemars(range(min = 1, max = 1_000_000))]
    depth: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The new folder.
    path: String,
    /// The branch that is checked out.
    branch: Option<String>,
    /// The commit that is checked out; nothing if the repository is empty.
    commit: Option<String>,
    /// What was done.
    message: String,
}

impl Tool for GitClone {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "git_clone";
    const ABOUT: &'static str = "Brings a git repository from elsewhere into a new folder. Submodules are not brought.";
    const MARKS: Marks = Marks::writes().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_EVERYTHING);
    const TIMEOUT_S: u64 = 300;
    const EXAMPLES: &'static [&'static str] = &[r#"{"url": "https://github.com/octocat/Hello-World.git", "depth": 1}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let target = self.target(&input).await?;
        let command = self.command(&input, &target, call).await?;
        let folder = target.parent().unwrap_or_else(|| target.root());
        aside(move |_| folder.create_dirs()).await?;
        let half_made = HalfMade::new(target.clone());
        let outcome = told(command.time_max(call.shared.timeout), &target, call).await?;
        if outcome.exit_code != Some(0) {
            return Err(refusal::of(&outcome, "cannot clone"));
        }
        half_made.keep();
        let repository = self.0.repository(&target.display()).await?;
        let status = Status::of(&repository, Unknown::Folded, &[]).await?;
        let message = format!("cloned into `{}`", target.display());
        Ok(Output { path: target.display(), branch: status.branch, commit: status.commit, message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let target = self.target(&input).await?;
        Ok(vec![self.command(&input, &target, call).await?.step()])
    }
}

impl GitClone {
    /// The folder that is to be made.
    async fn target(&self, input: &Input) -> Result<Place, Failure> {
        let name = match &input.path {
            Some(path) => path.as_str(),
            None => address::name(&input.url).ok_or_else(|| {
                Failure::invalid("path", "the address does not say how to name the folder").hint("give `path`")
            })?,
        };
        let place = self.0.bench.roots.place("path", name)?;
        let there = place.clone();
        if place.is_root() || aside(move |_| there.exists()).await? {
            let failure = Failure::new(Code::AlreadyExists, format!("`{}` exists already", place.display()));
            return Err(Failure { field: Some("path".to_owned()), ..failure.hint("choose another `path`") });
        }
        Ok(place)
    }

    async fn command(&self, input: &Input, target: &Place, call: &Call) -> Result<Command, Failure> {
        if input.depth.is_some_and(|depth| !(1..=DEPTH_MAX).contains(&depth)) {
            return Err(Failure::invalid("depth", format!("`depth` must be a whole number from 1 to {DEPTH_MAX}")));
        }
        let remote = Remote::at(&self.0, "url", &input.url, call).await?;
        let words = ["clone", "--quiet", "--template=", "--no-recurse-submodules", "--no-local", "--origin=origin"];
        let mut command = alone(words);
        if let Some(branch) = &input.branch {
            names::branch("branch", branch)?;
            command = command.option("--branch", branch)?;
        }
        if let Some(depth) = input.depth {
            command = command.option("--depth", &depth.to_string())?;
        }
        let url = remote.folder().map_or_else(|| input.url.clone(), Place::display);
        let command = remote.reading(command, None)?.why("bring the repository here");
        command.within(&target.root()).rest("url", [url.as_str(), &target.display()])
    }
}

/// Runs a clone, and tells how much of it has come.
async fn told(command: Command, target: &Place, call: &Call) -> Result<Outcome, Failure> {
    let mut clone = std::pin::pin!(command.run());
    let mut moments = tokio::time::interval(TOLD_EVERY);
    loop {
        tokio::select! {
            outcome = &mut clone => return outcome,
            _ = moments.tick() => {
                let target = target.clone();
                let bytes = aside(move |_| Ok(come(&target).unwrap_or_default())).await?;
                call.progress(bytes, None, &format!("{} KiB have come", bytes >> 10));
            }
        }
    }
}

/// Bytes of objects that are there.
fn come(target: &Place) -> Result<u64, Failure> {
    let packs = target.join(".git/objects/pack")?.folder()?;
    let sizes = packs.entries(PACKS_MAX)?.into_iter().filter_map(|entry| packs.stat(&entry.name).ok());
    Ok(sizes.map(|stat| stat.size).sum())
}

/// A folder that goes away unless it is kept.
struct HalfMade(Option<Place>);

impl HalfMade {
    fn new(place: Place) -> Self {
        Self(Some(place))
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for HalfMade {
    fn drop(&mut self) {
        if let Some(place) = self.0.take() {
            // a call that is given up waits for nobody
            thread::spawn(move || remove(&place));
        }
    }
}

/// Removes a folder in which a dying process may still write.
fn remove(place: &Place) {
    for _ in 0..REMOVALS_MAX {
        // what cannot be removed now may be in the next round
        let _ = place.remove();
        thread::sleep(REMOVAL_PAUSE);
        if matches!(place.exists(), Ok(false)) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use workbench::{Denied, Roots};

    use super::*;

    #[test]
    fn what_is_half_made_is_removed_unless_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::open([folder.path()], Denied::system()).unwrap();
        let place = roots.place("path", "half").unwrap();
        place.join(".git/objects").unwrap().create_dirs().unwrap();
        HalfMade::new(place.clone()).keep();
        assert!(place.exists().unwrap());
        remove(&place);
        assert!(!place.exists().unwrap());
    }
}
