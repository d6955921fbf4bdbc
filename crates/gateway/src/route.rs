//! From a name that a client uses to the server that is meant, and the edits that say it in the server's words.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use mcp::{Envelope, Era, Method, Param, Span, array, code, message, mirrors, names, task::TaskId};

use crate::{
    call::{Abilities, Call, Caller, SoFar},
    catalogue::{
        Catalogue, Endpoint, Member,
        listing::ListKind,
        seen::Seen,
        view::{Route, View},
        wrapping,
    },
    failure::Failure,
    manner::Manner,
    pipeline::wishes::Wishes,
    redirect::{self, CALL_TOOL},
    seals::Seals,
    upstream::Upstream,
};

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Inbound {
    /// Who sent it.
    pub caller: Caller,
    /// Through which endpoint.
    pub endpoint: Endpoint,
    /// What it says.
    pub request: Envelope,
    /// The `Mcp-Param-*` headers that came with it; `None` where the transport has no headers.
    pub param_headers: Option<Vec<(HeaderName, HeaderValue)>>,
    /// What the headers around it wish for its way.
    pub wishes: Wishes,
}

/// Where a request goes, and as what.
pub type Routed = (Arc<Upstream>, Call);

/// Finds the server of a request.
pub async fn route(catalogue: &Arc<Catalogue>, seals: &Seals, inbound: Inbound) -> Result<Routed, Failure> {
    match inbound.request.known_method() {
        Method::ToolsCall => named(catalogue, ListKind::Tools, inbound).await,
        Method::PromptsGet => named(catalogue, ListKind::Prompts, inbound).await,
        Method::ResourcesRead | Method::SkillsGet | Method::DirectoryRead => {
            Box::pin(resource(catalogue, inbound)).await
        }
        Method::Complete => Box::pin(completion(catalogue, inbound)).await,
        Method::TasksGet | Method::TasksUpdate | Method::TasksCancel | Method::TasksResult => {
            Box::pin(task(catalogue, seals, inbound)).await
        }
        _ => whole_server(catalogue, inbound),
    }
}

/// Tools and prompts go by name.
async fn named(catalogue: &Arc<Catalogue>, kind: ListKind, inbound: Inbound) -> Result<Routed, Failure> {
    let request = inbound.request.clone();
    let token = request.param(Param::Name);
    let name = text(&request, token).ok_or_else(|| invalid("`name` must be a string".to_owned()))?;
    if name.chars().any(char::is_control) {
        return Err(invalid("`name` must not contain control characters".to_owned()));
    }
    let route = find(catalogue, kind, &inbound, &name).await?;
    if &*route.own == CALL_TOOL && kind == ListKind::Tools && route.upstream.is_own() {
        return Box::pin(redirected(catalogue, inbound)).await;
    }
    to_named(route, kind, &name, token, inbound)
}

/// A call that names the tool it wants in its arguments. Through the gateway's own endpoint every tool can be called.
async fn redirected(catalogue: &Arc<Catalogue>, mut inbound: Inbound) -> Result<Routed, Failure> {
    inbound.request = redirect::unwrap(&inbound.request)?;
    inbound.param_headers = None;
    if let Endpoint::Server(_) = inbound.endpoint {
        inbound.endpoint = Endpoint::All;
    }
    let request = inbound.request.clone();
    let token = request.param(Param::Name);
    let name = text(&request, token).ok_or_else(|| invalid("`name` must be a string".to_owned()))?;
    let route = find(catalogue, ListKind::Tools, &inbound, &name).await?;
    if &*route.own == CALL_TOOL && route.upstream.is_own() {
        return Err(invalid(format!("`{name}` cannot call itself: name the tool that is wanted")));
    }
    to_named(route, ListKind::Tools, &name, token, inbound)
}

fn to_named(route: Route, kind: ListKind, name: &str, token: Span, inbound: Inbound) -> Result<Routed, Failure> {
    let rename = (*route.own != *name).then(|| rename(token, name, &route.own));
    let fixed = route.fixed.as_ref().map_or_else(Vec::new, |fixed| fix_arguments(&inbound.request, fixed));
    let param_headers = if kind == ListKind::Tools { param_headers(&route, &inbound)? } else { Vec::new() };
    call(route, inbound, rename, fixed, param_headers)
}

/// The edit that makes a shown name the own one. Mostly a prefix is cut off.
fn rename(token: Span, shown: &str, own: &str) -> (Span, Bytes) {
    let is_plain = token.range().len() == shown.len() + 2;
    match shown.strip_suffix(own) {
        Some(prefix) if is_plain && !own.is_empty() => {
            let start = token.start as usize + 1;
            (Span::new(start, start + prefix.len()), Bytes::new())
        }
        _ => (token, message::json_string(own).into()),
    }
}

fn call(
    route: Route,
    inbound: Inbound,
    rename: Option<(Span, Bytes)>,
    fixed: Vec<(Span, Bytes)>,
    param_headers: Vec<(HeaderName, HeaderValue)>,
) -> Result<Routed, Failure> {
    let method = inbound.request.known_method();
    let own_name = if method.mirrored().is_some() { route.own } else { Arc::default() };
    let only_as_task = route.only_as_task && inbound.request.param(Param::Task).is_none();
    let mut wishes = inbound.wishes.and_of(&inbound.request).map_err(|unclear| invalid(unclear.to_string()))?;
    let asked = wishes.class;
    wishes.class = Some(inbound.caller.principal.granted(asked));
    wishes.told.note_grant(asked, &wishes);
    let manner = if method == Method::ToolsCall { route.manner } else { Arc::new(Manner::of_method(method)) };
    let mut call = Call {
        caller: inbound.caller,
        request: inbound.request,
        method,
        rename,
        fixed,
        is_settled: false,
        own_name,
        param_headers,
        only_as_task,
        wishes,
        until: None,
        manner,
        so_far: SoFar::default(),
    };
    if route.upstream.is_resident() && call.request.params_members().span.is_some() {
        tell(&mut call, &inbound.endpoint).map_err(|problem| invalid(problem.to_string()))?;
    }
    call.begin();
    Ok((route.upstream, call))
}

/// Tells a server that lives here who calls.
fn tell(call: &mut Call, endpoint: &Endpoint) -> Result<(), mcp::Invalid> {
    let principal = call.caller.principal.name.to_string();
    call.tell(toolkit::Caller { principal, endpoint: endpoint.path() }.to_member())
}

/// The same call at another server that has a tool of the same own name, as far as its caller may see that. What the
/// configuration fixes at the one holds at the other. Nobody can be asked anything there: the client would give its answers
/// to the server that it knows.
pub async fn elsewhere(catalogue: &Arc<Catalogue>, call: &Call, server: &str) -> Option<Routed> {
    let endpoint = Endpoint::Server(server.to_owned());
    let seen = catalogue.seen_by(&call.caller.principal);
    if !seen.has(&endpoint) {
        return None;
    }
    let settings = &seen.shown_members(&endpoint).next()?.settings;
    let shown = settings.rename.get(&*call.own_name).map_or(&*call.own_name, String::as_str);
    let view = Box::pin(seen.view(&endpoint)).await?;
    let route = view.route(ListKind::Tools, shown).filter(|route| route.own == call.own_name)?;
    if route.only_as_task {
        return None;
    }
    let mut call = call.clone();
    call.settle().ok()?;
    call.fixed = route.fixed.as_ref().map_or_else(Vec::new, |fixed| fix_arguments(&call.request, fixed));
    call.param_headers = mirrored(route, &call.request);
    call.manner = route.manner.clone();
    call.caller.abilities = Abilities::default();
    call.so_far.is_elsewhere = true;
    let told = if route.upstream.is_resident() { tell(&mut call, &endpoint) } else { call.tell_nobody() };
    told.ok()?;
    Some((route.upstream.clone(), call))
}

/// Looks a name up; a name that no view knows yet is led by its prefix to the server that may have it.
async fn find(catalogue: &Arc<Catalogue>, kind: ListKind, inbound: &Inbound, name: &str) -> Result<Route, Failure> {
    let Inbound { caller, endpoint, .. } = inbound;
    let seen = catalogue.seen_by(&caller.principal);
    if let Some(route) = seen.warm(endpoint).and_then(|view| view.route(kind, name).cloned()) {
        return Ok(route);
    }
    let guessed = guess(seen, kind, endpoint, name);
    if let Some(route) = &guessed
        && !may_be_only_a_task(route, kind, caller).await
    {
        return Ok(route.clone());
    }
    let view = Box::pin(seen.view(endpoint)).await.ok_or_else(|| invalid("no such endpoint".to_owned()))?;
    // What a server does not list it may still have: some show a tool only to clients that can answer its questions.
    view.route(kind, name).cloned().or(guessed).ok_or_else(|| unknown(seen, &view, kind, (endpoint, name)))
}

/// What is said of a name that no view has: of a server that has never given its list, nobody knows whether it has it.
fn unknown(seen: Seen<'_>, view: &View, kind: ListKind, (endpoint, name): (&Endpoint, &str)) -> Failure {
    let is_single = matches!(endpoint, Endpoint::Server(_));
    let mut owners = seen.shown_members(endpoint).filter(|member| is_single || own_name(member, name).is_some());
    let unheard = owners.find_map(|member| Some((&member.upstream.name, seen.unheard(&member.upstream.name)?)));
    if let Some((server, reason)) = unheard {
        return Failure::Unavailable(format!("`{server}` has not said yet what it has: {reason}"));
    }
    let what = if kind == ListKind::Tools { "tool" } else { "prompt" };
    let nearest = view.nearest(kind, name);
    let hint = if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) };
    Failure::UnknownName(format!("unknown {what}: {name}{hint}"))
}

/// The server that a name must belong to if it exists at all: the only one of its endpoint, or the one whose prefix it
/// has. Only where nothing is renamed, hidden or selected, so that the guess is what the view would say.
fn guess(seen: Seen<'_>, kind: ListKind, endpoint: &Endpoint, name: &str) -> Option<Route> {
    let plain = |settings: &config::Server| {
        let nothing_said = settings.rename.is_empty()
            && settings.hide.is_empty()
            && settings.fix.is_empty()
            && settings.tool.is_empty();
        kind != ListKind::Tools || nothing_said
    };
    let mut members = seen.shown_members(endpoint);
    let (Member { upstream, settings }, own) = match endpoint {
        Endpoint::Server(_) => (members.next()?, name),
        Endpoint::All => {
            members.filter_map(|member| Some((member, own_name(member, name)?))).min_by_key(|(_, own)| own.len())?
        }
        // only toolkits understand names that they do not list
        Endpoint::Bundle(_) if takes_whole_servers(seen.bundle(endpoint)?) => members
            .filter(|member| member.settings.toolkit.is_some())
            .filter_map(|member| Some((member, own_name(member, name)?)))
            .min_by_key(|(_, own)| own.len())?,
        Endpoint::Bundle(_) => return None,
    };
    let prefix = settings.prefix(&upstream.name);
    if kind == ListKind::Tools && !seen.shows_tool(prefix, own) {
        return None;
    }
    let is_single = matches!(endpoint, Endpoint::Server(_));
    let is_changed = !is_single && (prefix.is_empty() || !names::is_accepted(name));
    if !plain(settings) || is_changed || name.len() == names::NAME_BYTES_MAX {
        return None;
    }
    Some(Route {
        upstream: upstream.clone(),
        own: own.into(),
        fixed: None,
        mirrors: Arc::default(),
        only_as_task: false,
        manner: Manner::unknown(),
    })
}

/// Whether only the list of a server tells if a tool can be called otherwise than as a core task (2025-11-25).
async fn may_be_only_a_task(route: &Route, kind: ListKind, caller: &Caller) -> bool {
    kind == ListKind::Tools && route.upstream.introduce(caller).await.is_ok_and(|peer| peer.has_core_tasks())
}

/// Whether a bundle leaves out nothing of its servers, and changes nothing.
fn takes_whole_servers(bundle: &config::Bundle) -> bool {
    bundle.include.is_empty() && bundle.exclude.is_empty() && bundle.rename.is_empty() && bundle.fix.is_empty()
}

/// The name behind the prefix of a server, or behind another one that its toolkit is known by.
fn own_name<'n>(member: &Member, name: &'n str) -> Option<&'n str> {
    let prefix = member.settings.prefix(&member.upstream.name);
    let known = |toolkit: &str| member.settings.toolkit.as_deref() == Some(toolkit);
    let others = config::PREFIX_ALIASES.iter().filter(|(_, toolkit)| known(toolkit)).map(|(alias, _)| *alias);
    std::iter::once(prefix).chain(others).find_map(|prefix| name.strip_prefix(prefix)?.strip_prefix('_'))
}

/// Writes fixed values over whatever the client gave for these arguments.
fn fix_arguments(request: &Envelope, fixed: &config::FixedArguments) -> Vec<(Span, Bytes)> {
    let mut edits = Vec::new();
    let span = request.param(Param::Arguments);
    let raw = span.of(request.bytes()).unwrap_or(b"{}");
    let given = array::members(raw).unwrap_or_default();
    let mut added = Vec::new();
    for (name, value) in fixed {
        let value = value.to_string();
        if let Some((_, at)) = given.iter().find(|(key, _)| *key == name.as_bytes()) {
            let offset = span.start;
            edits.push((Span { start: at.start + offset, end: at.end + offset }, value.into()));
        } else {
            added.push(format!("{}:{value}", String::from_utf8_lossy(&message::json_string(name))));
        }
    }
    if added.is_empty() {
        return edits;
    }
    let comma = if given.is_empty() { "" } else { "," };
    if span.is_some() {
        let at = span.start as usize + 1;
        edits.push((Span::new(at, at), format!("{}{comma}", added.join(",")).into()));
    } else {
        let at = request.params_members().span.start as usize + 1;
        edits.push((Span::new(at, at), format!(r#""arguments":{{{}}},"#, added.join(",")).into()));
    }
    edits
}

/// The headers that repeat arguments: checked against the body where the client sent them, made where it does not know them.
fn param_headers(route: &Route, inbound: &Inbound) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    if route.mirrors.is_empty() {
        return Ok(inbound.param_headers.clone().unwrap_or_default());
    }
    let arguments = inbound.request.param_raw(Param::Arguments).unwrap_or(b"{}");
    if let (Era::Modern, Some(received)) = (inbound.caller.era, &inbound.param_headers) {
        let received: Vec<(&str, &str)> =
            received.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap_or("\u{0}"))).collect();
        mirrors::check(&route.mirrors, &received, arguments)
            .map_err(|error| Failure::Refused(code::HEADER_MISMATCH, error.to_string()))?;
    }
    Ok(mirrored(route, &inbound.request))
}

/// The headers that repeat arguments.
fn mirrored(route: &Route, request: &Envelope) -> Vec<(HeaderName, HeaderValue)> {
    if route.mirrors.is_empty() {
        return Vec::new();
    }
    let arguments = request.param_raw(Param::Arguments).unwrap_or(b"{}");
    let valid =
        |(name, value): (String, String)| Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?));
    mirrors::values(&route.mirrors, arguments).into_iter().filter_map(valid).collect()
}

/// Resources go by URI, listed or made from a template.
async fn resource(catalogue: &Arc<Catalogue>, inbound: Inbound) -> Result<Routed, Failure> {
    let token = inbound.request.param(Param::Uri);
    let uri = text(&inbound.request, token).ok_or_else(|| invalid("`uri` must be a string".to_owned()))?;
    let (route, own) = find_resource(catalogue.seen_by(&inbound.caller.principal), &inbound.endpoint, &uri).await?;
    let rename = (own != uri).then(|| (token, message::json_string(&own).into()));
    call(Route { own: own.into(), ..route }, inbound, rename, Vec::new(), Vec::new())
}

/// The server of a URI and what the URI is there.
pub async fn find_resource(seen: Seen<'_>, endpoint: &Endpoint, uri: &str) -> Result<(Route, String), Failure> {
    let plain = |upstream: &Arc<Upstream>| Route {
        upstream: upstream.clone(),
        own: uri.into(),
        fixed: None,
        mirrors: Arc::default(),
        only_as_task: false,
        manner: Manner::unknown(),
    };
    if let Endpoint::Server(_) = endpoint {
        let upstream = seen.members(endpoint).next().ok_or_else(|| invalid("no such endpoint".to_owned()))?;
        return Ok((plain(upstream), uri.to_owned()));
    }
    if let Some((server, own)) = wrapping::unwrap(uri)
        && let Some(upstream) = seen.members(endpoint).find(|upstream| *upstream.name == *server)
    {
        return Ok((plain(upstream), own.to_owned()));
    }
    let view = Box::pin(seen.view(endpoint)).await.ok_or_else(|| invalid("no such endpoint".to_owned()))?;
    if let Some(route) = view.route(ListKind::Resources, uri) {
        return Ok((route.clone(), route.own.to_string()));
    }
    if let Some(route) = view.skill(uri).or_else(|| view.template(uri)) {
        return Ok((route.clone(), uri.to_owned()));
    }
    let mut owners = seen
        .members(endpoint)
        .filter(|upstream| !upstream.is_own() && upstream.peer().is_some_and(|peer| peer.can(&["resources"])));
    match (owners.next(), owners.next()) {
        (Some(only), None) => Ok((plain(only), uri.to_owned())),
        _ => Err(Failure::NotFound(uri.to_owned())),
    }
}

/// Completions name a prompt or a template inside of `ref`.
async fn completion(catalogue: &Arc<Catalogue>, inbound: Inbound) -> Result<Routed, Failure> {
    let span = inbound.request.param(Param::Ref);
    let raw = span.of(inbound.request.bytes()).ok_or_else(|| invalid("`ref` is missing".to_owned()))?;
    let at = |name: &str| {
        array::member(raw, name).map(|found| Span { start: found.start + span.start, end: found.end + span.start })
    };
    if let Some(token) = at("name") {
        let name = text(&inbound.request, token).ok_or_else(|| invalid("`ref.name` must be a string".to_owned()))?;
        let route = find(catalogue, ListKind::Prompts, &inbound, &name).await?;
        let rename = (*route.own != *name).then(|| (token, message::json_string(&route.own).into()));
        return call(route, inbound, rename, Vec::new(), Vec::new());
    }
    let token = at("uri").ok_or_else(|| invalid("`ref` names neither a prompt nor a resource".to_owned()))?;
    let uri = text(&inbound.request, token).ok_or_else(|| invalid("`ref.uri` must be a string".to_owned()))?;
    let seen = catalogue.seen_by(&inbound.caller.principal);
    let known = seen.warm(&inbound.endpoint).and_then(|view| view.route(ListKind::Templates, &uri).cloned());
    let (route, own) = match known {
        Some(route) => {
            let own = route.own.to_string();
            (route, own)
        }
        None => find_resource(catalogue.seen_by(&inbound.caller.principal), &inbound.endpoint, &uri).await?,
    };
    let rename = (own != uri).then(|| (token, message::json_string(&own).into()));
    call(route, inbound, rename, Vec::new(), Vec::new())
}

/// Task ids that we handed out name their server. The tasks of the two eras have nothing in common but the word, so a
/// task is known only to clients of the era of its server.
async fn task(catalogue: &Arc<Catalogue>, seals: &Seals, inbound: Inbound) -> Result<Routed, Failure> {
    let token = inbound.request.param(Param::TaskId);
    let shown = text(&inbound.request, token).ok_or_else(|| invalid("`taskId` must be a string".to_owned()))?;
    let unknown = || invalid("unknown task".to_owned());
    let task = TaskId::reveal(&seals.ring(), &inbound.caller.principal.name, &shown).map_err(|_| unknown())?;
    let upstream = catalogue
        .seen_by(&inbound.caller.principal)
        .members(&inbound.endpoint)
        .find(|upstream| *upstream.name == *task.server)
        .ok_or_else(unknown)?;
    if upstream.introduce(&inbound.caller).await?.era != inbound.caller.era {
        return Err(unknown());
    }
    let route = Route {
        upstream: upstream.clone(),
        own: task.id.as_str().into(),
        fixed: None,
        mirrors: Arc::default(),
        only_as_task: false,
        manner: Manner::unknown(),
    };
    let rename = Some((token, message::json_string(&task.id).into()));
    call(route, inbound, rename, Vec::new(), Vec::new())
}

/// Methods that we do not know pass to the server of a per-server endpoint as they are.
fn whole_server(catalogue: &Arc<Catalogue>, inbound: Inbound) -> Result<Routed, Failure> {
    let unknown = || Failure::Refused(code::METHOD_NOT_FOUND, format!("unknown method: {}", inbound.request.method()));
    if !matches!(inbound.endpoint, Endpoint::Server(_)) {
        return Err(unknown());
    }
    let mut members = catalogue.seen_by(&inbound.caller.principal).members(&inbound.endpoint);
    let upstream = members.next().ok_or_else(unknown)?.clone();
    drop(members);
    let route = Route {
        upstream,
        own: "".into(),
        fixed: None,
        mirrors: Arc::default(),
        only_as_task: false,
        manner: Manner::unknown(),
    };
    call(route, inbound, None, Vec::new(), Vec::new())
}

fn invalid(text: String) -> Failure {
    Failure::Refused(code::INVALID_PARAMS, text)
}

/// The text of a string token, escapes decoded.
fn text(request: &Envelope, span: Span) -> Option<Cow<'_, str>> {
    let token = span.of(request.bytes())?;
    match mcp::plain_text(token) {
        Some(plain) => Some(Cow::Borrowed(plain)),
        None => serde_json::from_slice(token).ok().map(Cow::Owned),
    }
}
