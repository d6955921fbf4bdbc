//! What callers wrote, as messages repeat it.

/// Characters of a text that a message repeats.
const CHARACTERS_MAX: usize = 100;

/// A text cut short, without what would move a cursor.
pub(crate) fn short(text: &str) -> String {
    let mut characters = text.chars();
    let seen = |one: char| if one.is_control() { '\u{fffd}' } else { one };
    let start: String = characters.by_ref().take(CHARACTERS_MAX).map(seen).collect();
    if characters.next().is_some() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_and_nothing_moves_a_cursor() {
        assert_eq!(short("flask"), "flask");
        assert_eq!(short("a\u{1b}[2J\n"), "a\u{fffd}[2J\u{fffd}");
        assert_eq!(short(&"é".repeat(101)), format!("{}…", "é".repeat(100)));
        assert_eq!(short(&"\0".repeat(100)).chars().count(), 100);
    }
}
