//! One run of an allowed program: an argument vector in which the words are ours and what a caller wrote stands where it
//! cannot be taken for an option. No shell reads it.

use std::{borrow::Cow, ffi::OsString, os::fd::AsRawFd as _, time::Duration};

use rustix::fs::OFlags;
use serde_json::json;
use supervisor::{Bounds, Finished, Limits};
use toolkit::{Code, Failure};

use crate::{Place, Program, denied::Act};

/// Bytes of one argument that a caller wrote: Linux takes 128 KiB.
const ARGUMENT_BYTES_MAX: usize = 64 << 10;
/// Bytes of stderr in the details of a failure.
const STDERR_BYTES_SHOWN: usize = 4 << 10;
/// Time that a run keeps from the call it belongs to, to be killed and told of.
const MARGIN: Duration = Duration::from_millis(500);

/// A command that is put together.
#[derive(Debug)]
pub struct Command {
    program: &'static Program,
    arguments: Vec<String>,
    env: Vec<(Cow<'static, str>, String)>,
    within: Option<Place>,
    input: Vec<u8>,
    bounds: Bounds,
    limits: Limits,
    why: &'static str,
}

/// What a command that succeeded, or was allowed to fail, has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit code; none if a signal ended it.
    pub exit_code: Option<i32>,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    /// Whether something is missing at the end of what it wrote.
    pub truncated: bool,
    /// How long it took.
    pub duration: Duration,
}

impl Command {
    pub(crate) fn new(program: &'static Program, first: &[&'static str], env: &[(&'static str, &'static str)]) -> Self {
        Self {
            program,
            arguments: first.iter().map(ToString::to_string).collect(),
            env: env.iter().map(|(name, value)| (Cow::Borrowed(*name), (*value).to_owned())).collect(),
            within: None,
            input: Vec::new(),
            bounds: Bounds::default(),
            limits: Limits::default(),
            why: "",
        }
    }

    /// With words of our own.
    pub fn words(mut self, words: impl IntoIterator<Item = &'static str>) -> Self {
        self.arguments.extend(words.into_iter().map(str::to_owned));
        self
    }

    /// With one of our options and a caller's value for it, as one argument: `--name=value`.
    pub fn option(mut self, option: &'static str, value: &str) -> Result<Self, Failure> {
        check(option.trim_start_matches('-'), value)?;
        self.arguments.push(format!("{option}={value}"));
        Ok(self)
    }

    /// With a caller's value in the place of a word; a leading dash is refused, since it could be taken for an option.
    pub fn operand(mut self, field: &str, value: &str) -> Result<Self, Failure> {
        check(field, value)?;
        if value.starts_with('-') {
            let text = format!("`{field}` must not begin with `-`: it could be taken for an option");
            return Err(Failure::invalid(field, text));
        }
        self.arguments.push(value.to_owned());
        Ok(self)
    }

    /// With callers' values behind `--`, for programs that know it. Nothing may follow.
    pub fn rest<'a>(mut self, field: &str, values: impl IntoIterator<Item = &'a str>) -> Result<Self, Failure> {
        self.arguments.push("--".to_owned());
        self.after_script(field, values)
    }

    /// With callers' values behind the script that an interpreter runs: it takes none of them for its own options. Nothing
    /// but they may follow the script.
    pub fn after_script<'a>(mut self, field: &str, values: impl IntoIterator<Item = &'a str>) -> Result<Self, Failure> {
        for value in values {
            check(field, value)?;
            self.arguments.push(value.to_owned());
        }
        Ok(self)
    }

    /// With one more variable. A caller never chooses its name.
    pub fn env(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// In this folder.
    pub fn within(self, place: &Place) -> Self {
        Self { within: Some(place.clone()), ..self }
    }

    /// With this on its stdin.
    pub fn input(self, input: impl Into<Vec<u8>>) -> Self {
        Self { input: input.into(), ..self }
    }

    /// With this much time.
    pub fn time_max(mut self, time_max: Duration) -> Self {
        self.bounds.time_max = time_max.saturating_sub(MARGIN).max(MARGIN);
        self
    }

    /// With this much kept of what it writes to stdout.
    pub fn stdout_bytes_max(mut self, bytes: usize) -> Self {
        self.bounds.stdout_bytes_max = bytes;
        self
    }

    /// With this much memory.
    pub fn memory_bytes_max(mut self, bytes: u64) -> Self {
        self.limits.memory_bytes_max = Some(bytes);
        self
    }

    /// With the reason why it is run, for those who want to learn.
    pub fn why(self, why: &'static str) -> Self {
        Self { why, ..self }
    }

    /// As a step of a plan: the command, and why it is run.
    pub fn step(&self) -> String {
        if self.why.is_empty() {
            format!("run `{}`", self.shown())
        } else {
            format!("run `{}`: {}", self.shown(), self.why)
        }
    }

    /// As a person would type it.
    pub fn shown(&self) -> String {
        let quoted = |word: &str| {
            let plain = |one: char| one.is_ascii_alphanumeric() || "-_./=:,@%+".contains(one);
            if !word.is_empty() && word.chars().all(plain) {
                word.to_owned()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        };
        let words = std::iter::once(self.program.name()).chain(self.arguments.iter().map(String::as_str));
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }

    /// Runs it to its end, whatever its exit code is.
    pub async fn run(self) -> Result<Outcome, Failure> {
        let program = self.program;
        let (time_max, shown) = (self.bounds.time_max, self.shown());
        let folder = match &self.within {
            Some(place) => Some(place.open_as(OFlags::PATH | OFlags::DIRECTORY, "work in", Act::Read)?),
            None => None,
        };
        let mut command = supervisor::Command::new(program.name()).args(self.arguments.iter().map(OsString::from));
        if let Some(folder) = &folder {
            // the child has our descriptors until it becomes the program: no path is walked a second time
            command = command.cwd(format!("/proc/self/fd/{}", folder.as_raw_fd()));
        }
        for (name, value) in &self.env {
            command = command.env(name.as_ref(), value);
        }
        toolkit::commands::note(|| self.shown(), self.why);
        let end = supervisor::run(&command, self.limits, &self.bounds, self.input.into()).await;
        drop(folder);
        let finished = end.map_err(|error| match error {
            supervisor::Error::NotFound { .. } | supervisor::Error::NotExecutable { .. } => program.missing(),
            error => Failure::new(Code::InternalError, format!("cannot run `{}`: {error}", program.name())),
        })?;
        if finished.is_timed_out {
            let text = format!("`{shown}` was not done after {:.1} s and has been stopped", time_max.as_secs_f32());
            return Err(Failure::new(Code::Timeout, text).hint("give it more time with `timeout_s`"));
        }
        Ok(Outcome::of(finished))
    }

    /// Runs it to its end; another exit code than 0 is a failure.
    pub async fn succeed(self) -> Result<Outcome, Failure> {
        let shown = self.shown();
        let outcome = self.run().await?;
        if outcome.exit_code == Some(0) { Ok(outcome) } else { Err(outcome.failure(&shown)) }
    }
}

impl Outcome {
    fn of(finished: Finished) -> Self {
        let text = |captured: supervisor::Captured| match String::from_utf8(captured.bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Self {
            exit_code: match finished.exit {
                supervisor::Exit::Code(code) => Some(code),
                _ => None,
            },
            truncated: finished.stdout.is_cut() || finished.stderr.is_cut(),
            stdout: text(finished.stdout),
            stderr: text(finished.stderr),
            duration: finished.duration,
        }
    }

    /// The failure of a command that was not allowed to fail.
    pub fn failure(&self, shown: &str) -> Failure {
        let how = self.exit_code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
        let start = self.stderr.len().saturating_sub(STDERR_BYTES_SHOWN);
        let stderr = &self.stderr[self.stderr.ceil_char_boundary(start)..];
        let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        let text = if last.is_empty() {
            format!("`{shown}` ended with {how}")
        } else {
            format!("`{shown}` ended with {how}: {last}")
        };
        Failure::new(Code::CommandFailed, text).details(json!({"exit_code": self.exit_code, "stderr": stderr}))
    }
}

/// Refuses what no argument can be.
fn check(field: &str, value: &str) -> Result<(), Failure> {
    if value.contains('\0') {
        return Err(Failure::invalid(field, format!("`{field}` contains a NUL character")));
    }
    if value.len() > ARGUMENT_BYTES_MAX {
        let text = format!("`{field}` has {} bytes; at most {ARGUMENT_BYTES_MAX} fit into a command", value.len());
        return Err(Failure { field: Some(field.to_owned()), ..Failure::new(Code::TooLarge, text) });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Denied, Roots};

    static PRINTF: Program = Program::new("printf");
    static LS: Program = Program::new("ls");
    static SLEEP: Program = Program::new("sleep");
    static PWD: Program = Program::new("pwd").first(&["-P"]);
    static NONE: Program = Program::new("no-such-program-anywhere");
    static ENV: Program = Program::new("env").env(&[("OURS", "1")]);

    #[tokio::test]
    async fn what_a_caller_wrote_is_one_argument_and_never_a_command() {
        for hostile in ["; touch /tmp/x", "$(id)", "`id`", "a b", "| sh", "--help", "-n", "\n", "'", "\"", "*", "~"] {
            let command = PRINTF.command().words(["%s|"]).rest("text", [hostile, "end"]);
            // printf is one of the programs that print `--` when it is not first
            let outcome = command.unwrap().succeed().await.unwrap();
            assert_eq!(outcome.stdout, format!("--|{hostile}|end|"));
        }
    }

    #[tokio::test]
    async fn an_operand_that_looks_like_an_option_is_refused() {
        for hostile in ["-rf", "--output=/tmp/x", "-"] {
            let failure = LS.command().operand("name", hostile).unwrap_err();
            assert_eq!((failure.code, failure.field.as_deref()), (Code::InvalidInput, Some("name")), "{hostile}");
        }
        assert_eq!(LS.command().operand("name", "a\0b").unwrap_err().code, Code::InvalidInput);
        assert_eq!(LS.command().operand("name", &"x".repeat(100_000)).unwrap_err().code, Code::TooLarge);
        assert_eq!(LS.command().option("--sort", "-x").unwrap().shown(), "ls --sort=-x");
    }

    #[tokio::test]
    async fn a_missing_program_is_told_with_how_to_get_it() {
        let failure = NONE.command().run().await.unwrap_err();
        assert_eq!(failure.code, Code::DependencyMissing);
        assert!(failure.hint.contains("install"), "{}", failure.hint);
    }

    #[tokio::test]
    async fn a_failed_command_says_how_and_what_it_wrote() {
        let failure = LS.command().rest("path", ["/no/such/folder"]).unwrap().succeed().await.unwrap_err();
        let details = failure.details.unwrap();
        assert_eq!((failure.code, &details["exit_code"]), (Code::CommandFailed, &json!(2)));
        assert!(details["stderr"].as_str().unwrap().contains("/no/such/folder"), "{details}");
    }

    #[tokio::test]
    async fn a_command_out_of_time_is_stopped() {
        let failure = SLEEP.command().words(["1000"]).time_max(Duration::from_millis(600)).run().await.unwrap_err();
        assert_eq!(failure.code, Code::Timeout, "{failure}");
    }

    #[tokio::test]
    async fn a_command_works_in_its_folder_and_sees_only_what_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let roots = Roots::open([folder.path()], Denied::system()).unwrap();
        let place = roots.place("path", "deep").unwrap();
        place.create_dirs().unwrap();
        let outcome = PWD.command().within(&place).succeed().await.unwrap();
        assert_eq!(outcome.stdout.trim_end(), place.display());
        let outcome = ENV.command().env("MORE", "2").succeed().await.unwrap();
        assert!(outcome.stdout.contains("OURS=1\n") && outcome.stdout.contains("MORE=2\n"), "{}", outcome.stdout);
        assert!(!outcome.stdout.contains("CARGO"), "{}", outcome.stdout);
    }
}
