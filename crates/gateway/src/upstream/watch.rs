//! Keeps an ear at a server for as long as somebody wants to hear of changes: one `subscriptions/listen` at a modern
//! server however many clients listen, one `resources/subscribe` for each resource at a legacy one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mcp::{Method, message};
use tokio::task::AbortHandle;

use super::{Connection, Upstream, modern_http::own_params};
use crate::{call::Caller, failure::Failure};

/// How long a server may take to acknowledge that it will tell us.
const ACKNOWLEDGE: Duration = Duration::from_secs(2);

/// One thing that somebody wants to hear of, by the server's own name for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A resource, by its URI.
    Resource(String),
    /// A task of a modern server, by its id.
    Task(String),
}

/// Who wants to hear of what at one server.
#[derive(Debug, Default)]
pub struct Watch {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    watchers: usize,
    subjects: BTreeMap<Subject, usize>,
    ear: Option<Ear>,
}

/// The listen request that is open now.
#[derive(Debug)]
enum Ear {
    Stream(AbortHandle),
    Request(Arc<super::link::Link>, u64),
}

/// Somebody's wish to hear of changes; dropping it ends the wish.
#[derive(Debug)]
pub struct Watching {
    upstream: Arc<Upstream>,
    caller: Caller,
    subjects: Vec<Subject>,
    forward: Option<AbortHandle>,
}

impl Watching {
    /// Ends a task together with the wish that it serves.
    pub fn with(mut self, forward: AbortHandle) -> Self {
        self.forward = Some(forward);
        self
    }

    /// Starts to watch the lists of a server and these subjects. Returns when the server has acknowledged it.
    pub async fn start(upstream: Arc<Upstream>, caller: Caller, subjects: Vec<Subject>) -> Result<Self, Failure> {
        let connection = upstream.connection(&caller).await?;
        let (first, fresh) = upstream.watch.add(&subjects);
        let watching = Self { upstream, caller, subjects, forward: None };
        match connection {
            Connection::Door(_) | Connection::Link(_) if watching.is_modern() => {
                if first || !fresh.is_empty() {
                    watching.upstream.listen(&watching.caller).await?;
                }
            }
            _ => {
                for uri in fresh.iter().filter_map(Subject::resource) {
                    watching
                        .upstream
                        .ask(&watching.caller, Method::ResourcesSubscribe, &uri_member(uri), ACKNOWLEDGE)
                        .await?;
                }
            }
        }
        Ok(watching)
    }

    fn is_modern(&self) -> bool {
        self.upstream.peer().is_some_and(|peer| peer.era == mcp::Era::Modern)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(forward) = &self.forward {
            forward.abort();
        }
        let (last, gone) = self.upstream.watch.remove(&self.subjects);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if self.is_modern() {
            if last {
                self.upstream.watch.close_ear();
            }
            return;
        }
        let (upstream, caller) = (self.upstream.clone(), self.caller.clone());
        runtime.spawn(async move {
            for uri in gone.iter().filter_map(Subject::resource) {
                let _ = upstream.ask(&caller, Method::ResourcesUnsubscribe, &uri_member(uri), ACKNOWLEDGE).await;
            }
        });
    }
}

impl Subject {
    /// The URI, if it is a resource.
    pub fn resource(&self) -> Option<&str> {
        match self {
            Self::Resource(uri) => Some(uri),
            Self::Task(_) => None,
        }
    }

    /// The id, if it is a task.
    pub fn task(&self) -> Option<&str> {
        match self {
            Self::Task(id) => Some(id),
            Self::Resource(_) => None,
        }
    }
}

fn uri_member(uri: &str) -> String {
    format!(r#""uri":{}"#, String::from_utf8_lossy(&message::json_string(uri)))
}

impl Watch {
    fn add(&self, subjects: &[Subject]) -> (bool, Vec<Subject>) {
        let mut state = self.lock();
        state.watchers += 1;
        let fresh = subjects
            .iter()
            .filter(|subject| {
                let count = state.subjects.entry((*subject).clone()).or_default();
                *count += 1;
                *count == 1
            })
            .cloned()
            .collect();
        (state.watchers == 1, fresh)
    }

    fn remove(&self, subjects: &[Subject]) -> (bool, Vec<Subject>) {
        let mut state = self.lock();
        state.watchers -= 1;
        let mut gone = Vec::new();
        for subject in subjects {
            if let Some(count) = state.subjects.get_mut(subject) {
                *count -= 1;
                if *count == 0 {
                    state.subjects.remove(subject);
                    gone.push(subject.clone());
                }
            }
        }
        (state.watchers == 0, gone)
    }

    /// The filter of a listen request for everything that anybody wants.
    fn filter(&self) -> String {
        let state = self.lock();
        let resources = member("resourceSubscriptions", state.subjects.keys().filter_map(Subject::resource));
        let tasks = member("taskIds", state.subjects.keys().filter_map(Subject::task));
        format!(
            r#""notifications":{{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true{resources}{tasks}}}"#
        )
    }

    fn replace_ear(&self, ear: Ear) {
        let old = self.lock().ear.replace(ear);
        end(old);
    }

    fn close_ear(&self) {
        let old = self.lock().ear.take();
        end(old);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A further member of an object: a list of texts, left out where it would be empty.
fn member<'a>(name: &str, texts: impl Iterator<Item = &'a str>) -> String {
    let texts: Vec<String> =
        texts.map(|text| String::from_utf8_lossy(&message::json_string(text)).into_owned()).collect();
    if texts.is_empty() { String::new() } else { format!(r#","{name}":[{}]"#, texts.join(",")) }
}

fn end(ear: Option<Ear>) {
    match ear {
        Some(Ear::Stream(task)) => task.abort(),
        Some(Ear::Request(link, id)) => drop(tokio::spawn(async move { link.cancel(id).await })),
        None => {}
    }
}

impl Upstream {
    /// Opens a listen request for all that is wanted now, then closes the one before it.
    async fn listen(self: &Arc<Self>, caller: &Caller) -> Result<(), Failure> {
        let params = own_params(&self.watch.filter());
        match self.connection(caller).await? {
            Connection::Door(door) => {
                let mut stream = door.listen(&params).await?;
                let _ = tokio::time::timeout(ACKNOWLEDGE, stream.next()).await;
                let changes = self.changes.clone();
                let upstream = Arc::downgrade(self);
                let caller = caller.clone();
                let task = tokio::spawn(async move {
                    while let Ok(Some(notification)) = stream.next().await {
                        changes.notify(&notification);
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    if let Some(upstream) = upstream.upgrade() {
                        relisten(upstream, caller);
                    }
                });
                self.watch.replace_ear(Ear::Stream(task.abort_handle()));
            }
            Connection::Link(link) => {
                let id = link.listen(&params).await?;
                self.watch.replace_ear(Ear::Request(link, id));
            }
            Connection::Session(_) => {}
        }
        Ok(())
    }
}

/// Opens a stream that ended by itself again, with growing pauses, for as long as somebody listens.
fn relisten(upstream: Arc<Upstream>, caller: Caller) {
    tokio::spawn(async move {
        let mut wait = Duration::from_secs(1);
        while upstream.watch.lock().watchers > 0 {
            if upstream.listen(&caller).await.is_ok() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_mins(1));
        }
    });
}
