//! Who is calling: a name, and what its configuration allows it. A principal never changes; a change of the
//! configuration makes new ones, which take over what lasts. Who a request is of is decided by `identities`.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use traffic::{Class, Meter, Rate};

use crate::{held::Held, pipeline::limit, sight::Sight};

/// Somebody who calls.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Its name. Whatever is sealed or kept for a principal is bound to it.
    pub name: Arc<str>,
    /// The most urgent class that its calls may have.
    pub class_max: Class,
    /// What it may see; `None` for everything.
    pub sight: Option<Sight>,
    /// A number for what it may see and how urgent it may be. What is kept for a principal is kept for it in this role.
    pub role: u64,
    /// How often it may call; `None` for any number of times.
    pub(crate) rate: Option<Rate>,
    pub(crate) proof: Option<Proof>,
    pub(crate) lasting: Lasting,
}

/// By what a principal is known.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    /// The digest of its token.
    pub(crate) digest: [u8; 32],
    pub(crate) networks: Vec<config::Network>,
    pub(crate) expires_at_s: Option<u64>,
}

/// What outlives a change of the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Lasting {
    /// Places for open streams of changes.
    pub(crate) listeners: Arc<Semaphore>,
    /// How far its rate is used up.
    pub(crate) meter: Arc<Meter>,
    /// The bytes of its requests and answers.
    pub(crate) held: Arc<Held>,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    /// Whoever started this process: stdin and stdout.
    Parent,
    /// A process of this machine that may open our unix socket.
    Socket,
    /// A machine in the network; a proxy hides the ones behind it.
    Address(IpAddr),
}

/// Who is at the other end of a connection that lasts.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who it was when the connection was opened.
    pub principal: Arc<Principal>,
    /// Where it is.
    pub remote: Remote,
}

impl Principal {
    /// Whoever calls from this machine without a token.
    pub(crate) fn local(lasting: Lasting) -> Self {
        Self {
            name: config::LOCAL.into(),
            class_max: Class::High,
            sight: None,
            role: 0,
            rate: None,
            proof: None,
            lasting,
        }
    }

    /// The node itself. It owns what `local` owns, and goes first.
    pub(crate) fn node(lasting: Lasting) -> Self {
        Self { class_max: Class::Critical, ..Self::local(lasting) }
    }

    /// The principal `name` of the configuration; one without a token cannot be.
    pub(crate) fn configured(name: &str, settings: &config::Principal, lasting: Lasting) -> Option<Self> {
        let proof = Proof {
            digest: *settings.token_hash?.digest(),
            networks: settings.networks.clone(),
            expires_at_s: settings.expires.as_ref().map(config::Moment::unix_s),
        };
        Some(Self {
            name: name.into(),
            class_max: class(settings.class_max),
            sight: Sight::of(settings),
            role: role(settings),
            rate: limit::rate(settings.calls_per_minute, settings.burst),
            proof: Some(proof),
            lasting,
        })
    }

    /// The class of a call for which it wishes this one.
    pub fn granted(&self, wished: Option<Class>) -> Class {
        wished.unwrap_or_default().min(self.class_max)
    }
}

/// The same for the same role, at every node.
fn role(settings: &config::Principal) -> u64 {
    let servers: BTreeSet<&String> = settings.servers.iter().collect();
    let tools: BTreeSet<&str> = settings.tools.iter().map(config::Glob::as_str).collect();
    let digest = Sha256::digest(format!("{:?} {servers:?} {tools:?}", settings.class_max));
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

fn class(most: config::ClassMax) -> Class {
    match most {
        config::ClassMax::High => Class::High,
        config::ClassMax::Medium => Class::Medium,
        config::ClassMax::Low => Class::Low,
        config::ClassMax::Bulk => Class::Bulk,
    }
}

impl Lasting {
    /// That of somebody new.
    pub(crate) fn new(limits: &config::Limits) -> Self {
        Self {
            listeners: Arc::new(Semaphore::new(limits.listens_per_principal_max)),
            meter: Arc::default(),
            held: Arc::new(Held::new(limits.principal_bytes_max)),
        }
    }

    /// The same under other limits.
    pub(crate) fn under(&self, limits: &config::Limits) -> Self {
        self.held.set_max(limits.principal_bytes_max);
        self.clone()
    }
}

impl Remote {
    /// Whether it is this machine.
    pub fn is_this_machine(self) -> bool {
        match self {
            Self::Parent | Self::Socket => true,
            Self::Address(address) => address.to_canonical().is_loopback(),
        }
    }
}

impl std::fmt::Display for Remote {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Parent => out.write_str("stdin"),
            Self::Socket => out.write_str("a unix socket"),
            Self::Address(address) => address.fmt(out),
        }
    }
}
