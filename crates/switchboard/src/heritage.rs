//! What this node has not opened itself: the doors of the node before it, with the names of the servers that its clients
//! use and the processes of some of them, and the doors that the service manager lends. A node that was started by hand has
//! neither.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use cli::Error;
use config::Config;
use futures_util::future::join_all;
use gateway::{
    Current, Gateway,
    catalogue::Endpoint,
    edge::serve::Stream,
    upstream::{bequest, following::Following},
};
use supervisor::Predecessor;
use tokio::sync::mpsc;

use crate::taking::Taking;
use crate::will::{Door, Ready, Will};

/// How long servers may take to start before the node takes over without them: clients would wait as long otherwise.
const WARM_WITHIN: Duration = Duration::from_secs(10);

/// What was taken over and is not in use yet.
#[derive(Default)]
pub(crate) struct Heritage {
    predecessor: Option<Predecessor>,
    doors: Vec<(Door, OwnedFd)>,
    /// By address.
    lent: Vec<(String, OwnedFd)>,
    servers: Vec<String>,
    everything: bool,
    /// The servers whose processes can be had, and what each is made of.
    processes: BTreeMap<String, String>,
}

impl Heritage {
    /// Takes over what there is, beside what is lent.
    pub(crate) fn of_process(lent: Vec<(String, OwnedFd)>) -> Result<Self, Error> {
        let Some(mut predecessor) = Predecessor::of_process() else { return Ok(Self { lent, ..Self::default() }) };
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("nothing could be taken over: {error}"));
        let (words, descriptors) = predecessor.take().map_err(failed)?;
        let will: Will = serde_json::from_slice(&words).map_err(|error| failed(error.into()))?;
        let doors = will.doors.into_iter().zip(descriptors).collect();
        let Will { servers, everything, processes, .. } = will;
        Ok(Self { predecessor: Some(predecessor), doors, lent, servers, everything, processes })
    }

    /// Whether there is somebody to follow.
    pub(crate) fn is_any(&self) -> bool {
        self.predecessor.is_some()
    }

    /// A door with its descriptor, once.
    pub(crate) fn door(&mut self, wanted: &Door) -> Option<(Door, OwnedFd)> {
        if let Some(place) = self.doors.iter().position(|(door, _)| door.is(wanted)) {
            return Some(self.doors.remove(place));
        }
        let place = self.lent.iter().position(|(address, _)| *address == wanted.asked)?;
        Some((Door { lent: true, ..wanted.clone() }, self.lent.remove(place).1))
    }

    /// Says which doors are lent in vain; they are closed.
    pub(crate) fn leave_the_rest(&mut self) {
        for (address, _) in self.lent.drain(..) {
            tracing::warn!(
                address,
                "the service manager listens where the configuration does not: name it in `listen`"
            );
        }
    }

    /// The processes that this node goes on with: those of servers that it would start and share in the same way.
    pub(crate) fn following(&self, config: &Config) -> Following {
        let is_same = |(name, made_of): &(&String, &String)| {
            let settings = config.servers.get(*name).filter(|settings| settings.enabled);
            settings.and_then(bequest::made_of).as_ref() == Some(*made_of)
        };
        Following::of(self.processes.iter().filter(is_same).map(|(name, _)| name.clone()).collect())
    }

    /// Starts what was in use and does not come by itself, so that the first calls do not wait for it.
    pub(crate) async fn warm(&self, gateway: &Gateway, following: &Following) {
        let view = |endpoint| async move { gateway.catalogue.view(&endpoint).await.map(drop) };
        let comes = |name: &str| following.servers().any(|coming| coming == name);
        let started = async {
            let others = self.servers.iter().filter(|name| !comes(name)).cloned();
            join_all(others.map(Endpoint::Server).map(view)).await;
            // asking for everything would wait for what comes later
            if self.everything && following.servers().next().is_none() {
                view(Endpoint::All).await;
            }
        };
        if tokio::time::timeout(WARM_WITHIN, started).await.is_err() {
            tracing::warn!("some servers are not started yet; the node takes over without them");
        }
    }

    /// Tells the node before that this one serves from now on, and takes over the processes and connections that it gives.
    pub(crate) fn accept(
        &mut self,
        gateway: &Current,
        following: Following,
        arrivals: mpsc::Sender<Stream>,
    ) -> io::Result<()> {
        let Some(mut predecessor) = self.predecessor.take() else { return Ok(()) };
        let servers: BTreeSet<String> = following.servers().map(str::to_owned).collect();
        let (version, has_sessions) = (env!("CARGO_PKG_VERSION").to_owned(), !servers.is_empty());
        predecessor.tell(&Ready { version, servers, has_sessions, has_connections: true }.line())?;
        gateway.now().kin.follow();
        let processes = std::mem::take(&mut self.processes);
        let taking = Taking { gateway: gateway.clone(), processes, everything: self.everything, arrivals };
        tokio::spawn(taking.over(predecessor, following));
        Ok(())
    }

    /// Tells the node before why it has to go on.
    pub(crate) fn refuse(self, error: &Error) {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let why = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        if let Some(mut predecessor) = self.predecessor {
            // it hears that the socket closes in any case
            let _ = predecessor.tell(&why);
        }
    }
}
