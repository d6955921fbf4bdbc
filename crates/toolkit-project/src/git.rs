//! The git tools, one file each, and what they stand on: git itself, run so that a repository can make it do nothing else.

mod address;
mod config;
mod conflict;
mod dangers;
mod forge;
mod git_auto_commit;
mod git_branches;
mod git_checkout;
mod git_clone;
mod git_commit;
mod git_conflicts;
mod git_create_pr;
mod git_diff;
mod git_init;
mod git_log;
mod git_pull;
mod git_push;
mod git_resolve_conflict;
mod git_status;
mod git_suggest_message;
mod identity;
mod known;
mod location;
mod marks;
mod message;
mod names;
mod program;
mod refusal;
mod remote;
mod repository;
mod settings;
mod staging;
mod status;
mod tests_of_project;
mod watches;

pub(crate) use marks::Marks;
pub(crate) use repository::Git;
pub use settings::Settings;
use toolkit::Toolkit;

/// Adds the git tools.
pub(crate) fn add_to(toolkit: Toolkit, git: &Git) -> Toolkit {
    toolkit
        .tool(git_init::GitInit(git.clone()))
        .tool(git_status::GitStatus(git.clone()))
        .tool(git_commit::GitCommit(git.clone()))
        .tool(git_push::GitPush(git.clone()))
        .tool(git_pull::GitPull(git.clone()))
        .tool(git_clone::GitClone(git.clone()))
        .tool(git_log::GitLog(git.clone()))
        .tool(git_diff::GitDiff(git.clone()))
        .tool(git_branches::GitBranches(git.clone()))
        .tool(git_checkout::GitCheckout(git.clone()))
        .tool(git_auto_commit::GitAutoCommit(git.clone()))
        .tool(git_create_pr::GitCreatePr(git.clone()))
        .tool(git_suggest_message::GitSuggestMessage(git.clone()))
        .tool(git_conflicts::GitConflicts(git.clone()))
        .tool(git_resolve_conflict::GitResolveConflict(git.clone()))
}
