//! The toolkit `dev_env`: projects from templates, what existing ones are made of, their environments, dependencies and
//! tasks and notebooks. Each file in `tools` declares one tool; the other modules are the nouns that tools speak of.
//!
//! It touches files and starts programs only on the workbench, and opens no connection itself.
//!
//! In reading order: `name`, `template` and `templates` (new projects), `unfinished` and `git` (how they come to be);
//! `survey`, `findings`, `manager` and `kinds` (what an existing project is); `programs` and `deadline` (how
//! programs are run); `environment`, `python`, `package`, `install` and `version` (what projects need); `additions` and
//! `undo` (what they can be given); `tasks` and `tally`; `notebook`; `tools`.

mod additions;
mod deadline;
mod environment;
mod findings;
mod git;
mod install;
mod kinds;
mod manager;
mod name;
mod notebook;
mod package;
mod programs;
mod python;
mod shown;
mod survey;
mod tally;
mod tasks;
mod template;
mod templates;
mod tools;
mod undo;
mod unfinished;
mod version;

use toolkit::Toolkit;
use workbench::Bench;
pub use workbench::surroundings::reach;

/// What it is for, in a few words.
pub const ABOUT: &str = "projects from templates, their environments, dependencies, tasks and notebooks";

/// The toolkit, working in the folders of `bench`.
pub fn toolkit(bench: &Bench) -> Toolkit {
    let toolkit = Toolkit::new("dev_env", env!("CARGO_PKG_VERSION")).instructions(
        "Projects of this machine. `create_project` begins a new one from a template; `detect_project` says what an \
         existing one is made of; `setup_python_env`, `setup_node_env` and `setup_env` make it ready, and `run_task` \
         tests it. Paths are absolute, or relative to the first allowed folder.",
    );
    tools::all(toolkit, bench)
}
