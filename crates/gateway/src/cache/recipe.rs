//! How a call can be made again without the one who made it: what it asked, of which server, and what its client was like. It
//! holds nothing by which anybody could be asked or told something.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use mcp::{ClientFacts, Envelope, Era, Meta, Method, Param, ScanLimits, Splice, message};

use crate::{
    call::{Abilities, Call, Caller},
    catalogue::Endpoint,
    gateway::Gateway,
    pipeline::wishes::Wishes,
    principal::Principal,
    route::{self, Inbound, Routed},
    upstream::Upstream,
};

/// Bytes of a request that is remembered: arguments that take more are hardly ever the same twice.
const REQUEST_BYTES_MAX: usize = 2 * 1024;

/// How a call can be made again.
#[derive(Clone, Debug)]
pub struct Recipe {
    server: Arc<str>,
    tool: Arc<str>,
    request: Bytes,
    era: Era,
    abilities: Abilities,
    facts: Arc<ClientFacts>,
}

impl Recipe {
    /// That of a call of a tool. There is none for one that is too large, and for one with arguments that the configuration of
    /// an endpoint fixes, as they are not known without it.
    pub fn of(upstream: &Upstream, call: &Call) -> Option<Self> {
        let is_small = call.request.bytes().len() <= REQUEST_BYTES_MAX;
        if call.method != Method::ToolsCall || !call.fixed.is_empty() || !is_small {
            return None;
        }
        Some(Self {
            server: upstream.name.clone(),
            tool: call.own_name.clone(),
            request: without_wishes(&call.request),
            era: call.caller.era,
            abilities: call.caller.abilities,
            facts: call.caller.facts.clone(),
        })
    }

    /// Whether a server sees no difference between the client of this call and the one that this was learnt of.
    pub fn is_of_a_client_like(&self, caller: &Caller) -> bool {
        self.era == caller.era && self.abilities == caller.abilities
    }

    /// The call as this principal makes it, in this session if it is one, with other arguments if there are any. Nothing where
    /// the tool is not there any more, or is not to be seen by the principal.
    pub async fn call(
        &self,
        gateway: &Gateway,
        principal: &Arc<Principal>,
        session: Option<u64>,
        arguments: Option<&[u8]>,
    ) -> Option<Routed> {
        let member = gateway.members().iter().find(|member| member.upstream.name == self.server)?;
        let shown = member.settings.rename.get(&*self.tool).map_or(&*self.tool, String::as_str);
        let caller = Caller {
            principal: principal.clone(),
            session,
            era: self.era,
            facts: self.facts.clone(),
            abilities: self.abilities,
            reach: Weak::new(),
        };
        let inbound = Inbound {
            caller,
            endpoint: Endpoint::Server(self.server.to_string()),
            request: self.request(shown, arguments)?,
            param_headers: None,
            wishes: Wishes::default(),
        };
        let routed = Box::pin(route::route(&gateway.catalogue, &gateway.seals, inbound)).await.ok()?;
        Some(routed).filter(|(_, call)| call.own_name == self.tool)
    }

    /// The request, by the name under which the endpoint of its server shows the tool.
    fn request(&self, shown: &str, arguments: Option<&[u8]>) -> Option<Envelope> {
        let request = parse(&self.request)?;
        let mut splice = Splice::new(request.bytes());
        splice.replace_owned(request.param(Param::Name), message::json_string(shown));
        if let Some(arguments) = arguments {
            let given = request.param(Param::Arguments);
            if given.is_some() {
                splice.replace(given, arguments);
            } else {
                splice.insert_members(request.params_members().span, [br#""arguments":"#, arguments].concat());
            }
        }
        parse(&splice.apply())
    }
}

/// A request without what its caller wished for that one time.
fn without_wishes(request: &Envelope) -> Bytes {
    const OF_ONE_TIME: [Meta; 8] = [
        Meta::Async,
        Meta::Cache,
        Meta::Caller,
        Meta::IdempotencyKey,
        Meta::Priority,
        Meta::ProgressToken,
        Meta::Region,
        Meta::TimeoutS,
    ];
    let mut splice = Splice::new(request.bytes());
    splice.remove_members(&OF_ONE_TIME.map(|key| request.meta_members().get(key)));
    splice.apply()
}

fn parse(request: &Bytes) -> Option<Envelope> {
    Envelope::parse(request, ScanLimits { depth_max: 128 }).ok()
}
