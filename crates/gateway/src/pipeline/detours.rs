//! Which tools are answered by somebody else than their server, and since when. It is told once when that begins, and once
//! when it is over; not for each call.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use crate::{
    call::{Call, Exchange},
    upstream::Upstream,
};

/// Tools that are followed at one time; of more it is not told.
const DETOURS_MAX: usize = 1_024;

/// How long no call of a tool may have gone elsewhere before that is called over: a server that has too much to do answers
/// some calls, and others not.
const CALM: Duration = Duration::from_secs(5);

/// A tool by its server and its own name.
type Tool = (Arc<str>, Arc<str>);

/// The tools that are answered by somebody else.
#[derive(Debug, Default)]
pub struct Detours {
    /// How many there are: mostly none, which costs nothing to find out.
    count: AtomicUsize,
    tools: Mutex<HashMap<Tool, Detour>>,
}

/// By whom a tool is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detour {
    /// Another server, or the configuration.
    pub by: Arc<str>,
    /// Since when.
    pub since: SystemTime,
    /// When a call last went there.
    last: Instant,
}

impl Detours {
    /// A call of a tool was answered by somebody else.
    pub(super) fn answered_by(&self, upstream: &Upstream, call: &Call, by: &str) {
        let mut tools = self.lock();
        let tool = (upstream.name.clone(), call.own_name.clone());
        let now = Instant::now();
        if let Some(known) = tools.get_mut(&tool).filter(|known| *known.by == *by) {
            known.last = now;
            return;
        }
        if tools.len() >= DETOURS_MAX && !tools.contains_key(&tool) {
            return;
        }
        tracing::warn!(server = &*tool.0, tool = &*tool.1, by, "calls of a tool are answered by somebody else");
        tools.insert(tool, Detour { by: by.into(), since: SystemTime::now(), last: now });
        self.count.store(tools.len(), Ordering::Relaxed);
    }

    /// A server answers a call itself, or will have done so when it ends well.
    pub(super) fn answered_itself(self: &Arc<Self>, upstream: &Upstream, call: &Call, exchange: &mut Exchange) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let tool = (upstream.name.clone(), call.own_name.clone());
        match exchange {
            Exchange::Done(Ok(_)) => self.is_back(&tool),
            Exchange::Done(Err(_)) => {}
            Exchange::Running(events) => {
                let detours = self.clone();
                events.at_end(move |end, _| end.inspect(|_| detours.is_back(&tool)));
            }
        }
    }

    /// The tools of a server that are answered by somebody else, by name.
    pub fn of_server(&self, server: &str) -> Vec<(Arc<str>, Detour)> {
        let tools = self.lock();
        let own = tools.iter().filter(|((of, _), _)| **of == *server);
        let mut own: Vec<_> = own.map(|((_, tool), detour)| (tool.clone(), detour.clone())).collect();
        own.sort_by(|a, b| a.0.cmp(&b.0));
        own
    }

    fn is_back(&self, tool: &Tool) {
        let mut tools = self.lock();
        if tools.get(tool).is_none_or(|detour| detour.last.elapsed() < CALM) {
            return;
        }
        tools.remove(tool);
        self.count.store(tools.len(), Ordering::Relaxed);
        tracing::info!(server = &*tool.0, tool = &*tool.1, "the server answers calls of a tool itself again");
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Tool, Detour>> {
        self.tools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
