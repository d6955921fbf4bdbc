//! The tools, one file each, in the order in which they are listed.

mod create_project;
mod detect_project;
mod list_templates;

use toolkit::Toolkit;
use workbench::Bench;

/// Other names of arguments, which earlier callers use.
const ALIASES: &[(&str, &str)] = &[
    ("project_path", "path"),
    ("projectPath", "path"),
    ("basePath", "path"),
    ("initGit", "git_init"),
    ("projectType", "type"),
    ("project_type", "type"),
    ("filter", "type"),
];

/// Adds the tools.
pub(crate) fn all(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .argument_aliases(ALIASES)
        .tool(create_project::CreateProject(bench.clone()))
        .tool(list_templates::ListTemplates)
        .tool(detect_project::DetectProject(bench.clone()))
}

/// For arguments that are true if they are not given.
fn yes() -> bool {
    true
}
