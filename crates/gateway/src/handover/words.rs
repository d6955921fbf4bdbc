//! The words between two processes of one node, which may be of different versions: members are only ever added, and what is
//! not understood is passed over.

use bytes::Bytes;
use mcp::{ClientFacts, Version};
use serde::{Deserialize, Serialize};

use crate::{
    catalogue::Endpoint,
    session::{Session, SessionId},
};

/// One thing that is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// A session goes over.
    Session(SessionWords),
    /// The client of a session has said this, as one message.
    Said {
        /// The session.
        session: SessionId,
        /// The message.
        message: String,
    },
}

/// A session on its way to the next process: what is sealed in its id, and what is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionWords {
    pub(crate) id: SessionId,
    pub(crate) principal: String,
    /// The path of its endpoint.
    endpoint: String,
    version: String,
    capabilities: String,
    info: String,
    #[serde(default)]
    log_level: String,
    /// The resources that its client subscribed to, by shown URI.
    #[serde(default)]
    pub(crate) subscriptions: Vec<String>,
}

impl Word {
    /// As it goes over.
    pub(super) fn written(&self) -> Bytes {
        // it is made of texts alone
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// As it came; nothing for what is not understood.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

impl SessionWords {
    /// What is to be told of a session that has subscribed to these resources; nothing for one whose connection ends with this
    /// process.
    pub(crate) fn of(session: &Session, subscriptions: Vec<String>) -> Option<Self> {
        let id = session.sealed?;
        let caller = session.caller();
        let text = |raw: &Bytes| String::from_utf8_lossy(raw).into_owned();
        Some(Self {
            id,
            principal: caller.principal.name.to_string(),
            endpoint: session.endpoint.path(),
            version: session.version.as_str().to_owned(),
            capabilities: text(&caller.facts.capabilities),
            info: text(&caller.facts.info),
            log_level: text(&caller.facts.log_level),
            subscriptions,
        })
    }

    /// Whether there is more to it than its client brings with it.
    pub(crate) fn is_more_than_sealed(&self) -> bool {
        !self.subscriptions.is_empty() || !self.log_level.is_empty()
    }

    /// Where it was opened.
    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::of_path(&self.endpoint)
    }

    /// The revision agreed on.
    pub(crate) fn version(&self) -> Option<Version> {
        Version::parse(&self.version)
    }

    /// What its client said of itself.
    pub(crate) fn facts(&self) -> ClientFacts {
        ClientFacts {
            capabilities: self.capabilities.clone().into(),
            info: self.info.clone().into(),
            log_level: self.log_level.clone().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_written_as_before() {
        let check = |word: &Word, golden: &str| {
            assert_eq!(std::str::from_utf8(&word.written()).unwrap(), golden);
            assert_eq!(Word::read(golden.as_bytes()).as_ref(), Some(word));
        };
        let id = SessionId::try_from("07070707070707070707070707070707".to_owned()).unwrap();
        let session = SessionWords {
            id,
            principal: "local".to_owned(),
            endpoint: "/servers/lamp".to_owned(),
            version: "2025-11-25".to_owned(),
            capabilities: "{}".to_owned(),
            info: r#"{"name":"c"}"#.to_owned(),
            log_level: r#""info""#.to_owned(),
            subscriptions: vec!["lamp://hall".to_owned()],
        };
        check(
            &Word::Session(session),
            r#"{"session":{"id":"07070707070707070707070707070707","principal":"local","endpoint":"/servers/lamp","version":"2025-11-25","capabilities":"{}","info":"{\"name\":\"c\"}","log_level":"\"info\"","subscriptions":["lamp://hall"]}}"#,
        );
        check(
            &Word::Said { session: id, message: "{}".to_owned() },
            r#"{"said":{"session":"07070707070707070707070707070707","message":"{}"}}"#,
        );
    }

    #[test]
    fn what_another_version_says_is_understood_or_passed_over() {
        let newer = r#"{"session":{"id":"0a","principal":"local","endpoint":"","version":"2025-11-25","capabilities":"{}","info":"","since":1}}"#;
        let Some(Word::Session(words)) = Word::read(newer.as_bytes()) else { panic!("it is a session") };
        assert_eq!((words.endpoint(), words.version()), (Endpoint::All, Some(Version::V2025_11_25)));
        assert!(!words.is_more_than_sealed());
        for unknown in [r#"{"weather":{}}"#, r#"{"said":{"session":"no id","message":"{}"}}"#, ""] {
            assert_eq!(Word::read(unknown.as_bytes()), None, "{unknown}");
        }
    }
}
