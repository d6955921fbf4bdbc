//! How texts of callers and engines are shown again: without control characters, and not longer than anybody reads.

/// Bytes of a text that a message repeats.
const BYTES_MAX: usize = 600;
/// What stands in the place of what is not shown.
pub(crate) const HIDDEN: &str = "•••";

/// The text as a message repeats it.
pub(crate) fn short(text: &str) -> String {
    let end = text.floor_char_boundary(BYTES_MAX);
    let start: String = text[..end].chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    if end < text.len() { format!("{start}…") } else { start }
}

/// `NAME=VALUE` as a name and a value that is not shown: values of the environment are where secrets are.
pub(crate) fn variable(text: &str) -> (String, String) {
    let name = text.split_once('=').map_or(text, |(name, _)| name);
    (name.to_owned(), HIDDEN.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_short_and_plain() {
        assert_eq!(short("a\u{1b}[31mb\n"), "a [31mb ");
        assert!(short(&"é".repeat(1_000)).len() < BYTES_MAX + 5);
    }

    #[test]
    fn the_value_of_a_variable_is_never_shown() {
        let check = |text: &str, name: &str| assert_eq!(variable(text), (name.to_owned(), HIDDEN.to_owned()));
        check("TOKEN=a=b", "TOKEN");
        check("EMPTY=", "EMPTY");
        check("BARE", "BARE");
    }
}
