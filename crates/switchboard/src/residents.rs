//! The servers that live in this process: the gateway's own tools, and APIs, each made a server of tools when it is first
//! used.

use std::error::Error;
use std::sync::Arc;

use config::{Limits, Server};
use futures_util::future::BoxFuture;
use gateway::{Current, RESIDENT_QUEUE, Resident, Residents};
use tokio::sync::{SetOnce, mpsc};
use toolkit::Toolkit;

/// Makes the servers that live here.
pub(crate) struct Household {
    /// The gateway that they live beside, once it is there.
    gateway: SetOnce<Current>,
    client: egress::Client,
    answer_bytes_max: usize,
}

impl Household {
    /// A household under the limits of a node. Its addresses come from the configuration alone.
    pub(crate) fn new(limits: &Limits) -> Self {
        let client = egress::Client::new(egress::Options {
            connect_ms_max: limits.connect_ms_max,
            connections_per_host_max: limits.connections_per_server_max,
            rules: egress::Rules::CONFIGURED,
            ..egress::Options::default()
        });
        Self { gateway: SetOnce::new(), client, answer_bytes_max: limits.result_bytes_max }
    }

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
        settings.is_own(name) || settings.is_api()
    }

    fn open<'a>(&'a self, name: &'a str, settings: &'a Server) -> BoxFuture<'a, Result<Resident, String>> {
        Box::pin(async move {
            if settings.is_own(name) {
                return Ok(move_in(toolkit_switchboard::toolkit(self.gateway.wait().await)));
            }
            let toolkit = adapters::toolkit(name, settings, &self.client, self.answer_bytes_max).await;
            toolkit.map(move_in).map_err(|error| chain(&error))
        })
    }
}

/// Starts a server and gives the gateway's end of it.
fn move_in(toolkit: Toolkit) -> Resident {
    let (to_server, incoming) = mpsc::channel(RESIDENT_QUEUE);
    let (outgoing, from_server) = mpsc::channel(RESIDENT_QUEUE);
    tokio::spawn(toolkit::serve(Arc::new(toolkit), incoming, outgoing));
    Resident { to_server, from_server }
}

/// An error with all its causes, in one line.
fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
