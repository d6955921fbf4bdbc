//! Secrets hidden in text: where one of the known values stands, a sign stands instead. It finds values, not patterns; what
//! it was not told of, it does not hide.

use std::borrow::Cow;
use std::cmp::Reverse;

/// Shorter values occur in ordinary text too often to be hidden in it.
const SECRET_CHARS_MIN: usize = 8;
/// What stands in the place of a secret.
const HIDDEN: &str = "[hidden]";

/// Values that are never shown.
#[derive(Clone, Default)]
pub struct Mask {
    /// Longest first: one may be part of another.
    secrets: Vec<String>,
}

impl Mask {
    /// Hides these values; those under eight characters are passed over.
    pub fn of(secrets: impl IntoIterator<Item = String>) -> Self {
        let long = |secret: &String| secret.chars().count() >= SECRET_CHARS_MIN;
        let mut secrets: Vec<String> = secrets.into_iter().filter(long).collect();
        secrets.sort_unstable_by(|one, other| (Reverse(one.len()), one).cmp(&(Reverse(other.len()), other)));
        secrets.dedup();
        Self { secrets }
    }

    /// The text without secrets.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.secrets.iter().fold(Cow::Borrowed(text), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), HIDDEN).into() } else { text }
        })
    }

    /// The text without secrets and without control characters, but for tabs.
    pub fn clean(&self, text: &str) -> String {
        self.hide(text).chars().map(|char| if char.is_control() && char != '\t' { ' ' } else { char }).collect()
    }
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Mask({} secrets)", self.secrets.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Mask;

    #[test]
    fn secrets_and_control_characters_do_not_stand_in_a_clean_text() {
        let mask = Mask::of(["hunter2hunter2", "hunter2hunter2-long", "short"].map(str::to_owned));
        let check = |text: &str, expected: &str| assert_eq!(mask.clean(text), expected);
        check("nothing to hide", "nothing to hide");
        check("key=hunter2hunter2;", "key=[hidden];");
        check("hunter2hunter2-long hunter2hunter2", "[hidden] [hidden]");
        check("short values stay", "short values stay");
        check("\x1b[31mred\x1b[0m\ttab", " [31mred [0m\ttab");
        assert_eq!(format!("{mask:?}"), "Mask(2 secrets)");
    }
}
