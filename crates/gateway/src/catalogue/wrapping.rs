//! URIs that more than one server shows: each is wrapped as `sw://{server}/{uri}`, which can be undone. A skill is a folder,
//! so all its files are wrapped or none. Owns the form, the finding of clashes, and the answers that repeat URIs.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use bytes::Bytes;
use mcp::{Envelope, ScanLimits, Span, Splice, array, message, plain_text};

use super::{
    Member, Part,
    listing::{Item, ListKind},
};

const SCHEME: &str = "sw://";
/// The file that makes a folder a skill.
const SKILL_FILE: &str = "/SKILL.md";

/// A URI of a server in the form that no other server has.
pub fn wrap(server: &str, uri: &str) -> String {
    format!("{SCHEME}{server}/{uri}")
}

/// The server and its own URI, if this is one that was wrapped.
pub fn unwrap(uri: &str) -> Option<(&str, &str)> {
    uri.strip_prefix(SCHEME)?.split_once('/')
}

/// The URIs of the skills in whose folders this URI lies, the nearest first.
pub fn skills_above(uri: &str) -> impl Iterator<Item = String> {
    let own = (!uri.ends_with(SKILL_FILE)).then_some(uri);
    own.into_iter().chain(folders(uri)).map(|folder| format!("{folder}{SKILL_FILE}"))
}

/// The folders above a URI, the nearest first; its scheme is none.
fn folders(uri: &str) -> impl Iterator<Item = &str> {
    let scheme = uri.find("://").map_or(0, |at| at + 3);
    std::iter::successors(Some(uri), move |uri| uri[scheme..].rfind('/').map(|at| &uri[..scheme + at])).skip(1)
}

/// What more than one server shows.
#[derive(Debug, Default)]
pub struct Clashes {
    uris: HashSet<Arc<str>>,
    skills: HashSet<String>,
}

impl Clashes {
    /// What these servers show more than once: the same URI, or one skill inside of another's folder.
    pub fn find(parts: &[(Member, Arc<Part>)]) -> Self {
        let mut clashes = Self::default();
        let mut owners: HashMap<Arc<str>, usize> = HashMap::new();
        for kind in [ListKind::Resources, ListKind::Templates, ListKind::Skills] {
            for (owner, item) in all(parts, kind) {
                if owners.insert(item.own.clone(), owner).is_some_and(|other| other != owner) {
                    clashes.uris.insert(item.own.clone());
                }
            }
        }
        let skills: HashMap<&str, usize> =
            all(parts, ListKind::Skills).map(|(owner, item)| (&*item.own, owner)).collect();
        for (owner, item) in all(parts, ListKind::Skills) {
            let foreign =
                skills_above(&item.own).find(|above| skills.get(&**above).is_some_and(|other| *other != owner));
            if let Some(foreign) = foreign {
                clashes.skills.extend([foreign, item.own.to_string()]);
            } else if clashes.uris.contains(&item.own) {
                clashes.skills.insert(item.own.to_string());
            }
        }
        clashes
    }

    /// Whether this URI has to be wrapped.
    pub fn contain(&self, uri: &str) -> bool {
        self.uris.contains(uri)
            || (!self.skills.is_empty()
                && (self.skills.contains(uri) || skills_above(uri).any(|skill| self.skills.contains(&skill))))
    }
}

fn all(parts: &[(Member, Arc<Part>)], kind: ListKind) -> impl Iterator<Item = (usize, &Item)> {
    parts.iter().enumerate().flat_map(move |(owner, (_, part))| {
        part.list(kind).map(|listing| &listing.items[..]).unwrap_or_default().iter().map(move |item| (owner, item))
    })
}

/// A skill's entry with all its URIs wrapped.
pub fn wrapped_skill(entry: &Bytes, server: &str) -> Bytes {
    wrapped(entry, skill_uris(entry, Span::new(0, entry.len())), server)
}

/// An answer that repeats URIs of a server, with these wrapped: contents, a folder's children, a skill.
pub fn wrapped_answer(answer: Bytes, server: &str) -> Bytes {
    let Ok(envelope) = Envelope::parse(&answer, ScanLimits { depth_max: 128 }) else { return answer };
    let result = envelope.result_span();
    let mut uris: Vec<Span> =
        ["contents", "resources"].iter().flat_map(|list| uris_of(&answer, inside(&answer, result, list))).collect();
    if let Some(skill) = inside(&answer, result, "skill") {
        uris.extend(skill_uris(&answer, skill));
    }
    wrapped(&answer, uris, server)
}

fn wrapped(bytes: &Bytes, uris: Vec<Span>, server: &str) -> Bytes {
    let mut splice = Splice::new(bytes);
    for span in uris {
        if let Some(uri) = span.of(bytes).and_then(plain_text) {
            splice.replace_owned(span, message::json_string(&wrap(server, uri)));
        }
    }
    splice.apply()
}

/// The places of the URIs in the entry of a skill: its own and those of its files.
fn skill_uris(bytes: &[u8], entry: Span) -> Vec<Span> {
    let files = uris_of(bytes, inside(bytes, entry, "resources"));
    inside(bytes, entry, "uri").into_iter().chain(files).collect()
}

/// The places of `uri` in the items of a list.
fn uris_of(bytes: &[u8], list: Option<Span>) -> Vec<Span> {
    let Some(list) = list else { return Vec::new() };
    let items = list.of(bytes).and_then(|raw| array::items(raw).ok()).unwrap_or_default();
    items.into_iter().filter_map(|item| inside(bytes, moved(item, list), "uri")).collect()
}

/// The place of a member of an object that stands somewhere in `bytes`.
fn inside(bytes: &[u8], object: Span, name: &str) -> Option<Span> {
    array::member(object.of(bytes)?, name).map(|member| moved(member, object))
}

fn moved(span: Span, by: Span) -> Span {
    Span { start: span.start + by.start, end: span.end + by.start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_comes_back() {
        for uri in ["test://a", "skill://acme/refunds/SKILL.md", "", "sw://x/y"] {
            assert_eq!(unwrap(&wrap("files", uri)), Some(("files", uri)));
        }
        assert_eq!(unwrap("test://a"), None);
    }

    #[test]
    fn a_file_lies_in_its_skill_and_in_those_around_it() {
        let check = |uri: &str, expected: &[&str]| assert_eq!(skills_above(uri).collect::<Vec<_>>(), expected, "{uri}");
        check("skill://a/b/x.md", &["skill://a/b/x.md/SKILL.md", "skill://a/b/SKILL.md", "skill://a/SKILL.md"]);
        check("skill://a/b/SKILL.md", &["skill://a/b/SKILL.md", "skill://a/SKILL.md"]);
        check("skill://a", &["skill://a/SKILL.md"]);
    }

    #[test]
    fn all_uris_of_an_entry_are_wrapped_and_nothing_else() {
        let entry = Bytes::from_static(
            br#"{"resources":[{"digest":"d","uri":"skill://a/SKILL.md"},{"uri":"skill://a/b"}],"frontmatter":{"uri":"x"},"uri":"skill://a/SKILL.md"}"#,
        );
        assert_eq!(
            wrapped_skill(&entry, "s"),
            r#"{"resources":[{"digest":"d","uri":"sw://s/skill://a/SKILL.md"},{"uri":"sw://s/skill://a/b"}],"frontmatter":{"uri":"x"},"uri":"sw://s/skill://a/SKILL.md"}"#
        );
        let dynamic = Bytes::from_static(br#"{"uri":"skill://a/SKILL.md","resources":"dynamic"}"#);
        assert_eq!(wrapped_skill(&dynamic, "s"), r#"{"uri":"sw://s/skill://a/SKILL.md","resources":"dynamic"}"#);
    }

    #[test]
    fn answers_repeat_uris_as_the_client_knows_them() {
        let check = |result: &str, expected: &str| {
            let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
            let expected = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{expected}}}"#);
            assert_eq!(wrapped_answer(answer.into(), "s"), expected);
        };
        check(r#"{"contents":[{"uri":"a:b","text":"a:b"}]}"#, r#"{"contents":[{"uri":"sw://s/a:b","text":"a:b"}]}"#);
        check(
            r#"{"skill":{"uri":"a:b","resources":"dynamic"}}"#,
            r#"{"skill":{"uri":"sw://s/a:b","resources":"dynamic"}}"#,
        );
        check(r#"{"resources":[]}"#, r#"{"resources":[]}"#);
    }
}
