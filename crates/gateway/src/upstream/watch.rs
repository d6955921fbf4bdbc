//! Who wants to hear of changes at a server, and of which: the server is asked once however many wish the same. When a
//! server is replaced, the wishes pass on to the one that takes its place. How it is asked is `ear`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use mcp::message;
use tokio::task::AbortHandle;

use super::Upstream;
use crate::{call::Caller, failure::Failure};

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
    pub(super) opening: tokio::sync::Mutex<()>,
}

/// One who watches, by the order of coming.
type Watcher = u64;

#[derive(Debug, Default)]
struct State {
    came: Watcher,
    watchers: BTreeMap<Watcher, Caller>,
    /// Who wishes to hear of a subject; a legacy server is asked in the name of the first.
    wishes: BTreeMap<Subject, Vec<Watcher>>,
    ear: Option<Ear>,
    /// The server that has the name now.
    upstream: Weak<Upstream>,
}

/// The listen request that is open at a server; dropping it closes it.
#[derive(Debug)]
struct Ear {
    at: Weak<Upstream>,
    task: AbortHandle,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What remains to be said to the server when one who watched has gone.
struct Leaving {
    was_last: bool,
    /// Nobody wishes to hear of these any more.
    unwanted: Vec<Subject>,
    /// Of these somebody else is now the first who wishes to hear.
    passed: Vec<(Subject, Caller)>,
}

/// Somebody's wish to hear of changes; dropping it ends the wish.
#[derive(Debug)]
pub struct Watching {
    watch: Arc<Watch>,
    watcher: Watcher,
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
        upstream.connection(&caller).await?;
        let watch = upstream.watch.clone();
        let (watcher, is_first, fresh) = watch.add(&subjects, &caller);
        let watching = Self { watch, watcher, caller, subjects, forward: None };
        if upstream.is_modern() {
            if is_first || !fresh.is_empty() {
                upstream.listen(&watching.caller).await?;
            }
        } else {
            for uri in fresh.iter().filter_map(Subject::resource) {
                upstream.subscribe(&watching.caller, uri).await?;
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
        let leaving = self.watch.remove(self.watcher, &self.subjects);
        // what has gone to the next process is its to say
        let Some(upstream) = self.watch.upstream().filter(|upstream| !upstream.is_left()) else { return };
        if upstream.is_modern() {
            if leaving.was_last {
                self.watch.close_ear();
            }
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let caller = self.caller.clone();
            runtime.spawn(async move { leave(&upstream, &caller, leaving).await });
        }
    }
}

/// Tells a legacy server what one who has gone does not wish to hear any more, and who wishes it now.
async fn leave(upstream: &Arc<Upstream>, caller: &Caller, leaving: Leaving) {
    for uri in leaving.unwanted.iter().filter_map(Subject::resource) {
        let _ = upstream.unsubscribe(caller, uri).await;
    }
    for (subject, heir) in leaving.passed {
        if let Some(uri) = subject.resource().filter(|_| !upstream.share(caller, &heir)) {
            let _ = upstream.subscribe(&heir, uri).await;
        }
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

impl Watch {
    /// Notes one more who watches: under which number, whether as the only one, and what nobody wished to hear before.
    fn add(&self, subjects: &[Subject], caller: &Caller) -> (Watcher, bool, Vec<Subject>) {
        let mut state = self.lock();
        state.came += 1;
        let watcher = state.came;
        state.watchers.insert(watcher, caller.clone());
        let fresh = subjects.iter().filter(|subject| {
            let wishers = state.wishes.entry((*subject).clone()).or_default();
            wishers.push(watcher);
            wishers.len() == 1
        });
        let fresh = fresh.cloned().collect();
        (watcher, state.watchers.len() == 1, fresh)
    }

    fn remove(&self, watcher: Watcher, subjects: &[Subject]) -> Leaving {
        let mut guard = self.lock();
        let State { watchers, wishes, .. } = &mut *guard;
        watchers.remove(&watcher);
        let mut leaving = Leaving { was_last: watchers.is_empty(), unwanted: Vec::new(), passed: Vec::new() };
        for subject in subjects {
            let Some(wishers) = wishes.get_mut(subject) else { continue };
            let was_first = wishers.first() == Some(&watcher);
            wishers.retain(|other| *other != watcher);
            match wishers.first().and_then(|heir| watchers.get(heir)) {
                Some(heir) if was_first => leaving.passed.push((subject.clone(), heir.clone())),
                Some(_) => {}
                None => {
                    wishes.remove(subject);
                    leaving.unwanted.push(subject.clone());
                }
            }
        }
        leaving
    }

    /// A server takes the name.
    pub(super) fn pass_to(&self, upstream: &Arc<Upstream>) {
        self.lock().upstream = Arc::downgrade(upstream);
    }

    /// The server that has the name now.
    pub(super) fn upstream(&self) -> Option<Arc<Upstream>> {
        self.lock().upstream.upgrade()
    }

    /// Who came last of those who watch now.
    pub(super) fn anybody(&self) -> Option<Caller> {
        self.lock().watchers.last_key_value().map(|(_, caller)| caller.clone())
    }

    /// Whether anybody waits for news of more than the lists.
    pub(super) fn has_wishes(&self) -> bool {
        !self.lock().wishes.is_empty()
    }

    /// The resources that are wished for, each with who was the first to.
    pub(super) fn resources(&self) -> Vec<(String, Caller)> {
        let state = self.lock();
        let resource = |(subject, wishers): (&Subject, &Vec<Watcher>)| {
            Some((subject.resource()?.to_owned(), state.watchers.get(wishers.first()?)?.clone()))
        };
        state.wishes.iter().filter_map(resource).collect()
    }

    /// The filter of a listen request for everything that anybody wants.
    pub(super) fn filter(&self) -> String {
        let state = self.lock();
        let resources = member("resourceSubscriptions", state.wishes.keys().filter_map(Subject::resource));
        let tasks = member("taskIds", state.wishes.keys().filter_map(Subject::task));
        format!(
            r#""notifications":{{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true{resources}{tasks}}}"#
        )
    }

    /// Whether an ear is open at this server.
    pub(super) fn hears(&self, upstream: &Arc<Upstream>) -> bool {
        let is_at = |ear: &Ear| ear.at.as_ptr() == Arc::as_ptr(upstream) && !ear.task.is_finished();
        self.lock().ear.as_ref().is_some_and(is_at)
    }

    /// Keeps the ear that `task` holds open at a server, and closes the one before it.
    pub(super) fn replace_ear(&self, at: &Arc<Upstream>, task: AbortHandle) {
        let old = self.lock().ear.replace(Ear { at: Arc::downgrade(at), task });
        drop(old);
    }

    /// Closes the ear.
    pub(super) fn close_ear(&self) {
        let old = self.lock().ear.take();
        drop(old);
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
