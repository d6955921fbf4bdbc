//! What this node has taken over from the one before it: open doors, and which servers its clients use. A node that was
//! started in the ordinary way has taken over nothing.

use std::error::Error as StdError;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use cli::Error;
use futures_util::future::join_all;
use gateway::{Gateway, catalogue::Endpoint};
use supervisor::Predecessor;

use crate::will::{Door, Will};

/// How long servers may take to start before the node takes over without them: clients would wait as long otherwise.
const WARM_WITHIN: Duration = Duration::from_secs(10);

/// What was taken over and is not in use yet.
#[derive(Default)]
pub(crate) struct Heritage {
    predecessor: Option<Predecessor>,
    doors: Vec<(Door, OwnedFd)>,
    servers: Vec<String>,
    everything: bool,
}

impl Heritage {
    /// Takes over what there is.
    pub(crate) fn of_process() -> Result<Self, Error> {
        let Some(mut predecessor) = Predecessor::of_process() else { return Ok(Self::default()) };
        let failed = |error: io::Error| io::Error::new(error.kind(), format!("nothing could be taken over: {error}"));
        let (words, descriptors) = predecessor.take().map_err(failed)?;
        let will: Will = serde_json::from_slice(&words).map_err(|error| failed(error.into()))?;
        let doors = will.doors.into_iter().zip(descriptors).collect();
        Ok(Self { predecessor: Some(predecessor), doors, servers: will.servers, everything: will.everything })
    }

    /// Whether there is somebody to follow.
    pub(crate) fn is_any(&self) -> bool {
        self.predecessor.is_some()
    }

    /// The descriptor of a door, once.
    pub(crate) fn door(&mut self, wanted: &Door) -> Option<OwnedFd> {
        let place = self.doors.iter().position(|(door, _)| door == wanted)?;
        Some(self.doors.remove(place).1)
    }

    /// Starts what was in use, so that the first calls do not wait for it.
    pub(crate) async fn warm(&self, gateway: &Gateway) {
        let view = |endpoint| async move { gateway.catalogue.view(&endpoint).await.map(drop) };
        let started = async {
            join_all(self.servers.iter().cloned().map(Endpoint::Server).map(view)).await;
            if self.everything {
                view(Endpoint::All).await;
            }
        };
        if tokio::time::timeout(WARM_WITHIN, started).await.is_err() {
            tracing::warn!("some servers are not started yet; the node takes over without them");
        }
    }

    /// Tells the node before that this one serves from now on.
    pub(crate) fn accept(&mut self) -> io::Result<()> {
        let line = concat!("ready ", env!("CARGO_PKG_VERSION"));
        self.predecessor.take().map_or(Ok(()), |predecessor| predecessor.tell(line))
    }

    /// Tells the node before why it has to go on.
    pub(crate) fn refuse(self, error: &Error) {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let why = causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        if let Some(predecessor) = self.predecessor {
            // it hears that the socket closes in any case
            let _ = predecessor.tell(&why);
        }
    }
}
