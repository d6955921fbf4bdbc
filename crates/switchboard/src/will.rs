//! What a node leaves to its successor, in words: which descriptor is which door, and which servers were in use. Both may
//! be of different versions, so members are only ever added and unknown ones are passed over.

use serde::{Deserialize, Serialize};

/// What goes with the descriptors, in their order.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Will {
    /// The doors, in the order of their descriptors.
    pub(crate) doors: Vec<Door>,
    /// The servers that have introduced themselves: they are started before the successor is ready.
    #[serde(default)]
    pub(crate) servers: Vec<String>,
    /// Whether the endpoint of everything was in use.
    #[serde(default)]
    pub(crate) everything: bool,
}

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Door {
    /// What is spoken there: `http`, `grpc` or `control`.
    pub(crate) speech: String,
    /// The address as it was asked for, so with port 0 where any was fine.
    pub(crate) asked: String,
}

impl Door {
    /// A door of these words.
    pub(crate) fn new(speech: &str, asked: &impl ToString) -> Self {
        Self { speech: speech.to_owned(), asked: asked.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_will_of_another_version_is_understood() {
        let older: Will = serde_json::from_str(r#"{"doors":[{"speech":"http","asked":"127.0.0.1:0"}]}"#).unwrap();
        assert_eq!(older, Will { doors: vec![Door::new("http", &"127.0.0.1:0")], ..Will::default() });
        let newer =
            r#"{"doors":[{"speech":"quic","asked":"x","since":1}],"servers":["a"],"everything":true,"more":[]}"#;
        let newer: Will = serde_json::from_str(newer).unwrap();
        assert_eq!((newer.servers, newer.everything), (vec!["a".to_owned()], true));
    }
}
