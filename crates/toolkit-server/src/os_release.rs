//! The file `os-release`: what this distribution calls itself. Written like shell assignments, read without a shell.

use std::{collections::HashMap, fs, io};

/// Where it can be; the first that is there counts.
const PLACES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// The fields of the file by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OsRelease(HashMap<String, String>);

impl OsRelease {
    /// Reads it; a system without one has no fields.
    pub(crate) fn read() -> Self {
        let text = PLACES.iter().map(fs::read_to_string).find_map(io::Result::ok);
        text.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        let fields = lines.filter_map(|line| line.split_once('='));
        Self(fields.map(|(name, value)| (name.to_owned(), unquoted(value))).collect())
    }

    /// A field, if it says something.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// A value without its quotes and backslashes.
fn unquoted(value: &str) -> String {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = match quote {
        Some(quote) => value[1..].strip_suffix(quote).unwrap_or(&value[1..]),
        None => value,
    };
    if quote == Some('\'') {
        return inner.to_owned();
    }
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character == '\\' { text.extend(characters.next()) } else { text.push(character) }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_quotes_and_nothing_else() {
        let check =
            |line: &str, expected: Option<&str>| assert_eq!(OsRelease::parse(line).field("A"), expected, "{line}");
        check("A=debian", Some("debian"));
        check("A=\"Debian GNU/Linux 13 (trixie)\"", Some("Debian GNU/Linux 13 (trixie)"));
        check("A='one $HOME'", Some("one $HOME"));
        check(r#"A="a \"b\" \$c \\""#, Some(r#"a "b" $c \"#));
        check("A=\"unclosed", Some("unclosed"));
        check("A=", None);
        check("A=\"\"", None);
        check("#A=1", None);
        check("  A=1  ", Some("1"));
        check("nothing", None);
    }
}
