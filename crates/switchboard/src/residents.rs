//! The servers that live in this process: the gateway's own tools.

use std::sync::Arc;

use config::Server;
use futures_util::future::BoxFuture;
use gateway::{Current, Resident, Residents, residents::RESIDENT_QUEUE};
use tokio::sync::{SetOnce, mpsc};
use toolkit::Toolkit;

/// Makes the servers that live here.
#[derive(Default)]
pub(crate) struct Household {
    /// The gateway that they live beside, once it is there.
    gateway: SetOnce<Current>,
}

impl Household {
    /// Lets those in that need the gateway.
    pub(crate) fn settle(&self, gateway: &Current) {
        let _ = self.gateway.set(gateway.clone());
    }
}

impl Residents for Household {
    fn built_in(&self) -> Vec<(String, Server)> {
        vec![(Server::OWN.to_owned(), Server::default())]
    }

    fn hosts(&self, name: &str, settings: &Server) -> bool {
        settings.is_own(name)
    }

    fn open<'a>(&'a self, _: &'a str, _: &'a Server) -> BoxFuture<'a, Result<Resident, String>> {
        Box::pin(async { Ok(move_in(toolkit_switchboard::toolkit(self.gateway.wait().await))) })
    }
}

/// Starts a server and gives the gateway's end of it.
fn move_in(toolkit: Toolkit) -> Resident {
    let (to_server, incoming) = mpsc::channel(RESIDENT_QUEUE);
    let (outgoing, from_server) = mpsc::channel(RESIDENT_QUEUE);
    tokio::spawn(toolkit::serve(Arc::new(toolkit), incoming, outgoing));
    Resident { to_server, from_server }
}
