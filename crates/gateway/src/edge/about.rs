//! What an endpoint says of itself to a client: its capabilities and instructions. It does not say who it is; that is
//! the same at all endpoints.

use std::time::Duration;

use mcp::{Era, Version, array, message};

use crate::{catalogue::Endpoint, gateway::Gateway, upstream::peer::Peer};

/// How long a handshake waits for servers that have never introduced themselves.
const INTRODUCTIONS_WAIT: Duration = Duration::from_secs(1);

/// What an endpoint says of itself.
pub struct About {
    /// `capabilities`, a raw object.
    pub capabilities: String,
    /// `instructions`, a raw string.
    pub instructions: Option<String>,
}

/// What is said of core tasks where the gateway makes them.
const CORE_TASKS: &str = r#""tasks":{"list":{},"cancel":{},"requests":{"tools":{"call":{}}}}"#;

/// What an endpoint can do: of one server what that server says, of many what the gateway does for all of them.
pub async fn about(gateway: &Gateway, endpoint: &Endpoint, version: Version) -> About {
    let own = gateway.settings.instructions.clone();
    let described = gateway.catalogue.bundle(endpoint).and_then(|bundle| bundle.description.clone());
    let instructions = described.or(own).map(|text| String::from_utf8_lossy(&message::json_string(&text)).into_owned());
    let single = match endpoint {
        Endpoint::Server(_) => gateway.catalogue.members(endpoint).next(),
        _ => None,
    };
    if let Some(upstream) = single {
        let caller = gateway.own_caller();
        if let Ok(peer) = upstream.introduce(&caller).await {
            let told =
                (!peer.instructions.is_empty()).then(|| String::from_utf8_lossy(&peer.instructions).into_owned());
            let own_tasks = version == Version::V2025_11_25 && gateway.jobs.are_accepted();
            return About { capabilities: carried(&peer, version, own_tasks), instructions: told.or(instructions) };
        }
    }
    let more = match version {
        Version::V2026_07_28 => {
            r#","extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/skills":{"directoryRead":true}}"#.to_owned()
        }
        Version::V2025_11_25 if makes_core_tasks(gateway, endpoint).await => format!(",{CORE_TASKS}"),
        _ => String::new(),
    };
    let capabilities = format!(
        r#"{{"tools":{{"listChanged":true}},"prompts":{{"listChanged":true}},"resources":{{"subscribe":true,"listChanged":true}},"completions":{{}},"logging":{{}}{more}}}"#
    );
    About { capabilities, instructions }
}

/// Whether calls of some tool behind an endpoint can become core tasks: of all, where the gateway keeps jobs. Where it does
/// not, a first client waits until the servers have introduced themselves, but not for long.
pub(super) async fn makes_core_tasks(gateway: &Gateway, endpoint: &Endpoint) -> bool {
    if gateway.jobs.are_accepted() {
        return true;
    }
    let members = || gateway.catalogue.members(endpoint);
    let some = || members().any(|upstream| upstream.peer().is_some_and(|peer| peer.has_core_tasks()));
    if !some() && members().any(|upstream| upstream.peer().is_none()) {
        let _ = tokio::time::timeout(INTRODUCTIONS_WAIT, Box::pin(gateway.catalogue.view(endpoint))).await;
    }
    some()
}

/// The capabilities of a server that cross to a client of this revision: core tasks do not cross eras, extensions of the
/// modern era mean nothing to a legacy client. Where the server makes no core tasks, the gateway may have `own_tasks`.
fn carried(peer: &Peer, version: Version, own_tasks: bool) -> String {
    let Ok(members) = array::members(&peer.capabilities) else { return "{}".to_owned() };
    let crosses = |key: &[u8]| match key {
        b"tasks" => version == Version::V2025_11_25 && peer.has_core_tasks(),
        b"extensions" => version.era() == Era::Modern,
        _ => true,
    };
    let kept = members.into_iter().filter(|(key, _)| crosses(key)).map(|(key, span)| {
        let value = span.of(&peer.capabilities).unwrap_or(b"{}");
        format!("\"{}\":{}", String::from_utf8_lossy(key), String::from_utf8_lossy(value))
    });
    let own_tasks = (own_tasks && !peer.has_core_tasks() && peer.can(&["tools"])).then(|| CORE_TASKS.to_owned());
    format!("{{{}}}", kept.chain(own_tasks).collect::<Vec<_>>().join(","))
}
