//! `subscriptions/listen`: changes of all servers behind an endpoint on one stream, in the client's words. What is
//! acknowledged is exactly what will come.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use mcp::{Envelope, Method, Param, array, code, message, plain_text};
use tokio::sync::{broadcast, mpsc};

use super::{Reply, STREAM_QUEUE};
use crate::{
    call::Caller,
    catalogue::{Endpoint, ListChange},
    gateway::Gateway,
    route::{Inbound, find_resource},
    upstream::{Upstream, changes::Change, watch::Watching},
};

/// What a client wants to hear of.
#[derive(Debug, Default)]
struct Filter {
    lists: Vec<Method>,
    resources: Vec<String>,
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
        let resources = match value("resourceSubscriptions") {
            None | Some(b"null") => Vec::new(),
            Some(list) => {
                let items = array::items(list).ok()?;
                items.iter().map(|span| span.of(list).and_then(plain_text).map(str::to_owned)).collect::<Option<_>>()?
            }
        };
        Some(Self { lists, resources })
    }

    fn as_json(&self) -> String {
        let mut members: Vec<String> = LISTS
            .iter()
            .filter(|(_, method, _)| self.lists.contains(method))
            .map(|(name, ..)| format!(r#""{name}":true"#))
            .collect();
        if !self.resources.is_empty() {
            let uris: Vec<String> = self
                .resources
                .iter()
                .map(|uri| String::from_utf8_lossy(&message::json_string(uri)).into_owned())
                .collect();
            members.push(format!(r#""resourceSubscriptions":[{}]"#, uris.join(",")));
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
    if filter.resources.len() > gateway.limits.subscriptions_per_listen_max {
        let text = format!("at most {} resources on one stream", gateway.limits.subscriptions_per_listen_max);
        return Reply::error(Some(&id), code::INVALID_PARAMS, &text, true);
    }
    let Ok(place) = gateway.listeners.clone().try_acquire_owned() else {
        return Reply::error(Some(&id), code::OVERLOADED, "too many open streams: close one first", true);
    };
    let changes = gateway.catalogue.changes();
    let ears = Ears::open(gateway, &inbound.caller, &inbound.endpoint, filter).await;
    let (sender, receiver) = mpsc::channel(STREAM_QUEUE);
    let acknowledged = format!(r#"{{"notifications":{},{}}}"#, ears.honoured.as_json(), tag(&id));
    let _ = sender.send(message::notification(Method::Acknowledged.as_str(), acknowledged.as_bytes())).await;
    tokio::spawn(async move {
        ears.follow(&id, changes, &inbound.endpoint, &sender).await;
        drop(place);
    });
    Reply::Many(receiver)
}

/// `"_meta"` with the id of the stream.
fn tag(id: &[u8]) -> String {
    format!(r#""_meta":{{"io.modelcontextprotocol/subscriptionId":{}}}"#, String::from_utf8_lossy(id))
}

/// The open ears at the servers of one listener.
struct Ears {
    honoured: Filter,
    watching: Vec<Watching>,
    /// Own URI by server, to the URI that the client knows.
    shown: HashMap<(Arc<str>, String), String>,
    updates: Vec<(Arc<Upstream>, broadcast::Receiver<Change>)>,
}

impl Ears {
    async fn open(gateway: &Gateway, caller: &Caller, endpoint: &Endpoint, wanted: Filter) -> Self {
        let mut by_server: HashMap<Arc<str>, (Arc<Upstream>, Vec<String>)> = HashMap::new();
        let mut shown = HashMap::new();
        for uri in &wanted.resources {
            if let Ok((route, own)) = find_resource(&gateway.catalogue, endpoint, uri).await {
                let name = route.upstream.name.clone();
                by_server
                    .entry(name.clone())
                    .or_insert_with(|| (route.upstream.clone(), Vec::new()))
                    .1
                    .push(own.clone());
                shown.insert((name, own), uri.clone());
            }
        }
        if !wanted.lists.is_empty() {
            for upstream in gateway.catalogue.members(endpoint) {
                by_server.entry(upstream.name.clone()).or_insert_with(|| (upstream.clone(), Vec::new()));
            }
        }
        let single = matches!(endpoint, Endpoint::Server(_));
        let mut ears = Self { honoured: Filter::default(), watching: Vec::new(), shown, updates: Vec::new() };
        let starting = by_server.into_values().map(|(upstream, resources)| async move {
            let updates = upstream.changes.subscribe();
            let limit = std::time::Duration::from_millis(gateway.limits.list_ms_max);
            let watching =
                tokio::time::timeout(limit, Watching::start(upstream.clone(), caller.clone(), resources.clone())).await;
            (upstream, resources, updates, watching)
        });
        for (upstream, resources, updates, watching) in futures_util::future::join_all(starting).await {
            let Ok(Ok(watching)) = watching else { continue };
            let Some(peer) = upstream.peer() else { continue };
            for (_, method, capability) in LISTS.iter().filter(|(_, method, _)| wanted.lists.contains(method)) {
                if peer.can(&[capability, "listChanged"]) && !ears.honoured.lists.contains(method) {
                    ears.honoured.lists.push(*method);
                }
            }
            if peer.can(&["resources", "subscribe"]) {
                let known =
                    resources.iter().filter_map(|own| ears.shown.get(&(upstream.name.clone(), own.clone())).cloned());
                ears.honoured.resources.extend(known.collect::<Vec<_>>());
            }
            ears.watching.push(watching);
            ears.updates.push((upstream, updates));
        }
        if !single {
            ears.honoured.lists = wanted.lists;
        }
        ears
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
                while let Ok(change) = updates.recv().await {
                    if sender.send((upstream.name.clone(), change)).await.is_err() {
                        return;
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
                Some((server, change)) = updated.recv() => match self.resource_update(id, server, change) {
                    Some(notification) => notification,
                    None => continue,
                },
            };
            if client.send(notification).await.is_err() {
                return;
            }
        }
    }

    fn resource_update(&self, id: &[u8], server: Arc<str>, change: Change) -> Option<Bytes> {
        let Change::Resource(own) = change else { return None };
        let shown = self.shown.get(&(server, own))?;
        let uri = String::from_utf8_lossy(&message::json_string(shown)).into_owned();
        Some(message::notification(
            Method::ResourceUpdated.as_str(),
            format!(r#"{{"uri":{uri},{}}}"#, tag(id)).as_bytes(),
        ))
    }
}

/// Whether a message ends a listen request.
pub fn cancels(notification: &Envelope) -> Option<&[u8]> {
    (Method::parse(notification.method()) == Method::Cancelled).then(|| notification.param_raw(Param::RequestId))?
}
