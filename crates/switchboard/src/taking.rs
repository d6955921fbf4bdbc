//! What comes from the node before once this one is ready: connections of clients, the processes of servers, one after the other,
//! and then its words on sessions. Which processes are wished for is decided in `heritage`.

use std::collections::BTreeMap;
use std::io;

use gateway::{
    Current,
    catalogue::{Endpoint, Member},
    edge::serve::Stream,
    handover,
    upstream::{
        bequest::{self, Bequest},
        following::Following,
    },
};
use supervisor::Predecessor;
use tokio::sync::mpsc;

use crate::connections;
use crate::will::CONNECTIONS;

/// How things are taken over.
pub(crate) struct Taking {
    /// Who goes on with them.
    pub(crate) gateway: Current,
    /// The servers whose processes are given, and what each is made of.
    pub(crate) processes: BTreeMap<String, String>,
    /// Whether the endpoint of everything was in use.
    pub(crate) everything: bool,
    /// Where connections are served.
    pub(crate) arrivals: mpsc::Sender<Stream>,
}

impl Taking {
    /// Takes over what the node before gives; from then on processes that are missing are started here.
    pub(crate) async fn over(self, predecessor: Predecessor, following: Following) {
        let is_any = following.servers().next().is_some();
        let taken = self.all(predecessor).await;
        following.is_over();
        let told = taken.and_then(|predecessor| handover::hear_before(&self.gateway, predecessor.into_socket()));
        if let Err(error) = told {
            self.gateway.now().kin.follow_nobody();
            tracing::warn!(%error, "not all could be taken over");
        }
        if is_any && self.everything {
            self.gateway.now().catalogue.view(&Endpoint::All).await;
        }
    }

    /// Takes over the connections, and one process after the other until there are no more.
    async fn all(&self, mut predecessor: Predecessor) -> io::Result<Predecessor> {
        loop {
            let taking = tokio::task::spawn_blocking(move || {
                let taken = predecessor.take();
                (predecessor, taken)
            });
            let (words, descriptors);
            (predecessor, (words, descriptors)) =
                taking.await.map_err(io::Error::other).and_then(|(predecessor, taken)| Ok((predecessor, taken?)))?;
            if words.is_empty() {
                return Ok(predecessor);
            }
            if words == CONNECTIONS.as_bytes() {
                for socket in descriptors {
                    connections::receive(socket, self.arrivals.clone());
                }
            } else {
                self.go_on(Bequest::of_parts(&words, descriptors)?).await;
            }
        }
    }

    /// Goes on with a process; one that no server of ours can have ends, also where the configuration has just changed.
    async fn go_on(&self, bequest: Bequest) {
        let gateway = self.gateway.now();
        let made_of = self.processes.get(bequest.server());
        let can_have = |member: &&Member| {
            *member.upstream.name == *bequest.server() && bequest::made_of(&member.settings).as_ref() == made_of
        };
        let Some(member) = gateway.members().iter().find(can_have) else { return bequest.end().await };
        let session = bequest.session().map(|words| gateway.adopt(words));
        if session.as_ref().is_some_and(Option::is_none) {
            return bequest.end().await;
        }
        let taken = member.upstream.take_over(bequest, session.flatten(), gateway.stages.begin()).await;
        if let Err(failure) = taken {
            tracing::warn!(server = &*member.upstream.name, %failure, "it is started anew");
        }
    }
}
