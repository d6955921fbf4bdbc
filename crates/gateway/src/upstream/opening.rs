//! How a connection to a server is opened: when its turn has come, in the era that it speaks or that is found out on the
//! way. Who may share what is opened is `pool`; what an answer says of the era is `era`.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use config::{Server, Transport};
use mcp::Era;

use super::{
    Connection, Upstream,
    health::{Health, Start},
    http::HttpServer,
    legacy_http::{LegacyHttp, Refusal},
    link::{Link, Verdict},
    pool::Owner,
};
use crate::failure::Failure;

/// A server that is about to be started again is waited for this long; a call that would wait longer is told so at once.
const RESTART_WAIT_MAX: Duration = Duration::from_millis(2_500);

impl Upstream {
    pub(super) async fn open(self: &Arc<Self>, owner: Owner) -> Result<Connection, Failure> {
        if self.wait_until_due().await? == Start::Again {
            self.forget_era();
        }
        let attempt = Attempt(Some(&self.health));
        let opened = match self.settings.transport() {
            Transport::Stdio => {
                let turn = Duration::from_secs(self.settings.start_timeout_s);
                self.starts.in_turn(turn, self.open_now(&owner)).await.flatten()
            }
            _ => self.open_now(&owner).await,
        };
        attempt.ended(opened.as_ref().err());
        opened
    }

    /// A server that could not be started lately is left alone for a while. Who comes shortly before the end of it waits;
    /// who would wait for long is told why not.
    async fn wait_until_due(&self) -> Result<Start, Failure> {
        if self.retired.load(Ordering::Acquire) {
            return Err(Failure::Unavailable("it has been taken out of the configuration".to_owned()));
        }
        let pause = match self.health.start() {
            Ok(start) => return Ok(start),
            Err(pause) => pause,
        };
        if pause.left > RESTART_WAIT_MAX {
            return Err(pause.into());
        }
        tokio::time::sleep(pause.left).await;
        Ok(self.health.start()?)
    }

    async fn open_now(self: &Arc<Self>, owner: &Owner) -> Result<Connection, Failure> {
        let limit = match self.settings.transport() {
            Transport::Stdio => Duration::from_secs(self.settings.start_timeout_s),
            _ => Duration::from_millis(self.limits.handshake_ms_max),
        };
        let connection = match &self.http {
            Some(server) => self.open_http(server, owner, limit).await?,
            None => Connection::Link(self.open_link(owner, limit).await?),
        };
        let peer = match &connection {
            Connection::Link(link) => link.peer().cloned(),
            Connection::Session(session) => Some(session.peer.clone()),
            Connection::Door(_) => self.modern.load().as_ref().map(|modern| modern.peer.clone()),
        };
        if let Some(peer) = peer {
            tracing::info!(server = &*self.name, era = ?peer.era, version = peer.version, "connected");
            self.peer.store(Some(Arc::new(peer)));
        }
        Ok(connection)
    }

    /// Detection over HTTP: decided by the body of the answer to `server/discover`. Credentials, outages and silence decide nothing.
    async fn open_http(
        self: &Arc<Self>,
        server: &Arc<HttpServer>,
        owner: &Owner,
        limit: Duration,
    ) -> Result<Connection, Failure> {
        if self.known_era() != Some(Era::Legacy) {
            if let Some(door) = self.ask_era(server, limit).await? {
                return Ok(Connection::Door(door));
            }
            if self.settings.era == config::Era::Modern {
                return Err(Failure::Unavailable("it does not speak a modern revision".to_owned()));
            }
        }
        match LegacyHttp::open(server.clone(), owner.clone(), self.changes.clone(), limit).await {
            Ok(session) => {
                self.remember(Era::Legacy);
                Ok(Connection::Session(session))
            }
            Err(Refusal::Failed(failure)) => Err(failure),
            Err(Refusal::NotHere) if self.settings.transport == Transport::Auto => {
                let settings = Server { transport: Transport::Sse, ..self.settings.clone() };
                let link = self.dialer.dial(&settings).await?;
                link.initialize(owner, limit).await?;
                Ok(Connection::Link(link))
            }
            Err(Refusal::NotHere) => Err(Failure::Unavailable("there is no MCP endpoint at this address".to_owned())),
        }
    }

    /// Detection on a link. A server that falls silent or dies on the probe is legacy; it gets a fresh connection.
    async fn open_link(self: &Arc<Self>, owner: &Owner, limit: Duration) -> Result<Arc<Link>, Failure> {
        let link = self.dialer.dial(&self.settings).await?;
        let opened = match self.known_era() {
            Some(Era::Modern) => link.discover(limit).await.map(|()| link.clone()),
            Some(Era::Legacy) => link.initialize(owner, limit).await.map(|()| link.clone()),
            None => self.detect(link.clone(), owner, limit).await,
        };
        if opened.is_err() {
            let tail = link.stderr_tail().unwrap_or_default();
            link.stop_aside();
            return opened.map_err(|failure| with_log(&failure, &tail));
        }
        opened
    }

    async fn detect(self: &Arc<Self>, link: Arc<Link>, owner: &Owner, limit: Duration) -> Result<Arc<Link>, Failure> {
        let link = match link.probe(limit).await {
            Verdict::Known => {
                self.remember(Era::Modern);
                return Ok(link);
            }
            Verdict::Legacy => link,
            Verdict::Spoiled => {
                link.stop_aside();
                self.dialer.dial(&self.settings).await?
            }
        };
        match link.initialize(owner, limit).await {
            Ok(()) => {
                self.remember(Era::Legacy);
                Ok(link)
            }
            Err(failure) => {
                let tail = link.stderr_tail().unwrap_or_default();
                link.stop_aside();
                Err(with_log(&failure, &tail))
            }
        }
    }
}

/// A start under way. Dropped before its end, nobody wants it any more.
struct Attempt<'a>(Option<&'a Health>);

impl Attempt<'_> {
    fn ended(mut self, failure: Option<&Failure>) {
        match (self.0.take(), failure) {
            (Some(health), Some(failure)) => health.start_failed(&failure.reason()),
            (Some(health), None) => health.running(),
            (None, _) => {}
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(health) = self.0 {
            health.abandoned();
        }
    }
}

/// A failure of a child with the last words it wrote to stderr.
fn with_log(failure: &Failure, tail: &str) -> Failure {
    let reason = failure.reason();
    Failure::Unavailable(match tail.trim().lines().last() {
        Some(line) => format!("{reason} (its last words: {})", line.chars().take(300).collect::<String>()),
        None => reason,
    })
}
