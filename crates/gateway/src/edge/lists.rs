//! Lists, answered from the catalogue: the whole on one page without touching an item, or page by page under a cursor
//! of our own.

use mcp::{Envelope, Param, code, cursor::Cursor, message};

use super::{Reply, id_of};
use crate::{
    catalogue::{Endpoint, listing::ListKind, view::render},
    gateway::Gateway,
    principal::Principal,
};

/// How long a cursor is good for, in seconds.
const CURSOR_LIFETIME_S: u64 = 24 * 3_600;

/// Answers a list request.
pub async fn list(
    gateway: &Gateway,
    principal: &Principal,
    endpoint: &Endpoint,
    kind: ListKind,
    request: &Envelope,
    modern: bool,
) -> Reply {
    let id = id_of(request);
    let Some(view) = gateway.catalogue.view(endpoint).await else {
        return Reply::error(Some(id), code::INVALID_PARAMS, "no such endpoint", modern);
    };
    let rendered = view.list(kind);
    let Ok(start) = cursor(gateway, principal, request) else {
        return Reply::error(Some(id), code::INVALID_PARAMS, "the cursor is not valid: begin the list again", modern);
    };
    let page = gateway.limits.list_page_items;
    if start == 0 && (page == 0 || rendered.items.len() <= page) {
        return Reply::One(message::result(id, if modern { &rendered.modern } else { &rendered.legacy }), 200);
    }
    let page = if page == 0 { usize::MAX / 2 } else { page };
    let next = Cursor { snapshot: view.generation, offset: u32::try_from(start + page).unwrap_or(u32::MAX) };
    let sealed = gateway.seals.seal(&next, &principal.name, CURSOR_LIFETIME_S);
    let result = render(rendered, kind, start, Some((page, &sealed)), modern, gateway.catalogue.who(), &view.missing);
    Reply::One(message::result(id, &result), 200)
}

/// Where the asked page starts. A list that changed since keeps its place: items are in a stable order.
fn cursor(gateway: &Gateway, principal: &Principal, request: &Envelope) -> Result<usize, ()> {
    const CURSOR_BYTES_MAX: usize = 1_024;
    match request.param_raw(Param::Cursor) {
        None | Some(b"null") => Ok(0),
        Some(token) if token.len() > CURSOR_BYTES_MAX => Err(()),
        Some(token) => {
            let text = mcp::plain_text(token).ok_or(())?;
            let cursor: Cursor = gateway.seals.open(text, &principal.name).map_err(|_| ())?;
            Ok(cursor.offset as usize)
        }
    }
}
