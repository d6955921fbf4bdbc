//! What a modern request says twice, in its headers and in its body: both have to say the same.

use mcp::{Envelope, Era, Meta, Version, code, header as names, message};

use crate::edge::{
    Reply,
    head::{Field, Head, Unclear},
};

/// A modern notification over HTTP: none means anything, as there hanging up is the cancellation. It need not be mirrored,
/// but what is mirrored has to be right.
pub(super) fn noted(head: &Head<'_>, notification: &Envelope) -> Reply {
    match head.method.text() {
        Ok(method) if method.is_none_or(|method| method == notification.method()) => Reply::Accepted,
        _ => Reply::error(None, code::HEADER_MISMATCH, "the header Mcp-Method differs from the method", true),
    }
}

/// Headers against body, `_meta`, version: in this order.
pub(super) fn check_modern(head: &Head<'_>, request: &Envelope) -> Result<(), Reply> {
    let mismatch = |text: &str| Reply::error(request.id(), code::HEADER_MISMATCH, text, true);
    let invalid = |text: &str| Reply::error(request.id(), code::INVALID_PARAMS, text, true).with_status(400);
    let version = head.version.text();
    let version = version.map_err(|Unclear| mismatch("the header MCP-Protocol-Version is not valid"))?;
    let version = version.ok_or_else(|| mismatch("the header MCP-Protocol-Version is missing"))?;
    if request.meta_raw(Meta::ProtocolVersion).is_none() {
        return Err(invalid("`_meta` must name the protocol version"));
    }
    if request.meta_text(Meta::ProtocolVersion) != Some(version) {
        return Err(mismatch("the header MCP-Protocol-Version differs from the version in `_meta`"));
    }
    let method = head.method.text().map_err(|Unclear| mismatch("the header Mcp-Method is not valid"))?;
    if method != Some(request.method()) {
        return Err(mismatch("the header Mcp-Method is missing or differs from the method"));
    }
    check_name(head.name, request).map_err(|text| mismatch(&text))?;
    match request.meta_raw(Meta::ClientCapabilities) {
        Some([b'{', ..]) => {}
        _ => return Err(invalid("`_meta` must hold the capabilities of the client, an object")),
    }
    match Version::parse(version).filter(|version| version.era() == Era::Modern) {
        Some(_) => Ok(()),
        None => Err(unsupported(request, version)),
    }
}

pub(super) fn check_name(name: Field<'_>, request: &Envelope) -> Result<(), String> {
    let Some(key) = request.known_method().mirrored() else { return Ok(()) };
    let received = name.text().map_err(|Unclear| "the header Mcp-Name is not valid".to_owned())?;
    let Some(token) = request.param_raw(key) else { return Ok(()) };
    let received = received.ok_or("the header Mcp-Name is missing")?;
    let decoded = names::decode(received).map_err(|error| error.to_string())?;
    let same = match mcp::plain_text(token) {
        Some(plain) => plain == decoded,
        None => serde_json::from_slice::<String>(token).is_ok_and(|text| text == decoded),
    };
    if same { Ok(()) } else { Err("the header Mcp-Name differs from the body".to_owned()) }
}

pub(super) fn unsupported(request: &Envelope, asked: &str) -> Reply {
    let served: Vec<&str> = Version::SERVED.iter().map(|version| version.as_str()).collect();
    let data = serde_json::json!({ "supported": served, "requested": asked }).to_string();
    Reply::One(
        message::error(
            request.id(),
            code::UNSUPPORTED_VERSION,
            "this protocol version is not served",
            Some(data.as_bytes()),
        ),
        400,
    )
}
