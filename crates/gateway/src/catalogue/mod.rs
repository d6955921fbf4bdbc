//! The catalogue: what all servers offer, as immutable views that are read without waiting. Lists are asked for in
//! parallel with a deadline for each server; who does not answer is named, and asked again behind the scenes. A change of
//! the configuration makes a new catalogue, which takes over what the old one knows.

mod asking;
pub mod copies;
mod copying;
mod endpoint;
mod following;
pub mod listing;
mod notice;
mod part;
pub mod search;
pub mod seen;
pub mod shown;
pub mod toolbox;
pub mod view;
pub mod wrapping;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use config::{Bundle, Limits, Server, Tools};
use mcp::Method;
use tokio::{sync::broadcast, task::JoinSet};

use self::{
    copies::Copies,
    notice::Notice,
    view::{Builder, Shape, View},
};
pub use self::{endpoint::Endpoint, following::ListChange, part::Part};
use crate::{call::Caller, principal::Principal, sight::Sight, upstream::Upstream};

/// A server, and how it is to be shown: prefix, new names, hidden tools, fixed arguments.
#[derive(Clone, Debug)]
pub struct Member {
    /// The server.
    pub upstream: Arc<Upstream>,
    /// Its section of the configuration as it is now.
    pub settings: Arc<Server>,
}

/// One server and its part of the catalogue.
struct Entry {
    member: Member,
    part: ArcSwapOption<Part>,
    refreshing: tokio::sync::Mutex<()>,
    queued: AtomicBool,
    /// What the lists last said of the server after a change of its state.
    told: Mutex<Option<Notice>>,
    /// When its lists were written to disk as they are.
    copied: Mutex<Option<Instant>>,
}

/// What belongs to one endpoint.
struct Page {
    shape: Shape,
    members: Vec<usize>,
    view: ArcSwap<Option<Arc<View>>>,
    /// The views of principals that may not see everything, by their names: as many as there are in the configuration.
    limited: Mutex<BTreeMap<Arc<str>, Arc<View>>>,
}

/// What a catalogue is made of besides servers and bundles.
pub struct Terms {
    /// The bounds of everything.
    pub limits: Limits,
    /// How long a list counts as fresh of which its server does not say it.
    pub list_ttl: Duration,
    /// How many tools a list shows.
    pub tools: Tools,
    /// The raw `serverInfo` of the gateway.
    pub who: String,
    /// The caller as which the gateway itself asks.
    pub own: Caller,
}

/// What a catalogue has from the one before.
struct Outlives {
    generation: u64,
    copies: Arc<OnceLock<Copies>>,
    changed: broadcast::Sender<ListChange>,
}

/// The catalogue of all servers.
pub struct Catalogue {
    entries: Vec<Entry>,
    pages: BTreeMap<Endpoint, Page>,
    generation: AtomicU64,
    limits: Limits,
    list_ttl: Duration,
    tools: Tools,
    who: String,
    own: Caller,
    /// What servers last said, on disk; outlives a change of the configuration.
    copies: Arc<OnceLock<Copies>>,
    changed: broadcast::Sender<ListChange>,
    /// The tasks that hear what servers say of their lists.
    followers: Mutex<JoinSet<()>>,
}

impl Catalogue {
    /// The catalogue of these servers and bundles.
    pub fn new(members: Vec<Member>, bundles: &BTreeMap<String, Bundle>, terms: Terms) -> Arc<Self> {
        let outlives = Outlives { generation: 1, copies: Arc::default(), changed: broadcast::channel(64).0 };
        Self::make(members, bundles, terms, outlives)
    }

    /// The catalogue after a change of the configuration. It knows at once what this one knows of servers that stay, and
    /// asks the new ones behind the scenes; whoever listens to this one's changes hears those of the new one.
    pub fn replaced(&self, members: Vec<Member>, bundles: &BTreeMap<String, Bundle>, terms: Terms) -> Arc<Self> {
        let generation = self.generation.load(Ordering::Acquire) + 1;
        let outlives = Outlives { generation, copies: self.copies.clone(), changed: self.changed.clone() };
        let catalogue = Self::make(members, bundles, terms, outlives);
        for (index, entry) in catalogue.entries.iter().enumerate() {
            let old = self.entry(&entry.member.upstream.name);
            let part = old.and_then(|old| old.part.load_full()).filter(|part| !part.is_copy);
            if let Some(old) = old.filter(|old| Arc::ptr_eq(&old.member.upstream, &entry.member.upstream)) {
                entry.part.store(old.part.load_full());
            } else {
                let reason = "it is being asked for the first time".to_owned();
                entry.part.store(Some(Arc::new(Part::unread(part.as_deref(), Instant::now(), reason))));
                catalogue.refresh_soon(index);
            }
        }
        catalogue
    }

    /// Ends what this catalogue does by itself, and tells clients where the new one shows something else.
    pub fn retire(&self, new: &Self) {
        lock(&self.followers).abort_all();
        let endpoints: Arc<[Endpoint]> =
            new.pages.keys().filter(|endpoint| self.shows_else(new, endpoint)).cloned().collect();
        if endpoints.is_empty() {
            return;
        }
        for method in [Method::ToolsChanged, Method::PromptsChanged, Method::ResourcesChanged] {
            let _ = self.changed.send(ListChange { method, server: None, endpoints: endpoints.clone() });
        }
    }

    /// Whether an endpoint shows less, or shows it differently, before any new server has said what it has.
    fn shows_else(&self, new: &Self, endpoint: &Endpoint) -> bool {
        let (Some(page), Some(new_page)) = (self.pages.get(endpoint), new.pages.get(endpoint)) else { return false };
        let gone_or_changed = page.members.iter().any(|index| {
            let old = &self.entries[*index].member;
            let still = new_page.members.iter().map(|index| &new.entries[*index].member);
            let mut same = still.filter(|member| member.upstream.name == old.upstream.name);
            same.next().is_none_or(|member| !member.settings.shows_like(&old.settings))
        });
        gone_or_changed || page.shape != new_page.shape || self.tools != new.tools
    }

    fn make(members: Vec<Member>, bundles: &BTreeMap<String, Bundle>, terms: Terms, outlives: Outlives) -> Arc<Self> {
        let pages = pages(&members, bundles);
        let entry = |member| Entry {
            member,
            part: ArcSwapOption::empty(),
            refreshing: tokio::sync::Mutex::default(),
            queued: AtomicBool::new(false),
            told: Mutex::default(),
            copied: Mutex::default(),
        };
        let catalogue = Arc::new(Self {
            entries: members.into_iter().map(entry).collect(),
            pages,
            generation: AtomicU64::new(outlives.generation),
            limits: terms.limits,
            list_ttl: terms.list_ttl,
            tools: terms.tools,
            who: terms.who,
            own: terms.own,
            copies: outlives.copies,
            changed: outlives.changed,
            followers: Mutex::default(),
        });
        let mut followers = lock(&catalogue.followers);
        for index in 0..catalogue.entries.len() {
            followers.spawn(following::follow(Arc::downgrade(&catalogue), index));
        }
        drop(followers);
        catalogue
    }

    /// Whether there is such an endpoint.
    pub fn has(&self, endpoint: &Endpoint) -> bool {
        self.pages.contains_key(endpoint)
    }

    /// The servers behind an endpoint.
    pub fn members(&self, endpoint: &Endpoint) -> impl Iterator<Item = &Arc<Upstream>> {
        self.shown_members(endpoint).map(|member| &member.upstream)
    }

    /// The servers behind an endpoint, and how they are to be shown.
    pub fn shown_members(&self, endpoint: &Endpoint) -> impl Iterator<Item = &Member> {
        let page = self.pages.get(endpoint).into_iter();
        page.flat_map(|page| page.members.iter().map(|index| &self.entries[*index].member))
    }

    fn entry(&self, server: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| *entry.member.upstream.name == *server)
    }

    /// Why nobody knows what a server has, if it has not given its lists to this node.
    fn unheard(&self, server: &str) -> Option<String> {
        let part = self.entry(server)?.part.load();
        let known = part.as_ref().is_some_and(|part| part.heard().is_some());
        let reason = || part.as_ref().and_then(|part| part.failed.clone());
        (!known).then(|| reason().unwrap_or_else(|| "it is being asked".to_owned()))
    }

    /// The bundle of an endpoint, if it is one.
    pub fn bundle(&self, endpoint: &Endpoint) -> Option<&Bundle> {
        match &self.pages.get(endpoint)?.shape {
            Shape::Bundle(bundle) => Some(bundle),
            _ => None,
        }
    }

    /// The raw `serverInfo` of the gateway.
    pub fn who(&self) -> &str {
        &self.who
    }

    /// The view as it is now, or `None` if nobody has asked for it before. Never waits.
    pub fn warm(&self, endpoint: &Endpoint) -> Option<Arc<View>> {
        let page = self.pages.get(endpoint)?;
        let view = page.view.load();
        view.as_ref().clone().filter(|view| view.generation == self.generation.load(Ordering::Acquire))
    }

    /// What an endpoint shows. The first time this asks the servers; later it answers at once and asks behind the scenes.
    pub async fn view(self: &Arc<Self>, endpoint: &Endpoint) -> Option<Arc<View>> {
        let page = self.pages.get(endpoint)?;
        let view = if let Some(view) = self.warm(endpoint) {
            view
        } else {
            let is_unknown = |index: &usize| self.entries[*index].part.load().is_none();
            let unknown: Vec<usize> = page.members.iter().copied().filter(is_unknown).collect();
            self.first_listings(&unknown).await;
            self.rebuild(page)
        };
        if view.fresh_until < Instant::now() {
            self.refresh_stale(page);
        }
        Some(view)
    }

    /// Tells of changed lists after the catalogue has taken them in.
    pub fn changes(&self) -> broadcast::Receiver<ListChange> {
        self.changed.subscribe()
    }

    /// What a principal that may not see everything sees of an endpoint.
    fn limited(&self, endpoint: &Endpoint, principal: &Principal, sight: &Sight) -> Option<Arc<View>> {
        let page = self.pages.get(endpoint)?;
        let generation = self.generation.load(Ordering::Acquire);
        if let Some(view) = lock(&page.limited).get(&principal.name).filter(|view| view.generation == generation) {
            return Some(view.clone());
        }
        let view = self.build(page, Some(sight));
        lock(&page.limited).insert(principal.name.clone(), view.clone());
        Some(view)
    }

    fn rebuild(&self, page: &Page) -> Arc<View> {
        let view = self.build(page, None);
        page.view.store(Arc::new(Some(view.clone())));
        view
    }

    fn build(&self, page: &Page, sight: Option<&Sight>) -> Arc<View> {
        let generation = self.generation.load(Ordering::Acquire);
        let parts: Vec<_> = page
            .members
            .iter()
            .filter_map(|index| Some((self.entries[*index].member.clone(), self.entries[*index].part.load_full()?)))
            .filter(|(member, _)| sight.is_none_or(|sight| sight.shows_server(&member.upstream.name)))
            .collect();
        let horizon = Instant::now() + Duration::from_hours(1);
        let mut builder = Builder::new(&page.shape, &self.tools, &self.who, generation, horizon);
        builder.sight = sight;
        Arc::new(builder.build(&parts, self.list_ttl))
    }
}

/// The endpoints of these servers and bundles.
fn pages(members: &[Member], bundles: &BTreeMap<String, Bundle>) -> BTreeMap<Endpoint, Page> {
    let page = |shape, members| Page { shape, members, view: ArcSwap::default(), limited: Mutex::default() };
    let mut pages = BTreeMap::from([(Endpoint::All, page(Shape::All, (0..members.len()).collect()))]);
    for (index, member) in members.iter().enumerate() {
        pages.insert(Endpoint::Server(member.upstream.name.to_string()), page(Shape::Single, vec![index]));
    }
    for (name, bundle) in bundles {
        let belongs = |member: &Member| {
            member.upstream.is_own()
                || bundle.servers.is_empty()
                || bundle.servers.iter().any(|server| **server == *member.upstream.name)
        };
        let members = (0..members.len()).filter(|index| belongs(&members[*index])).collect();
        pages.insert(Endpoint::Bundle(name.clone()), page(Shape::Bundle(Arc::new(bundle.clone())), members));
    }
    pages
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
