//! The registry of toolkits: each is a line here, and a name in `config::TOOLKITS`. A toolkit is served by a process of its
//! own, which this program starts as its child when a gateway needs it.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use cli::{BuiltIn, Error, Exit, Terminal};
use config::{Folders, PROJECTS_ROOT, env::CONNECTIONS};
use supervisor::{Profile, Sandbox};
use toolkit::{Connections, Toolkit};
use workbench::{Bench, Denied, Reach, Roots};

/// A toolkit: its name, what it is for, and how it is made.
pub(crate) struct Entry {
    name: &'static str,
    about: &'static str,
    make: fn(&Bench) -> Toolkit,
    /// How it is held back if nobody says otherwise.
    sandbox: Profile,
}

/// All toolkits, in the order of their reference.
pub(crate) const TOOLKITS: &[Entry] = &[
    Entry {
        name: "dev_env",
        about: toolkit_dev_env::ABOUT,
        make: toolkit_dev_env::toolkit,
        sandbox: Profile::Standard,
    },
    // Its engine answers on a unix socket.
    Entry { name: "docker", about: toolkit_docker::ABOUT, make: toolkit_docker::toolkit, sandbox: Profile::None },
    Entry {
        name: "project",
        about: toolkit_project::ABOUT,
        make: toolkit_project::toolkit,
        sandbox: Profile::Standard,
    },
    // It speaks to systemd over a unix socket and changes what belongs to the system.
    Entry { name: "server", about: toolkit_server::ABOUT, make: toolkit_server::toolkit, sandbox: Profile::None },
    // It decodes what strangers send, and needs nothing but files.
    Entry {
        name: "graphics",
        about: toolkit_graphics::ABOUT,
        make: toolkit_graphics::toolkit,
        sandbox: Profile::Strict,
    },
];

/// What the programs of a toolkit need beside its roots.
type ReachOf = fn() -> Reach;

/// The toolkits whose programs need anything.
const REACHES: &[(&str, ReachOf)] = &[("dev_env", toolkit_dev_env::reach), ("project", toolkit_project::reach)];

impl Entry {
    /// Its reference page, which is the same wherever it works.
    fn page(&self) -> Result<String, Error> {
        let roots = Roots::open([env::temp_dir()], Denied::system());
        let roots = roots.map_err(|source| Error::Toolkit { name: self.name.to_owned(), source: source.into() })?;
        Ok(toolkit::reference::page(&(self.make)(&Bench { roots }), self.about))
    }

    /// As the command line lists it.
    pub(crate) fn built_in(&self) -> BuiltIn {
        BuiltIn { name: self.name, about: self.about }
    }
}

/// Serves a toolkit on stdin and stdout until its client has gone, or prints its page.
pub(crate) async fn serve(asked: &cli::Toolkit, terminal: &mut Terminal) -> Result<Exit, Error> {
    let known = TOOLKITS.iter().map(|entry| entry.name);
    let Some(entry) = TOOLKITS.iter().find(|entry| entry.name == asked.name) else {
        return Err(Error::unknown("toolkit", &asked.name, known, "toolkit list"));
    };
    if asked.page {
        terminal.data(&entry.page()?)?;
        return Ok(Exit::Done);
    }
    let refused = |source| Error::Toolkit { name: asked.name.clone(), source };
    let roots = roots(&asked.root).map_err(|source| refused(source.into()))?;
    if !asked.held_back {
        hold_back(entry, asked, &roots)?;
    }
    let connections = connections().map_err(|reason| refused(reason.into()))?;
    let toolkit = (entry.make)(&Bench { roots }).connections(connections).shows_commands(asked.show_commands);
    toolkit::serve_lines(Arc::new(toolkit), tokio::io::stdin(), tokio::io::stdout()).await;
    Ok(Exit::Done)
}

/// Starts this program anew behind the wall of its toolkit; comes back only where there is none.
fn hold_back(entry: &Entry, asked: &cli::Toolkit, roots: &Roots) -> Result<(), Error> {
    let named = asked.sandbox.as_deref().and_then(|name| name.parse::<Profile>().ok());
    let profile = named.unwrap_or(entry.sandbox);
    if profile == Profile::None {
        return Ok(());
    }
    let folders = roots.paths().flat_map(|root| ["--root".into(), root.as_os_str().to_owned()]);
    let words = ["toolkit", entry.name, "--held-back"].map(OsString::from);
    let reach = REACHES.iter().find(|(name, _)| *name == entry.name).map(|(_, reach)| reach());
    let Reach { mut writable, readable } = reach.unwrap_or_default();
    writable.extend(roots.paths().map(Path::to_owned));
    let sandbox = Sandbox { profile, writable, readable, may_be_weaker: named.is_none() };
    let shown = asked.show_commands.then(|| "--show-commands".into());
    let error = sandbox.start_over(words.into_iter().chain(folders).chain(shown).collect());
    Err(Error::Toolkit { name: entry.name.to_owned(), source: error.into() })
}

/// The folders to work in: those that were named, or else the one for projects, which is made where it is missing.
fn roots(named: &[PathBuf]) -> Result<Roots, workbench::Error> {
    let own = Folders::of_process().into_iter().flat_map(|folders| [folders.config, folders.state]);
    let denied = Denied::system().and(own);
    if !named.is_empty() {
        return Roots::open(named, denied);
    }
    let projects = workbench::roots::expanded(PROJECTS_ROOT.as_ref());
    // what cannot be made cannot be opened either, and that says why
    let _ = fs::create_dir_all(&projects);
    Roots::open([projects], denied)
}

/// The outside systems that it may reach, as whoever starts it says in the environment.
fn connections() -> Result<Connections, String> {
    let Some(line) = env::var_os(CONNECTIONS.name) else { return Ok(Connections::default()) };
    let connections = line.to_str().and_then(Connections::from_line);
    connections.ok_or_else(|| format!("`{}` must be a JSON object of connections by name", CONNECTIONS.name))
}

#[cfg(test)]
mod tests {
    use config::{Glob, Invalidation};

    use super::*;

    #[test]
    fn the_configuration_knows_every_toolkit() {
        let names: Vec<&str> = TOOLKITS.iter().map(|entry| entry.name).collect();
        assert_eq!(names, config::TOOLKITS);
    }

    /// All toolkits by name, as they are served.
    fn all() -> Vec<(&'static str, Toolkit)> {
        let bench = || Bench { roots: Roots::open([env::temp_dir()], Denied::system()).unwrap() };
        TOOLKITS.iter().map(|entry| (entry.name, (entry.make)(&bench()))).collect()
    }

    /// Whether a toolkit has a tool of such a name that only reads.
    fn has_reading(toolkit: &Toolkit, glob: &Glob) -> bool {
        toolkit.declarations().any(|tool| tool.marks.is_read_only() && glob.matches(&tool.name))
    }

    #[test]
    fn every_act_of_a_toolkit_says_which_answers_it_makes_void_and_names_tools_that_are_there() {
        let all = all();
        for (name, toolkit) in &all {
            for tool in toolkit.declarations() {
                assert_eq!(tool.invalidates.is_some(), !tool.marks.is_read_only(), "{name}: {}", tool.name);
                for invalidation in tool.invalidates.iter().flatten() {
                    let Ok(Invalidation::Tools { server, tools }) = invalidation.parse() else {
                        panic!("{name}: {}: {invalidation}", tool.name);
                    };
                    let meant = server.as_deref().unwrap_or(name);
                    let meant = all.iter().find(|(other, _)| *other == meant);
                    assert!(meant.is_some_and(|(_, toolkit)| has_reading(toolkit, &tools)), "{name}: {invalidation}");
                }
            }
        }
    }

    #[test]
    fn every_toolkit_has_its_page_in_the_manual() {
        for entry in TOOLKITS {
            let path = format!("{}/../../docs/src/toolkits/{}.md", env!("CARGO_MANIFEST_DIR"), entry.name);
            let there = fs::read_to_string(&path).unwrap_or_default();
            assert!(there == entry.page().unwrap(), "`{}` is not current: run `cargo xtask toolkits`", entry.name);
        }
    }
}
