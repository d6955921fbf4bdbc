//! Lines from the person: an editor with history and completion on a terminal, plain lines elsewhere.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Helper};
use serde_json::Value;

use super::Phrase;
use crate::interactive::Meaning;
use crate::listing::name;
use crate::{Error, Terminal};

/// Lines that are remembered from run to run.
const HISTORY_LINES_MAX: usize = 1_000;

/// What comes before a line.
const PROMPT: &str = "switchboard> ";

/// Where lines come from.
pub(crate) enum Editor {
    /// A person at a terminal.
    Person(Box<rustyline::Editor<Words, FileHistory>>, Option<PathBuf>),
    /// Whatever is piped in.
    Plain,
}

impl Editor {
    /// An editor on the terminal of this process, with its history in the folder of state.
    pub(crate) fn on_terminal(words: Words, folder: Option<&Path>) -> Result<Self, Error> {
        let settings =
            Config::builder().max_history_size(HISTORY_LINES_MAX).map_err(broken)?.auto_add_history(true).build();
        let lines = FileHistory::with_config(&settings);
        let mut editor = rustyline::Editor::with_history(settings, lines).map_err(broken)?;
        editor.set_helper(Some(words));
        let history = folder.and_then(history);
        if let Some(history) = &history {
            // a history that cannot be read is one that begins anew
            let _ = editor.load_history(history);
        }
        Ok(Self::Person(Box::new(editor), history))
    }

    /// The next line; none when the person leaves.
    pub(crate) fn line(&mut self, terminal: &mut Terminal) -> Result<Option<String>, Error> {
        let Self::Person(editor, _) = self else { return terminal.line() };
        loop {
            match tokio::task::block_in_place(|| editor.readline(PROMPT)) {
                Ok(line) => return Ok(Some(line)),
                Err(ReadlineError::Interrupted) => {}
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(broken(error)),
            }
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        if let Self::Person(editor, Some(history)) = self {
            // nothing is lost but convenience
            let _ = editor.save_history(history);
        }
    }
}

/// The file of the history, made readable for its user only: lines may hold secrets.
fn history(folder: &Path) -> Option<PathBuf> {
    let path = folder.join("history");
    std::fs::create_dir_all(folder).ok()?;
    OpenOptions::new().append(true).create(true).mode(0o600).open(&path).ok()?;
    Some(path)
}

fn broken(error: ReadlineError) -> Error {
    Error::Output(std::io::Error::other(error))
}

/// What can be completed: tools by name or by phrase, the keys of their arguments, and the choices of these.
pub(crate) struct Words {
    pub(crate) tools: Vec<Value>,
    pub(crate) verbs: &'static [&'static str],
}

impl Words {
    /// What may stand for the last word of `line`.
    pub(crate) fn candidates(&self, line: &str) -> Vec<String> {
        let typed = line.rsplit(char::is_whitespace).next().unwrap_or_default();
        let before = &line[..line.len() - typed.len()];
        let mut candidates = self.next_words(before);
        if let Some(Phrase(words)) = Phrase::of(before)
            && let Meaning::Call(tool, _) = Phrase(words).meaning(&self.tools)
        {
            candidates.extend(arguments(tool, typed));
        }
        candidates.retain(|candidate| candidate.starts_with(typed));
        candidates.sort();
        candidates.dedup();
        candidates
    }

    /// The words that lead on from `before` to the name of a tool.
    fn next_words(&self, before: &str) -> Vec<String> {
        let said: Vec<&str> = before.split_whitespace().collect();
        let names = self.tools.iter().map(|tool| name(tool, "name"));
        if said.is_empty() {
            let first = names.clone().filter_map(|name| name.split('_').next());
            return names.chain(first).chain(self.verbs.iter().copied()).map(str::to_owned).collect();
        }
        let lead = format!("{}_", said.join("_"));
        let next = |name: &str| name.strip_prefix(&lead)?.split('_').next().map(str::to_owned);
        names.filter_map(next).collect()
    }
}

/// The keys of a tool's arguments, and the choices where one is being typed.
fn arguments(tool: &Value, typed: &str) -> Vec<String> {
    let properties = tool["inputSchema"]["properties"].as_object().into_iter().flatten();
    let candidates = |(key, property): (&String, &Value)| match property["enum"].as_array() {
        Some(choices) if typed.starts_with(&format!("{key}=")) => {
            choices.iter().filter_map(Value::as_str).map(|choice| format!("{key}={choice}")).collect()
        }
        _ => vec![format!("{key}=")],
    };
    properties.flat_map(candidates).collect()
}

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        place: usize,
        _: &rustyline::Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Self::Candidate>)> {
        let line = &line[..place];
        let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        Ok((start, self.candidates(line)))
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Validator for Words {}

impl Helper for Words {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Words;

    fn check(line: &str, expected: &[&str]) {
        let tools = vec![
            json!({ "name": "docker_list_containers", "inputSchema": { "properties": {
                "all": { "type": "boolean" }, "format": { "enum": ["short", "long"] },
            } } }),
            json!({ "name": "docker_list_images" }),
            json!({ "name": "git_log" }),
        ];
        let words = Words { tools, verbs: &["help", "quit"] };
        assert_eq!(words.candidates(line), expected, "{line:?}");
    }

    #[test]
    fn words_of_tools_and_verbs_are_offered() {
        check("do", &["docker", "docker_list_containers", "docker_list_images"]);
        check("h", &["help"]);
        check("docker ", &["list"]);
        check("docker list ", &["containers", "images"]);
        check("docker list c", &["containers"]);
    }

    #[test]
    fn arguments_and_their_choices_are_offered() {
        check("docker list containers ", &["all=", "format="]);
        check("docker_list_containers format=", &["format=long", "format=short"]);
        check("docker list containers format=s", &["format=short"]);
    }
}
