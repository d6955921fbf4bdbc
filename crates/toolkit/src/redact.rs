//! Hides what a server knows to be secret wherever a result would say it.

use serde_json::Value;

/// Shorter values are too common in ordinary text to be hidden.
const SECRET_BYTES_MIN: usize = 8;
/// What stands in the place of a secret.
const HIDDEN: &str = "•••";

/// The secrets of one server. Cannot be printed.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// These values, the longest first so that none hides a part of another.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let mut values: Vec<String> = values.into_iter().filter(|value| value.len() >= SECRET_BYTES_MIN).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// These and others.
    pub(crate) fn and(self, others: Self) -> Self {
        Self::new(self.0.into_iter().chain(others.0))
    }

    /// A text without them.
    pub fn hide(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| if text.contains(secret) { text.replace(secret, HIDDEN) } else { text })
    }

    /// A value without them, in all of its strings.
    pub fn hide_in(&self, value: Value) -> Value {
        if self.0.is_empty() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.hide(text)),
            Value::Array(items) => items.into_iter().map(|item| self.hide_in(item)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(name, member)| (self.hide(name), self.hide_in(member))).collect()
            }
            other => other,
        }
    }
}
