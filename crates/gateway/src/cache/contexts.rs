//! Contexts: names for something outside, such as a branch or a deployment, on which answers of several servers depend. A
//! context that changes makes the answers void of all tools that depend on it. Read from the configuration once.

use std::{collections::BTreeMap, sync::Arc};

use config::{Config, Glob, Window};

use super::{Arguments, Void};

/// The tools that depend on each context, by server.
#[derive(Debug, Default)]
pub struct Contexts(BTreeMap<String, BTreeMap<String, Arc<[Glob]>>>);

impl Contexts {
    /// As the configuration says.
    pub fn of(config: &Config) -> Self {
        let mut found: BTreeMap<String, BTreeMap<String, Vec<Glob>>> = BTreeMap::new();
        for (name, server) in &config.servers {
            for (glob, settings) in &server.tool {
                let Ok(glob) = glob.parse::<Glob>() else { continue };
                let named = settings.depends.iter().flatten().filter(|context| !Window::is_meant(context));
                for context in named {
                    found.entry(context.clone()).or_default().entry(name.clone()).or_default().push(glob.clone());
                }
            }
        }
        let ready = |servers: BTreeMap<String, Vec<Glob>>| {
            servers.into_iter().map(|(server, globs)| (server, globs.into())).collect()
        };
        Self(found.into_iter().map(|(context, servers)| (context, ready(servers))).collect())
    }

    /// Whether any tool depends on it.
    pub fn is_known(&self, context: &str) -> bool {
        self.0.contains_key(context)
    }

    /// All of them.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }

    /// What a change of this context makes void, by server.
    pub fn voids(&self, context: &str) -> impl Iterator<Item = (&str, Void)> {
        let servers = self.0.get(context).into_iter().flatten();
        servers.map(|(server, globs)| (server.as_str(), Void::Tools(globs.clone(), Arguments::default())))
    }
}
