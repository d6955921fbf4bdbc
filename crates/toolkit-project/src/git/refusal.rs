//! What git says when it does not do what it was told, as a failure with the cause and the next step. Pure: a table from
//! git's English words.

use serde_json::json;
use toolkit::{Code, Failure};
use workbench::Outcome;

/// Bytes of git's words in the details of a failure.
const STDERR_BYTES_SHOWN: usize = 4 << 10;

/// What git says, what it means, and what to do next.
const CAUSES: &[(&str, Code, &str, &str)] = &[
    (
        "stale info",
        Code::GitError,
        "the remote has moved since it was fetched last",
        "call `git_pull`, look at what came, then push again",
    ),
    (
        "non-fast-forward",
        Code::GitError,
        "the remote has commits that are not here",
        "call `git_pull`, then `git_push` again",
    ),
    (
        "fetch first",
        Code::GitError,
        "the remote has commits that are not here",
        "call `git_pull`, then `git_push` again",
    ),
    (
        "pre-receive hook declined",
        Code::GitError,
        "the remote refuses these commits",
        "its rules forbid it; `details.stderr` has its words",
    ),
    (
        "protected branch",
        Code::GitError,
        "the remote protects this branch",
        "push another branch and open a request with `git_create_pr`",
    ),
    (
        "could not read Username",
        Code::GitError,
        "the remote wants credentials and none are configured",
        "give the server's section of this toolkit a connection with a token, or use an `ssh` url",
    ),
    (
        "terminal prompts disabled",
        Code::GitError,
        "the remote wants credentials and none are configured",
        "give the server's section of this toolkit a connection with a token, or use an `ssh` url",
    ),
    (
        "Authentication failed",
        Code::GitError,
        "the remote does not accept the credentials",
        "check the token of the connection",
    ),
    (
        "Permission denied (publickey",
        Code::GitError,
        "the remote does not accept the ssh key",
        "ssh keys are out of reach of the sandbox; set `sandbox = \"none\"` for this toolkit, or use an `https` url with a token",
    ),
    (
        "Host key verification failed",
        Code::GitError,
        "the host key of the remote is not known",
        "connect once by hand: `ssh -T git@HOST`",
    ),
    (
        "Could not resolve host",
        Code::GitError,
        "the host of the remote is not known",
        "check its name with `git remote -v` and the network",
    ),
    (
        "Repository not found",
        Code::GitError,
        "the remote has no such repository, or hides it",
        "check the url and the credentials",
    ),
    (
        "does not appear to be a git repository",
        Code::GitError,
        "the remote is not there",
        "check its name and url with `git remote -v`",
    ),
    ("Remote branch", Code::GitError, "the remote has no such branch", "leave `branch` out for its default branch"),
    ("couldn't find remote ref", Code::GitError, "the remote has no such branch", "push it first, or name another"),
    (
        "not allowed",
        Code::GitError,
        "this protocol is not spoken here",
        "use `https`, `ssh`, or a path beneath an allowed folder",
    ),
    (
        "index.lock",
        Code::GitError,
        "another git is at work in this repository",
        "wait for it; if none runs, remove `.git/index.lock`",
    ),
    (
        "would be overwritten by",
        Code::GitError,
        "changes that are not committed would be lost",
        "commit them with `git_commit`, then try again",
    ),
    (
        "unmerged",
        Code::GitError,
        "conflicts are not resolved",
        "see them with `git_conflicts` and settle them with `git_resolve_conflict`",
    ),
    (
        "need to resolve your current index first",
        Code::GitError,
        "conflicts are not resolved",
        "see them with `git_conflicts` and settle them with `git_resolve_conflict`",
    ),
    ("You have not concluded your merge", Code::GitError, "a merge is in progress", "end it with `git_commit`"),
    (
        "Not possible to fast-forward",
        Code::GitError,
        "both sides have new commits",
        "pull with `mode: \"rebase\"` or `mode: \"merge\"`",
    ),
    (
        "unrelated histories",
        Code::GitError,
        "the two sides have no commit in common",
        "check that it is the right remote",
    ),
    (
        "You have unstaged changes",
        Code::GitError,
        "there are changes that are not committed",
        "commit them with `git_commit`, then try again",
    ),
    (
        "Please tell me who you are",
        Code::GitError,
        "nobody knows who commits",
        "give `author`, or set it once: `git config --global user.name NAME` and `user.email`",
    ),
    (
        "empty ident name",
        Code::GitError,
        "nobody knows who commits",
        "give `author`, or set it once: `git config --global user.name NAME` and `user.email`",
    ),
    (
        "dubious ownership",
        Code::GitError,
        "the repository belongs to another user",
        "change its owner to the user that Switchboard runs as",
    ),
    ("already exists", Code::AlreadyExists, "it exists already", "choose another name, or leave `create` out"),
    (
        "is already used by worktree",
        Code::GitError,
        "another work tree has this branch",
        "work there, or create another branch",
    ),
    (
        "unknown revision",
        Code::NotFound,
        "there is no such commit or branch",
        "`git_branches` and `git_log` say what there is",
    ),
    (
        "bad revision",
        Code::NotFound,
        "there is no such commit or branch",
        "`git_branches` and `git_log` say what there is",
    ),
    (
        "invalid reference",
        Code::NotFound,
        "there is no such commit or branch",
        "`git_branches` and `git_log` say what there is",
    ),
    (
        "did not match any",
        Code::NotFound,
        "there is no such commit, branch or file",
        "`git_branches` and `git_status` say what there is",
    ),
    ("does not have any commits yet", Code::GitError, "there is no commit yet", "make the first with `git_commit`"),
    ("No space left", Code::FilesystemError, "no space is left", "free some space, then try again"),
];

/// The failure of a git command that was not allowed to fail; `act` begins its sentence.
pub(super) fn of(outcome: &Outcome, act: &str) -> Failure {
    let stderr = without_credentials(&outcome.stderr);
    let start = stderr.len().saturating_sub(STDERR_BYTES_SHOWN);
    let stderr = &stderr[stderr.ceil_char_boundary(start)..];
    let said = format!("{}{}", outcome.stdout, stderr);
    let failure = match CAUSES.iter().find(|(words, ..)| said.contains(words)) {
        Some((_, code, cause, hint)) => Failure::new(*code, format!("{act}: {cause}")).hint(*hint),
        None => Failure::new(Code::GitError, format!("{act}: {}", last_words(stderr))),
    };
    failure.details(json!({"exit_code": outcome.exit_code, "stderr": stderr}))
}

/// The line in which git says why.
fn last_words(stderr: &str) -> String {
    let why = |line: &&str| ["fatal: ", "error: "].iter().any(|word| line.starts_with(word));
    let line = stderr.lines().find(why).or_else(|| stderr.lines().rev().find(|line| !line.trim().is_empty()));
    let line = line.unwrap_or("git does not say why");
    line.trim_start_matches("fatal: ").trim_start_matches("error: ").trim().to_owned()
}

/// The same text without what stands before the `@` of a URL.
pub(super) fn without_credentials(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find("://") {
        let (before, after) = rest.split_at(place + 3);
        clean.push_str(before);
        let end = after.find(|one: char| one == '/' || one == '\'' || one == '"' || one.is_whitespace());
        let authority = &after[..end.unwrap_or(after.len())];
        rest = &after[authority.rfind('@').map_or(0, |at| at + 1)..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure(stderr: &str) -> Failure {
        let outcome = Outcome {
            exit_code: Some(128),
            stdout: String::new(),
            stderr: stderr.to_owned(),
            truncated: false,
            duration: Duration::ZERO,
        };
        of(&outcome, "cannot push")
    }

    #[test]
    fn what_git_says_becomes_a_cause_and_a_next_step() {
        let check = |stderr: &str, code: Code, cause: &str, hint: &str| {
            let failure = failure(stderr);
            assert_eq!((failure.code, &*failure.message), (code, &*format!("cannot push: {cause}")), "{stderr}");
            assert!(failure.hint.contains(hint), "{stderr}: {}", failure.hint);
        };
        check(
            " ! [rejected] main -> main (fetch first)\n",
            Code::GitError,
            "the remote has commits that are not here",
            "git_pull",
        );
        check(
            "fatal: could not read Username for 'https://x': terminal prompts disabled\n",
            Code::GitError,
            "the remote wants credentials and none are configured",
            "token",
        );
        check("fatal: bad revision 'x'\n", Code::NotFound, "there is no such commit or branch", "git_branches");
        check("warning: a\nfatal: never seen\nhint: b\n", Code::GitError, "never seen", "");
        check("", Code::GitError, "git does not say why", "");
    }

    #[test]
    fn credentials_in_urls_are_never_repeated() {
        let check = |text: &str, expected: &str| assert_eq!(without_credentials(text), expected);
        check("fatal: 'https://ada:tok@en@host/x.git' no", "fatal: 'https://host/x.git' no");
        check("https://host/a@b ssh://git@host/x", "https://host/a@b ssh://host/x");
        check("a://b@c://d@e", "a://c://e");
        check("nothing", "nothing");
    }
}
