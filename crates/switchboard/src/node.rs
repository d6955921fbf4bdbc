//! A node: its configuration read, its parts built, its doors opened or taken over, and in the end drained. How it goes
//! over to another process is `succession`.

use std::sync::Arc;

use ::control::{Restarts, Wish};
use cli::{Error, Exit, Serve, Settings, Stdio, Terminal};
use config::{Config, Folders, Listen, Loaded};
use gateway::{
    Current, Residents,
    catalogue::Endpoint,
    edge::{
        grpc::Grpc,
        serve::{self, Listener, Speech},
    },
    leaving::Stage,
    seals::Seals,
    upstream::following::Following,
};
use telemetry::Log;
use tokio::sync::mpsc;

use crate::activation::Lent;
use crate::control::{self, Controlled, Controls};
use crate::heritage::Heritage;
use crate::jobs;
use crate::manager::Manager;
use crate::residents::Household;
use crate::stopping::Signals;
use crate::succession::{self, Estate};
use crate::welcome;
use crate::will::Door;

/// Runs a node until it is told to stop, or until a successor does its work and its own is finished.
pub(crate) async fn serve(
    arguments: &Serve,
    settings: &Settings,
    terminal: &mut Terminal,
    lent: &Lent,
) -> Result<Exit, Error> {
    let program = succession::own_program();
    let manager = Manager::of_process();
    let mut signals = Signals::listen();
    let mut heritage = Heritage::of_process(lent.take())?;
    let is_first = !heritage.is_any();
    let begun = begin(arguments, settings, terminal, &mut heritage).await;
    let (arrivals, arriving) = serve::arrivals();
    let begun = begun.and_then(|begun| {
        heritage.accept(&begun.gateway, begun.following.clone(), arrivals)?;
        Ok(begun)
    });
    let Begun { gateway, following, doors, controls, wishes } = match begun {
        Ok(begun) => begun,
        Err(error) => {
            heritage.refuse(&error);
            return Err(error);
        }
    };
    let listeners = doors.iter().map(|(_, listener, speech)| (listener.clone(), speech.clone())).collect();
    let doors = doors.into_iter().map(|(door, listener, _)| (door, listener)).collect();
    let estate = Estate { doors, controls, gateway: gateway.clone(), following, program, manager: manager.clone() };
    let succession = tokio::spawn(estate.hand_over(wishes));
    if is_first {
        manager.ready();
    }
    let alive = tokio::spawn(manager.clone().stay_alive(gateway.clone()));
    let stages = gateway.now().stages.clone();
    let told = async {
        signals.next().await;
        manager.stopping();
        stages.enter(Stage::Stopping);
        succession.abort();
        signals.next().await;
    };
    let exit = tokio::select! {
        () = serve::serve(gateway, listeners, arriving) => Ok(Exit::Done),
        () = told => {
            tracing::warn!("told to end a second time: calls that run are cut off");
            Ok(Exit::Failure)
        }
    };
    alive.abort();
    exit
}

/// A node that is ready to serve.
struct Begun {
    gateway: Current,
    /// What comes from the node before once this one is ready.
    following: Following,
    doors: Vec<(Door, Arc<Listener>, Speech)>,
    controls: Controls,
    wishes: mpsc::Receiver<Wish>,
}

async fn begin(
    arguments: &Serve,
    settings: &Settings,
    terminal: &mut Terminal,
    heritage: &mut Heritage,
) -> Result<Begun, Error> {
    let (loaded, log) = configured(settings, terminal)?;
    let config = &loaded.config;
    let addresses = if arguments.listen.is_empty() { &config.gateway.listen } else { &arguments.listen };
    let mut doors = Vec::new();
    for address in addresses {
        address.guarded(!config.principals.is_empty())?;
        doors.push(open("http", address, Speech::Http, heritage).await?);
    }
    if let Some(address) = &config.grpc.listen {
        let grpc = Grpc::new(&config.grpc).await.map_err(Error::Grpc)?;
        doors.push(open("grpc", address, Speech::Grpc(grpc), heritage).await?);
    }
    heritage.leave_the_rest();
    let following = heritage.following(config);
    let gateway = gateway(config, following.clone());
    gateway.now().bridge.is_of(settings.source().profile);
    jobs::keep(&gateway, config, settings)?;
    let listen: Vec<String> = doors.iter().map(|(_, listener, speech)| listener.address(speech)).collect();
    heritage.warm(&gateway.now(), &following).await;
    let (restarts, wishes) = Restarts::channel();
    let controlled =
        Controlled { source: settings.source(), loaded: &loaded, gateway: &gateway, log, listen: &listen, restarts };
    let controls = control::start(controlled, heritage).await;
    for address in &listen {
        terminal.say(&format!("listening on {address}"));
    }
    if let Some(first) = listen.first().filter(|_| !heritage.is_any()) {
        for line in welcome::lines(first, config, settings, terminal.is_of_person()).await {
            terminal.say(&line);
        }
    }
    Ok(Begun { gateway, following, doors, controls, wishes })
}

/// Opens a door, or goes on with that of the node before.
async fn open(
    name: &str,
    address: &Listen,
    speech: Speech,
    heritage: &mut Heritage,
) -> Result<(Door, Arc<Listener>, Speech), Error> {
    let door = Door::new(name, address);
    let (door, listener) = match heritage.door(&door) {
        Some((door, descriptor)) => (door, Listener::taken_over(address, descriptor)),
        None => (door, Listener::bind(address).await),
    };
    let listener = listener.map_err(|source| Error::listen(address, source))?;
    if door.lent {
        listener.leave();
    }
    Ok((door, Arc::new(listener), speech))
}

/// Runs a node for one client on stdin and stdout.
pub(crate) async fn stdio(arguments: &Stdio, settings: &Settings, terminal: &mut Terminal) -> Result<Exit, Error> {
    let config = configured(settings, terminal)?.0.config;
    let endpoint = match (&arguments.server, &arguments.bundle) {
        (Some(server), _) => Endpoint::Server(server.clone()),
        (_, Some(bundle)) => Endpoint::Bundle(bundle.clone()),
        _ => Endpoint::All,
    };
    let gateway = gateway(&config, Following::default());
    if !gateway.now().catalogue.has(&endpoint) {
        return Err(no_endpoint(&endpoint, &config));
    }
    jobs::keep(&gateway, &config, settings)?;
    let mut signals = Signals::listen();
    serve::stdio(gateway, endpoint, async move { signals.next().await }).await;
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
fn gateway(config: &Config, following: Following) -> Current {
    let household = Arc::new(Household::new(&config.limits));
    let residents: Arc<dyn Residents> = household.clone();
    let gateway = Current::after(following, config, &residents, seals());
    household.settle(&gateway);
    if let Some(Folders { state, .. }) = Folders::of_process() {
        let (results, lists) = (state.join("results"), state.join("lists"));
        if let Err(error) = gateway.now().results.keep_in(&results) {
            tracing::warn!(%error, folder = %results.display(), "long results are kept in memory only");
        }
        if let Err(error) = gateway.keep_lists(&lists) {
            tracing::warn!(%error, folder = %lists.display(), "what servers have is not kept for the next start");
        }
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
