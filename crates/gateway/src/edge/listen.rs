//! `subscriptions/listen`: changes of all servers behind an endpoint on one stream, in the client's words. What is
//! acknowledged is exactly what will come.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use mcp::{Envelope, Meta, Method, Param, ScanLimits, Splice, array, code, message, plain_text, task::TaskId};
use tokio::sync::{broadcast, mpsc};

use super::{Reply, STREAM_QUEUE, jobs, modern, newcomers};
use crate::{
    call::Caller,
    catalogue::{Endpoint, ListChange},
    failure::Failure,
    gateway::Gateway,
    jobs::{Changed, JobId},
    route::{Inbound, find_resource},
    upstream::{
        Upstream,
        changes::Change,
        peer::Peer,
        watch::{Subject, Watching},
    },
};

/// What a client wants to hear of.
#[derive(Debug, Default)]
struct Filter {
    lists: Vec<Method>,
    resources: Vec<String>,
    tasks: Vec<String>,
}

/// The lists that a filter can name.
const LISTS: [(&str, Method, &str); 3] = [
    ("toolsListChanged", Method::ToolsChanged, "tools"),
    ("promptsListChanged", Method::PromptsChanged, "prompts"),
    ("resourcesListChanged", Method::ResourcesChanged, "resources"),
];

impl Filter {
    fn read(raw: &[u8]) -> Option<Self> {
        let members = array::members(raw).ok()?;
        let value =
            |name: &str| members.iter().find(|(key, _)| *key == name.as_bytes()).and_then(|(_, span)| span.of(raw));
        let lists =
            LISTS.iter().filter(|(name, ..)| value(name) == Some(b"true")).map(|(_, method, _)| *method).collect();
        let texts = |name: &str| match value(name) {
            None | Some(b"null") => Some(Vec::new()),
            Some(list) => {
                let items = array::items(list).ok()?;
                items.iter().map(|span| span.of(list).and_then(plain_text).map(str::to_owned)).collect()
            }
        };
        Some(Self { lists, resources: texts("resourceSubscriptions")?, tasks: texts("taskIds")? })
    }

    /// How many single things it names.
    fn subjects(&self) -> usize {
        self.resources.len() + self.tasks.len()
    }

    fn as_json(&self) -> String {
        let mut members: Vec<String> = LISTS
            .iter()
            .filter(|(_, method, _)| self.lists.contains(method))
            .map(|(name, ..)| format!(r#""{name}":true"#))
            .collect();
        for (name, texts) in [("resourceSubscriptions", &self.resources), ("taskIds", &self.tasks)] {
            let texts: Vec<String> =
                texts.iter().map(|text| String::from_utf8_lossy(&message::json_string(text)).into_owned()).collect();
            if !texts.is_empty() {
                members.push(format!(r#""{name}":[{}]"#, texts.join(",")));
            }
        }
        format!("{{{}}}", members.join(","))
    }
}

/// Answers a listen request.
pub async fn listen(gateway: &Gateway, inbound: Inbound) -> Reply {
    let id = inbound.request.slice(inbound.request.id_span());
    let Some(filter) = inbound.request.param_raw(Param::Notifications).and_then(Filter::read) else {
        return Reply::error(Some(&id), code::INVALID_PARAMS, "`notifications` must be an object of filters", true);
    };
    if !filter.tasks.is_empty() && !modern::declares_tasks(&inbound.request) {
        return modern::failed(&Failure::MissingCapability(modern::TASKS), &id, Method::Listen);
    }
    if filter.subjects() > gateway.limits.subscriptions_per_listen_max {
        let text = format!("at most {} resources and tasks on one stream", gateway.limits.subscriptions_per_listen_max);
        return Reply::error(Some(&id), code::INVALID_PARAMS, &text, true);
    }
    let Ok(place) = inbound.caller.principal.lasting.listeners.clone().try_acquire_owned() else {
        return Reply::error(Some(&id), code::OVERLOADED, "too many open streams: close one first", true);
    };
    let changes = gateway.catalogue.changes();
    let ears = Ears::open(gateway, &inbound.caller, &inbound.endpoint, filter).await;
    let (sender, receiver) = mpsc::channel(STREAM_QUEUE);
    let acknowledged = format!(r#"{{"notifications":{},{}}}"#, ears.honoured.as_json(), tag(&id));
    let _ = sender.send(message::notification(Method::Acknowledged.as_str(), acknowledged.as_bytes())).await;
    let newcomers = newcomers::hear(gateway.clone(), inbound.caller, inbound.endpoint.clone());
    let mut underway = gateway.stages.begin();
    tokio::spawn(async move {
        tokio::select! {
            () = ears.follow(&id, changes, &inbound.endpoint, &sender) => {}
            () = newcomers => {}
            () = underway.leaves() => drop(sender.send(complete(&id)).await),
        }
        drop(place);
    });
    Reply::Many(receiver)
}

/// `"_meta"` with the id of the stream.
fn tag(id: &[u8]) -> String {
    format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":{}}}"#, String::from_utf8_lossy(id))
}

/// The end of a stream that its client may open again at once.
fn complete(id: &[u8]) -> Bytes {
    message::result(id, format!(r#"{{"resultType":"complete",{}}}"#, tag(id)).as_bytes())
}

/// The open ears at the servers of one listener.
struct Ears {
    honoured: Filter,
    watching: Vec<Watching>,
    /// What the client calls a subject of a server.
    shown: HashMap<(Arc<str>, Subject), String>,
    updates: Vec<(Arc<Upstream>, broadcast::Receiver<Change>)>,
    jobs: OwnJobs,
}

/// The jobs that one listener wants to hear of.
struct OwnJobs {
    gateway: Gateway,
    owner: Arc<str>,
    ids: Vec<JobId>,
    changes: broadcast::Receiver<Changed>,
    /// One that has changed and is not told yet.
    owed: Option<JobId>,
}

impl OwnJobs {
    /// Those among the tasks of a filter that are jobs of the caller, with their names.
    async fn find(gateway: &Gateway, caller: &Caller, wanted: &Filter) -> (Self, Vec<String>) {
        let owner = caller.principal.name.clone();
        // heard before it is looked, so that nothing falls between
        let changes = gateway.jobs.changes();
        let (mut ids, mut shown) = (Vec::new(), Vec::new());
        for name in &wanted.tasks {
            let Some(id) = jobs::named(gateway, name, &owner) else { continue };
            if gateway.jobs.get(id, Some(&owner)).await.is_ok() {
                ids.push(id);
                shown.push(name.clone());
            }
        }
        (Self { gateway: gateway.clone(), owner, ids, changes, owed: None }, shown)
    }

    /// What is to be told next. Given up half-way, it begins where it was.
    async fn next(&mut self, id: &[u8]) -> Bytes {
        loop {
            if let Some(job) = self.owed {
                let told = jobs::status(&self.gateway, job, &self.owner, &tag(id)).await;
                self.owed = None;
                if let Some(told) = told {
                    return told;
                }
            }
            match self.changes.recv().await {
                Ok(changed) if self.ids.contains(&changed.id) => self.owed = Some(changed.id),
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}

impl Ears {
    async fn open(gateway: &Gateway, caller: &Caller, endpoint: &Endpoint, wanted: Filter) -> Self {
        let mut by_server: HashMap<Arc<str>, (Arc<Upstream>, Vec<Subject>)> = HashMap::new();
        let mut shown = HashMap::new();
        for (upstream, subject, name) in find(gateway, caller, endpoint, &wanted).await {
            let server = upstream.name.clone();
            by_server.entry(server.clone()).or_insert_with(|| (upstream, Vec::new())).1.push(subject.clone());
            shown.insert((server, subject), name);
        }
        if !wanted.lists.is_empty() {
            for upstream in gateway.catalogue.seen_by(&caller.principal).members(endpoint) {
                by_server.entry(upstream.name.clone()).or_insert_with(|| (upstream.clone(), Vec::new()));
            }
        }
        let single = matches!(endpoint, Endpoint::Server(_));
        let (jobs, known_jobs) = OwnJobs::find(gateway, caller, &wanted).await;
        let honoured = Filter { tasks: known_jobs, ..Filter::default() };
        let mut ears = Self { honoured, watching: Vec::new(), shown, updates: Vec::new(), jobs };
        let starting = by_server.into_values().map(|(upstream, subjects)| async move {
            let updates = upstream.changes.subscribe();
            let limit = std::time::Duration::from_millis(gateway.limits.list_ms_max);
            let watching =
                tokio::time::timeout(limit, Watching::start(upstream.clone(), caller.clone(), subjects.clone())).await;
            (upstream, subjects, updates, watching)
        });
        for (upstream, subjects, updates, watching) in futures_util::future::join_all(starting).await {
            let Ok(Ok(watching)) = watching else { continue };
            let Some(peer) = upstream.peer() else { continue };
            for (_, method, capability) in LISTS.iter().filter(|(_, method, _)| wanted.lists.contains(method)) {
                if peer.can(&[capability, "listChanged"]) && !ears.honoured.lists.contains(method) {
                    ears.honoured.lists.push(*method);
                }
            }
            for subject in subjects {
                ears.honour(&subject, &upstream, &peer);
            }
            ears.watching.push(watching);
            ears.updates.push((upstream, updates));
        }
        if !single {
            ears.honoured.lists = wanted.lists;
        }
        ears
    }

    /// Acknowledges a subject of which the server will tell.
    fn honour(&mut self, subject: &Subject, upstream: &Upstream, peer: &Peer) {
        let Some(shown) = self.shown.get(&(upstream.name.clone(), subject.clone())).cloned() else { return };
        match subject {
            Subject::Resource(_) if peer.can(&["resources", "subscribe"]) => self.honoured.resources.push(shown),
            Subject::Task(_) if peer.can(&["extensions", modern::TASKS_EXTENSION]) => self.honoured.tasks.push(shown),
            _ => {}
        }
    }

    /// Passes on changes until the client hangs up.
    async fn follow(
        mut self,
        id: &[u8],
        mut lists: broadcast::Receiver<ListChange>,
        endpoint: &Endpoint,
        client: &mpsc::Sender<Bytes>,
    ) {
        let (sender, mut updated) = mpsc::channel::<(Arc<str>, Change)>(STREAM_QUEUE);
        let mut readers = tokio::task::JoinSet::new();
        for (upstream, mut updates) in self.updates.drain(..) {
            let sender = sender.clone();
            readers.spawn(async move {
                loop {
                    match updates.recv().await {
                        Ok(change) => {
                            if sender.send((upstream.name.clone(), change)).await.is_err() {
                                return;
                            }
                        }
                        Err(broadcast::error::RecvError::Lagged(_)) => {}
                        Err(broadcast::error::RecvError::Closed) => return,
                    }
                }
            });
        }
        loop {
            let notification = tokio::select! {
                () = client.closed() => return,
                change = lists.recv() => match change {
                    Ok(change) if change.concerns(endpoint) && self.honoured.lists.contains(&change.method) => {
                        message::notification(change.method.as_str(), format!("{{{}}}", tag(id)).as_bytes())
                    }
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => return,
                },
                told = self.jobs.next(id) => told,
                Some((server, change)) = updated.recv() => match self.update(id, server, change) {
                    Some(notification) => notification,
                    None => continue,
                },
            };
            if client.send(notification).await.is_err() {
                return;
            }
        }
    }

    /// A change in the client's words, if it asked to hear of it.
    fn update(&self, id: &[u8], server: Arc<str>, change: Change) -> Option<Bytes> {
        if let Change::Task(params) = &change {
            return self.task_update(id, server, params);
        }
        let Change::Resource(own) = change else { return None };
        let shown = self.shown.get(&(server, Subject::Resource(own)))?;
        let uri = String::from_utf8_lossy(&message::json_string(shown)).into_owned();
        Some(message::notification(
            Method::ResourceUpdated.as_str(),
            format!(r#"{{"uri":{uri},{}}}"#, tag(id)).as_bytes(),
        ))
    }

    fn task_update(&self, id: &[u8], server: Arc<str>, params: &[u8]) -> Option<Bytes> {
        let notification = message::notification(Method::TaskStatus.as_str(), params);
        let notification = Envelope::parse(&notification, ScanLimits { depth_max: 128 }).ok()?;
        let own = notification.param_text(Param::TaskId)?.to_owned();
        let shown = self.shown.get(&(server, Subject::Task(own)))?;
        Some(with_task(&notification, shown, id))
    }
}

/// The servers of what a filter names, their own names for it, and the client's. What nobody has is left out.
async fn find(
    gateway: &Gateway,
    caller: &Caller,
    endpoint: &Endpoint,
    wanted: &Filter,
) -> Vec<(Arc<Upstream>, Subject, String)> {
    let (mut found, seen) = (Vec::new(), gateway.catalogue.seen_by(&caller.principal));
    for uri in &wanted.resources {
        if let Ok((route, own)) = find_resource(seen, endpoint, uri).await {
            found.push((route.upstream, Subject::Resource(own), uri.clone()));
        }
    }
    for shown in &wanted.tasks {
        let Ok(task) = TaskId::reveal(&gateway.seals.ring(), &caller.principal.name, shown) else { continue };
        let mut servers = seen.members(endpoint).filter(|upstream| !upstream.is_own());
        if let Some(upstream) = servers.find(|upstream| *upstream.name == *task.server) {
            found.push((upstream.clone(), Subject::Task(task.id), shown.clone()));
        }
    }
    found
}

/// A notification of a task under the id that the client knows and the id of its stream.
fn with_task(notification: &Envelope, shown: &str, id: &[u8]) -> Bytes {
    let mut splice = Splice::new(notification.bytes());
    splice.replace_owned(notification.param(Param::TaskId), message::json_string(shown));
    let subscription = notification.meta_members().get(Meta::SubscriptionId);
    if subscription.is_some() {
        splice.replace(subscription.value, id);
    }
    splice.apply()
}

/// Whether a message ends a listen request.
pub fn cancels(notification: &Envelope) -> Option<&[u8]> {
    (Method::parse(notification.method()) == Method::Cancelled).then(|| notification.param_raw(Param::RequestId))?
}
