//! From the words that were typed to the end of a verb: read, run, said, and given back as an exit code.

use std::ffi::OsString;

use clap::Parser;

use crate::{Cli, Context, Error, Exit, Program, Terminal, usage};

/// Runs the command line `words`, the first of which is the name of the program.
pub async fn run(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    terminal: &mut Terminal,
    program: &dyn Program,
) -> Exit {
    let result = match Cli::try_parse_from(words) {
        Ok(typed) => typed.run(terminal, program).await,
        Err(error) => explain(&error, terminal),
    };
    terminal.end(result)
}

fn explain(error: &clap::Error, terminal: &mut Terminal) -> Result<Exit, Error> {
    terminal.data(&usage::read(error)?)?;
    Ok(Exit::Done)
}

impl Cli {
    async fn run(self, terminal: &mut Terminal, program: &dyn Program) -> Result<Exit, Error> {
        terminal.choose(self.options.json, self.options.quiet);
        let mut context = Context { terminal, options: self.options, program };
        self.verb.run(&mut context).await
    }
}
