//! What a node leaves to its successor, in words: which descriptor is which door, which servers were in use, and whose
//! processes can come after. Both may be of different versions, so members are only ever added and unknown ones are passed over.

use std::collections::{BTreeMap, BTreeSet};

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
    /// The servers whose running processes the successor may have once it is ready, and what each is made of.
    #[serde(default)]
    pub(crate) processes: BTreeMap<String, String>,
}

/// Among the servers that a successor names: it goes on with processes of single sessions, too. No server has such a name.
const SESSIONS: &str = "+sessions";
/// Among them too: it takes connections on which nothing is under way. The words with the socket over which they come.
pub(crate) const CONNECTIONS: &str = "+connections";

/// What a successor says when it is ready: its version, and the servers whose processes it goes on with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    /// Its version.
    pub(crate) version: String,
    /// The names of the servers.
    pub(crate) servers: BTreeSet<String>,
    /// Whether it goes on with processes that belong to single sessions.
    pub(crate) has_sessions: bool,
    /// Whether it takes connections.
    pub(crate) has_connections: bool,
}

impl Ready {
    /// As one line.
    pub(crate) fn line(&self) -> String {
        let also = [self.has_connections.then_some(CONNECTIONS), self.has_sessions.then_some(SESSIONS)];
        let servers = self.servers.iter().map(String::as_str);
        let names = also.into_iter().flatten().chain(servers).map(|name| format!(" {name}"));
        format!("ready {}{}", self.version, names.collect::<String>())
    }

    /// What a line says, unless it says why the successor is not ready.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("ready ")?.split(' ').map(str::to_owned);
        let (version, mut servers) = (words.next()?, words.collect::<BTreeSet<_>>());
        let (has_sessions, has_connections) = (servers.remove(SESSIONS), servers.remove(CONNECTIONS));
        Some(Self { version, servers, has_sessions, has_connections })
    }
}

/// A listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Door {
    /// What is spoken there: `http`, `grpc` or `control`.
    pub(crate) speech: String,
    /// The address as it was asked for, so with port 0 where any was fine.
    pub(crate) asked: String,
    /// Whether it belongs to the service manager, with the file of its socket.
    #[serde(default)]
    pub(crate) lent: bool,
}

impl Door {
    /// A door of these words.
    pub(crate) fn new(speech: &str, asked: &impl ToString) -> Self {
        Self { speech: speech.to_owned(), asked: asked.to_string(), lent: false }
    }

    /// Whether both are the same door.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.speech == other.speech && self.asked == other.asked
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

    #[test]
    fn a_will_is_written_as_before() {
        let will = Will {
            doors: vec![Door::new("http", &"127.0.0.1:3100")],
            servers: vec!["lamp".to_owned()],
            everything: true,
            processes: [("lamp".to_owned(), "0f".to_owned())].into(),
        };
        let golden = r#"{"doors":[{"speech":"http","asked":"127.0.0.1:3100","lent":false}],"servers":["lamp"],"everything":true,"processes":{"lamp":"0f"}}"#;
        assert_eq!(serde_json::to_string(&will).unwrap(), golden);
        assert_eq!(serde_json::from_str::<Will>(golden).unwrap(), will);
    }

    #[test]
    fn a_ready_successor_is_understood_and_one_that_is_not_is_no_successor() {
        let check = |line: &str, version: &str, servers: &[&str], (has_connections, has_sessions)| {
            let servers = servers.iter().map(|name| (*name).to_owned()).collect();
            let ready = Ready { version: version.to_owned(), servers, has_sessions, has_connections };
            assert_eq!((Ready::read(line).as_ref(), ready.line().as_str()), (Some(&ready), line));
        };
        check("ready 0.1.0", "0.1.0", &[], (false, false));
        check("ready 0.2.0 door lamp", "0.2.0", &["door", "lamp"], (false, false));
        check("ready 0.3.0 +sessions door lamp", "0.3.0", &["door", "lamp"], (false, true));
        check("ready 0.4.0 +connections +sessions lamp", "0.4.0", &["lamp"], (true, true));
        assert_eq!(Ready::read("the configuration has 2 problems"), None);
    }
}
