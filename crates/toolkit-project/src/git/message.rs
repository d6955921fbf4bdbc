//! A message for a commit, made from the names of what is changed by rules that can be told. Pure: it knows no model and
//! reads no content.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::staging::Staged;

/// Characters of the first line: what `git log` shows without cutting.
const SUMMARY_CHARS_MAX: usize = 72;
/// Files that are named in the body.
const BODY_FILES_MAX: usize = 20;

/// How a message is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Style {
    /// With a kind and a scope first: `feat(api): add login`.
    #[default]
    Conventional,
    /// As a sentence.
    Plain,
}

/// A message with the reasons for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suggestion {
    /// The message.
    pub(super) message: String,
    /// Why it is so.
    pub(super) reasons: Vec<String>,
}

/// A message for these changes.
pub(super) fn suggest(staged: &[Staged], style: Style) -> Suggestion {
    let (act, act_reason) = act(staged);
    let (kind, kind_reason) = kind(staged);
    let scope = scope(staged);
    let subject = format!("{act} {}", object(staged));
    let first = match (style, &scope) {
        (Style::Plain, _) => capitalised(&subject),
        (Style::Conventional, Some(scope)) => format!("{kind}({scope}): {subject}"),
        (Style::Conventional, None) => format!("{kind}: {subject}"),
    };
    let mut reasons = vec![format!("`{act}`: {act_reason}")];
    if style == Style::Conventional {
        reasons.push(format!("`{kind}`: {kind_reason}"));
        reasons.extend(scope.map(|scope| format!("`{scope}`: all changed files lie there")));
    }
    Suggestion { message: shortened(&first) + &body(staged), reasons }
}

/// What is done to the files.
fn act(staged: &[Staged]) -> (&'static str, &'static str) {
    let all = |letter: char| !staged.is_empty() && staged.iter().all(|one| one.letter == letter);
    match () {
        () if all('A') => ("add", "every changed file is new"),
        () if all('D') => ("remove", "every changed file is gone"),
        () if all('R') => ("rename", "every changed file has a new name"),
        () => ("update", "files that were there are changed"),
    }
}

/// What kind of change it is, by where the files lie.
fn kind(staged: &[Staged]) -> (&'static str, &'static str) {
    let all = |is: fn(&str) -> bool| !staged.is_empty() && staged.iter().all(|one| is(&one.path));
    match () {
        () if all(is_document) => ("docs", "only documents are changed"),
        () if all(is_test) => ("test", "only tests are changed"),
        () if all(is_pipeline) => ("ci", "only pipelines are changed"),
        () if all(is_build) => ("build", "only dependencies and build files are changed"),
        () if staged.iter().any(|one| one.letter == 'A' && is_code(&one.path)) => ("feat", "there is new code"),
        () if !staged.is_empty() && staged.iter().all(|one| matches!(one.letter, 'R' | 'D')) => {
            ("refactor", "files only move or go")
        }
        () => ("chore", "names alone do not tell whether it mends or adds something"),
    }
}

fn is_document(path: &str) -> bool {
    let name = name(path).to_ascii_lowercase();
    path.starts_with("docs/")
        || [".md", ".rst", ".adoc"].iter().any(|end| name.ends_with(end))
        || name.starts_with("license")
}

fn is_test(path: &str) -> bool {
    let name = name(path);
    path.split('/').any(|part| matches!(part, "test" | "tests" | "spec" | "__tests__"))
        || name.starts_with("test_")
        || ["_test.", ".test.", ".spec.", "_spec."].iter().any(|mark| name.contains(mark))
}

fn is_pipeline(path: &str) -> bool {
    [".github/workflows/", ".gitlab-ci", ".circleci/", "Jenkinsfile"].iter().any(|start| path.starts_with(start))
}

fn is_build(path: &str) -> bool {
    const FILES: [&str; 14] = [
        "Cargo.lock",
        "Cargo.toml",
        "Dockerfile",
        "Gemfile",
        "Gemfile.lock",
        "Makefile",
        "go.mod",
        "go.sum",
        "package-lock.json",
        "package.json",
        "pom.xml",
        "pyproject.toml",
        "requirements.txt",
        "uv.lock",
    ];
    FILES.contains(&name(path))
}

fn is_code(path: &str) -> bool {
    !(is_document(path) || is_test(path) || is_pipeline(path) || is_build(path) || name(path).starts_with('.'))
}

/// The folder that all files share, if it says more than that there is code.
fn scope(staged: &[Staged]) -> Option<String> {
    let folder = |one: &Staged| {
        let mut parts = one.path.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev();
        parts.find(|part| !matches!(*part, "src" | "lib" | "app" | "crates" | "packages")).map(str::to_owned)
    };
    let folders: BTreeSet<Option<String>> = staged.iter().map(folder).collect();
    if folders.len() == 1 { folders.into_iter().next().flatten() } else { None }
}

/// What the change is about.
fn object(staged: &[Staged]) -> String {
    match staged {
        [] => "merge".to_owned(),
        [one] => match &one.from {
            Some(from) => format!("{} to {}", name(from), name(&one.path)),
            None => name(&one.path).to_owned(),
        },
        [one, other] => format!("{} and {}", name(&one.path), name(&other.path)),
        [one, rest @ ..] => format!("{} and {} more files", name(&one.path), rest.len()),
    }
}

/// Which files are changed, if the first line does not name them all.
fn body(staged: &[Staged]) -> String {
    if staged.len() < 3 {
        return String::new();
    }
    let lines: Vec<String> =
        staged.iter().take(BODY_FILES_MAX).map(|one| format!("- {} {}", verb(one.letter), one.path)).collect();
    let more = staged.len().saturating_sub(BODY_FILES_MAX);
    let more = if more == 0 { String::new() } else { format!("\n- and {more} more") };
    format!("\n\n{}{more}", lines.join("\n"))
}

fn verb(letter: char) -> &'static str {
    match letter {
        'A' => "add",
        'D' => "remove",
        'R' => "rename",
        _ => "update",
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

fn shortened(line: &str) -> String {
    let line: String = line.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    if line.chars().count() <= SUMMARY_CHARS_MAX {
        return line;
    }
    line.chars().take(SUMMARY_CHARS_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn staged(files: &[(char, &str)]) -> Vec<Staged> {
        files.iter().map(|(letter, path)| Staged { letter: *letter, path: (*path).to_owned(), from: None }).collect()
    }

    #[test]
    fn a_message_follows_from_what_is_changed() {
        let check = |files: &[(char, &str)], conventional: &str, plain: &str| {
            let first = |style| suggest(&staged(files), style).message.lines().next().unwrap_or_default().to_owned();
            assert_eq!((&*first(Style::Conventional), &*first(Style::Plain)), (conventional, plain), "{files:?}");
        };
        check(&[('A', "src/api/login.py")], "feat(api): add login.py", "Add login.py");
        check(&[('M', "README.md")], "docs: update README.md", "Update README.md");
        check(
            &[('M', "tests/test_a.py"), ('A', "tests/test_b.py")],
            "test(tests): update test_a.py and test_b.py",
            "Update test_a.py and test_b.py",
        );
        check(
            &[('M', "Cargo.toml"), ('M', "Cargo.lock")],
            "build: update Cargo.toml and Cargo.lock",
            "Update Cargo.toml and Cargo.lock",
        );
        check(&[('D', "src/old.rs")], "refactor: remove old.rs", "Remove old.rs");
        check(&[('M', ".github/workflows/ci.yml")], "ci(.github): update ci.yml", "Update ci.yml");
        check(
            &[('M', "a.rs"), ('M', "b.rs"), ('M', "c.rs")],
            "chore: update a.rs and 2 more files",
            "Update a.rs and 2 more files",
        );
        check(&[], "chore: update merge", "Update merge");
    }

    #[test]
    fn a_long_list_is_in_the_body_and_counted() {
        let names: Vec<String> = (0..30).map(|number| format!("f{number}.rs")).collect();
        let files: Vec<(char, &str)> = names.iter().map(|name| ('A', name.as_str())).collect();
        let suggestion = suggest(&staged(&files), Style::Plain);
        assert!(suggestion.message.contains("\n\n- add f0.rs\n") && suggestion.message.ends_with("- and 10 more"));
        let long = suggest(&staged(&[('A', &"x".repeat(200))]), Style::Plain);
        assert_eq!(long.message.chars().count(), SUMMARY_CHARS_MAX);
        assert!(!suggest(&staged(&[('A', "a\nb")]), Style::Plain).message.contains('\n'));
    }
}
