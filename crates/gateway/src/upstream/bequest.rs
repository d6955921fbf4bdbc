//! The running process of a server on its way to the node that follows this one, with the link to it: who may share it, what
//! the server said of itself, and a relay for the calls that this node still has there. Which processes go over is decided
//! here; how one lets go of a process is the supervisor's.

use std::{
    collections::HashMap,
    io,
    os::{fd::OwnedFd, unix::net::UnixStream as Socket},
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use config::{Mode, Server, Transport};
use mcp::Era;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use supervisor::{Descriptors, Heirloom};

use super::{
    Connection, Upstream, dial,
    link::Link,
    peer::Peer,
    pool::{Key, Owner},
};
use crate::{call::Abilities, failure::Failure, handover::SessionWords, leaving::Underway, session::Session};

/// Between the words and what the process has written.
const END_OF_WORDS: u8 = b'\n';

/// A process with its link, between two nodes.
#[derive(Debug)]
pub struct Bequest {
    words: Words,
    heirloom: Heirloom,
    relay: Socket,
}

/// What is told of it. Members are only ever added, and unknown ones are passed over: both nodes may be of different versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Words {
    server: String,
    principal: Option<String>,
    /// The session of a client to which it belongs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionWords>,
    abilities: u8,
    /// Which of several processes it is that all share.
    #[serde(default)]
    number: u32,
    /// How often it has gone over, this time included.
    generation: u64,
    pid: u32,
    is_modern: bool,
    version: String,
    capabilities: String,
    info: String,
    instructions: String,
}

/// What is common to two servers of which the one may go on with the process of the other: how it is started, and how it is
/// shared. Nothing for those that are not processes of their own, and for our own toolkits, which a new version replaces.
pub fn made_of(server: &Server) -> Option<String> {
    if server.transport() != Transport::Stdio || server.toolkit.is_some() {
        return None;
    }
    let command = dial::command(server).ok()?;
    let digest = Sha256::digest(format!("{command:?} {:?} {:?}", server.mode, server.era));
    let (half, _) = digest.split_first_chunk()?;
    Some(format!("{:032x}", u128::from_be_bytes(*half)))
}

impl Upstream {
    /// Whether a process of this server may go to the next node: one that all share may also be started until then.
    pub fn may_leave(&self) -> bool {
        let may_be_there = self.settings.mode == Mode::Shared || !self.leaving_links().is_empty();
        made_of(&self.settings).is_some() && !self.is_resident() && may_be_there
    }

    /// Lets go of the processes that can go to the next node, with those of `sessions`; none is started here again, but for a
    /// session. Calls that are under way there go on.
    pub async fn leave(&self, sessions: &HashMap<u64, SessionWords>) -> Vec<Bequest> {
        self.is_left.store(true, Ordering::Release);
        self.pool.settled().await;
        let goes = |key: &Key| key.session.is_none_or(|session| sessions.contains_key(&session));
        let links = self.leaving_links().into_iter().filter(|(key, _)| goes(key));
        let left = links.map(|(key, link)| async move {
            let session = key.session.and_then(|session| sessions.get(&session)).cloned();
            let left = bequeath(&self.name, &key, session, &link).await;
            left.inspect_err(|failure| {
                tracing::warn!(server = &*self.name, %failure, "its process stays behind");
                link.lost("it could not go to the next process of the node");
            })
        });
        futures_util::future::join_all(left).await.into_iter().flatten().collect()
    }

    /// Those that have not been left yet.
    fn leaving_links(&self) -> Vec<(Key, Arc<Link>)> {
        let links = self.pool.standing().into_iter().filter_map(|(key, connection)| match connection {
            Connection::Link(link) if link.can_be_left() => Some((key, link)),
            _ => None,
        });
        links.collect()
    }

    /// Whether a process has calls of the node before, which is still there.
    pub fn serves_before(&self) -> bool {
        self.pool
            .connections()
            .iter()
            .any(|one| matches!(one, Connection::Link(link) if link.lineage().serves_before()))
    }

    /// Goes on with a process of the node before, which belongs to `session` if to any. As long as that node has calls there,
    /// something is under way here too.
    pub async fn take_over(
        self: &Arc<Self>,
        bequest: Bequest,
        session: Option<Arc<Session>>,
        underway: Underway,
    ) -> Result<(), Failure> {
        let key = Key { session: session.as_ref().map(|session| session.number), ..bequest.words.key() };
        let owner = session.map(|session| Owner { abilities: key.abilities, reach: session.caller().reach });
        let peer = bequest.words.peer();
        let Bequest { words, heirloom, relay } = bequest;
        let link = self.dialer.take_over(heirloom, (relay, underway), words.generation, (peer.clone(), owner));
        let link =
            link.map_err(|error| Failure::Unavailable(format!("its process could not be taken over: {error}")))?;
        tracing::info!(server = &*self.name, pid = words.pid, "its process goes on here");
        self.remember(peer.era);
        self.peer.store(Some(Arc::new(peer)));
        self.pool.put(key.clone(), Connection::Link(link)).await?;
        self.health.running();
        self.hear_again(key);
        self.processes.look_soon();
        Ok(())
    }
}

async fn bequeath(
    server: &str,
    key: &Key,
    session: Option<SessionWords>,
    link: &Arc<Link>,
) -> Result<Bequest, Failure> {
    let peer = link.peer().cloned().ok_or_else(|| Failure::Unavailable("it has not introduced itself".to_owned()))?;
    let (heirloom, relay) = link.leave().await?;
    let text = |raw: &Bytes| String::from_utf8_lossy(raw).into_owned();
    let words = Words {
        server: server.to_owned(),
        principal: key.principal.as_deref().map(str::to_owned),
        session,
        abilities: key.abilities.bits(),
        number: key.number,
        generation: link.lineage().generation() + 1,
        pid: heirloom.pid,
        is_modern: peer.era == Era::Modern,
        version: peer.version,
        capabilities: text(&peer.capabilities),
        info: text(&peer.info),
        instructions: text(&peer.instructions),
    };
    Ok(Bequest { words, heirloom, relay })
}

impl Words {
    fn key(&self) -> Key {
        Key {
            principal: self.principal.as_deref().map(Arc::from),
            session: None,
            abilities: Abilities::of_bits(self.abilities),
            number: self.number,
        }
    }

    fn peer(&self) -> Peer {
        Peer {
            era: if self.is_modern { Era::Modern } else { Era::Legacy },
            version: self.version.clone(),
            capabilities: self.capabilities.clone().into(),
            info: self.info.clone().into(),
            instructions: self.instructions.clone().into(),
        }
    }
}

impl Bequest {
    /// The server whose process it is.
    pub fn server(&self) -> &str {
        &self.words.server
    }

    /// The session of a client to which it belongs, if to any.
    pub fn session(&self) -> Option<&SessionWords> {
        self.words.session.as_ref()
    }

    /// Ends the process, which nobody goes on with.
    pub async fn end(self) {
        if let Ok((child, _lines)) = self.heirloom.take_over(supervisor::Limits::default(), None) {
            child.stop().await;
        }
    }

    /// As it goes over a socket.
    pub fn into_parts(self) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
        let mut words = serde_json::to_vec(&self.words)?;
        words.push(END_OF_WORDS);
        words.extend(self.heirloom.unread);
        let descriptors = self.heirloom.descriptors.into_iter().chain([self.relay.into()]);
        Ok((words, descriptors.collect()))
    }

    /// As it came over a socket.
    pub fn of_parts(words: &[u8], mut descriptors: Vec<OwnedFd>) -> io::Result<Self> {
        let odd = || io::Error::other("not the process of a server");
        let end = words.iter().position(|byte| *byte == END_OF_WORDS).ok_or_else(odd)?;
        let unread = words[end + 1..].to_vec();
        let words: Words = serde_json::from_slice(&words[..end])?;
        let relay = Socket::from(descriptors.pop().ok_or_else(odd)?);
        let descriptors = Descriptors::try_from(descriptors).map_err(|_| odd())?;
        Ok(Self { heirloom: Heirloom { pid: words.pid, unread, descriptors }, words, relay })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        let loaded = config::parse(&format!("[servers.lamp]\n{text}"), "f", &|_| None);
        assert_eq!(loaded.problems, [], "{text}");
        loaded.config.servers["lamp"].clone()
    }

    #[test]
    fn a_process_goes_on_only_where_the_same_would_be_started_and_shared_alike() {
        let made = |text| made_of(&server(text));
        let lamp = made("command = 'lamp'");
        assert_eq!(lamp, made("command = 'lamp'\nprefix = 'light'"));
        for other in ["command = 'light'", "command = 'lamp'\nargs = ['-v']", "command = 'lamp'\nmode = 'shared'"] {
            assert_ne!(lamp, made(other), "{other}");
        }
        assert_ne!(lamp, made("command = 'lamp'\nenv = { KEY = 'one' }"));
        assert_ne!(made("command = 'lamp'\nenv = { KEY = 'one' }"), made("command = 'lamp'\nenv = { KEY = 'two' }"));
        assert_eq!(made("url = 'https://lamp.example/mcp'"), None);
    }

    #[test]
    fn words_of_another_version_are_understood() {
        let words = r#"{"server":"lamp","principal":null,"abilities":15,"generation":2,"pid":7,"is_modern":true,
            "version":"2026-07-28","capabilities":"{}","info":"","instructions":"","since":1}"#;
        let words: Words = serde_json::from_str(words).unwrap();
        assert_eq!((words.key().abilities, words.peer().era), (Abilities::ALL, Era::Modern));
    }

    #[test]
    fn words_are_written_as_before() {
        let check = |golden: &str| {
            let words: Words = serde_json::from_str(golden).unwrap();
            assert_eq!(serde_json::to_string(&words).unwrap(), golden);
        };
        check(
            r#"{"server":"lamp","principal":null,"abilities":15,"number":0,"generation":1,"pid":7,"is_modern":false,"version":"2025-11-25","capabilities":"{}","info":"{}","instructions":""}"#,
        );
        check(
            r#"{"server":"lamp","principal":"ada","session":{"id":"0000000000000000000000000000000a","principal":"ada","endpoint":"","version":"2025-11-25","capabilities":"{}","info":"","log_level":"","subscriptions":[]},"abilities":0,"number":1,"generation":2,"pid":7,"is_modern":true,"version":"2026-07-28","capabilities":"{}","info":"","instructions":"\"be brief\""}"#,
        );
    }

    #[test]
    fn what_is_no_process_is_refused() {
        assert!(Bequest::of_parts(b"{}", Vec::new()).is_err());
        assert!(Bequest::of_parts(b"{}\n", Vec::new()).is_err());
    }
}
