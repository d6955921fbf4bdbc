//! Cuts a text that is too long for one result, at the end of a line, and says so. Keeping the whole is `keep`'s part.

use serde_json::{Value, json};

use crate::keep::Kept;

/// How a text was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Bytes that are shown.
    pub shown_bytes: usize,
    /// Bytes there are.
    pub total_bytes: usize,
    /// Under which name the whole is kept.
    pub kept: Option<String>,
}

impl Cut {
    /// The value of `_meta["dev.switchboard/result"]`.
    pub fn to_value(&self) -> Value {
        json!({"truncated": true, "shown_bytes": self.shown_bytes, "total_bytes": self.total_bytes, "ref": self.kept})
    }

    /// What is said to the model below the part that it sees.
    pub fn note(&self) -> String {
        let Self { shown_bytes, total_bytes, kept } = self;
        let rest = match kept {
            Some(id) => format!("; the rest: call `switchboard_fetch_result` with ref `{id}` and offset {shown_bytes}"),
            None => "; ask for less to see the rest".to_owned(),
        };
        format!("[cut: {shown_bytes} of {total_bytes} bytes shown{rest}]")
    }
}

/// What is shown of a text, and how it was cut if it was.
pub fn shown(text: String, bytes_max: usize, kept: Option<&Kept>) -> (String, Option<Cut>) {
    if text.len() <= bytes_max {
        return (text, None);
    }
    let part = at_line(&text, bytes_max);
    let cut = Cut { shown_bytes: part.len(), total_bytes: text.len(), kept: kept.map(|kept| kept.id.clone()) };
    let end = if part.ends_with('\n') { "" } else { "\n" };
    (format!("{part}{end}{}", cut.note()), Some(cut))
}

/// The longest start of `text` of at most `bytes_max` bytes that ends with a line; within one long line it ends with a
/// character.
pub fn at_line(text: &str, bytes_max: usize) -> &str {
    if text.len() <= bytes_max {
        return text;
    }
    let start = &text[..text.floor_char_boundary(bytes_max)];
    match start.rfind('\n') {
        Some(end) => &start[..=end],
        None => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_the_last_line_that_fits() {
        let check = |text, max, expected| assert_eq!(at_line(text, max), expected, "{text:?} {max}");
        check("a\nb\n", 4, "a\nb\n");
        check("a\nb\nc", 4, "a\nb\n");
        check("a\nbcd", 4, "a\n");
        check("abcdef", 4, "abcd");
        check("aéé", 4, "aé");
        check("é", 1, "");
    }
}
