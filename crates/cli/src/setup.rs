//! The first configuration: what is on this machine, what is proposed for it, and the file that comes of it.
//!
//! Looking starts no program, reads only files of this user, and asks only sockets and loopback addresses, each once and
//! for something harmless. A new kind of thing to look for is its file and its line in [`look`].

mod clients;
mod engines;
mod home_assistant;
mod models;
mod page;
mod probe;
mod project;
mod room;
mod surroundings;

pub(crate) use page::page;
pub(crate) use surroundings::Surroundings;

use std::time::Duration;

use serde::Serialize;
use tokio::time::timeout;

/// How long a start may wait for what is said of the machine: a socket that is there but silent is no reason to wait.
const IN_SHORT_WITHIN: Duration = Duration::from_secs(1);

/// Something that is on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// What people call it.
    pub(crate) title: String,
    /// What can be said of it: a version, how many servers or models.
    pub(crate) about: String,
    /// Its file, socket or address.
    pub(crate) place: String,
}

/// A section that could stand in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Proposal {
    /// Its heading, such as `servers.git`.
    pub(crate) section: String,
    /// What it starts, reaches or limits. Secrets of clients are not in it.
    pub(crate) what: String,
    /// Why it is proposed.
    pub(crate) reason: String,
    /// What is to be known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// Its text in the file.
    #[serde(skip)]
    pub(crate) text: String,
}

/// What was found, and what is proposed for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Discovery {
    /// What is there.
    pub(crate) found: Vec<Found>,
    /// What could be done with it.
    pub(crate) proposals: Vec<Proposal>,
    /// The keys of the clients that are there.
    pub(crate) clients: Vec<&'static str>,
    /// What could not be read.
    pub(crate) warnings: Vec<String>,
}

/// Looks at everything.
pub(crate) async fn look(around: &Surroundings) -> Discovery {
    let mut discovery = Discovery::default();
    clients::look(around, &mut discovery);
    let (engines, models, home) =
        tokio::join!(engines::look(around), models::look(around), home_assistant::look(around.home_assistant));
    discovery.found.extend(engines);
    for (found, proposal) in models.into_iter().chain(home) {
        discovery.found.push(found);
        discovery.proposals.push(proposal);
    }
    project::look(around, &mut discovery);
    discovery.proposals.extend(room::proposal(around.memory_bytes));
    discovery
}

/// What is there, in one line; none where nothing is, or where looking takes longer than a start may wait for it.
pub async fn in_short() -> Option<String> {
    let around = Surroundings::of_process().ok()?;
    let discovery = timeout(IN_SHORT_WITHIN, look(&around)).await.ok()?;
    let parts: Vec<String> = discovery.found.iter().map(Found::in_short).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

impl Found {
    fn in_short(&self) -> String {
        if self.about.is_empty() { self.title.clone() } else { format!("{} ({})", self.title, self.about) }
    }
}

/// Of some things, how many: `1 server`, `3 servers`.
fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
