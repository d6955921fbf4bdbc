//! `cargo xtask toolkits`: the reference pages of the toolkits in `docs/src/toolkits`, as the program prints them. Whether
//! they are current is checked by the tests of the program, which alone knows its toolkits.

use std::{
    fs, io,
    process::{Command, Output},
};

use crate::page;

/// Writes the page of every toolkit.
pub(crate) fn run() -> Result<(), Error> {
    let folder = page::root().join("docs/src/toolkits");
    fs::create_dir_all(&folder).map_err(Error::Write)?;
    for name in config::TOOLKITS {
        let printed = print(name).map_err(Error::Start)?;
        if !printed.status.success() {
            return Err(Error::Program { stderr: String::from_utf8_lossy(&printed.stderr).into_owned() });
        }
        fs::write(folder.join(format!("{name}.md")), printed.stdout).map_err(Error::Write)?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "automation starts cargo; no server is started here")]
fn print(name: &str) -> io::Result<Output> {
    Command::new("cargo")
        .args(["run", "--quiet", "-p", "switchboard", "--", "toolkit", name, "--page"])
        .current_dir(page::root())
        .output()
}

/// What can go wrong with the pages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot start cargo")]
    Start(#[source] io::Error),
    #[error("the program did not print its page: {stderr}")]
    Program { stderr: String },
    #[error("cannot write the page")]
    Write(#[source] io::Error),
}
