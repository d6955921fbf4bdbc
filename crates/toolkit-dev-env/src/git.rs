//! A new repository and its first commit, by a git that runs nothing but itself. What comes after the first commit is for
//! the tools of the toolkit `project`.

use std::time::Instant;

use toolkit::Failure;
use workbench::{Command, Outcome, Place};

use crate::programs::{GIT, GIT_IDENTITY};

/// Who commits when git does not know its user.
const NOBODY: (&str, &str) = ("Switchboard", "switchboard@localhost");
const MESSAGE: &str = "--message=Begin from a template";

/// A new repository in which nothing is committed yet.
pub(crate) fn init(project: &Place) -> Result<Command, Failure> {
    let command = GIT.subcommand("init")?.words(["--quiet", "--initial-branch=main", "--template="]);
    Ok(command.within(project).why("the project has a history"))
}

/// What a first commit needs, in the order in which it is run.
pub(crate) fn steps(project: &Place, author: &Author) -> Result<Vec<Command>, Failure> {
    let git = |subcommand, words: &[&'static str], why| {
        let command = GIT.subcommand(subcommand)?.words(words.iter().copied()).within(project).why(why);
        Ok::<_, Failure>(author.put_into(command))
    };
    Ok(vec![
        init(project)?,
        git("add", &["--all"], "all that the template has belongs to the first commit")?,
        git("commit", &["--quiet", "--no-verify", MESSAGE], "there is a state to come back to")?,
    ])
}

/// Makes the repository and commits all that is there; gives the commit.
pub(crate) async fn begin(project: &Place, deadline: Instant) -> Result<String, Failure> {
    let author = Author::of_user(deadline).await;
    for step in steps(project, &author)? {
        run(step, deadline).await?;
    }
    let head = GIT.subcommand("rev-parse")?.words(["--verify", "HEAD"]).within(project);
    Ok(run(head, deadline).await?.stdout.trim().to_owned())
}

async fn run(command: Command, deadline: Instant) -> Result<Outcome, Failure> {
    command.time_max(deadline.saturating_duration_since(Instant::now())).succeed().await
}

/// Who a commit is by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    name: String,
    email: String,
}

impl Author {
    /// The user, as git knows them; otherwise this program.
    async fn of_user(deadline: Instant) -> Self {
        let name = setting("user.name", deadline).await;
        let email = setting("user.email", deadline).await;
        match (name, email) {
            (Some(name), Some(email)) => Self { name, email },
            _ => Self::default(),
        }
    }

    fn put_into(&self, command: Command) -> Command {
        ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"]
            .into_iter()
            .fold(command, |command, variable| command.env(variable, &*self.name))
            .env("GIT_AUTHOR_EMAIL", &*self.email)
            .env("GIT_COMMITTER_EMAIL", &*self.email)
    }
}

impl Default for Author {
    fn default() -> Self {
        Self { name: NOBODY.0.to_owned(), email: NOBODY.1.to_owned() }
    }
}

/// A setting of the user's git; nothing if it is not set or cannot be read.
async fn setting(name: &'static str, deadline: Instant) -> Option<String> {
    let outcome = run(GIT_IDENTITY.command().words([name]), deadline).await.ok()?;
    let value = outcome.stdout.trim();
    (!value.is_empty() && !value.contains(['\n', '\0', '<', '>'])).then(|| value.to_owned())
}
