//! How the connections of a server come and go: who shares one with whom, when one is opened, and when it is closed.

use std::{
    sync::{Arc, Weak, atomic::Ordering},
    time::Duration,
};

use config::Mode;
use futures_util::FutureExt as _;

use super::{
    Connection, Upstream,
    peer::Peer,
    pool::{Key, Owner},
};
use crate::{call::Caller, failure::Failure};

impl Upstream {
    /// Makes sure that the server has introduced itself.
    pub async fn introduce(self: &Arc<Self>, caller: &Caller) -> Result<Arc<Peer>, Failure> {
        if let Some(peer) = self.peer() {
            return Ok(peer);
        }
        let mut failed = Failure::Lost;
        for one in self.likely_first() {
            match one.connection(caller).await {
                Ok(_) => return self.peer().ok_or(Failure::Lost),
                Err(failure) => failed = failure,
            }
        }
        Err(failed)
    }

    /// The connection for this caller, opened if there is none.
    pub async fn connection(self: &Arc<Self>, caller: &Caller) -> Result<Connection, Failure> {
        match self.fresh_door() {
            Some(door) => Ok(Connection::Door(door)),
            None => self.connection_at(caller, self.key(caller)).await,
        }
    }

    /// The connection for a call of this caller: of several processes that of the least busy one.
    pub(super) async fn connection_for_call(self: &Arc<Self>, caller: &Caller) -> Result<Connection, Failure> {
        if self.processes.are_several()
            && let Some(connection) = self.pool.least_busy(&self.key(caller))
        {
            return Ok(connection);
        }
        self.connection(caller).await
    }

    pub(super) async fn connection_at(self: &Arc<Self>, caller: &Caller, key: Key) -> Result<Connection, Failure> {
        if let Some(following) = &self.following {
            following.over().await;
        }
        let reach = if key.session.is_some() { caller.reach.clone() } else { Weak::new() };
        let owner = Owner { abilities: key.abilities, reach };
        let open = || {
            let key = key.clone();
            async {
                if key.session.is_none() && self.is_left() {
                    return Err(Failure::Unavailable(
                        "it runs on at the process that has followed this one".to_owned(),
                    ));
                }
                self.open(owner).await.inspect(|_| {
                    self.hear_again(key);
                    self.processes.look_soon();
                })
            }
            .boxed()
        };
        self.pool.get(key.clone(), open).await
    }

    /// Closes what belongs to one client session.
    pub async fn end_session(&self, session: u64) {
        for one in self.others() {
            one.pool.close_session(session).await;
        }
        self.pool.close_session(session).await;
    }

    /// Closes what has not been used for longer than the server's settings allow; who waits for its news uses it.
    pub async fn sweep(self: &Arc<Self>) {
        self.keep_hearing();
        let idle = Duration::from_secs(self.settings.idle_stop_s);
        let may_rest = !self.processes.are_several() || self.pool.is_idle(idle);
        if !idle.is_zero() && !self.watch.has_wishes() && may_rest {
            self.pool.close_idle(idle).await;
        }
        for other in self.others().iter().filter(|_| !idle.is_zero()) {
            other.pool.close_idle(idle).await;
        }
    }

    /// Closes everything. The next call starts the server anew.
    pub async fn stop(&self) {
        for other in self.others() {
            other.stop_here().await;
        }
        self.stop_here().await;
    }

    async fn stop_here(&self) {
        self.health.stopping();
        self.modern.store(None);
        self.pool.close_all().await;
        self.health.stopped();
    }

    /// Closes everything for good: this server has left the configuration.
    pub async fn retire(&self) {
        for one in self.others() {
            one.retired.store(true, Ordering::Release);
        }
        self.retired.store(true, Ordering::Release);
        self.stop().await;
    }

    /// Who shares a connection with whom. Only a server declared to keep no state is shared by all, and one that lives
    /// here: it is told who calls.
    pub(super) fn key(&self, caller: &Caller) -> Key {
        match self.settings.mode {
            _ if self.is_resident() => Key::SHARED,
            Mode::Shared => Key::SHARED,
            Mode::PerPrincipal => Key {
                principal: Some(caller.principal.name.clone()),
                session: None,
                abilities: caller.abilities,
                number: 0,
            },
            Mode::PerSession => Key {
                principal: Some(caller.principal.name.clone()),
                session: caller.session,
                abilities: caller.abilities,
                number: 0,
            },
        }
    }
}
