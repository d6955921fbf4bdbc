//! What callers wrote, as messages repeat it.

/// Bytes of a text that a message repeats.
const BYTES_MAX: usize = 100;

/// A text cut short, without what would move a cursor.
pub(crate) fn short(text: &str) -> String {
    let start: String =
        text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).take(BYTES_MAX).collect();
    if start.len() < text.len() { format!("{start}…") } else { start }
}
