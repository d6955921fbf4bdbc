//! Requests of legacy clients: the handshake, and then the same as for modern ones.

use std::sync::Arc;

use bytes::Bytes;
use mcp::{Envelope, Era, Method, Param, Version, code, message};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use super::{lists, result, session::Session, unknown_method};
use crate::{confirm, toolkit::Toolkit};

/// Answers one request.
pub(super) async fn request(session: &Arc<Session>, request: Envelope, id: Bytes, calls: &mut JoinSet<()>) {
    let toolkit = &session.toolkit;
    let method = Method::parse(request.method());
    if !matches!(method, Method::Initialize | Method::Ping) && !session.has_shaken_hands() {
        let text = "shake hands first: send `initialize`, or a request of 2026-07-28 with its `_meta`";
        return session.say(message::error(Some(&id), code::INVALID_REQUEST, text, None)).await;
    }
    let reply = match method {
        Method::ToolsCall => return super::call(session, request, Era::Legacy, id, calls).await,
        Method::Initialize => {
            let Some(introduction) = initialize(session, &request) else {
                let text = "`protocolVersion` and `capabilities` are required";
                return session.say(message::error(Some(&id), code::INVALID_PARAMS, text, None)).await;
            };
            introduction
        }
        Method::Ping => Map::new(),
        Method::ToolsList => lists::tools(toolkit),
        Method::ResourcesList if toolkit.resources.is_some() => lists::empty("resources"),
        Method::TemplatesList if toolkit.resources.is_some() => lists::empty("resourceTemplates"),
        Method::ResourcesRead if toolkit.resources.is_some() => {
            match lists::read(toolkit, &request, Era::Legacy, &id).await {
                Ok(result) => result,
                Err(refusal) => return session.say(refusal).await,
            }
        }
        _ => return session.say(unknown_method(&id, request.method())).await,
    };
    session.say(result(toolkit, Era::Legacy, &id, reply)).await;
}

fn initialize(session: &Session, request: &Envelope) -> Option<Map<String, Value>> {
    let version = Version::negotiate(request.param_text(Param::ProtocolVersion)?);
    let capabilities = request.param_raw(Param::Capabilities).filter(|raw| raw.starts_with(b"{"))?;
    session.shake_hands(confirm::can_ask(capabilities));
    Some(introduction(&session.toolkit, version))
}

fn introduction(toolkit: &Toolkit, version: Version) -> Map<String, Value> {
    let mut introduction = Map::from_iter([
        ("protocolVersion".to_owned(), json!(version.as_str())),
        ("capabilities".to_owned(), toolkit.capabilities()),
        ("serverInfo".to_owned(), toolkit.info()),
    ]);
    if let Some(instructions) = &toolkit.instructions {
        introduction.insert("instructions".to_owned(), instructions.as_str().into());
    }
    introduction
}
