//! What to run: program, arguments, directory, and an environment built from an allow-list.
//!
//! A child never sees our whole environment: our secrets live there.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

use crate::Error;

const INHERITED: [&str; 7] = ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME"];
const INHERITED_PREFIX: &str = "LC_";

/// A program to run, and everything it will be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// A path, or a name that is looked up in the child's `PATH`.
    pub program: OsString,
    /// Its arguments, without the program's name.
    pub args: Vec<OsString>,
    /// Variables beside, and before, the inherited ones.
    pub env: Vec<(OsString, OsString)>,
    /// Where it runs; ours when absent.
    pub cwd: Option<PathBuf>,
}

impl Command {
    /// A command without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self { program: program.into(), args: Vec::new(), env: Vec::new(), cwd: None }
    }

    /// Adds one argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets one variable.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Sets the working directory.
    pub fn cwd(mut self, directory: impl Into<PathBuf>) -> Self {
        self.cwd = Some(directory.into());
        self
    }

    /// The whole environment of the child: what it may inherit, then what it was given.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        env::vars_os().filter(|(name, _)| is_inherited(name)).chain(self.env.iter().cloned()).collect()
    }

    /// Refuses a program that is missing or may not be run, before anything is started.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let found: Vec<PathBuf> = self.candidates().into_iter().filter(|path| path.is_file()).collect();
        if found.is_empty() {
            return Err(Error::NotFound { program: self.program.clone() });
        }
        if !found.iter().any(|path| access(path, Access::EXEC_OK).is_ok()) {
            return Err(Error::NotExecutable { program: self.program.clone() });
        }
        Ok(())
    }

    fn candidates(&self) -> Vec<PathBuf> {
        let base = self.cwd.as_deref().unwrap_or(Path::new(""));
        if self.program.as_encoded_bytes().contains(&b'/') {
            return vec![base.join(&self.program)];
        }
        let environment = self.environment();
        let path = environment.iter().rfind(|(name, _)| name == "PATH").map(|(_, value)| value.as_os_str());
        env::split_paths(path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin")))
            .map(|directory| base.join(directory).join(&self.program))
            .collect()
    }
}

fn is_inherited(name: &OsStr) -> bool {
    INHERITED.iter().any(|inherited| name == *inherited) || name.as_encoded_bytes().starts_with(INHERITED_PREFIX.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &Command) -> String {
        command.check().map_or_else(|error| error.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn a_program_is_found_by_name_by_path_and_below_its_directory() {
        assert_eq!(check(&Command::new("sh")), "ok");
        assert_eq!(check(&Command::new("/bin/sh")), "ok");
        assert_eq!(check(&Command::new("./sh").cwd("/bin")), "ok");
    }

    #[test]
    fn a_program_that_cannot_run_is_refused_by_name() {
        assert_eq!(check(&Command::new("no-such-program")), "program `no-such-program` was not found");
        assert_eq!(check(&Command::new("sh").env("PATH", "/nowhere")), "program `sh` was not found");
        assert_eq!(check(&Command::new("/etc/passwd")), "program `/etc/passwd` is not executable");
    }

    #[test]
    fn only_listed_variables_are_inherited() {
        for name in ["PATH", "HOME", "LC_ALL", "LC_TIME"] {
            assert!(is_inherited(OsStr::new(name)), "{name}");
        }
        for name in ["PATHS", "AWS_SECRET_ACCESS_KEY", "LD_PRELOAD", "SSH_AUTH_SOCK"] {
            assert!(!is_inherited(OsStr::new(name)), "{name}");
        }
    }
}
