//! The catalogue: what all servers offer, as immutable views that are read without waiting. Lists are asked for in
//! parallel with a deadline for each server; who does not answer is named, and asked again behind the scenes.

pub mod listing;
pub mod search;
pub mod view;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use config::{Bundle, Limits, Tools};
use futures_util::future::join_all;
use mcp::Method;
use tokio::sync::broadcast;

use self::{
    listing::{ListKind, Listing, fetch},
    view::{Builder, Shape, View},
};
use crate::{
    call::Caller,
    failure::Failure,
    upstream::{Upstream, changes::Change},
};

/// How soon a server that failed is asked again at the earliest.
const RETRY_FAILED: Duration = Duration::from_secs(10);
/// A list that a server does not allow to be cached is asked for again after this time, behind the scenes.
const FRESH_MIN: Duration = Duration::from_secs(1);

/// What is known of one server's lists.
#[derive(Debug)]
pub struct Part {
    lists: Option<[Listing; 4]>,
    /// Why there are none, or none newer.
    pub failed: Option<String>,
    /// When to ask again.
    pub fresh_until: Instant,
}

impl Part {
    /// One of the lists, if the server ever gave it.
    pub fn list(&self, kind: ListKind) -> Option<&Listing> {
        self.lists.as_ref().map(|lists| &lists[kind as usize])
    }
}

/// One server and its part of the catalogue.
struct Entry {
    upstream: Arc<Upstream>,
    part: ArcSwapOption<Part>,
    refreshing: tokio::sync::Mutex<()>,
    queued: AtomicBool,
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

/// The catalogue of all servers.
pub struct Catalogue {
    entries: Vec<Entry>,
    pages: BTreeMap<Endpoint, Page>,
    generation: AtomicU64,
    limits: Limits,
    tools: Tools,
    who: String,
    own: Caller,
    changed: broadcast::Sender<(Arc<str>, Method)>,
}

impl Catalogue {
    /// The catalogue of these servers and bundles. `own` is the caller as which the gateway itself asks.
    pub fn new(
        upstreams: Vec<Arc<Upstream>>,
        bundles: &BTreeMap<String, Bundle>,
        limits: Limits,
        tools: Tools,
        who: String,
        own: Caller,
    ) -> Arc<Self> {
        let page = |shape, members| Page { shape, members, view: ArcSwap::default() };
        let mut pages = BTreeMap::from([(Endpoint::All, page(Shape::All, (0..upstreams.len()).collect()))]);
        for (index, upstream) in upstreams.iter().enumerate() {
            pages.insert(Endpoint::Server(upstream.name.to_string()), page(Shape::Single, vec![index]));
        }
        for (name, bundle) in bundles {
            let belongs = |upstream: &Arc<Upstream>| {
                upstream.is_own()
                    || bundle.servers.is_empty()
                    || bundle.servers.iter().any(|server| **server == *upstream.name)
            };
            let members = (0..upstreams.len()).filter(|index| belongs(&upstreams[*index])).collect();
            pages.insert(Endpoint::Bundle(name.clone()), page(Shape::Bundle(Arc::new(bundle.clone())), members));
        }
        let entry = |upstream| Entry {
            upstream,
            part: ArcSwapOption::empty(),
            refreshing: tokio::sync::Mutex::default(),
            queued: AtomicBool::new(false),
        };
        let catalogue = Arc::new(Self {
            entries: upstreams.into_iter().map(entry).collect(),
            pages,
            generation: AtomicU64::new(1),
            limits,
            tools,
            who,
            own,
            changed: broadcast::channel(64).0,
        });
        for index in 0..catalogue.entries.len() {
            tokio::spawn(follow(Arc::downgrade(&catalogue), index));
        }
        catalogue
    }

    /// Whether there is such an endpoint.
    pub fn has(&self, endpoint: &Endpoint) -> bool {
        self.pages.contains_key(endpoint)
    }

    /// The servers behind an endpoint.
    pub fn members(&self, endpoint: &Endpoint) -> impl Iterator<Item = &Arc<Upstream>> {
        self.pages
            .get(endpoint)
            .into_iter()
            .flat_map(|page| page.members.iter().map(|index| &self.entries[*index].upstream))
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
        join_all(unknown.into_iter().map(|index| self.first_listing(index))).await;
        Some(self.rebuild(page))
    }

    /// Tells of changed lists, by server, after the catalogue has taken them in.
    pub fn changes(&self) -> broadcast::Receiver<(Arc<str>, Method)> {
        self.changed.subscribe()
    }

    fn rebuild(&self, page: &Page) -> Arc<View> {
        let generation = self.generation.load(Ordering::Acquire);
        let parts: Vec<_> = page
            .members
            .iter()
            .filter_map(|index| Some((self.entries[*index].upstream.clone(), self.entries[*index].part.load_full()?)))
            .collect();
        let horizon = Instant::now() + Duration::from_hours(1);
        let view = Arc::new(
            Builder::new(&page.shape, &self.tools, &self.who, generation, horizon)
                .build(&parts, self.limits.catalogue_ttl_ms),
        );
        page.view.store(Arc::new(Some(view.clone())));
        view
    }

    /// Asks a server for the first time and waits no longer than its deadline; the asking itself goes on.
    async fn first_listing(self: &Arc<Self>, index: usize) {
        let asking = self.clone();
        let task = tokio::spawn(async move { asking.refresh(index).await });
        let limit = Duration::from_millis(self.limits.list_ms_max);
        if tokio::time::timeout(limit, task).await.is_err() {
            let entry = &self.entries[index];
            if entry.part.load().is_none() {
                let failed = Some(format!("no answer within {} ms", limit.as_millis()));
                entry.part.store(Some(Arc::new(Part {
                    lists: None,
                    failed,
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
        let lists = self.fetch_all(&entry.upstream).await;
        let old = entry.part.load_full();
        let part = match lists {
            Ok(lists) => {
                let ttl = lists
                    .iter()
                    .filter_map(|list| list.ttl_ms)
                    .min()
                    .map_or(Duration::from_millis(self.limits.catalogue_ttl_ms), Duration::from_millis);
                Part { lists: Some(lists), failed: None, fresh_until: Instant::now() + ttl.max(FRESH_MIN) }
            }
            Err(failure) => {
                tracing::warn!(server = &*entry.upstream.name, %failure, "its lists cannot be read");
                let lists = old.as_ref().and_then(|part| part.lists.clone());
                Part { lists, failed: Some(failure.to_string()), fresh_until: Instant::now() + RETRY_FAILED }
            }
        };
        let differing: Vec<Method> =
            ListKind::ALL.into_iter().filter(|kind| differs(old.as_deref(), &part, *kind)).map(change_of).collect();
        entry.part.store(Some(Arc::new(part)));
        self.generation.fetch_add(1, Ordering::AcqRel);
        if old.is_some() {
            for method in differing {
                let _ = self.changed.send((entry.upstream.name.clone(), method));
            }
        }
    }

    async fn fetch_all(&self, upstream: &Arc<Upstream>) -> Result<[Listing; 4], Failure> {
        let fetch = |kind| fetch(upstream, &self.own, kind, &self.limits);
        upstream.introduce(&self.own).await?;
        let (tools, prompts, resources, templates) = tokio::join!(
            fetch(ListKind::Tools),
            fetch(ListKind::Prompts),
            fetch(ListKind::Resources),
            fetch(ListKind::Templates)
        );
        Ok([tools?, prompts?, resources?, templates?])
    }
}

fn change_of(kind: ListKind) -> Method {
    match kind {
        ListKind::Tools => Method::ToolsChanged,
        ListKind::Prompts => Method::PromptsChanged,
        ListKind::Resources | ListKind::Templates => Method::ResourcesChanged,
    }
}

fn differs(old: Option<&Part>, new: &Part, kind: ListKind) -> bool {
    let raw =
        |part: &Part| part.list(kind).map(|list| list.items.iter().map(|item| item.raw.clone()).collect::<Vec<_>>());
    old.map(raw) != Some(raw(new))
}

/// Takes in what a server says of its lists, and passes it on once things have settled.
async fn follow(catalogue: std::sync::Weak<Catalogue>, index: usize) {
    let Some(mut changes) = catalogue.upgrade().map(|catalogue| catalogue.entries[index].upstream.changes.subscribe())
    else {
        return;
    };
    loop {
        let first = match changes.recv().await {
            Ok(Change::List(method)) => Some(method),
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
    /// The server said itself what changed: clients hear exactly that, whatever we find.
    async fn announce(self: &Arc<Self>, index: usize, methods: Vec<Method>) {
        let entry = &self.entries[index];
        if entry.part.load().is_some() {
            let mut quiet = self.changed.subscribe();
            self.refresh(index).await;
            let mut told = Vec::new();
            while let Ok((name, method)) = quiet.try_recv() {
                if name == entry.upstream.name {
                    told.push(method);
                }
            }
            for method in methods.into_iter().filter(|method| !told.contains(method)) {
                let _ = self.changed.send((entry.upstream.name.clone(), method));
            }
            return;
        }
        for method in methods {
            let _ = self.changed.send((entry.upstream.name.clone(), method));
        }
    }
}
