//! What makes a running node controllable: the configuration followed, SIGHUP, and the control socket. Each of them may be
//! missing on a strange machine; the node then says so and works without.

use std::path::PathBuf;
use std::time::SystemTime;

use ::control::{Api, Cause, Configuration, socket::Socket, watch};
use config::{Folders, History, Listen, Loaded, Source};
use gateway::{Current, edge::serve::SocketFile};
use telemetry::Log;

use crate::hangup::{Hangup, Hangups};

/// Starts everything, and gives the file of the control socket, which goes with the node.
pub(crate) async fn start(
    source: Source,
    loaded: &Loaded,
    gateway: &Current,
    log: Log,
    listen: &[String],
) -> Option<SocketFile> {
    let folders = Folders::of_process();
    let history = folders.as_ref().map(|folders| History::of(&folders.state, source.path().as_deref()));
    let configuration = Configuration::new(source, loaded, gateway.clone(), log, history);
    tokio::spawn(watch::follow(configuration.clone()));
    tokio::spawn(reload_on_hangup(configuration.clone()));
    let api = Api {
        configuration,
        listen: listen.to_vec(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: SystemTime::now(),
    };
    let Some(path) = socket_path(folders.as_ref(), listen) else {
        tracing::warn!("there is no folder for the control socket: `switchboard status` will not find this node");
        return None;
    };
    let bound = Socket::bind(&path).await;
    let bound =
        bound.inspect_err(|error| tracing::warn!(socket = %path.display(), %error, "the node cannot be controlled"));
    Some(bound.ok()?.serve(api))
}

/// The control socket of a node that listens at these addresses.
fn socket_path(folders: Option<&Folders>, listen: &[String]) -> Option<PathBuf> {
    let first = listen.first()?;
    let address: Listen = first.strip_prefix("http://").unwrap_or(first).parse().ok()?;
    match address {
        Listen::Unix(path) => Some(config::control_socket_beside(&path)),
        address @ Listen::Tcp(_) => Some(folders?.control_socket(&address)),
    }
}

/// Reloads whenever a hang-up wishes it; they are listened for from the call on.
fn reload_on_hangup(configuration: Configuration) -> impl Future<Output = ()> {
    let mut hangups = Hangups::listen();
    async move {
        while hangups.next().await == Hangup::Reload {
            let applying = configuration.clone();
            // What came of it is in the log.
            let _ = tokio::task::spawn_blocking(move || applying.reload(Cause::Signal)).await;
        }
    }
}
