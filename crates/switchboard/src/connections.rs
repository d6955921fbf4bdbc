//! Connections of clients on their way from a node to the one that follows it: those on which nothing is under way when the doors
//! go over. Which ones these are is decided by the gateway.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use gateway::edge::passage::Departure;
use gateway::edge::serve::{IDLE_AFTER_HANDOVER, Stream};
use gateway::principal::Remote;
use supervisor::Parcels;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};

/// What goes with a connection over TCP; one over a unix socket goes with other words.
const TCP: &[u8] = b"tcp";
const UNIX: &[u8] = b"unix";

/// Sends connections over the socket whose other end this gives, for as long as one may take to leave.
pub(crate) fn send(mut departures: mpsc::Receiver<Departure>) -> io::Result<OwnedFd> {
    let (mut parcels, theirs) = Parcels::pair()?;
    tokio::spawn(async move {
        let end = Instant::now() + IDLE_AFTER_HANDOVER;
        while let Ok(Some(departure)) = timeout_at(end, departures.recv()).await {
            let words = if matches!(departure.remote, Remote::Address(_)) { TCP } else { UNIX };
            let given = spawn_blocking(move || {
                let given = parcels.give(words, &[departure.descriptor.as_fd()]);
                drop(departure);
                given.map(|()| parcels)
            });
            match given.await.map_err(io::Error::other).flatten() {
                Ok(still) => parcels = still,
                Err(error) => return tracing::warn!(%error, "a connection could not go over"),
            }
        }
    });
    Ok(theirs)
}

/// Takes connections from this socket until no more come.
pub(crate) fn receive(socket: OwnedFd, arrivals: mpsc::Sender<Stream>) {
    spawn_blocking(move || {
        let mut parcels = Parcels::over(socket);
        while let Ok((words, descriptors)) = parcels.take() {
            for descriptor in descriptors {
                match Stream::taken_over(words == TCP, descriptor) {
                    // it fails where the node has ended already
                    Ok(stream) => drop(arrivals.blocking_send(stream)),
                    Err(error) => tracing::debug!(%error, "a client has left on the way"),
                }
            }
        }
    });
}
