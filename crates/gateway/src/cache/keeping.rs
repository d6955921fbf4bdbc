//! What calls of one tool have to do with kept answers: their own are kept, or they make those of others void. Read once, when
//! the catalogue is made, from what the configuration says, and where it says nothing from what the tool says itself.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use config::{Glob, Invalidation, ToolSettings, Window};
use traffic::{Act, cache::Terms};

use super::{Arguments, Cache, Declared, Drawer, Void};
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
        /// The windows of the day, none of which may have begun or ended since.
        windows: Box<[Window]>,
    },
    /// Their answers are good for so long by the word of their toolkit, and are kept as far as such words are believed.
    Hinted(Duration),
    /// They make answers void.
    Voids(Voids),
}

/// Whose answers are made void.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    /// Those of the server that is called.
    Own,
    /// Those of the server of this name.
    Server(Box<str>),
    /// Those of all servers that are this toolkit.
    Toolkit(Box<str>),
}

/// What a call makes void.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voids {
    /// The tools, by whose they are.
    tools: BTreeMap<Whose, Arc<[Glob]>>,
    /// Answers about other values of these arguments are spared.
    arguments: Vec<Box<str>>,
    /// The contexts that it changes.
    contexts: Vec<String>,
}

impl Keeping {
    /// Of a tool. `others_are_kept` says whether there are tools of its server whose answers are kept.
    pub fn of_tool(
        act: Act,
        settings: Option<&ToolSettings>,
        declared: &Declared,
        others_are_kept: bool,
    ) -> Option<Self> {
        if act == Act::Reads {
            return Self::of_reading(settings, declared);
        }
        let configured = settings.and_then(|settings| settings.invalidates.as_deref());
        let voids = match (configured, &declared.invalidates) {
            (Some([]), _) => Voids::default(),
            (Some(configured), _) => Voids::of(configured, Whose::Server),
            (None, Some(declared)) if declared.is_empty() => Voids::default(),
            (None, Some(declared)) => Voids::of(declared, Whose::Toolkit).without_own_unless(others_are_kept),
            (None, None) if others_are_kept => Voids::whole_server(),
            (None, None) => Voids::default(),
        };
        let contexts = settings.and_then(|settings| settings.changes.clone()).unwrap_or_default();
        let is_any = !voids.tools.is_empty() || !contexts.is_empty();
        is_any.then_some(Self::Voids(Voids { contexts, ..voids }))
    }

    /// Of a tool that only reads: what the configuration says of its answers goes over what the tool says.
    fn of_reading(settings: Option<&ToolSettings>, declared: &Declared) -> Option<Self> {
        match settings.filter(|settings| settings.says_how_to_keep()) {
            Some(settings) => settings.keep().then(|| Self::Answers {
                terms: terms(settings),
                is_shared: settings.cache_shared.unwrap_or_default(),
                windows: settings.depends.iter().flatten().filter_map(|context| context.parse().ok()).collect(),
            }),
            None => declared.good_for.map(Self::Hinted),
        }
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
        Self { tools: BTreeMap::from([(Whose::Own, Arc::default())]), ..Self::default() }
    }

    /// Where only arguments are said, they are said of all tools of the server that is called. `others` says whose a name
    /// before a glob is.
    fn of(invalidations: &[Invalidation], others: fn(Box<str>) -> Whose) -> Self {
        let mut globs: BTreeMap<Whose, Vec<Glob>> = BTreeMap::new();
        let mut arguments = Vec::new();
        for invalidation in invalidations {
            match invalidation {
                Invalidation::Argument(name) => arguments.push(name.as_str().into()),
                Invalidation::Tools { server, tools } => {
                    let whose = server.as_deref().map_or(Whose::Own, |name| others(name.into()));
                    globs.entry(whose).or_default().push(tools.clone());
                }
            }
        }
        if globs.is_empty() {
            globs.insert(Whose::Own, Vec::new());
        }
        let tools = globs.into_iter().map(|(whose, globs)| (whose, globs.into())).collect();
        Self { tools, arguments, contexts: Vec::new() }
    }

    /// Where nothing of the server that is called is kept, nothing of it is to be declared void.
    fn without_own_unless(mut self, is_kept: bool) -> Self {
        if !is_kept {
            self.tools.remove(&Whose::Own);
        }
        self
    }

    /// What this call makes void, by the drawers that it concerns.
    pub fn of_call(&self, cache: &Cache, own: &Arc<Drawer>, call: &Call) -> Vec<(Arc<Drawer>, Void)> {
        let arguments = Arguments::named(call, self.arguments.iter().map(|name| &**name));
        let drawers = |whose: &Whose| match whose {
            Whose::Own => vec![own.clone()],
            Whose::Server(server) => cache.drawer_of(server).into_iter().collect(),
            Whose::Toolkit(toolkit) => cache.drawers_of_toolkit(toolkit),
        };
        let void = |globs: &Arc<[Glob]>| Void::Tools(globs.clone(), arguments.clone());
        let of_tools = self
            .tools
            .iter()
            .flat_map(|(whose, globs)| drawers(whose).into_iter().map(move |drawer| (drawer, void(globs))));
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
