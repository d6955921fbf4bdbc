//! A node: its configuration read, its parts built, its listeners opened, and in the end drained.

use std::sync::Arc;

use cli::{Error, Exit, Serve, Settings, Stdio, Terminal};
use config::{Config, Folders, Listen, Loaded};
use gateway::{
    Current, Residents,
    catalogue::Endpoint,
    edge::{
        grpc::Grpc,
        serve::{self, Listener, Speech},
    },
    seals::Seals,
};
use telemetry::Log;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use crate::control;
use crate::hangup::Hangups;
use crate::jobs;
use crate::residents::Household;
use crate::welcome;

/// Runs a node until it is told to stop.
pub(crate) async fn serve(arguments: &Serve, settings: &Settings, terminal: &mut Terminal) -> Result<Exit, Error> {
    let (loaded, log) = configured(settings, terminal)?;
    let config = &loaded.config;
    let addresses = if arguments.listen.is_empty() { &config.gateway.listen } else { &arguments.listen };
    let mut listeners = Vec::new();
    for address in addresses {
        address.guarded(!config.principals.is_empty())?;
        listeners.push((bound(address).await?, Speech::Http));
    }
    if let Some(address) = &config.grpc.listen {
        let grpc = Grpc::new(&config.grpc).await.map_err(Error::Grpc)?;
        listeners.push((bound(address).await?, Speech::Grpc(grpc)));
    }
    let gateway = gateway(config);
    jobs::keep(&gateway, config, settings)?;
    let listen: Vec<String> = listeners.iter().map(|(listener, speech)| listener.address(speech)).collect();
    let _socket = control::start(settings.source(), &loaded, &gateway, log, &listen).await;
    let (stop, stopping) = watch::channel(false);
    let stopped = told_to_stop();
    tokio::spawn(async move {
        stopped.await;
        let _ = stop.send(true);
    });
    for address in &listen {
        terminal.say(&format!("listening on {address}"));
    }
    if let Some(first) = listen.first() {
        for line in welcome::lines(first, config, settings, terminal.is_of_person()).await {
            terminal.say(&line);
        }
    }
    serve::serve(gateway, listeners, stopping).await;
    Ok(Exit::Done)
}

async fn bound(address: &Listen) -> Result<Listener, Error> {
    Listener::bind(address).await.map_err(|source| Error::listen(address, source))
}

/// Runs a node for one client on stdin and stdout.
pub(crate) async fn stdio(arguments: &Stdio, settings: &Settings, terminal: &mut Terminal) -> Result<Exit, Error> {
    let config = configured(settings, terminal)?.0.config;
    let endpoint = match (&arguments.server, &arguments.bundle) {
        (Some(server), _) => Endpoint::Server(server.clone()),
        (_, Some(bundle)) => Endpoint::Bundle(bundle.clone()),
        _ => Endpoint::All,
    };
    let gateway = gateway(&config);
    if !gateway.now().catalogue.has(&endpoint) {
        return Err(no_endpoint(&endpoint, &config));
    }
    jobs::keep(&gateway, &config, settings)?;
    serve::stdio(gateway, endpoint, told_to_stop()).await;
    Ok(Exit::Done)
}

/// The error that names the nearest server or bundle.
fn no_endpoint(endpoint: &Endpoint, config: &Config) -> Error {
    match endpoint {
        Endpoint::Bundle(name) => {
            Error::unknown("bundle", name, config.bundles.keys().map(String::as_str), "bundle list")
        }
        Endpoint::Server(name) => {
            Error::unknown("server", name, config.servers.keys().map(String::as_str), "server list")
        }
        Endpoint::All => Error::unknown("endpoint", "everything", std::iter::empty(), "server list"),
    }
}

/// The configuration, and the log that it wants.
fn configured(settings: &Settings, terminal: &mut Terminal) -> Result<(Loaded, Log), Error> {
    let loaded = settings.load_usable(terminal)?;
    let (log, read) = ::control::log::start(&loaded.config);
    if let Err(wrong) = read {
        terminal.say(&format!("{wrong}; logging at level info"));
    }
    Ok((loaded, log))
}

/// The gateway, with the servers that live in this process.
fn gateway(config: &Config) -> Current {
    let household = Arc::new(Household::new(&config.limits));
    let residents: Arc<dyn Residents> = household.clone();
    let gateway = Current::new(config, &residents, seals());
    household.settle(&gateway);
    if let Some(folder) = Folders::of_process().map(|folders| folders.state.join("results"))
        && let Err(error) = gateway.now().results.keep_in(&folder)
    {
        tracing::warn!(%error, folder = %folder.display(), "long results are kept in memory only");
    }
    gateway
}

/// The keys of what clients are given to keep.
fn seals() -> Seals {
    Seals::kept_in(Folders::of_process().map(|folders| folders.state).as_deref())
}

/// The servers that live in this process.
pub(crate) fn residents(config: &Config) -> Arc<dyn Residents> {
    Arc::new(Household::new(&config.limits))
}

/// Resolves when the node is asked to end; it is listened for from the call on.
fn told_to_stop() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let mut hangups = Hangups::listen();
    async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = hangups.terminal_gone() => {}
        }
    }
}
