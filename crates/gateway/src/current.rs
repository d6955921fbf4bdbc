//! The gateway as it is configured now. A change of the configuration makes a new gateway beside the old one, which keeps
//! every server that runs as before, and takes its place in one step: a request sees the one or the other, and takes no
//! lock. Servers that only the old one has finish their calls, for as long as the limits allow, and are stopped.

use std::{
    collections::BTreeSet,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use config::Config;

use crate::{
    catalogue::{Member, copies::Copies},
    gateway::{Gateway, Parts},
    residents::Residents,
    seals::Seals,
    upstream::{Upstream, following::Following},
};

/// How often what has expired is cleared away.
const SWEEP: Duration = Duration::from_secs(5);
/// How often the keys of the seals are read again.
const RENEW_KEYS: Duration = Duration::from_hours(1);
/// How long requests that have looked a server up may take to reach it.
const ON_THE_WAY: Duration = Duration::from_secs(1);
/// How often a server that is to be stopped is asked whether it still works.
const LOOK: Duration = Duration::from_millis(20);

/// The place of the gateway that is in force. Cheap to clone.
#[derive(Clone)]
pub struct Current {
    place: Arc<ArcSwap<Parts>>,
    wanted: Arc<Mutex<Wanted>>,
}

/// What the gateway in force was made from.
struct Wanted {
    config: Config,
    /// The servers that somebody stopped by hand.
    stopped: BTreeSet<String>,
}

/// There is no server of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no server `{0}`")]
pub struct NoServer(pub String);

impl Current {
    /// Puts a gateway together as the configuration says; `seals` holds the keys of what clients are given to keep.
    pub fn new(config: &Config, residents: &Arc<dyn Residents>, seals: Seals) -> Self {
        Self::after(Following::default(), config, residents, seals)
    }

    /// The same at a node that follows another, from which processes of servers come.
    pub fn after(following: Following, config: &Config, residents: &Arc<dyn Residents>, seals: Seals) -> Self {
        let parts = |place: &Weak<_>| Parts::new(config, residents.clone(), seals, following, place.clone());
        let place = Arc::new_cyclic(|place| ArcSwap::from_pointee(parts(place)));
        let wanted = Wanted { config: config.clone(), stopped: BTreeSet::new() };
        let current = Self { place, wanted: Arc::new(Mutex::new(wanted)) };
        current.now().warm_up(&[]);
        current.keep_clean();
        current.keep_keys();
        current
    }

    /// Keeps jobs there, and runs those that wait; where there is no place for them, none is accepted.
    pub fn keep_jobs(&self, store: Result<store::Store, store::Error>) {
        self.now().jobs.begin(store, Arc::downgrade(&self.place));
    }

    /// Keeps in this folder what servers say that they have, so that the next node knows it from its start. Without keys that
    /// outlive the process nothing is kept: nobody could read it.
    pub fn keep_lists(&self, folder: &Path) -> io::Result<()> {
        let gateway = self.now();
        if gateway.seals.are_kept() {
            gateway.catalogue.keep_in(Copies::in_folder(folder, gateway.seals.clone())?);
        }
        Ok(())
    }

    /// The gateway as it is now.
    pub fn now(&self) -> Gateway {
        Gateway(self.place.load_full())
    }

    /// The configuration in force.
    pub fn config(&self) -> Config {
        self.lock().config.clone()
    }

    /// Puts a configuration in force, as a whole.
    pub fn apply(&self, config: &Config) {
        let mut wanted = self.lock();
        let old = std::mem::replace(&mut wanted.config, config.clone());
        let has_left = |name: &String| old.servers.contains_key(name) && !config.servers.contains_key(name);
        wanted.stopped.retain(|name| !has_left(name));
        self.replace(&wanted, None);
    }

    /// Replaces a server by a fresh one; running calls finish on the old one. One that was stopped is started.
    pub fn restart(&self, name: &str) -> Result<(), NoServer> {
        let mut wanted = self.known(name)?;
        wanted.stopped.remove(name);
        self.replace(&wanted, Some(name));
        Ok(())
    }

    /// Takes a server out until it is started again or the node restarts; its settings stay.
    pub fn stop(&self, name: &str) -> Result<(), NoServer> {
        let mut wanted = self.known(name)?;
        wanted.stopped.insert(name.to_owned());
        self.replace(&wanted, None);
        Ok(())
    }

    /// Puts a server that was stopped back in.
    pub fn start(&self, name: &str) -> Result<(), NoServer> {
        let mut wanted = self.known(name)?;
        wanted.stopped.remove(name);
        self.replace(&wanted, None);
        Ok(())
    }

    /// Ends every server as soon as its last call has ended, for a node whose work a successor does already.
    pub fn let_servers_go(&self) {
        let gateway = self.now();
        let limit = Duration::from_millis(gateway.limits.handover_ms_max);
        for member in gateway.members() {
            tokio::spawn(drain(member.upstream.clone(), limit));
        }
    }

    /// The servers that somebody stopped by hand.
    pub fn stopped(&self) -> BTreeSet<String> {
        self.lock().stopped.clone()
    }

    fn known(&self, name: &str) -> Result<std::sync::MutexGuard<'_, Wanted>, NoServer> {
        let wanted = self.lock();
        let is_there = self.now().members().iter().any(|member| *member.upstream.name == *name);
        let is_known = is_there || wanted.config.servers.contains_key(name) || wanted.stopped.contains(name);
        if is_known { Ok(wanted) } else { Err(NoServer(name.to_owned())) }
    }

    /// The one step in which everything changes. `wanted` is locked meanwhile, so changes come one after the other.
    fn replace(&self, wanted: &Wanted, renewed: Option<&str>) {
        let config = &wanted.config;
        let old = self.now();
        let new = Gateway(Arc::new(old.changed(config, &wanted.stopped, renewed)));
        self.place.store(new.0.clone());
        old.catalogue.retire(&new.catalogue);
        new.warm_up(old.members());
        let limit = Duration::from_millis(config.limits.drain_ms_max);
        for Member { upstream, .. } in old.members().iter().filter(|member| !stands_in(&new, member)) {
            match new.members().iter().find(|member| member.upstream.name == upstream.name) {
                Some(heir) => drop(tokio::spawn(heir.upstream.clone().renew_ears())),
                None => upstream.tell_of_resources(),
            }
            tokio::spawn(drain(upstream.clone(), limit));
        }
    }

    fn keep_clean(&self) {
        let place = Arc::downgrade(&self.place);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(place) = place.upgrade() else { return };
                Gateway(place.load_full()).sweep().await;
            }
        });
    }

    fn keep_keys(&self) {
        let seals = Arc::downgrade(&self.now().seals);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW_KEYS).await;
                let Some(seals) = seals.upgrade() else { return };
                let _ = tokio::task::spawn_blocking(move || seals.renew()).await;
            }
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a gateway has this very server.
fn stands_in(gateway: &Gateway, member: &Member) -> bool {
    gateway.members().iter().any(|kept| Arc::ptr_eq(&kept.upstream, &member.upstream))
}

/// Lets a server finish its calls, then ends it for good.
async fn drain(upstream: Arc<Upstream>, limit: Duration) {
    let since = Instant::now();
    tokio::time::sleep(ON_THE_WAY.min(limit)).await;
    while (upstream.calls_running() > 0 || upstream.serves_before()) && since.elapsed() < limit {
        tokio::time::sleep(LOOK).await;
    }
    let cut_off = upstream.calls_running();
    if cut_off > 0 {
        tracing::warn!(server = &*upstream.name, cut_off, "its calls did not end within `limits.drain_ms_max`");
    }
    upstream.retire().await;
}
