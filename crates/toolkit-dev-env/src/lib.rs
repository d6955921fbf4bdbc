//! The toolkit `dev_env`: projects from templates, and what an existing project is made of. Each file in `tools` declares
//! one tool; the other modules are the nouns that tools speak of.
//!
//! It touches files and starts programs only on the workbench, and opens no connection itself.
//!
//! In reading order: `name`, `template` and `templates` (new projects), `unfinished` and `git` (how they come to be);
//! `survey`, `findings`, `manager` and `kinds` (what an existing project is); `tools`.

mod findings;
mod git;
mod kinds;
mod manager;
mod name;
mod programs;
mod shown;
mod survey;
mod template;
mod templates;
mod tools;
mod unfinished;

use toolkit::Toolkit;
use workbench::Bench;

/// What it is for, in a few words.
pub const ABOUT: &str = "new projects from templates, and what an existing project is made of";

/// The toolkit, working in the folders of `bench`.
pub fn toolkit(bench: &Bench) -> Toolkit {
    let toolkit = Toolkit::new("dev_env", env!("CARGO_PKG_VERSION")).instructions(
        "Projects of this machine. `create_project` begins a new one from a template; `detect_project` says what an \
         existing one is made of. Paths are absolute, or relative to the first allowed folder.",
    );
    tools::all(toolkit, bench)
}
