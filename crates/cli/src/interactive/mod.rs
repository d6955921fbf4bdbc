//! The interactive mode: a line is a phrase, a phrase is a call, and a call that may change something is shown and agreed
//! to first. `phrase` finds the tool that is meant (pure), `memory` keeps the last result, `editor` reads lines.

mod editor;
mod memory;
mod phrase;

pub(crate) use self::editor::{Editor, Words};
pub(crate) use self::memory::Memory;
pub(crate) use self::phrase::{Meaning, Phrase};
