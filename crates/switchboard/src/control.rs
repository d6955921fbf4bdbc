//! What makes a running node controllable: the configuration followed, SIGHUP, and the control socket. Each of them may be
//! missing on a strange machine; the node then says so and works without.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use ::control::socket::{Serving, Socket};
use ::control::{Api, Cause, Configuration, Held, Restarts, watch};
use config::{Folders, History, Listen, Loaded, Source};
use gateway::{Current, edge::serve::Listener};
use telemetry::Log;
use tokio::task::JoinSet;

use crate::hangup::{Hangup, Hangups};
use crate::heritage::Heritage;
use crate::will::Door;

/// The controls of a node; they end with this.
pub(crate) struct Controls {
    configuration: Configuration,
    socket: Option<(PathBuf, Serving)>,
    _followers: JoinSet<()>,
}

impl Controls {
    /// Keeps the configuration as it is while a successor starts from it. Blocks the thread.
    pub(crate) fn hold(&self) -> Held<'_> {
        self.configuration.hold()
    }

    /// The door of the control API, if it is open.
    pub(crate) fn door(&self) -> Option<(&Path, &Arc<Listener>)> {
        self.socket.as_ref().map(|(path, serving)| (path.as_path(), serving.listener()))
    }
}

/// What the controls are to control.
pub(crate) struct Controlled<'a> {
    /// Where the configuration came from.
    pub(crate) source: Source,
    /// The configuration.
    pub(crate) loaded: &'a Loaded,
    /// The gateway it is applied to.
    pub(crate) gateway: &'a Current,
    /// The node's own log.
    pub(crate) log: Log,
    /// Where clients reach the node.
    pub(crate) listen: &'a [String],
    /// Where a successor is asked for.
    pub(crate) restarts: Restarts,
}

/// Starts everything.
pub(crate) async fn start(controlled: Controlled<'_>, heritage: &mut Heritage) -> Controls {
    let Controlled { source, loaded, gateway, log, listen, restarts } = controlled;
    let folders = Folders::of_process();
    let history = folders.as_ref().map(|folders| History::of(&folders.state, source.path().as_deref()));
    let configuration = Configuration::new(source, loaded, gateway.clone(), log, history);
    let mut followers = JoinSet::new();
    followers.spawn(watch::follow(configuration.clone()));
    followers.spawn(reload_on_hangup(configuration.clone()));
    let api = Api {
        configuration: configuration.clone(),
        listen: listen.to_vec(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started: SystemTime::now(),
        restarts,
    };
    let socket = if let Some(path) = socket_path(folders.as_ref(), listen) {
        open(path, api, heritage).await
    } else {
        tracing::warn!("there is no folder for the control socket: `switchboard status` will not find this node");
        None
    };
    Controls { configuration, socket, _followers: followers }
}

async fn open(path: PathBuf, api: Api, heritage: &mut Heritage) -> Option<(PathBuf, Serving)> {
    let bound = match heritage.door(&Door::new("control", &path.display())) {
        Some((_, descriptor)) => Socket::taken_over(&path, descriptor),
        None => Socket::bind(&path).await,
    };
    let bound =
        bound.inspect_err(|error| tracing::warn!(socket = %path.display(), %error, "the node cannot be controlled"));
    let serving = bound.ok()?.serve(api);
    Some((path, serving))
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
