//! What a caller wrote, as an error may repeat it: short, and without characters that move a terminal.

/// Characters that are repeated: enough to recognize it.
const CHARACTERS_MAX: usize = 60;

/// The start of a text, with what cannot be seen written out.
pub(crate) fn short(text: &str) -> String {
    let start: String = text.chars().take(CHARACTERS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(CHARACTERS_MAX).is_some() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_short_and_harmless() {
        let check = |text: &str, expected: &str| assert_eq!(short(text), expected);
        check("nginx", "nginx");
        check("a\nb\0", "a\\nb\\0");
        check("\u{1b}[2J", "\\u{1b}[2J");
        check(&"é".repeat(100_000), &("é".repeat(60) + "…"));
    }
}
