//! One list of one server as it gave it: the items as raw bytes with the place of the name they go by.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use config::Limits;
use mcp::{Envelope, Kind, Method, ResultKey, Span, array, mirrors, plain_text};
use traffic::{Act, Tempo};

use crate::{call::Caller, failure::Failure, upstream::Upstream};

/// The lists that servers give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each variant is named after the list it stands for")]
pub enum ListKind {
    Tools,
    Prompts,
    Resources,
    Templates,
    Skills,
}

impl ListKind {
    /// All of them.
    pub const ALL: [Self; Self::COUNT] = [Self::Tools, Self::Prompts, Self::Resources, Self::Templates, Self::Skills];

    /// How many there are.
    pub const COUNT: usize = 5;

    /// The list that a method asks for.
    pub fn of(method: Method) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.method() == method)
    }

    /// The method that asks for it.
    pub fn method(self) -> Method {
        match self {
            Self::Tools => Method::ToolsList,
            Self::Prompts => Method::PromptsList,
            Self::Resources => Method::ResourcesList,
            Self::Templates => Method::TemplatesList,
            Self::Skills => Method::SkillsList,
        }
    }

    /// The member of the result that holds the items.
    pub fn member(self) -> &'static str {
        match self {
            Self::Tools => "tools",
            Self::Prompts => "prompts",
            Self::Resources => "resources",
            Self::Templates => "resourceTemplates",
            Self::Skills => "skills",
        }
    }

    fn result_key(self) -> ResultKey {
        match self {
            Self::Tools => ResultKey::Tools,
            Self::Prompts => ResultKey::Prompts,
            Self::Resources => ResultKey::Resources,
            Self::Templates => ResultKey::ResourceTemplates,
            Self::Skills => ResultKey::Skills,
        }
    }

    /// The member of an item that it goes by.
    pub fn name_member(self) -> &'static str {
        match self {
            Self::Tools | Self::Prompts => "name",
            Self::Resources | Self::Skills => "uri",
            Self::Templates => "uriTemplate",
        }
    }

    /// The capability under which a server offers it.
    fn capability(self) -> &'static [&'static str] {
        match self {
            Self::Tools => &["tools"],
            Self::Prompts => &["prompts"],
            Self::Resources | Self::Templates => &["resources"],
            Self::Skills => &["extensions", "io.modelcontextprotocol/skills"],
        }
    }
}

/// However long a server calls its list fresh, it is read again once a day: nothing else would mend a mistake.
const TTL_MS_MAX: u64 = 86_400_000;

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The item as it came.
    pub raw: Bytes,
    /// What it goes by at its server.
    pub own: Arc<str>,
    /// Where the token of that name stands in `raw`.
    pub name_span: Span,
    /// For tools: the arguments that HTTP requests repeat in headers.
    pub mirrors: Arc<[mirrors::Mirror]>,
    /// For tools: whether they say that their calls can be core tasks (2025-11-25).
    pub task_support: TaskSupport,
    /// For tools: what they say of what they do to the world.
    pub act: Act,
    /// For tools: what is known of how long they take.
    pub tempo: Tempo,
}

/// What a tool says of core tasks (2025-11-25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskSupport {
    /// Its calls are none.
    #[default]
    Forbidden,
    /// They can be.
    Optional,
    /// They can be nothing else.
    Required,
}

/// One list of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The items in the server's order.
    pub items: Vec<Item>,
    /// For how long the server calls it fresh, if it says.
    pub ttl_ms: Option<u64>,
    /// Whether the server allows to show it to everybody.
    pub public: bool,
    /// Whether calls of these tools can become core tasks (2025-11-25).
    pub core_tasks: bool,
}

/// Reads one list of a server, all its pages. A server that does not offer it has an empty one.
pub async fn fetch(
    upstream: &Arc<Upstream>,
    caller: &Caller,
    kind: ListKind,
    limits: &Limits,
) -> Result<Listing, Failure> {
    let peer = upstream.introduce(caller).await?;
    if !peer.can(kind.capability()) {
        return Ok(Listing::default());
    }
    let mut listing = Listing { public: true, core_tasks: peer.has_core_tasks(), ..Listing::default() };
    let mut cursor = String::new();
    for _ in 0..limits.list_pages_max {
        let page = upstream.ask(caller, kind.method(), &cursor, Duration::from_millis(limits.handshake_ms_max)).await?;
        if page.kind() == Kind::Error {
            return no_list(&page);
        }
        read_page(&page, (kind, upstream.settings.toolkit.is_some()), &mut listing)?;
        if listing.items.len() > limits.list_items_max {
            return Err(Failure::Garbage(format!("a list of more than {} items", limits.list_items_max)));
        }
        match page.result_raw(ResultKey::NextCursor).filter(|next| next.starts_with(b"\"")) {
            Some(next) => cursor = format!(r#""cursor":{}"#, String::from_utf8_lossy(next)),
            None => return Ok(listing),
        }
    }
    Err(Failure::Garbage(format!("a list of more than {} pages", limits.list_pages_max)))
}

/// Some servers declare `resources` but know no templates.
fn no_list(page: &Envelope) -> Result<Listing, Failure> {
    if page.error_code() == Some(i64::from(mcp::code::METHOD_NOT_FOUND)) {
        return Ok(Listing::default());
    }
    let text = String::from_utf8_lossy(page.error().unwrap_or_default()).chars().take(200).collect::<String>();
    Err(Failure::Garbage(format!("it answers a list with an error: {text}")))
}

fn read_page(page: &Envelope, (kind, is_ours): (ListKind, bool), listing: &mut Listing) -> Result<(), Failure> {
    let span = page.result_members().get(kind.result_key()).value;
    let list = span.of(page.bytes()).ok_or_else(|| Failure::Garbage(format!("a list without `{}`", kind.member())))?;
    let spans = array::items(list).map_err(|error| Failure::Garbage(error.to_string()))?;
    let page_bytes = page.slice(span);
    listing.items.extend(spans.into_iter().filter_map(|item| read_item(page_bytes.slice(item.range()), kind, is_ours)));
    listing.public &= page.result_text(ResultKey::CacheScope) == Some("public");
    let ttl = page.result_raw(ResultKey::TtlMs).and_then(|raw| std::str::from_utf8(raw).ok()?.parse::<i64>().ok());
    if let Some(ttl) = ttl {
        let ttl = u64::try_from(ttl).unwrap_or(0).min(TTL_MS_MAX);
        listing.ttl_ms = Some(listing.ttl_ms.map_or(ttl, |known| known.min(ttl)));
    }
    Ok(())
}

/// An item without a name is left out, and so is a tool whose header annotations break the rules.
pub(super) fn read_item(raw: Bytes, kind: ListKind, is_ours: bool) -> Option<Item> {
    let name_span = array::member(&raw, kind.name_member())?;
    let token = name_span.of(&raw)?;
    let own: Arc<str> = match plain_text(token) {
        Some(plain) => plain.into(),
        None => serde_json::from_slice::<String>(token).ok()?.into(),
    };
    let mirrors = if kind == ListKind::Tools { read_mirrors(&raw, &own)? } else { Arc::default() };
    let task_support = if kind == ListKind::Tools { read_task_support(&raw) } else { TaskSupport::Forbidden };
    let act = if kind == ListKind::Tools { read_act(&raw) } else { Act::Reads };
    let tempo = match kind {
        // what can be a task says that it may run long
        ListKind::Tools if task_support != TaskSupport::Forbidden => Tempo::Unknown,
        ListKind::Tools => read_tempo(&raw, is_ours),
        _ => Tempo::Reads,
    };
    Some(Item { raw, own, name_span, mirrors, task_support, act, tempo })
}

fn read_act(tool: &[u8]) -> Act {
    Act::hinted(hint(tool, "readOnlyHint"), hint(tool, "idempotentHint"))
}

/// How long a tool takes, as far as it says so. What it declares is believed of a tool of ours, and of one that stays at its
/// server.
fn read_tempo(tool: &[u8], is_ours: bool) -> Tempo {
    match Tempo::hinted(hint(tool, "readOnlyHint"), hint(tool, "openWorldHint")) {
        _ if is_ours => declared(tool).map_or(Tempo::Unknown, Tempo::Declared),
        Tempo::Unknown => Tempo::Unknown,
        hinted => declared(tool).map_or(hinted, Tempo::Declared),
    }
}

/// What a tool says of itself in an annotation.
fn hint(tool: &[u8], name: &str) -> Option<bool> {
    match within(tool, &["annotations", name])? {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// How long a tool lets itself run if its caller does not say: all tools of our toolkits have this argument.
fn declared(tool: &[u8]) -> Option<Duration> {
    let seconds = within(tool, &["inputSchema", "properties", "timeout_s", "default"])?;
    std::str::from_utf8(seconds).ok()?.parse().ok().map(Duration::from_secs)
}

fn read_task_support(tool: &[u8]) -> TaskSupport {
    match within(tool, &["execution", "taskSupport"]) {
        Some(b"\"required\"") => TaskSupport::Required,
        Some(b"\"optional\"") => TaskSupport::Optional,
        _ => TaskSupport::Forbidden,
    }
}

/// The raw member of a member of a raw object.
fn within<'t>(object: &'t [u8], path: &[&str]) -> Option<&'t [u8]> {
    path.iter().try_fold(object, |object, name| array::member(object, name)?.of(object))
}

fn read_mirrors(tool: &Bytes, own: &str) -> Option<Arc<[mirrors::Mirror]>> {
    const ANNOTATION: &[u8] = b"x-mcp-header";
    if !tool.windows(ANNOTATION.len()).any(|window| window == ANNOTATION) {
        return Some(Arc::default());
    }
    let schema = array::member(tool, "inputSchema")?;
    match mirrors::from_schema(schema.of(tool)?) {
        Ok(mirrors) => Some(mirrors.into()),
        Err(rule) => {
            tracing::warn!(tool = own, %rule, "a tool is left out because its header annotations break the rules");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tempo_of_a_tool_is_what_it_declares_or_hints_at() {
        let check = |tool: &str, is_ours, expected| {
            let raw = Bytes::from(format!(r#"{{"name":"t",{tool}}}"#));
            assert_eq!(read_item(raw, ListKind::Tools, is_ours).map(|item| item.tempo), Some(expected), "{tool}");
        };
        let build = r#""inputSchema":{"type":"object","properties":{"timeout_s":{"type":"integer","default":900}}}"#;
        let closed = r#""annotations":{"readOnlyHint":true,"openWorldHint":false}"#;
        check(build, true, Tempo::Declared(Duration::from_mins(15)));
        check(build, false, Tempo::Unknown);
        check(&format!(r"{closed},{build}"), false, Tempo::Declared(Duration::from_mins(15)));
        check(closed, false, Tempo::Reads);
        check(closed, true, Tempo::Unknown);
        check(&format!(r#"{closed},"execution":{{"taskSupport":"optional"}}"#), false, Tempo::Unknown);
        check(r#""annotations":{"openWorldHint":false}"#, false, Tempo::Acts);
        check(r#""annotations":{"readOnlyHint":true}"#, false, Tempo::Unknown);
    }
}
