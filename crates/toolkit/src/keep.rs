//! Where the whole of a cut result is kept. The frame only knows the seam; the gateway has the shelves.

use serde_json::{Value, json};

/// A result that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What `fetch_result` calls it.
    pub id: String,
    /// What `resources/read` calls it.
    pub uri: String,
}

impl Kept {
    /// The content block that leads to it.
    pub fn link(&self, total_bytes: usize) -> Value {
        json!({
            "type": "resource_link", "uri": self.uri, "name": format!("the whole result ({total_bytes} bytes)"),
            "mimeType": "text/plain", "size": total_bytes,
        })
    }
}

/// Keeps whole results for a while, each for one principal.
pub trait Keep: Send + Sync {
    /// Keeps a text; `None` if there is no room for it.
    fn keep(&self, principal: &str, text: &str) -> Option<Kept>;
}
