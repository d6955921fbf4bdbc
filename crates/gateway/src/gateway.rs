//! The parts of the data plane put together: servers, catalogue, sessions, parked calls. Cheap to clone, shared by all
//! listeners.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use config::{Config, Limits};
use mcp::ClientFacts;

use crate::{
    call::{Abilities, Caller},
    catalogue::Catalogue,
    parked::ParkedCalls,
    residents::Residents,
    seals::Seals,
    session::{Session, Sessions},
    upstream::Upstream,
};

/// How often what has expired is cleared away.
const SWEEP: Duration = Duration::from_secs(5);
/// How often the keys of the seals are read again.
const RENEW_KEYS: Duration = Duration::from_hours(1);

/// The data plane of one node.
#[derive(Clone)]
pub struct Gateway(Arc<Parts>);

/// What a gateway is made of.
pub struct Parts {
    /// The bounds of everything.
    pub limits: Limits,
    /// The section `[gateway]`.
    pub settings: config::Gateway,
    /// What all servers offer.
    pub catalogue: Arc<Catalogue>,
    /// What we hand out sealed.
    pub seals: Seals,
    /// The sessions of legacy clients.
    pub sessions: Sessions,
    /// The calls that wait for an answer of a person.
    pub parked: Arc<ParkedCalls>,
    /// The principal as which everybody calls while authentication is not configured.
    pub principal: Arc<str>,
    /// The open connections of HTTP+SSE clients.
    pub sse: crate::edge::duplex::SseConnections,
    /// Places for open streams of changes.
    pub listeners: Arc<tokio::sync::Semaphore>,
    /// What modern clients say of themselves stands in each request, so there is nothing to remember.
    pub no_facts: Arc<ClientFacts>,
    upstreams: Vec<Arc<Upstream>>,
}

impl std::ops::Deref for Gateway {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Gateway {
    /// Puts the parts together as the configuration says. Nothing is started before it is needed, but for servers that
    /// are to be warm. A server that cannot be made is logged and left out. `residents` makes the servers that live in
    /// this process; `seals` holds the keys of what clients are given to keep.
    pub fn new(config: &Config, residents: &Arc<dyn Residents>, seals: Seals) -> Self {
        let client = egress::Client::new(egress::Options {
            connect_ms_max: config.limits.connect_ms_max,
            connections_per_host_max: config.limits.connections_per_server_max,
            message_bytes_max: config.limits.result_bytes_max,
            rules: egress::Rules::CONFIGURED,
            ..egress::Options::default()
        });
        let mut servers: BTreeMap<String, config::Server> = residents.built_in().into_iter().collect();
        servers.extend(config.servers.clone());
        let enabled = servers.iter().filter(|(_, server)| server.enabled);
        let upstreams: Vec<Arc<Upstream>> = enabled
            .filter_map(|(name, server)| {
                Upstream::new(name, server.clone(), config.limits.clone(), &client, residents)
                    .inspect_err(|failure| tracing::error!(server = name, %failure, "left out"))
                    .ok()
            })
            .collect();
        let principal: Arc<str> = "local".into();
        let own = Caller {
            principal: principal.clone(),
            session: None,
            era: mcp::Era::Modern,
            facts: Arc::new(ClientFacts {
                capabilities: "{}".into(),
                info: bytes::Bytes::new(),
                log_level: bytes::Bytes::new(),
            }),
            abilities: Abilities::default(),
        };
        let who = format!(
            r#"{{"name":{},"version":"{}"}}"#,
            serde_json::Value::from(config.gateway.name.as_str()),
            env!("CARGO_PKG_VERSION")
        );
        let limits = &config.limits;
        let gateway = Self(Arc::new(Parts {
            catalogue: Catalogue::new(
                upstreams.clone(),
                &config.bundles,
                limits.clone(),
                config.tools.clone(),
                who,
                own.clone(),
            ),
            seals,
            sessions: Sessions::new(
                limits.sessions_max,
                Duration::from_millis(limits.session_idle_ms_max),
                Duration::from_millis(limits.session_ms_max),
            ),
            parked: ParkedCalls::new(limits.parked_calls_max, Duration::from_millis(limits.parked_call_ms_max)),
            limits: limits.clone(),
            settings: config.gateway.clone(),
            principal,
            sse: crate::edge::duplex::SseConnections::default(),
            listeners: Arc::new(tokio::sync::Semaphore::new(limits.listens_per_principal_max)),
            no_facts: own.facts.clone(),
            upstreams,
        }));
        gateway.warm_up(&own);
        gateway.keep_clean();
        gateway.keep_keys();
        gateway
    }

    /// The caller as which the gateway itself asks servers.
    pub fn own_caller(&self) -> Caller {
        Caller {
            principal: self.principal.clone(),
            session: None,
            era: mcp::Era::Modern,
            facts: self.no_facts.clone(),
            abilities: Abilities::default(),
        }
    }

    /// Ends a session: what it held at servers is given back.
    pub fn release(&self, session: &Arc<Session>) {
        let (gateway, session) = (self.clone(), session.clone());
        tokio::spawn(async move {
            session.watching().lock().await.clear();
            for upstream in &gateway.upstreams {
                upstream.end_session(session.number).await;
            }
        });
    }

    /// Stops all servers.
    pub async fn stop(&self) {
        futures_util::future::join_all(self.upstreams.iter().map(|upstream| upstream.stop())).await;
    }

    fn warm_up(&self, own: &Caller) {
        for upstream in self.upstreams.iter().filter(|upstream| upstream.settings.start == config::Start::Warm) {
            let (upstream, own) = (upstream.clone(), own.clone());
            tokio::spawn(async move {
                if let Err(failure) = upstream.connection(&own).await {
                    tracing::warn!(server = &*upstream.name, %failure, "could not be started ahead");
                }
            });
        }
    }

    fn keep_keys(&self) {
        let parts = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(RENEW_KEYS).await;
                let Some(gateway) = parts.upgrade().map(Gateway) else { return };
                let _ = tokio::task::spawn_blocking(move || gateway.seals.renew()).await;
            }
        });
    }

    fn keep_clean(&self) {
        let parts = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(SWEEP).await;
                let Some(gateway) = parts.upgrade().map(Gateway) else { return };
                gateway.parked.sweep();
                for session in gateway.sessions.sweep() {
                    gateway.release(&session);
                }
                for upstream in &gateway.upstreams {
                    upstream.sweep().await;
                }
            }
        });
    }
}
