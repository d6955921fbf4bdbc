//! The toolkit `project`: files and search in the folders of a project, git, and what makes a project slow. One file declares one
//! tool.
//!
//! It stands on the workbench for everything it touches; it adds what the tools are and what they answer.

mod files;
mod git;
mod performance;

pub use git::Settings;
use toolkit::Toolkit;
use workbench::{Bench, Reach, surroundings};

/// What it is for, in a few words.
pub const ABOUT: &str = "files, search and trees of projects, with backups; git";

/// What git reads of the user's home, who they are, and what the programs of projects need.
pub fn reach() -> Reach {
    let mut reach = surroundings::reach();
    let own = ["~/.gitconfig", "~/.config/git/config"].map(|path| workbench::roots::expanded(path.as_ref()));
    reach.readable.extend(own);
    reach
}

/// The toolkit, working in the folders of `bench`, with the settings of this process.
pub fn toolkit(bench: &Bench) -> Toolkit {
    toolkit_with(bench, Settings::of_process())
}

/// The toolkit with these settings.
pub fn toolkit_with(bench: &Bench, settings: Settings) -> Toolkit {
    let toolkit = Toolkit::new("project", env!("CARGO_PKG_VERSION")).instructions(
        "Files of projects, and git. Paths are absolute, or relative to the first allowed folder. What is overwritten \
         stays beside the file as a backup, what is deleted stays in the trash for a week. Hooks and filters of a git \
         repository run only if the operator trusts it.",
    );
    let git = git::Git::new(bench.clone(), settings);
    let toolkit = files::add_to(toolkit.argument_aliases(files::PATH_ALIASES), bench, &git);
    performance::add_to(git::add_to(toolkit, &git), bench, &git)
}
