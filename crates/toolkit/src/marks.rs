//! The marks of a tool: what it does to the world, in the letters of the reference tables. From the marks follow its
//! annotations and which shared parameters it takes.

use serde_json::{Value, json};

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    const READS: u8 = 1;
    const DESTROYS: u8 = 2;
    const IDEMPOTENT: u8 = 4;
    const OPEN: u8 = 8;
    const CONFIRMED: u8 = 16;
    const LONG: u8 = 32;
    const LISTS: u8 = 64;
    const CONNECTS: u8 = 128;

    /// **R**: reads only.
    pub const fn reads() -> Self {
        Self(Self::READS)
    }

    /// **W**: changes something that can be undone, or only adds.
    pub const fn writes() -> Self {
        Self(0)
    }

    /// **D**: may destroy or overwrite.
    pub const fn destroys() -> Self {
        Self(Self::DESTROYS)
    }

    /// **I**: safe to repeat with the same arguments.
    pub const fn idempotent(self) -> Self {
        Self(self.0 | Self::IDEMPOTENT)
    }

    /// **O**: reaches systems outside of this machine.
    pub const fn open_world(self) -> Self {
        Self(self.0 | Self::OPEN)
    }

    /// **C**: wants to be confirmed.
    pub const fn confirmed(self) -> Self {
        Self(self.0 | Self::CONFIRMED)
    }

    /// **L**: may run long.
    pub const fn long(self) -> Self {
        Self(self.0 | Self::LONG)
    }

    /// Gives a list page by page.
    pub const fn lists(self) -> Self {
        Self(self.0 | Self::LISTS)
    }

    /// Reaches an outside system, by a connection that the call names.
    pub const fn connects(self) -> Self {
        Self(self.0 | Self::CONNECTS)
    }

    /// Whether it only reads.
    pub const fn is_read_only(self) -> bool {
        self.has(Self::READS)
    }

    /// Whether it wants to be confirmed.
    pub const fn needs_confirmation(self) -> bool {
        self.has(Self::CONFIRMED)
    }

    /// Whether it gives a list page by page.
    pub const fn is_list(self) -> bool {
        self.has(Self::LISTS)
    }

    /// Whether it reaches an outside system by a connection.
    pub const fn is_connected(self) -> bool {
        self.has(Self::CONNECTS)
    }

    const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }

    /// As the `annotations` of a tool.
    pub fn annotations(self) -> Value {
        let reads = self.is_read_only();
        json!({
            "readOnlyHint": reads,
            "destructiveHint": self.has(Self::DESTROYS),
            "idempotentHint": self.has(Self::IDEMPOTENT) || reads,
            "openWorldHint": self.has(Self::OPEN),
        })
    }

    /// As the letters of the reference tables: `D C`.
    pub fn letters(self) -> String {
        let act = if self.is_read_only() {
            "R"
        } else if self.has(Self::DESTROYS) {
            "D"
        } else {
            "W"
        };
        let more = [(Self::IDEMPOTENT, " I"), (Self::OPEN, " O"), (Self::CONFIRMED, " C"), (Self::LONG, " L")];
        let more = more.into_iter().filter(|(bit, _)| self.has(*bit)).map(|(_, letter)| letter);
        std::iter::once(act).chain(more).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_letters_and_annotations() {
        let check = |marks: Marks, letters: &str, hints: [bool; 4]| {
            assert_eq!(marks.letters(), letters);
            let annotations = marks.annotations();
            let names = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"];
            assert_eq!(names.map(|name| annotations[name] == true), hints, "{letters}");
        };
        check(Marks::reads().idempotent(), "R I", [true, false, true, false]);
        check(Marks::writes().confirmed(), "W C", [false, false, false, false]);
        check(Marks::destroys().open_world().confirmed().long(), "D O C L", [false, true, false, true]);
    }
}
