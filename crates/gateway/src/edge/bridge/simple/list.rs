//! `GET /tools` and `GET /tools/{name}`: what tools there are, as MCP describes them. All of them can be listed, also where a
//! model would search for them.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::query::Query;
use crate::{
    catalogue::{toolbox::KnownTool, view::View},
    edge::bridge::{refusal::Refusal, unavailable, visit::Visit},
    failure::Failure,
};

/// A list, and what it lacks.
pub(super) struct Listed {
    /// The page that was asked for.
    pub(super) data: Bytes,
    /// Why tools of some servers are missing or old, if any are.
    pub(super) unavailable: Option<Value>,
}

/// What the endpoint shows.
pub(super) async fn view(visit: &Visit<'_>) -> Result<Arc<View>, Refusal> {
    let view = visit.seen().view(&visit.endpoint).await;
    view.ok_or_else(|| Refusal { status: 404, ..Refusal::bad("there is no server or bundle of this name") })
}

/// A page of tools, those that fit best first where something is looked for.
pub(super) async fn all(visit: &Visit<'_>, query: &Query) -> Result<Listed, Refusal> {
    let view = view(visit).await?;
    let found: Vec<&KnownTool> = match &query.search {
        Some(search) => view.toolbox().search(search).into_iter().map(|(tool, _)| tool).collect(),
        None => view.toolbox().tools().iter().collect(),
    };
    let page: Vec<&[u8]> = found.iter().skip(query.offset).take(query.limit).map(|tool| &tool.raw()[..]).collect();
    let next = query.offset.saturating_add(page.len());
    let mut out = br#"{"tools":["#.to_vec();
    out.extend_from_slice(&page.join(&b","[..]));
    out.extend_from_slice(format!(r#"],"total":{}"#, found.len()).as_bytes());
    if next < found.len() && !page.is_empty() {
        out.extend_from_slice(format!(r#","next_cursor":"{next}""#).as_bytes());
    }
    out.push(b'}');
    Ok(Listed { data: out.into(), unavailable: unavailable::listed(view.missing.as_bytes()) })
}

/// One tool.
pub(super) async fn one(visit: &Visit<'_>, name: &str) -> Result<Bytes, Refusal> {
    let view = view(visit).await?;
    let tool = view.toolbox().tools().iter().find(|tool| tool.name == name);
    tool.map(|tool| tool.raw().clone()).ok_or_else(|| {
        let lacking = if view.missing.is_empty() {
            ""
        } else {
            "; `unavailable` of GET /tools names servers that have not said what they have"
        };
        unknown(Failure::UnknownName(format!("unknown tool: {name}{lacking}")))
    })
}

/// What is not there, as who speaks only HTTP expects it.
pub(super) fn unknown(failure: Failure) -> Refusal {
    Refusal { status: 404, failure }
}
