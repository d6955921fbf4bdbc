//! The parts of the data plane put together: servers, catalogue, sessions, parked calls. Cheap to clone, never changed: what
//! replaces it when the configuration changes is in `current`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Weak},
    time::Duration,
};

use arc_swap::ArcSwap;
use config::{Config, Limits, plan};
use mcp::ClientFacts;
use traffic::balance::Place;

use crate::{
    call::{Abilities, Caller},
    catalogue::{Catalogue, Member, Terms},
    edge::{bridge::Bridge, door::Door, sse::SseConnections},
    handover::Kin,
    identities::Identities,
    jobs::Jobs,
    leaving::Stages,
    parked::ParkedCalls,
    pipeline::{Traffic, breaker::Rules, faults::Faults, limit::ServerRates, queue::Queues, warming},
    places::Places,
    principal::Principal,
    residents::Residents,
    results::Results,
    seals::Seals,
    session::{self, Session, Sessions},
    upstream::{Surroundings, Upstream, following::Following, starts::Starts},
    vitals::Vitals,
};

/// The data plane of one node.
#[derive(Clone)]
pub struct Gateway(pub(crate) Arc<Parts>);

/// What a gateway is made of. What is behind an `Arc` outlives a change of the configuration.
pub struct Parts {
    /// The bounds of everything.
    pub limits: Limits,
    /// The section `[gateway]`.
    pub settings: config::Gateway,
    /// The section `[tools]`.
    pub tools: config::Tools,
    /// The section `[cache]`.
    pub cache: config::Cache,
    /// Who may knock.
    pub door: Arc<Door>,
    /// Where callers are.
    pub places: Places,
    /// Plain HTTP for programs without MCP.
    pub bridge: Bridge,
    /// What all servers offer.
    pub catalogue: Arc<Catalogue>,
    /// What we hand out sealed.
    pub seals: Arc<Seals>,
    /// The sessions of legacy clients.
    pub sessions: Arc<Sessions>,
    /// The calls that wait for an answer of a person.
    pub parked: Arc<ParkedCalls>,
    /// The calls that are finished without their callers.
    pub jobs: Arc<Jobs>,
    /// The section `[jobs]`.
    pub job_settings: config::Jobs,
    /// What the steps of the pipeline remember.
    pub traffic: Arc<Traffic>,
    /// The whole of results that were cut.
    pub results: Arc<Results>,
    /// Who may call.
    pub identities: Arc<Identities>,
    /// How often servers may be called.
    pub server_rates: ServerRates,
    /// The open connections of HTTP+SSE clients.
    pub sse: Arc<SseConnections>,
    /// How far the node is on its way out.
    pub stages: Arc<Stages>,
    /// What modern clients say of themselves stands in each request, so there is nothing to remember.
    pub no_facts: Arc<ClientFacts>,
    members: Vec<Member>,
    client: egress::Client,
    starts: Starts,
    residents: Arc<dyn Residents>,
    /// What comes from the node before.
    following: Following,
    /// The processes of this node before and after this one.
    pub kin: Arc<Kin>,
    /// What has to move for the node to be alive.
    pub vitals: Arc<Vitals>,
    /// Where the newest gateway of this node is found.
    current: Weak<ArcSwap<Parts>>,
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
        let following = Following::default();
        let gateway = Self(Arc::new(Parts::new(config, residents.clone(), seals, following, Weak::new())));
        gateway.warm_up(&[]);
        gateway
    }

    /// The gateway of this node as it is configured now; itself, where it is not one that is replaced.
    pub fn newest(&self) -> Self {
        self.current.upgrade().map_or_else(|| self.clone(), |current| Self(current.load_full()))
    }

    /// The caller as which the gateway itself asks servers.
    pub fn own_caller(&self) -> Caller {
        own_caller(self.identities.node(), &self.no_facts)
    }

    /// The configured servers that are there, by name.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Ends a session: what it held at servers is given back.
    pub fn release(&self, session: &Arc<Session>) {
        let (gateway, session) = (self.newest(), session.clone());
        tokio::spawn(async move {
            session.watching().lock().await.clear();
            for upstream in gateway.upstreams() {
                upstream.end_session(session.number).await;
            }
        });
    }

    /// Stops all servers.
    pub async fn stop(&self) {
        futures_util::future::join_all(self.upstreams().map(|upstream| upstream.stop())).await;
    }

    /// Clears away what has expired.
    pub(crate) async fn sweep(&self) {
        self.parked.sweep();
        self.traffic.queues.watch(&self.limits);
        self.results.sweep();
        self.traffic.sweep();
        self.traffic.cache.tune(&self.cache, &self.members);
        warming::keep_schedules(self);
        for session in self.sessions.sweep() {
            self.release(&session);
        }
        for upstream in self.upstreams() {
            upstream.sweep().await;
        }
    }

    /// Begins to look after the servers and starts those that are to be warm, but for those that run already.
    pub(crate) fn warm_up(&self, running: &[Member]) {
        let runs = |new: &Member| running.iter().any(|member| Arc::ptr_eq(&member.upstream, &new.upstream));
        for Member { upstream, settings } in self.members.iter().filter(|member| !runs(member)) {
            upstream.look_after(&self.own_caller());
            if settings.start != config::Start::Warm {
                continue;
            }
            let (upstream, own) = (upstream.clone(), self.own_caller());
            tokio::spawn(async move {
                if let Err(failure) = upstream.connection(&own).await {
                    tracing::warn!(server = &*upstream.name, %failure, "could not be started ahead");
                }
            });
        }
    }

    fn upstreams(&self) -> impl Iterator<Item = &Arc<Upstream>> {
        self.members.iter().map(|member| &member.upstream)
    }
}

impl Parts {
    pub(crate) fn new(
        config: &Config,
        residents: Arc<dyn Residents>,
        seals: Seals,
        following: Following,
        current: Weak<ArcSwap<Self>>,
    ) -> Self {
        let limits = &config.limits;
        let client = client(limits);
        let starts = Starts::new(limits.starts_max);
        let (place, queues, faults) = (place(&config.node), Arc::<Queues>::default(), Arc::<Faults>::default());
        let around = Surroundings {
            limits,
            client: &client,
            residents: &residents,
            starts: &starts,
            queues: &queues,
            faults: &faults,
            place: &place,
            following: &following,
        };
        let members = members(config, &around, &|_, _| None);
        let identities = Arc::new(Identities::new(config));
        let no_facts = Arc::new(ClientFacts {
            capabilities: "{}".into(),
            info: bytes::Bytes::new(),
            log_level: bytes::Bytes::new(),
        });
        let terms = terms(config, own_caller(identities.node(), &no_facts));
        let (seals, traffic) = (Arc::new(seals), Arc::new(Traffic::new(config, &members, queues, faults)));
        traffic.cache.share(&config.cache, &seals);
        Self {
            catalogue: Catalogue::new(members.clone(), &config.all_bundles(), terms),
            door: Arc::new(Door::of(&config.gateway, &config.limits)),
            places: Places::of(&config.node),
            bridge: Bridge::new(config.bridge.clone()),
            seals,
            sessions: Arc::new(Sessions::new(session::Bounds::of(limits))),
            parked: ParkedCalls::new(limits.parked_calls_max, Duration::from_millis(limits.parked_call_ms_max)),
            limits: limits.clone(),
            settings: config.gateway.clone(),
            tools: config.tools.clone(),
            jobs: Arc::default(),
            job_settings: config.jobs.clone(),
            cache: config.cache.clone(),
            traffic,
            results: Arc::default(),
            identities,
            server_rates: ServerRates::new(config, &ServerRates::default()),
            sse: Arc::default(),
            no_facts,
            stages: Arc::default(),
            members,
            client,
            starts,
            residents,
            following,
            kin: Arc::default(),
            vitals: Arc::default(),
            current,
        }
    }

    /// The parts after a change of the configuration. A server whose settings for running are the same is the same,
    /// but for `renewed`; those that are `stopped` are left out.
    pub(crate) fn changed(&self, config: &Config, stopped: &BTreeSet<String>, renewed: Option<&str>) -> Self {
        let same_servers = plan::servers_run_alike(&self.limits, &config.limits);
        let client = if same_servers { self.client.clone() } else { client(&config.limits) };
        let known = |name: &str, settings: &config::Server| {
            let known = self.members.iter().find(|member| *member.upstream.name == *name)?;
            let same = same_servers && renewed != Some(name) && known.settings.runs_like(settings);
            let upstream = known.upstream.clone();
            Some(if same { Known::Same(upstream) } else { Known::Former(upstream) })
        };
        let starts = if same_servers { self.starts.clone() } else { Starts::new(config.limits.starts_max) };
        let place = place(&config.node);
        let around = Surroundings {
            limits: &config.limits,
            client: &client,
            residents: &self.residents,
            starts: &starts,
            queues: &self.traffic.queues,
            faults: &self.traffic.faults,
            place: &place,
            following: &self.following,
        };
        let mut members = members(config, &around, &known);
        members.retain(|member| !stopped.contains(&*member.upstream.name));
        let identities = Arc::new(self.identities.changed(config));
        let terms = terms(config, own_caller(identities.node(), &self.no_facts));
        self.traffic.change(config, &members);
        self.sessions.configure(session::Bounds::of(&config.limits));
        self.traffic.cache.share(&config.cache, &self.seals);
        Self {
            catalogue: self.catalogue.replaced(members.clone(), &config.all_bundles(), terms),
            door: Arc::new(Door::of(&config.gateway, &config.limits)),
            places: Places::of(&config.node),
            bridge: self.bridge.with(config.bridge.clone()),
            limits: config.limits.clone(),
            settings: config.gateway.clone(),
            tools: config.tools.clone(),
            jobs: self.jobs.clone(),
            job_settings: config.jobs.clone(),
            cache: config.cache.clone(),
            traffic: self.traffic.clone(),
            results: self.results.clone(),
            members,
            client,
            starts,
            seals: self.seals.clone(),
            sessions: self.sessions.clone(),
            parked: self.parked.clone(),
            identities,
            server_rates: ServerRates::new(config, &self.server_rates),
            sse: self.sse.clone(),
            no_facts: self.no_facts.clone(),
            stages: self.stages.clone(),
            residents: self.residents.clone(),
            following: self.following.clone(),
            kin: self.kin.clone(),
            vitals: self.vitals.clone(),
            current: self.current.clone(),
        }
    }
}

fn client(limits: &Limits) -> egress::Client {
    egress::Client::new(egress::Options {
        connect_ms_max: limits.connect_ms_max,
        connections_per_host_max: limits.connections_per_server_max,
        message_bytes_max: limits.result_bytes_max,
        rules: egress::Rules::CONFIGURED,
        ..egress::Options::default()
    })
}

/// A server that is there already under some name.
enum Known {
    /// It runs with settings like these, and stays.
    Same(Arc<Upstream>),
    /// Another takes its place.
    Former(Arc<Upstream>),
}

/// The servers of a configuration and those that are there without one.
fn members(
    config: &Config,
    around: &Surroundings<'_>,
    known: &dyn Fn(&str, &config::Server) -> Option<Known>,
) -> Vec<Member> {
    let mut servers: BTreeMap<String, config::Server> = around.residents.built_in().into_iter().collect();
    servers.extend(config.servers.clone());
    let enabled = servers.into_iter().filter(|(_, settings)| settings.enabled);
    let rules = Rules::of(config);
    let member = |(name, settings): (String, config::Server)| {
        let fresh = |former: Option<&Upstream>| Upstream::new(&name, settings.clone(), around, former);
        let upstream = match known(&name, &settings) {
            Some(Known::Same(upstream)) => Ok(upstream),
            Some(Known::Former(former)) => fresh(Some(&former)),
            None => fresh(None),
        };
        let upstream = upstream.inspect_err(|failure| tracing::error!(server = name, %failure, "left out")).ok()?;
        upstream.breakers.go_by(rules);
        upstream.processes.go_by(settings.pool.as_ref().map(|own| config.pool.of(own)).as_ref());
        Some(Member { upstream, settings: Arc::new(settings) })
    };
    enabled.filter_map(member).collect()
}

/// Where a node stands.
fn place(settings: &config::Node) -> Place {
    Place { region: settings.region.clone(), zone: settings.zone.clone() }
}

fn terms(config: &Config, own: Caller) -> Terms {
    let who = format!(
        r#"{{"name":{},"version":"{}"}}"#,
        serde_json::Value::from(config.gateway.name.as_str()),
        env!("CARGO_PKG_VERSION")
    );
    let list_ttl = Duration::from_secs(config.cache.list_ttl_s);
    Terms { limits: config.limits.clone(), list_ttl, tools: config.tools.clone(), who, own }
}

fn own_caller(principal: &Arc<Principal>, no_facts: &Arc<ClientFacts>) -> Caller {
    Caller {
        principal: principal.clone(),
        session: None,
        era: mcp::Era::Modern,
        facts: no_facts.clone(),
        abilities: Abilities::default(),
        reach: Weak::new(),
    }
}
