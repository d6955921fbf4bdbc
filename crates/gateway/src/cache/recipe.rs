//! How a call can be made again without the one who made it: what it asked, of which server, and what its client was like. It
//! holds nothing by which anybody could be asked or told something.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use mcp::{ClientFacts, Envelope, Era, Meta, Method, Param, ScanLimits, Splice, message, translate};

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
    /// Which questions its client can answer, in its own words, where it said so in a handshake.
    capabilities: Bytes,
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
            request: bare(&call.request),
            era: call.caller.era,
            abilities: call.caller.abilities,
            capabilities: call.caller.facts.capabilities.clone(),
        })
    }

    /// Whether a server sees no difference between the client of this call and the one that this was learnt of.
    pub fn is_of_a_client_like(&self, caller: &Caller) -> bool {
        self.era == caller.era && self.abilities == caller.abilities
    }

    /// A client like this one, as which the gateway itself calls for a principal. It cannot be reached, and has no name.
    pub fn caller(&self, principal: &Arc<Principal>) -> Caller {
        Caller {
            principal: principal.clone(),
            session: None,
            era: self.era,
            facts: Arc::new(nameless(self.capabilities.clone())),
            abilities: self.abilities,
            reach: Weak::new(),
        }
    }

    /// The call as this caller makes it, with other arguments if there are any. Nothing where the tool is not there any more,
    /// or is not to be seen by its principal.
    pub async fn call(&self, gateway: &Gateway, caller: Caller, arguments: Option<&[u8]>) -> Option<Routed> {
        let member = gateway.members().iter().find(|member| member.upstream.name == self.server)?;
        let shown = member.settings.rename.get(&*self.tool).map_or(&*self.tool, String::as_str);
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

/// A request without anything that its client said around it, but for what each request has to say of its client.
fn bare(request: &Envelope) -> Bytes {
    let meta = request.meta_members().span;
    if !meta.is_some() {
        return request.bytes().clone();
    }
    let capabilities = request.meta_raw(Meta::ClientCapabilities).unwrap_or_default();
    let said = request
        .meta_text(Meta::ProtocolVersion)
        .map(|version| translate::modern_meta(version, &nameless(Bytes::copy_from_slice(capabilities))))
        .unwrap_or_default();
    Splice::new(request.bytes()).replace_owned(meta, [b"{", &said[..], b"}"].concat()).apply()
}

/// What a client says of itself that says only which questions it can answer.
fn nameless(capabilities: Bytes) -> ClientFacts {
    ClientFacts { capabilities, info: Bytes::new(), log_level: Bytes::new() }
}

fn parse(request: &Bytes) -> Option<Envelope> {
    Envelope::parse(request, ScanLimits { depth_max: 128 }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_one_who_called_is_said_again() {
        let check = |meta: &str, expected: &str| {
            let request =
                |meta: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{meta}}}}}"#);
            let bytes = bare(&parse(&request(meta).into()).unwrap());
            assert_eq!(String::from_utf8_lossy(&bytes), request(expected));
        };
        check(r#""name":"a""#, r#""name":"a""#);
        check(r#""name":"a","_meta":{"progressToken":3,"example.org/user":"ada"}"#, r#""name":"a","_meta":{}"#);
        let kept = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}"#;
        check(
            &format!(
                r#""_meta":{{"traceparent":"00-1","io.modelcontextprotocol/clientInfo":{{"name":"ada's"}},{kept}}},"name":"a""#
            ),
            &format!(r#""_meta":{{{kept}}},"name":"a""#),
        );
    }
}
