//! Keeps an ear at a server for as long as somebody wants to hear of changes: one `subscriptions/listen` at a modern
//! server however many clients listen, one `resources/subscribe` for each resource at a legacy one. When a server is
//! replaced, the wishes pass on to the one that takes its place.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use mcp::{Method, message};
use tokio::task::AbortHandle;

use super::{Connection, Upstream, modern_http::own_params};
use crate::{call::Caller, failure::Failure, upstream::changes::Change};

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

/// Who wants to hear of what at the servers that come one after the other under one name.
#[derive(Debug, Default)]
pub struct Watch {
    state: Mutex<State>,
    /// Held while an ear is opened: of two at once, the one that asks for less must not be the last.
    opening: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    watchers: usize,
    subjects: BTreeMap<Subject, Wish>,
    /// Who came last.
    caller: Option<Caller>,
    ear: Option<Ear>,
    /// The server that has the name now.
    upstream: Weak<Upstream>,
}

/// That somebody wants to hear of one thing.
#[derive(Debug)]
struct Wish {
    /// How many want it.
    count: usize,
    /// Who was the first.
    caller: Caller,
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
    watch: Arc<Watch>,
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
        let (first, fresh) = upstream.watch.add(&subjects, &caller);
        let watching = Self { watch: upstream.watch.clone(), caller, subjects, forward: None };
        match connection {
            Connection::Door(_) | Connection::Link(_) if upstream.is_modern() => {
                if first || !fresh.is_empty() {
                    upstream.listen(&watching.caller).await?;
                }
            }
            _ => {
                for uri in fresh.iter().filter_map(Subject::resource) {
                    upstream.ask(&watching.caller, Method::ResourcesSubscribe, &uri_member(uri), ACKNOWLEDGE).await?;
                }
            }
        }
        Ok(watching)
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let Some(forward) = &self.forward {
            forward.abort();
        }
        let (last, gone) = self.watch.remove(&self.subjects);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let Some(upstream) = self.watch.upstream() else { return };
        if upstream.is_modern() {
            if last {
                self.watch.close_ear();
            }
            return;
        }
        let caller = self.caller.clone();
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
    fn add(&self, subjects: &[Subject], caller: &Caller) -> (bool, Vec<Subject>) {
        let mut state = self.lock();
        state.watchers += 1;
        state.caller = Some(caller.clone());
        let fresh = subjects
            .iter()
            .filter(|subject| {
                let nobody = || Wish { count: 0, caller: caller.clone() };
                let wish = state.subjects.entry((*subject).clone()).or_insert_with(nobody);
                wish.count += 1;
                wish.count == 1
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
            if let Some(wish) = state.subjects.get_mut(subject) {
                wish.count -= 1;
                if wish.count == 0 {
                    state.subjects.remove(subject);
                    gone.push(subject.clone());
                }
            }
        }
        (state.watchers == 0, gone)
    }

    /// A server takes the name.
    pub(super) fn pass_to(&self, upstream: &Arc<Upstream>) {
        self.lock().upstream = Arc::downgrade(upstream);
    }

    /// The server that has the name now.
    fn upstream(&self) -> Option<Arc<Upstream>> {
        self.lock().upstream.upgrade()
    }

    /// Somebody who wants to hear of something.
    fn anybody(&self) -> Option<Caller> {
        let state = self.lock();
        state.caller.clone().filter(|_| state.watchers > 0)
    }

    /// The resources that are wished for, each with who was the first to.
    fn resources(&self) -> Vec<(String, Caller)> {
        let state = self.lock();
        let resource = |(subject, wish): (&Subject, &Wish)| Some((subject.resource()?.to_owned(), wish.caller.clone()));
        state.subjects.iter().filter_map(resource).collect()
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
    /// Opens the ears that were open at the server which this one replaces, and tells of what may have been missed.
    pub(crate) async fn renew_ears(self: Arc<Self>) {
        let Some(caller) = self.watch.anybody() else { return };
        self.watch.close_ear();
        if let Err(failure) = self.open_ears(&caller).await {
            tracing::warn!(server = &*self.name, %failure, "its changes are not heard of for now");
            relisten(self.clone(), caller);
        }
        self.tell_of_resources();
    }

    /// Tells everybody who wants to hear of a resource that it may have changed: the server was replaced, or is gone.
    pub(crate) fn tell_of_resources(&self) {
        for (uri, _) in self.watch.resources() {
            self.changes.send(Change::Resource(uri));
        }
    }

    /// Asks the server for all that is wanted now.
    async fn open_ears(self: &Arc<Self>, caller: &Caller) -> Result<(), Failure> {
        self.introduce(caller).await?;
        if self.is_modern() {
            return self.listen(caller).await;
        }
        for (uri, caller) in self.watch.resources() {
            self.ask(&caller, Method::ResourcesSubscribe, &uri_member(&uri), ACKNOWLEDGE).await?;
        }
        Ok(())
    }

    fn is_modern(&self) -> bool {
        self.peer().is_some_and(|peer| peer.era == mcp::Era::Modern)
    }

    /// Opens a listen request for all that is wanted now, then closes the one before it.
    async fn listen(self: &Arc<Self>, caller: &Caller) -> Result<(), Failure> {
        let _turn = self.watch.opening.lock().await;
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

/// Opens the ears that closed by themselves again, with growing pauses, for as long as somebody listens and no other
/// server has taken the place.
fn relisten(upstream: Arc<Upstream>, caller: Caller) {
    tokio::spawn(async move {
        let mut wait = Duration::from_secs(1);
        let has_the_name = || upstream.watch.upstream().is_some_and(|now| Arc::ptr_eq(&now, &upstream));
        while upstream.watch.anybody().is_some() && has_the_name() {
            if upstream.open_ears(&caller).await.is_ok() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_mins(1));
        }
    });
}
