//! What one endpoint shows: the lists of its servers merged, renamed and rendered once, and the way back from each
//! shown name to the server it came from. A view never changes; a change makes a new one.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use config::{Bundle, FixedArguments, Naming, ToolRules, Tools};
use mcp::{Span, Splice, array, message, mirrors, names};

use super::{
    Member, Part,
    listing::{Item, ListKind, TaskSupport},
    notice::Notice,
    shown::{Shown, Tasks},
    toolbox::{KnownTool, Toolbox},
    wrapping::{self, Clashes},
};
use crate::{manner::Manner, sight::Sight, upstream::Upstream};

/// Where a shown name leads.
#[derive(Clone, Debug)]
pub struct Route {
    /// The server.
    pub upstream: Arc<Upstream>,
    /// What the thing is called there.
    pub own: Arc<str>,
    /// Arguments that always have the same value.
    pub fixed: Option<Arc<FixedArguments>>,
    /// Arguments that HTTP requests repeat in headers.
    pub mirrors: Arc<[mirrors::Mirror]>,
    /// Whether it can be called only as a core task (2025-11-25).
    pub only_as_task: bool,
    /// How calls of it are treated.
    pub manner: Arc<Manner>,
}

/// How an endpoint names what it shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Everything, prefixed by server.
    All,
    /// One server under its own names.
    Single,
    /// A bundle.
    Bundle(Arc<Bundle>),
}

/// One list, rendered.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    /// The items in the order in which they are shown.
    pub items: Vec<Shown>,
    /// The whole result on one page for a modern client.
    pub modern: Bytes,
    /// The same for a legacy client.
    pub legacy: Bytes,
    /// Milliseconds for which all parts call it fresh.
    pub ttl_ms: u64,
    /// Whether all parts allow to show it to everybody.
    pub public: bool,
}

/// What one endpoint shows.
#[derive(Debug)]
pub struct View {
    /// The state of the catalogue from which it was made.
    pub generation: u64,
    /// When its parts have to be asked again.
    pub fresh_until: Instant,
    lists: [Rendered; ListKind::COUNT],
    routes: [HashMap<String, Route>; ListKind::COUNT],
    toolbox: Toolbox,
    /// Why parts of it are missing: the value of `_meta["dev.switchboard/servers"]`, empty if nothing is.
    pub missing: String,
}

impl View {
    /// One of its lists.
    pub fn list(&self, kind: ListKind) -> &Rendered {
        &self.lists[kind as usize]
    }

    /// Its tools, listed or only to be found.
    pub fn toolbox(&self) -> &Toolbox {
        &self.toolbox
    }

    /// Where a shown name leads.
    pub fn route(&self, kind: ListKind, shown: &str) -> Option<&Route> {
        self.routes[kind as usize].get(shown)
    }

    /// The server whose template this URI fits; the most specific template wins.
    pub fn template(&self, uri: &str) -> Option<&Route> {
        let fitting = self.routes[ListKind::Templates as usize].iter().filter(|(template, _)| fits(template, uri));
        fitting
            .max_by_key(|(template, _)| (template.find('{').unwrap_or(template.len()), template.len()))
            .map(|(_, route)| route)
    }

    /// The server of the skill in whose folder this URI lies.
    pub fn skill(&self, uri: &str) -> Option<&Route> {
        let skills = &self.routes[ListKind::Skills as usize];
        if skills.is_empty() { None } else { wrapping::skills_above(uri).find_map(|skill| skills.get(&skill)) }
    }

    /// The shown names that resemble a wrong one most.
    pub fn nearest(&self, kind: ListKind, wrong: &str) -> Vec<&str> {
        let wanted = names::skeleton(wrong);
        let mut scored: Vec<(usize, &str)> = self.routes[kind as usize]
            .keys()
            .map(|name| (common(&names::skeleton(name), &wanted), name.as_str()))
            .collect();
        scored.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        scored.into_iter().filter(|(score, _)| *score > 2).take(3).map(|(_, name)| name).collect()
    }
}

/// The longest common start and end of two names.
fn common(a: &str, b: &str) -> usize {
    let start = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let end = a.bytes().rev().zip(b.bytes().rev()).take_while(|(x, y)| x == y).count();
    start + end.min(a.len().min(b.len()) - start.min(a.len().min(b.len())))
}

/// Whether a URI could come from a template: its fixed texts stand in it in their order.
fn fits(template: &str, uri: &str) -> bool {
    let mut rest = uri;
    let mut first = true;
    for (index, piece) in template.split('{').enumerate() {
        let fixed = if index == 0 { piece } else { piece.split_once('}').map_or("", |(_, fixed)| fixed) };
        if first {
            let Some(after) = rest.strip_prefix(fixed) else { return false };
            rest = after;
            first = false;
        } else if fixed.is_empty() {
            // a variable at the end takes what is left
        } else if let Some(at) = rest.find(fixed) {
            rest = &rest[at + fixed.len()..];
        } else {
            return false;
        }
    }
    template.ends_with('}') || rest.is_empty()
}

/// Builds views.
pub struct Builder<'a> {
    shape: &'a Shape,
    /// What the principal of the view may see, if not everything.
    pub(super) sight: Option<&'a Sight>,
    settings: &'a Tools,
    who: &'a str,
    generation: u64,
    fresh_until: Instant,
    seen: HashSet<String>,
    lists: [Rendered; ListKind::COUNT],
    routes: [HashMap<String, Route>; ListKind::COUNT],
    toolbox: Toolbox,
    notices: BTreeMap<String, Notice>,
}

impl<'a> Builder<'a> {
    /// A view of `shape`; `who` is the raw `serverInfo` of the gateway.
    pub fn new(shape: &'a Shape, settings: &'a Tools, who: &'a str, generation: u64, fresh_until: Instant) -> Self {
        let empty = || Rendered { public: true, ttl_ms: u64::MAX, ..Rendered::default() };
        Self {
            shape,
            sight: None,
            settings,
            who,
            generation,
            fresh_until,
            seen: HashSet::new(),
            lists: std::array::from_fn(|_| empty()),
            routes: Default::default(),
            toolbox: Toolbox::default(),
            notices: BTreeMap::new(),
        }
    }

    /// The finished view of these servers, which come in the order of their names.
    pub fn build(mut self, parts: &[(Member, Arc<Part>)], ttl_default: Duration) -> View {
        let clashes = Clashes::find(parts);
        for (member, part) in parts {
            self.fresh_until = self.fresh_until.min(part.fresh_until);
            if let Some(notice) = Notice::of(&member.upstream.status(), part) {
                self.notices.insert(member.upstream.name.to_string(), notice);
            }
            let rules = member.settings.tool_rules();
            for kind in ListKind::ALL {
                let Some(listing) = part.list(kind) else { continue };
                if !self.is_aside(&member.upstream) {
                    let rendered = &mut self.lists[kind as usize];
                    rendered.ttl_ms = rendered.ttl_ms.min(listing.ttl_ms.unwrap_or(0));
                    rendered.public &= listing.public;
                }
                for item in &listing.items {
                    self.add(kind, (member, &rules), item, &clashes, listing.core_tasks);
                }
            }
        }
        let tools = self.toolbox.listed(self.settings, matches!(self.shape, Shape::All));
        self.lists[ListKind::Tools as usize].items = tools;
        let others = parts.iter().any(|(member, _)| !self.is_aside(&member.upstream));
        let missing = self.render_missing();
        for kind in ListKind::ALL {
            let rendered = &mut self.lists[kind as usize];
            if rendered.ttl_ms == u64::MAX {
                rendered.ttl_ms = if others { 0 } else { ms(ttl_default) };
            }
            (rendered.modern, rendered.legacy) = (
                render(rendered, kind, 0, None, true, self.who, &missing),
                render(rendered, kind, 0, None, false, self.who, &missing),
            );
        }
        View {
            generation: self.generation,
            fresh_until: self.fresh_until,
            lists: self.lists,
            routes: self.routes,
            toolbox: self.toolbox,
            missing,
        }
    }

    /// Whether a server's tools stand beside those of the endpoint: the gateway's own, unless they are asked for.
    fn is_aside(&self, upstream: &Upstream) -> bool {
        let asked_for = match self.shape {
            Shape::Single => true,
            Shape::Bundle(bundle) => bundle.servers.iter().any(|server| **server == *upstream.name),
            Shape::All => false,
        };
        upstream.is_own() && !asked_for
    }

    fn add(
        &mut self,
        kind: ListKind,
        (member, rules): (&Member, &ToolRules<'_>),
        item: &Item,
        clashes: &Clashes,
        core_tasks: bool,
    ) {
        let upstream = &member.upstream;
        let Some(shown) = self.shown_name(kind, member, &item.own, clashes) else { return };
        if !self.seen.insert(format!("{kind:?} {shown}")) {
            let notice = Notice::shadowed("another server shows the same name");
            self.notices.insert(format!("{}/{shown}", upstream.name), notice);
            return;
        }
        let look_alike = matches!(kind, ListKind::Tools) && !matches!(self.shape, Shape::Single);
        if look_alike && !self.seen.insert(format!("skeleton {}", names::skeleton(&shown))) {
            let notice = Notice::shadowed("its name looks like that of another tool");
            self.notices.insert(format!("{}/{shown}", upstream.name), notice);
            return;
        }
        let (describe, fixed) =
            if kind == ListKind::Tools { self.overrides(member, &item.own, &shown) } else { (None, None) };
        let rendered = if kind == ListKind::Skills && *shown != *item.own {
            wrapping::wrapped_skill(&item.raw, &upstream.name)
        } else {
            render_item(item, &shown, describe.as_deref(), fixed.as_deref())
        };
        let is_tool = kind == ListKind::Tools;
        let manner = Arc::new(if is_tool {
            Manner::of_tool(item, rules, core_tasks, &upstream.meters)
        } else {
            Manner::default()
        });
        let rendered =
            if is_tool { Shown::tool(rendered, Tasks::of(&manner, core_tasks)) } else { Shown::alike(rendered) };
        if kind != ListKind::Tools {
            self.lists[kind as usize].items.push(rendered);
        } else if self.is_aside(upstream) {
            self.toolbox.put_own(item.own.clone(), rendered);
        } else {
            self.toolbox.put(KnownTool { name: shown.clone(), server: upstream.name.clone(), definition: rendered });
        }
        let route = Route {
            upstream: upstream.clone(),
            own: item.own.clone(),
            fixed,
            mirrors: item.mirrors.clone(),
            only_as_task: manner.can_be_task && item.task_support == TaskSupport::Required,
            manner,
        };
        self.routes[kind as usize].insert(shown, route);
    }

    /// The name under which this endpoint shows something, or `None` if it does not.
    fn shown_name(&self, kind: ListKind, member: &Member, own: &Arc<str>, clashes: &Clashes) -> Option<String> {
        let Member { upstream, settings } = member;
        if matches!(kind, ListKind::Resources | ListKind::Templates | ListKind::Skills) {
            let wrapped = !matches!(self.shape, Shape::Single) && clashes.contain(own);
            return Some(if wrapped { wrapping::wrap(&upstream.name, own) } else { own.to_string() });
        }
        let is_tool = kind == ListKind::Tools;
        if is_tool && settings.hide.iter().any(|glob| glob.matches(own)) {
            return None;
        }
        let own = settings.rename.get(&**own).filter(|_| is_tool).map_or(&**own, String::as_str);
        let prefixed = names::exposed(settings.prefix(&upstream.name), own);
        if is_tool && self.sight.is_some_and(|sight| !sight.shows_tool(&prefixed)) {
            return None;
        }
        if self.is_aside(upstream) {
            return Some(prefixed);
        }
        match self.shape {
            Shape::All => Some(prefixed),
            Shape::Single => Some(own.to_owned()),
            Shape::Bundle(bundle) => {
                let included = bundle.include.is_empty() || bundle.include.iter().any(|glob| glob.matches(&prefixed));
                if is_tool && (!included || bundle.exclude.iter().any(|glob| glob.matches(&prefixed))) {
                    return None;
                }
                if let Some(renamed) = bundle.rename.get(&prefixed).filter(|_| is_tool) {
                    return Some(renamed.clone());
                }
                Some(if bundle.naming == Naming::Bare { own.to_owned() } else { prefixed })
            }
        }
    }

    fn overrides(&self, member: &Member, own: &str, shown: &str) -> (Option<String>, Option<Arc<FixedArguments>>) {
        let Member { upstream, settings } = member;
        let mut describe = settings.describe.get(own).cloned();
        let mut fixed = settings.fix.get(own).cloned();
        if let Shape::Bundle(bundle) = self.shape {
            let prefixed =
                names::exposed(settings.prefix(&upstream.name), settings.rename.get(own).map_or(own, String::as_str));
            let at = |key: &str| [shown, key].into_iter().map(str::to_owned).collect::<Vec<_>>();
            for key in at(&prefixed) {
                describe = bundle.describe.get(&key).cloned().or(describe);
                if let Some(more) = bundle.fix.get(&key) {
                    fixed.get_or_insert_with(FixedArguments::new).extend(more.clone());
                }
            }
        }
        (describe, fixed.map(Arc::new))
    }

    fn render_missing(&self) -> String {
        if self.notices.is_empty() {
            return String::new();
        }
        let servers: serde_json::Map<String, serde_json::Value> =
            self.notices.iter().map(|(name, notice)| (name.clone(), notice.as_json())).collect();
        serde_json::Value::Object(servers).to_string()
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// An item under its shown name; everything else in it stays as it came.
fn render_item(item: &Item, shown: &str, describe: Option<&str>, fixed: Option<&FixedArguments>) -> Bytes {
    if *item.own == *shown && describe.is_none() && fixed.is_none() {
        return item.raw.clone();
    }
    let mut splice = Splice::new(&item.raw);
    splice.replace_owned(item.name_span, message::json_string(shown));
    if let Some(text) = describe {
        if let Some(span) = array::member(&item.raw, "description") {
            splice.replace_owned(span, message::json_string(text))
        } else {
            let mut member = br#""description":"#.to_vec();
            message::push_string(&mut member, text);
            splice.insert_members(Span::new(0, item.raw.len()), member)
        };
    }
    if let (Some(fixed), Some(span)) = (fixed, array::member(&item.raw, "inputSchema"))
        && let Some(schema) = span.of(&item.raw).and_then(|raw| without_arguments(raw, fixed))
    {
        splice.replace_owned(span, schema);
    }
    splice.apply()
}

/// An input schema without the arguments that have a fixed value.
fn without_arguments(schema: &[u8], fixed: &FixedArguments) -> Option<Vec<u8>> {
    let mut schema: serde_json::Value = serde_json::from_slice(schema).ok()?;
    if let Some(properties) = schema.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        properties.retain(|name, _| !fixed.contains_key(name));
    }
    if let Some(required) = schema.get_mut("required").and_then(serde_json::Value::as_array_mut) {
        required.retain(|name| name.as_str().is_none_or(|name| !fixed.contains_key(name)));
    }
    serde_json::to_vec(&schema).ok()
}

/// The result of a list: the items from `start` on, and where the next page begins.
pub fn render(
    list: &Rendered,
    kind: ListKind,
    start: usize,
    page: Option<(usize, &str)>,
    modern: bool,
    who: &str,
    missing: &str,
) -> Bytes {
    let end = page.map_or(list.items.len(), |(count, _)| (start + count).min(list.items.len()));
    let items = &list.items[start.min(end)..end];
    let items_len: usize = items.iter().map(|item| item.to(modern).len() + 1).sum();
    let mut out = Vec::with_capacity(256 + missing.len() + items_len);
    out.push(b'{');
    if modern {
        let scope = if list.public { "public" } else { "private" };
        out.extend_from_slice(
            format!(r#""resultType":"complete","ttlMs":{},"cacheScope":"{scope}","#, list.ttl_ms).as_bytes(),
        );
    }
    out.extend_from_slice(format!(r#""{}":["#, kind.member()).as_bytes());
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(item.to(modern));
    }
    out.push(b']');
    if let Some((_, cursor)) = page.filter(|_| end < list.items.len()) {
        out.extend_from_slice(format!(r#","nextCursor":"{cursor}""#).as_bytes());
    }
    let mut meta = Vec::new();
    if modern {
        meta.push(format!(r#""io.modelcontextprotocol/serverInfo":{who}"#));
    }
    if !missing.is_empty() {
        meta.push(format!(r#""dev.switchboard/servers":{missing}"#));
    }
    if !meta.is_empty() {
        out.extend_from_slice(format!(r#","_meta":{{{}}}"#, meta.join(",")).as_bytes());
    }
    out.push(b'}');
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_fits_what_it_could_have_made() {
        let check = |template, uri, expected| assert_eq!(fits(template, uri), expected, "{template} {uri}");
        check("test://template/{id}/data", "test://template/123/data", true);
        check("test://template/{id}/data", "test://template/123/date", false);
        check("test://template/{id}/data", "test://template/123/data/more", false);
        check("file:///{path}", "file:///a/b", true);
        check("file:///{path}", "http://a", false);
    }

    #[test]
    fn fixed_arguments_leave_the_schema() {
        let fixed = FixedArguments::from([("a".to_owned(), serde_json::json!(1))]);
        let schema =
            without_arguments(br#"{"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]}"#, &fixed)
                .unwrap();
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(&schema).unwrap(),
            serde_json::json!({"type":"object","properties":{"b":{}},"required":["b"]})
        );
    }
}
