//! Projects in Ruby.

use crate::{
    findings::{Findings, Language},
    survey::{Survey, folder_of},
};

/// Gems that say what a project is built on.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("rails", "rails"),
    ("sinatra", "sinatra"),
    ("hanami", "hanami"),
    ("roda", "roda"),
    ("sidekiq", "sidekiq"),
    ("rspec", "rspec"),
    ("minitest", "minitest"),
];

/// Looks for projects in Ruby.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in survey.named("Gemfile") {
        findings.language(file, Language::Ruby);
        findings.dependencies(file, &dependencies(text), FRAMEWORKS);
        let folder = folder_of(file);
        let is_entry = |path: &&str| {
            path.strip_prefix(folder).is_some_and(|path| {
                path == "config.ru" || path.strip_prefix("exe/").is_some_and(|name| !name.contains('/'))
            })
        };
        survey.files().filter(is_entry).for_each(|path| findings.entry_point(path));
    }
}

/// The gems that a `Gemfile` names.
pub(crate) fn dependencies(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let rest = line.trim().strip_prefix("gem")?.trim_start_matches([' ', '(']);
        let quote = rest.chars().next().filter(|one| matches!(one, '"' | '\''))?;
        rest[1..].split(quote).next().map(str::to_owned)
    };
    text.lines().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gems_are_named_with_either_quote() {
        let text = "source 'https://rubygems.org'\ngem \"rails\", '~> 8'\n  gem('pg')\n# gem 'no'\ngemspec\n";
        assert_eq!(dependencies(text), ["rails", "pg"]);
    }
}
