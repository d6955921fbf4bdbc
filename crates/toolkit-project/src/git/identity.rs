//! Who commits: the author that the caller names, the repository's own configuration, or that of the user, which is read
//! apart because nothing else of it shall count.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Code, Failure};
use workbench::Command;

use super::{config::Config, program::GIT_OF_USER, repository::Repository};

/// Bytes of a name or an address.
const BYTES_MAX: usize = 200;

/// A person as git knows one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Person {
    /// Their name.
    pub(super) name: String,
    /// Their address.
    pub(super) email: String,
}

/// Somebody whom a commit names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct Named {
    /// Their name.
    pub(super) name: String,
    /// Their address.
    pub(super) email: String,
}

impl Person {
    /// Refuses what git could not write into a commit.
    pub(super) fn check(&self, field: &str) -> Result<(), Failure> {
        for (part, text) in [("name", &self.name), ("email", &self.email)] {
            let is_wrong = text.trim().is_empty() || text.len() > BYTES_MAX;
            if is_wrong || text.contains(|one: char| one.is_control() || "<>".contains(one)) {
                let field = format!("{field}.{part}");
                let text = format!("`{field}` must be 1 to {BYTES_MAX} bytes without `<`, `>` and line ends");
                return Err(Failure::invalid(&field, text));
            }
        }
        Ok(())
    }

    fn of(config: &Config) -> Option<Self> {
        let value = |key| config.value(key).map(str::to_owned);
        Some(Self { name: value("user.name")?, email: value("user.email")? })
    }
}

/// A command that writes commits, with the name of who does so; `author` is who wrote what is in them.
pub(super) async fn signed(
    command: Command,
    repository: &Repository,
    author: Option<&Person>,
) -> Result<Command, Failure> {
    let usual = match Person::of(repository.config()) {
        Some(person) => Some(person),
        None => of_user().await?,
    };
    let author = author.or(usual.as_ref()).ok_or_else(nobody)?;
    let committer = usual.as_ref().unwrap_or(author);
    Ok(command
        .env("GIT_AUTHOR_NAME", &author.name)
        .env("GIT_AUTHOR_EMAIL", &author.email)
        .env("GIT_COMMITTER_NAME", &committer.name)
        .env("GIT_COMMITTER_EMAIL", &committer.email))
}

/// Who the user is, by their own configuration.
async fn of_user() -> Result<Option<Person>, Failure> {
    let command = GIT_OF_USER.command().words(["config", "--global", "-z", "--get-regexp", r"^user\.(name|email)$"]);
    let outcome = command.run().await?;
    // without such a file, or without these keys, git says so by its exit code
    let listing: String = outcome.stdout.split_terminator('\0').flat_map(|entry| ["local\0", entry, "\0"]).collect();
    Ok(Person::of(&Config::parse(&listing)))
}

fn nobody() -> Failure {
    Failure::new(Code::GitError, "cannot commit: nobody knows who commits")
        .hint("give `author`, or set it once: `git config --global user.name NAME` and `git config --global user.email ADDRESS`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_a_name_and_an_address_in_one_line() {
        let check = |name: &str, email: &str, field: Option<&str>| {
            let person = Person { name: name.to_owned(), email: email.to_owned() };
            assert_eq!(
                person.check("author").err().and_then(|failure| failure.field).as_deref(),
                field,
                "{name} {email}"
            );
        };
        check("Ada", "ada@example.com", None);
        check("", "ada@example.com", Some("author.name"));
        check("Ada\n", "ada@example.com", Some("author.name"));
        check("Ada", " ", Some("author.email"));
        check("Ada", "a>b", Some("author.email"));
        check("Ada", &"x".repeat(201), Some("author.email"));
    }
}
