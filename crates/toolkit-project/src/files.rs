//! The file tools, one file each, and what several of them share.

mod content;
mod create_directory;
mod delete_file;
mod difference;
mod edit_file;
mod find_in_files;
mod globs;
mod list_directory;
mod move_path;
mod path_info;
mod project_tree;
mod read_file;
mod replace_in_files;
mod rules;
pub(crate) mod search;
mod write_file;

use toolkit::Toolkit;
use workbench::Bench;

use crate::git::Git;

/// Other names of `path`, which earlier callers use.
pub(crate) const PATH_ALIASES: &[(&str, &str)] = &[
    ("project_path", "path"),
    ("projectPath", "path"),
    ("repo_path", "path"),
    ("repositoryPath", "path"),
    ("repository_path", "path"),
    ("file_path", "path"),
    ("filePath", "path"),
    ("basePath", "path"),
    ("search_path", "path"),
];

/// What is read of files, here and by other toolkits: void when one has changed.
pub(crate) const CHANGED_FILES: &[&str] = &[
    "list_directory",
    "read_file",
    "path_info",
    "find_in_files",
    "project_tree",
    "analyze_performance",
    "git_status",
    "git_diff",
    "git_conflicts",
    "git_suggest_message",
    "dev_env:*",
    "graphics:*",
    "docker:compose_*",
];

/// What is read of folders that may be repositories, of repositories, and of what lies in them: a hook may change anything.
pub(crate) const CHANGED_EVERYTHING: &[&str] = &["*", "dev_env:*", "graphics:*", "docker:compose_*"];

/// Adds the file tools.
pub(crate) fn add_to(toolkit: Toolkit, bench: &Bench, git: &Git) -> Toolkit {
    toolkit
        .tool(list_directory::ListDirectory(bench.clone()))
        .tool(read_file::ReadFile(bench.clone()))
        .tool(write_file::WriteFile(bench.clone()))
        .tool(edit_file::EditFile(bench.clone()))
        .tool(delete_file::DeleteFile(bench.clone()))
        .tool(create_directory::CreateDirectory(bench.clone()))
        .tool(move_path::MovePath(bench.clone()))
        .tool(path_info::PathInfo(bench.clone()))
        .tool(find_in_files::FindInFiles(bench.clone()))
        .tool(replace_in_files::ReplaceInFiles(bench.clone()))
        .tool(project_tree::ProjectTree { bench: bench.clone(), git: git.clone() })
}

/// For arguments that are true if they are not given.
pub(crate) fn yes() -> bool {
    true
}
