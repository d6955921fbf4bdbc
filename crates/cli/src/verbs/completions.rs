//! `switchboard completions`: the script that makes a shell ask this program what may follow.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::env::{Bash, EnvCompleter, Fish, Powershell, Zsh};

use crate::{Cli, Context, Error, Exit};

/// Print the script that completes verbs, options, servers and tools in a shell.
///
/// Add it to the shell's start-up file, as in the examples; it asks this very program, so it stays current.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard completions bash >> ~/.bashrc
  switchboard completions zsh >> ~/.zshrc
  switchboard completions fish > ~/.config/fish/completions/switchboard.fish")]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

impl Completions {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let shell: &dyn EnvCompleter = match self.shell {
            Shell::Bash => &Bash,
            Shell::Zsh => &Zsh,
            Shell::Fish => &Fish,
            Shell::Powershell => &Powershell,
        };
        let program = std::env::current_exe()?;
        let name = Cli::command().get_name().to_owned();
        let mut script = Vec::new();
        let variable = config::env::COMPLETE.name;
        shell.write_registration(variable, &name, &name, &program.to_string_lossy(), &mut script)?;
        context.terminal.data(String::from_utf8_lossy(&script).trim())?;
        Ok(Exit::Done)
    }
}
