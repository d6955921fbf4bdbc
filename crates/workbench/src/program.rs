//! The programs that a toolkit may run. Each is a constant: its name, the sub-commands that are allowed, what always stands
//! before them, and the package that has it. What a caller wrote never chooses a program.

use toolkit::{Code, Failure};

use crate::{command::Command, distribution::Packages};

/// A program that a toolkit may run.
#[derive(Debug, PartialEq, Eq)]
pub struct Program {
    name: &'static str,
    first: &'static [&'static str],
    subcommands: &'static [&'static str],
    env: &'static [(&'static str, &'static str)],
    packages: Packages,
}

impl Program {
    /// A program without sub-commands, in the package of its name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, first: &[], subcommands: &[], env: &[], packages: Packages::same(name) }
    }

    /// With arguments that always come first.
    pub const fn first(self, first: &'static [&'static str]) -> Self {
        Self { first, ..self }
    }

    /// With its allowed sub-commands.
    pub const fn subcommands(self, subcommands: &'static [&'static str]) -> Self {
        Self { subcommands, ..self }
    }

    /// With variables that it always gets.
    pub const fn env(self, env: &'static [(&'static str, &'static str)]) -> Self {
        Self { env, ..self }
    }

    /// With the packages that have it.
    pub const fn packages(self, packages: Packages) -> Self {
        Self { packages, ..self }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A command without a sub-command.
    pub fn command(&'static self) -> Command {
        Command::new(self, self.first, self.env)
    }

    /// A command with this sub-command, if it is allowed.
    pub fn subcommand(&'static self, subcommand: &str) -> Result<Command, Failure> {
        if let Some(allowed) = self.subcommands.iter().find(|allowed| **allowed == subcommand) {
            return Ok(self.command().words([*allowed]));
        }
        let text = format!("`{} {}` is not allowed here", self.name, crate::refusal::shortened(subcommand));
        let hint = format!("allowed are {}", self.subcommands.join(", "));
        Err(Failure::new(Code::CommandDenied, text).hint(hint))
    }

    /// The failure when it is not installed.
    pub fn missing(&self) -> Failure {
        let text = format!("`{}` is not installed", self.name);
        Failure::new(Code::DependencyMissing, text).hint(self.packages.hint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static GIT: Program = Program::new("git").first(&["--no-pager"]).subcommands(&["status", "log"]);

    #[test]
    fn only_listed_subcommands_become_commands() {
        assert_eq!(GIT.subcommand("status").unwrap().shown(), "git --no-pager status");
        for hostile in ["push", "status -c x", "--exec-path=/tmp", "", "status\n", "log;id"] {
            assert_eq!(GIT.subcommand(hostile).unwrap_err().code, Code::CommandDenied, "{hostile}");
        }
    }
}
