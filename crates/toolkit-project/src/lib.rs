//! The toolkit `project`: files and search in the folders of a project. One file declares one tool.
//!
//! It stands on the workbench for everything it touches; it adds what the tools are and what they answer.

mod files;

use toolkit::Toolkit;
use workbench::Bench;

/// What it is for, in a few words.
pub const ABOUT: &str = "files, search and trees of projects, with backups";

/// The toolkit, working in the folders of `bench`.
pub fn toolkit(bench: &Bench) -> Toolkit {
    let toolkit = Toolkit::new("project", env!("CARGO_PKG_VERSION")).instructions(
        "Files of projects. Paths are absolute, or relative to the first allowed folder. What is overwritten stays \
         beside the file as a backup, what is deleted stays in the trash for a week.",
    );
    files::add_to(toolkit, bench)
}
