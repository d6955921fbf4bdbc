//! What calls of one tool have to do with kept answers: their own are kept, or they make those of others void. Read from the
//! configuration once, when the catalogue is made.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use config::{Glob, Invalidation, ToolSettings};
use traffic::{Act, cache::Terms};

use super::{Arguments, Cache, Drawer, Void};
use crate::call::Call;

/// What calls of one tool have to do with kept answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Their answers are kept.
    Answers {
        /// For how long.
        terms: Terms,
        /// Whether they are the same for all principals.
        is_shared: bool,
    },
    /// They make answers void.
    Voids(Voids),
}

/// What a call makes void.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voids {
    /// The tools, by the name of another server; those of the server that is called without a name.
    tools: BTreeMap<Option<Box<str>>, Arc<[Glob]>>,
    /// Answers about other values of these arguments are spared.
    arguments: Vec<Box<str>>,
    /// The contexts that it changes.
    contexts: Vec<String>,
}

impl Keeping {
    /// Of a tool. `others_are_kept` says whether there are tools of its server whose answers are kept.
    pub fn of_tool(act: Act, settings: Option<&ToolSettings>, others_are_kept: bool) -> Option<Self> {
        if act == Act::Reads {
            let settings = settings.filter(|settings| settings.keep())?;
            return Some(Self::Answers {
                terms: terms(settings),
                is_shared: settings.cache_shared.unwrap_or_default(),
            });
        }
        let voids = match settings.and_then(|settings| settings.invalidates.as_deref()) {
            None if others_are_kept => Voids::whole_server(),
            None | Some([]) => Voids::default(),
            Some(invalidations) => Voids::of(invalidations),
        };
        let contexts = settings.and_then(|settings| settings.changes.clone()).unwrap_or_default();
        let is_any = !voids.tools.is_empty() || !contexts.is_empty();
        is_any.then_some(Self::Voids(Voids { contexts, ..voids }))
    }
}

fn terms(settings: &ToolSettings) -> Terms {
    let seconds = |value: Option<u64>| Duration::from_secs(value.unwrap_or_default());
    Terms {
        fresh: Some(seconds(settings.cache_s)),
        while_fetching: seconds(settings.stale_s),
        on_failure: seconds(settings.stale_on_error_s),
        hint_max: Duration::ZERO,
    }
}

impl Voids {
    /// All answers of the server that is called.
    fn whole_server() -> Self {
        Self { tools: BTreeMap::from([(None, Arc::default())]), ..Self::default() }
    }

    /// Where only arguments are said, they are said of all tools of the server that is called.
    fn of(invalidations: &[Invalidation]) -> Self {
        let mut globs: BTreeMap<Option<Box<str>>, Vec<Glob>> = BTreeMap::new();
        let mut arguments = Vec::new();
        for invalidation in invalidations {
            match invalidation {
                Invalidation::Argument(name) => arguments.push(name.as_str().into()),
                Invalidation::Tools { server, tools } => {
                    globs.entry(server.as_deref().map(Into::into)).or_default().push(tools.clone());
                }
            }
        }
        if globs.is_empty() {
            globs.insert(None, Vec::new());
        }
        let tools = globs.into_iter().map(|(server, globs)| (server, globs.into())).collect();
        Self { tools, arguments, contexts: Vec::new() }
    }

    /// What this call makes void, by the drawers that it concerns.
    pub fn of_call(&self, cache: &Cache, own: &Arc<Drawer>, call: &Call) -> Vec<(Arc<Drawer>, Void)> {
        let arguments = Arguments::named(call, self.arguments.iter().map(|name| &**name));
        let drawer = |server: &Option<Box<str>>| match server {
            None => Some(own.clone()),
            Some(server) => cache.drawer_of(server),
        };
        let void = |globs: &Arc<[Glob]>| Void::Tools(globs.clone(), arguments.clone());
        let of_tools = self.tools.iter().filter_map(|(server, globs)| Some((drawer(server)?, void(globs))));
        of_tools.chain(self.contexts.iter().flat_map(|context| cache.voids_of(context))).collect()
    }
}

/// Declares answers void when an act begins and once more when it has ended, however it ends: what was fetched while it
/// happened may be of before it.
#[derive(Debug)]
pub struct Acting(Vec<(Arc<Drawer>, Void)>);

impl Acting {
    /// An act begins that makes these void.
    pub fn begin(voids: Vec<(Arc<Drawer>, Void)>) -> Self {
        let acting = Self(voids);
        acting.declare();
        acting
    }

    fn declare(&self) {
        for (drawer, void) in &self.0 {
            drawer.declare(void.clone());
        }
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        self.declare();
    }
}
