//! What a call does to the world, and so what may be done with it: kept, shared, sent once more.

/// What a call does to the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Act {
    /// It only reads: its answer may be shared and kept, and it may be sent again.
    Reads,
    /// Done twice it is as done once: it may be sent again.
    Repeatable,
    /// It changes something, or nobody knows: it is sent once.
    #[default]
    Acts,
}

impl Act {
    /// As a tool says in its annotations.
    pub fn hinted(reads: Option<bool>, repeatable: Option<bool>) -> Self {
        match (reads, repeatable) {
            (Some(true), _) => Self::Reads,
            (_, Some(true)) => Self::Repeatable,
            _ => Self::Acts,
        }
    }

    /// Whether a call whose fate is unknown may be sent once more.
    pub fn may_repeat(self) -> bool {
        self != Self::Acts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_says_nothing_is_held_to_act() {
        let check = |reads, repeatable, expected| assert_eq!(Act::hinted(reads, repeatable), expected);
        check(None, None, Act::Acts);
        check(Some(false), None, Act::Acts);
        check(Some(true), None, Act::Reads);
        check(Some(true), Some(false), Act::Reads);
        check(Some(false), Some(true), Act::Repeatable);
        assert!(!Act::default().may_repeat());
    }
}
