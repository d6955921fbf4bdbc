//! What a verb found out: one value, shown to people as text and to programs as JSON. A verb never prints by itself.

use serde::Serialize;

use crate::Text;

/// A result of a verb. Programs get its serialized form.
pub trait Report: Serialize {
    /// What people get.
    fn text(&self) -> Text;
}
