//! A command as a caller writes it, taken apart into words. No shell reads it: what a shell would do with a word is not done.

use toolkit::Failure;

/// Words of a command.
const WORDS_MAX: usize = 100;

/// The words of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words(Vec<String>);

impl Words {
    /// Takes a command apart at its spaces; quotes keep words together.
    pub(crate) fn of(command: &str) -> Result<Self, Failure> {
        let refuse = |text: String| Err(Failure::invalid("command", text));
        let mut words: Vec<String> = Vec::new();
        let mut word: Option<String> = None;
        let mut quote = None;
        for one in command.chars() {
            match (quote, one) {
                (Some(open), one) if open == one => quote = None,
                (None, '\'' | '"') => {
                    quote = Some(one);
                    word.get_or_insert_default();
                }
                (None, one) if one.is_whitespace() => words.extend(word.take()),
                (_, one) => word.get_or_insert_default().push(one),
            }
        }
        words.extend(word);
        match (quote, words.len()) {
            (Some(open), _) => refuse(format!("`command` has a {open} that is never closed")),
            (None, 0) => refuse("`command` is empty".to_owned()),
            (None, 1..=WORDS_MAX) => Ok(Self(words)),
            (None, count) => refuse(format!("`command` has {count} words; at most {WORDS_MAX} are taken")),
        }
    }

    /// The first word.
    pub(super) fn program(&self) -> &str {
        &self.0[0]
    }

    /// The words behind the first.
    pub(super) fn rest(&self) -> impl Iterator<Item = &str> + Clone {
        self.0[1..].iter().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_taken_apart_at_its_spaces() {
        let check = |command: &str, expected: &[&str]| {
            assert_eq!(Words::of(command).unwrap().0, expected, "{command}");
        };
        check("python main.py --fast", &["python", "main.py", "--fast"]);
        check("  node 'a b.js' \"c 'd'\" e''f  ", &["node", "a b.js", "c 'd'", "ef"]);
        check("python x ''; rm -rf / && $(id)", &["python", "x", ";", "rm", "-rf", "/", "&&", "$(id)"]);
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for command in ["", "  ", "python 'a", &"x ".repeat(101)] {
            assert_eq!(Words::of(command).unwrap_err().field.as_deref(), Some("command"), "{command:.20}");
        }
    }
}
