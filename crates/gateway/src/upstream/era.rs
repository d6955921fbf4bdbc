//! Which era a server speaks: by configuration, or by a verdict that is kept with its date and doubted when the server
//! answers against it. Credentials, outages and silence decide nothing.

use std::{
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use mcp::{Envelope, Era, ErrorKey, Kind, Method, array};

use super::{
    Upstream,
    http::HttpServer,
    modern_http::{ModernHttp, own_params},
    peer::Peer,
};
use crate::failure::Failure;

/// A verdict on an era that is younger than this is not doubted, whatever the server answers.
const VERDICT_AGE_MIN: Duration = Duration::from_secs(1);

/// The door of a modern HTTP server, with what it said and when.
#[derive(Debug)]
pub(super) struct Modern {
    pub(super) door: Arc<ModernHttp>,
    pub(super) peer: Peer,
    pub(super) since: Instant,
}

impl Upstream {
    /// Asks a server whether it speaks this era by now, unless that was settled a moment ago or by the configuration.
    pub(super) async fn is_now(&self, era: Era) -> bool {
        let Some(server) = self.http.as_ref().filter(|_| self.settings.era == config::Era::Auto) else { return false };
        if self.verdict_age().is_some_and(|age| age < VERDICT_AGE_MIN) {
            return false;
        }
        let limit = Duration::from_millis(self.limits.handshake_ms_max);
        let found = match self.ask_era(server, limit).await {
            Ok(Some(_)) => Era::Modern,
            Ok(None) => Era::Legacy,
            Err(_) => return false,
        };
        if found == Era::Legacy {
            self.modern.store(None);
            self.remember(Era::Legacy);
        }
        if found == Era::Modern && era == Era::Modern {
            self.pool.close_all().await;
        }
        tracing::info!(server = &*self.name, ?found, "it answered as if it spoke another era and was asked anew");
        found == era
    }

    /// How long ago the era was found out.
    fn verdict_age(&self) -> Option<Duration> {
        let modern = self.modern.load().as_ref().map(|modern| modern.since);
        let legacy = || self.verdict.lock().unwrap_or_else(PoisonError::into_inner).map(|(_, since)| since);
        modern.or_else(legacy).map(|since| since.elapsed())
    }

    /// Asks over HTTP: the way in if the server is modern, nothing if it answers as legacy ones do. Credentials, outages
    /// and silence decide nothing.
    pub(super) async fn ask_era(
        &self,
        server: &Arc<HttpServer>,
        limit: Duration,
    ) -> Result<Option<Arc<ModernHttp>>, Failure> {
        let door = Arc::new(ModernHttp::new(server, self.changes.clone()));
        match discover(&door, limit).await {
            Ok(answer) => {
                let peer = Some(&answer).filter(|answer| answer.kind() == Kind::Result).and_then(Peer::from_discover);
                let Some(peer) = peer else { return Ok(None) };
                *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = None;
                self.peer.store(Some(Arc::new(peer.clone())));
                self.modern.store(Some(Arc::new(Modern { door: door.clone(), peer, since: Instant::now() })));
                Ok(Some(door))
            }
            Err(Failure::Garbage(_) | Failure::Rejected(_)) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The way in at a server that is held for modern, if that was not found out too long ago.
    pub(super) fn fresh_door(&self) -> Option<Arc<ModernHttp>> {
        self.door_at(Instant::now())
    }

    /// The same, at this moment.
    pub(super) fn door_at(&self, now: Instant) -> Option<Arc<ModernHttp>> {
        let horizon = Duration::from_secs(self.limits.probe_hours * 3_600);
        let modern = self.modern.load();
        let is_fresh = |modern: &&Arc<Modern>| now.saturating_duration_since(modern.since) < horizon;
        modern.as_ref().filter(is_fresh).map(|modern| modern.door.clone())
    }

    /// The era by configuration, or by a verdict that is not too old.
    pub(super) fn known_era(&self) -> Option<Era> {
        match self.settings.era {
            config::Era::Legacy => return Some(Era::Legacy),
            config::Era::Modern => return Some(Era::Modern),
            config::Era::Auto => {}
        }
        let horizon = Duration::from_secs(self.limits.probe_hours * 3_600);
        let verdict = *self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        verdict.filter(|(_, since)| since.elapsed() < horizon).map(|(era, _)| era)
    }

    /// What was found out by asking no longer counts.
    pub(super) fn forget_era(&self) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.modern.store(None);
    }

    pub(super) fn remember(&self, era: Era) {
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some((era, Instant::now()));
    }
}

/// Asks a server whether it is modern; one that refuses our version and then names it is asked once more.
async fn discover(door: &ModernHttp, limit: Duration) -> Result<Envelope, Failure> {
    let answer = door.ask(Method::Discover, None, &own_params(""), limit).await?;
    let names_ours = || {
        let data = answer.error_members().get(ErrorKey::Data).value.of(answer.bytes())?;
        let supported = array::member(data, "supported")?.of(data)?;
        let ours = mcp::Version::LATEST.as_str();
        Some(
            array::items(supported).ok()?.iter().any(|span| span.of(supported).and_then(mcp::plain_text) == Some(ours)),
        )
    };
    let again = answer.error_code() == Some(i64::from(mcp::code::UNSUPPORTED_VERSION)) && names_ours() == Some(true);
    if again { door.ask(Method::Discover, None, &own_params(""), limit).await } else { Ok(answer) }
}
