//! The catalogue: what all servers offer, as immutable views that are read without waiting. Lists are asked for in
//! parallel with a deadline for each server; who does not answer is named, and asked again behind the scenes. A change of
//! the configuration makes a new catalogue, which takes over what the old one knows.

pub mod listing;
mod notice;
pub mod search;
pub mod shown;
pub mod toolbox;
pub mod view;
pub mod wrapping;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use config::{Bundle, Limits, Server, Tools};
use futures_util::stream::{FuturesUnordered, StreamExt};
use mcp::Method;
use supervisor::backoff::State;
use tokio::{sync::broadcast, task::JoinSet};

use self::{
    listing::{ListKind, Listing, fetch},
    notice::Notice,
    view::{Builder, Shape, View},
};
use crate::{
    call::Caller,
    failure::Failure,
    upstream::{Upstream, changes::Change},
};

/// How soon a server that failed is asked again at the earliest.
const RETRY_FAILED: Duration = Duration::from_secs(10);
/// The last one in so many servers is not waited for until its deadline: among many servers some are always dead, while
/// in a small set each one matters.
const STRAGGLERS_ONE_IN: usize = 10;
/// How long a first list waits for the last few of many servers at least; and at least twice as long as for the others,
/// so that a busy machine does not make stragglers of them.
const STRAGGLERS_WAIT: Duration = Duration::from_millis(750);
/// A list that a server does not allow to be cached is asked for again after this time, behind the scenes.
const FRESH_MIN: Duration = Duration::from_secs(1);

/// What is known of one server's lists.
#[derive(Debug)]
pub struct Part {
    lists: Option<[Listing; ListKind::COUNT]>,
    /// Why there are none, or none newer.
    pub failed: Option<String>,
    /// When the lists were read.
    pub read_at: Option<SystemTime>,
    /// When to ask again.
    pub fresh_until: Instant,
}

impl Part {
    /// One of the lists, if the server ever gave it.
    pub fn list(&self, kind: ListKind) -> Option<&Listing> {
        self.lists.as_ref().map(|lists| &lists[kind as usize])
    }
}

impl Part {
    /// What is said of a server that has just been put in: what its predecessor showed, until it has been asked itself.
    fn expected(predecessor: Option<&Self>) -> Self {
        Self {
            lists: predecessor.and_then(|part| part.lists.clone()),
            failed: Some("it is being asked for the first time".to_owned()),
            read_at: predecessor.and_then(|part| part.read_at),
            fresh_until: Instant::now() + RETRY_FAILED,
        }
    }
}

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
}

/// An endpoint: which servers, named how.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// `/mcp`: everything.
    All,
    /// `/servers/{name}/mcp`.
    Server(String),
    /// `/bundles/{name}/mcp`.
    Bundle(String),
}

impl Endpoint {
    /// The path of its address, without the `/mcp` at its end.
    pub fn path(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Server(name) => format!("/servers/{name}"),
            Self::Bundle(name) => format!("/bundles/{name}"),
        }
    }

    /// The endpoint of this path.
    pub fn of_path(path: &str) -> Self {
        match (path.strip_prefix("/servers/"), path.strip_prefix("/bundles/")) {
            (Some(name), _) => Self::Server(name.to_owned()),
            (_, Some(name)) => Self::Bundle(name.to_owned()),
            _ => Self::All,
        }
    }
}

/// What belongs to one endpoint.
struct Page {
    shape: Shape,
    members: Vec<usize>,
    view: ArcSwap<Option<Arc<View>>>,
}

/// Lists that changed.
#[derive(Clone, Debug)]
pub struct ListChange {
    /// The notification that says so.
    pub method: Method,
    server: Option<Arc<str>>,
    endpoints: Arc<[Endpoint]>,
}

impl ListChange {
    /// Whether this endpoint shows one of them.
    pub fn concerns(&self, endpoint: &Endpoint) -> bool {
        self.endpoints.contains(endpoint)
    }
}

/// What a catalogue is made of besides servers and bundles.
pub struct Terms {
    /// The bounds of everything.
    pub limits: Limits,
    /// How many tools a list shows.
    pub tools: Tools,
    /// The raw `serverInfo` of the gateway.
    pub who: String,
    /// The caller as which the gateway itself asks.
    pub own: Caller,
}

/// The catalogue of all servers.
pub struct Catalogue {
    entries: Vec<Entry>,
    pages: BTreeMap<Endpoint, Page>,
    generation: AtomicU64,
    limits: Limits,
    tools: Tools,
    who: String,
    own: Caller,
    changed: broadcast::Sender<ListChange>,
    /// The tasks that hear what servers say of their lists.
    followers: Mutex<JoinSet<()>>,
}

impl Catalogue {
    /// The catalogue of these servers and bundles.
    pub fn new(members: Vec<Member>, bundles: &BTreeMap<String, Bundle>, terms: Terms) -> Arc<Self> {
        Self::make(members, bundles, terms, 1, broadcast::channel(64).0)
    }

    /// The catalogue after a change of the configuration. It knows at once what this one knows of servers that stay, and
    /// asks the new ones behind the scenes; whoever listens to this one's changes hears those of the new one.
    pub fn replaced(&self, members: Vec<Member>, bundles: &BTreeMap<String, Bundle>, terms: Terms) -> Arc<Self> {
        let generation = self.generation.load(Ordering::Acquire) + 1;
        let catalogue = Self::make(members, bundles, terms, generation, self.changed.clone());
        for (index, entry) in catalogue.entries.iter().enumerate() {
            let old = self.entry(&entry.member.upstream.name);
            let part = old.and_then(|old| old.part.load_full());
            if let Some(old) = old.filter(|old| Arc::ptr_eq(&old.member.upstream, &entry.member.upstream)) {
                entry.part.store(old.part.load_full());
            } else {
                entry.part.store(Some(Arc::new(Part::expected(part.as_deref()))));
                let asking = catalogue.clone();
                tokio::spawn(async move { asking.refresh(index).await });
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

    fn make(
        members: Vec<Member>,
        bundles: &BTreeMap<String, Bundle>,
        terms: Terms,
        generation: u64,
        changed: broadcast::Sender<ListChange>,
    ) -> Arc<Self> {
        let pages = pages(&members, bundles);
        let entry = |member| Entry {
            member,
            part: ArcSwapOption::empty(),
            refreshing: tokio::sync::Mutex::default(),
            queued: AtomicBool::new(false),
            told: Mutex::default(),
        };
        let catalogue = Arc::new(Self {
            entries: members.into_iter().map(entry).collect(),
            pages,
            generation: AtomicU64::new(generation),
            limits: terms.limits,
            tools: terms.tools,
            who: terms.who,
            own: terms.own,
            changed,
            followers: Mutex::default(),
        });
        let mut followers = lock(&catalogue.followers);
        for index in 0..catalogue.entries.len() {
            followers.spawn(follow(Arc::downgrade(&catalogue), index));
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

    /// Tells of a change of one server's list, at the endpoints that show this server.
    fn tell(&self, index: usize, method: Method) {
        let shows = |page: &Page| page.members.contains(&index);
        let endpoints = self.pages.iter().filter(|(_, page)| shows(page)).map(|(endpoint, _)| endpoint.clone());
        let server = Some(self.entries[index].member.upstream.name.clone());
        let _ = self.changed.send(ListChange { method, server, endpoints: endpoints.collect() });
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
        if let Some(view) = self.warm(endpoint) {
            if view.fresh_until < Instant::now() {
                self.refresh_stale(page);
            }
            return Some(view);
        }
        let unknown: Vec<usize> =
            page.members.iter().copied().filter(|index| self.entries[*index].part.load().is_none()).collect();
        self.first_listings(&unknown).await;
        Some(self.rebuild(page))
    }

    /// Tells of changed lists after the catalogue has taken them in.
    pub fn changes(&self) -> broadcast::Receiver<ListChange> {
        self.changed.subscribe()
    }

    fn rebuild(&self, page: &Page) -> Arc<View> {
        let generation = self.generation.load(Ordering::Acquire);
        let parts: Vec<_> = page
            .members
            .iter()
            .filter_map(|index| Some((self.entries[*index].member.clone(), self.entries[*index].part.load_full()?)))
            .collect();
        let horizon = Instant::now() + Duration::from_hours(1);
        let view = Arc::new(
            Builder::new(&page.shape, &self.tools, &self.who, generation, horizon)
                .build(&parts, self.limits.catalogue_ttl_ms),
        );
        page.view.store(Arc::new(Some(view.clone())));
        view
    }

    /// Asks servers for the first time, each no longer than its deadline, and the last few of many shorter still. Who has
    /// not answered by then is named; the asking itself goes on.
    async fn first_listings(self: &Arc<Self>, unknown: &[usize]) {
        let began = tokio::time::Instant::now();
        let limit = Duration::from_millis(self.limits.list_ms_max);
        let mut asking: FuturesUnordered<_> = unknown
            .iter()
            .map(|index| {
                let (catalogue, index) = (self.clone(), *index);
                tokio::time::timeout(limit, tokio::spawn(async move { catalogue.refresh(index).await }))
            })
            .collect();
        while asking.len() > unknown.len() / STRAGGLERS_ONE_IN {
            asking.next().await;
        }
        let rest = async { while asking.next().await.is_some() {} };
        let wait = STRAGGLERS_WAIT.max(2 * began.elapsed());
        let _ = tokio::time::timeout_at(began + wait, rest).await;
        for index in unknown {
            let entry = &self.entries[*index];
            if entry.part.load().is_none() {
                let failed = Some(format!("no answer within {} ms", began.elapsed().as_millis()));
                entry.part.store(Some(Arc::new(Part {
                    lists: None,
                    failed,
                    read_at: None,
                    fresh_until: Instant::now() + RETRY_FAILED,
                })));
                self.generation.fetch_add(1, Ordering::AcqRel);
            }
        }
    }

    fn refresh_stale(self: &Arc<Self>, page: &Page) {
        let now = Instant::now();
        for index in page.members.iter().copied() {
            let entry = &self.entries[index];
            let stale = entry.part.load().as_ref().is_none_or(|part| part.fresh_until < now);
            if stale && !entry.queued.swap(true, Ordering::AcqRel) {
                let catalogue = self.clone();
                tokio::spawn(async move { catalogue.refresh(index).await });
            }
        }
    }

    /// Reads all lists of a server anew. A new state is stored only if something differs.
    async fn refresh(self: &Arc<Self>, index: usize) {
        let entry = &self.entries[index];
        let _one = entry.refreshing.lock().await;
        entry.queued.store(false, Ordering::Release);
        let lists = self.fetch_all(&entry.member.upstream).await;
        let old = entry.part.load_full();
        let part = match lists {
            Ok(lists) => {
                let ttl = lists
                    .iter()
                    .filter_map(|list| list.ttl_ms)
                    .min()
                    .map_or(Duration::from_millis(self.limits.catalogue_ttl_ms), Duration::from_millis);
                Part {
                    lists: Some(lists),
                    failed: None,
                    read_at: Some(SystemTime::now()),
                    fresh_until: Instant::now() + ttl.max(FRESH_MIN),
                }
            }
            Err(failure) => {
                tracing::warn!(server = &*entry.member.upstream.name, %failure, "its lists cannot be read");
                let lists = old.as_ref().and_then(|part| part.lists.clone());
                let read_at = old.as_ref().and_then(|part| part.read_at);
                let failed = Some(failure.reason());
                Part { lists, failed, read_at, fresh_until: Instant::now() + RETRY_FAILED }
            }
        };
        let mut differing: Vec<Method> =
            ListKind::ALL.into_iter().filter(|kind| differs(old.as_deref(), &part, *kind)).map(change_of).collect();
        differing.dedup();
        entry.part.store(Some(Arc::new(part)));
        self.generation.fetch_add(1, Ordering::AcqRel);
        if old.is_some() {
            for method in differing {
                self.tell(index, method);
            }
        }
    }

    async fn fetch_all(&self, upstream: &Arc<Upstream>) -> Result<[Listing; ListKind::COUNT], Failure> {
        let fetch = |kind| fetch(upstream, &self.own, kind, &self.limits);
        upstream.introduce(&self.own).await?;
        let (tools, prompts, resources, templates, skills) = tokio::join!(
            fetch(ListKind::Tools),
            fetch(ListKind::Prompts),
            fetch(ListKind::Resources),
            fetch(ListKind::Templates),
            fetch(ListKind::Skills)
        );
        Ok([tools?, prompts?, resources?, templates?, skills?])
    }
}

/// The endpoints of these servers and bundles.
fn pages(members: &[Member], bundles: &BTreeMap<String, Bundle>) -> BTreeMap<Endpoint, Page> {
    let page = |shape, members| Page { shape, members, view: ArcSwap::default() };
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

fn change_of(kind: ListKind) -> Method {
    match kind {
        ListKind::Tools => Method::ToolsChanged,
        ListKind::Prompts => Method::PromptsChanged,
        ListKind::Resources | ListKind::Templates | ListKind::Skills => Method::ResourcesChanged,
    }
}

fn differs(old: Option<&Part>, new: &Part, kind: ListKind) -> bool {
    let raw =
        |part: &Part| part.list(kind).map(|list| list.items.iter().map(|item| item.raw.clone()).collect::<Vec<_>>());
    old.map(raw) != Some(raw(new))
}

/// Takes in what a server says of its lists, and passes it on once things have settled.
async fn follow(catalogue: std::sync::Weak<Catalogue>, index: usize) {
    let Some(mut changes) =
        catalogue.upgrade().map(|catalogue| catalogue.entries[index].member.upstream.changes.subscribe())
    else {
        return;
    };
    loop {
        let first = match changes.recv().await {
            Ok(Change::List(method)) => Some(method),
            Ok(Change::State) => {
                if let Some(alive) = catalogue.upgrade() {
                    alive.take_state(index);
                }
                None
            }
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => None,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let (Some(first), Some(alive)) = (first, catalogue.upgrade()) else { continue };
        let mut methods = vec![first];
        tokio::time::sleep(Duration::from_millis(alive.limits.debounce_ms)).await;
        while let Ok(change) = changes.try_recv() {
            if let Change::List(method) = change
                && !methods.contains(&method)
            {
                methods.push(method);
            }
        }
        alive.announce(index, methods).await;
    }
}

impl Catalogue {
    /// A server is in another state: the lists tell of it from now on. One that runs again is asked for the lists that
    /// it could not give.
    fn take_state(self: &Arc<Self>, index: usize) {
        let entry = &self.entries[index];
        let Some(part) = entry.part.load_full() else { return };
        let notice = Notice::of(&entry.member.upstream.status().state, &part);
        let mut told = entry.told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != notice {
            *told = notice;
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        let runs = matches!(entry.member.upstream.status().state, State::Running);
        if runs && part.failed.is_some() && !entry.queued.swap(true, Ordering::AcqRel) {
            let catalogue = self.clone();
            tokio::spawn(async move { catalogue.refresh(index).await });
        }
    }

    /// The server said itself what changed: clients hear exactly that, whatever we find.
    async fn announce(self: &Arc<Self>, index: usize, methods: Vec<Method>) {
        let entry = &self.entries[index];
        if entry.part.load().is_some() {
            let mut quiet = self.changed.subscribe();
            self.refresh(index).await;
            let mut told = Vec::new();
            while let Ok(change) = quiet.try_recv() {
                if change.server.as_ref() == Some(&entry.member.upstream.name) {
                    told.push(change.method);
                }
            }
            for method in methods.into_iter().filter(|method| !told.contains(method)) {
                self.tell(index, method);
            }
            return;
        }
        for method in methods {
            self.tell(index, method);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
