//! How urgent a call is, in five classes.

use std::{fmt, str::FromStr};

/// How urgent a call is; the greater goes first more often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// What nobody waits for.
    Bulk,
    /// What can wait.
    Low,
    /// What says nothing of itself.
    #[default]
    Medium,
    /// What a person waits for.
    High,
    /// The node's own health, and its administration.
    Critical,
}

/// A word that is no class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the priority must be one of BULK, LOW, MEDIUM, HIGH, CRITICAL")]
pub struct UnknownClass;

impl Class {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Bulk];

    /// Its name, as clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL",
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
            Self::Bulk => "BULK",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = UnknownClass;

    fn from_str(text: &str) -> Result<Self, UnknownClass> {
        Self::ALL.into_iter().find(|class| class.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownClass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_read_in_any_case_and_nothing_else_is() {
        for class in Class::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
            assert_eq!(class.as_str().to_lowercase().parse(), Ok(class));
        }
        for text in ["", "URGENT", "HIGH ", "3"] {
            assert_eq!(text.parse::<Class>(), Err(UnknownClass), "{text}");
        }
    }

    #[test]
    fn the_more_urgent_class_is_the_greater() {
        assert!(Class::ALL.windows(2).all(|pair| pair[0] > pair[1]));
    }
}
