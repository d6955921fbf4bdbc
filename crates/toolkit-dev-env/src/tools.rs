//! The tools, one file each, in the order in which they are listed.

mod auto_setup;
mod create_project;
mod detect_project;
mod edit_notebook;
mod install_dependencies;
mod list_envs;
mod list_notebooks;
mod list_tasks;
mod list_templates;
mod read_notebook;
mod run_notebook;
mod run_task;
mod setup_env;
mod setup_node_env;
mod setup_python_env;

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

/// What is read of projects, here and by other toolkits: void when a program has worked in one.
const CHANGED_PROJECT: &[&str] = &["*", "project:*", "graphics:*", "docker:compose_*"];

/// Adds the tools.
pub(crate) fn all(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit
        .argument_aliases(ALIASES)
        .tool(create_project::CreateProject(bench.clone()))
        .tool(list_templates::ListTemplates)
        .tool(setup_python_env::SetupPythonEnv(bench.clone()))
        .tool(setup_node_env::SetupNodeEnv(bench.clone()))
        .tool(setup_env::SetupEnv(bench.clone()))
        .tool(install_dependencies::InstallDependencies(bench.clone()))
        .tool(list_envs::ListEnvs(bench.clone()))
        .tool(detect_project::DetectProject(bench.clone()))
        .tool(auto_setup::AutoSetup(bench.clone()))
        .tool(list_tasks::ListTasks(bench.clone()))
        .tool(run_task::RunTask(bench.clone()))
        .tool(list_notebooks::ListNotebooks(bench.clone()))
        .tool(read_notebook::ReadNotebook(bench.clone()))
        .tool(run_notebook::RunNotebook(bench.clone()))
        .tool(edit_notebook::EditNotebook(bench.clone()))
}

/// For arguments that are true if they are not given.
fn yes() -> bool {
    true
}
