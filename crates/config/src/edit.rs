//! Changes in the text of a configuration file: what is not changed stays byte for byte, comments and order included.
//! Pure: `store.rs` reads and writes the file.
//!
//! ```
//! let mut edit = config::Edit::of("# mine\n[limits]\ncall_ms_max = 1_000 # short\n")?;
//! edit.set("limits.call_ms_max", &2_000.into())?;
//! edit.add("servers", "git", &serde_json::json!({ "command": "mcp-server-git" }))?;
//! assert_eq!(
//!     edit.text(),
//!     "# mine\n[limits]\ncall_ms_max = 2000 # short\n\n[servers.git]\ncommand = \"mcp-server-git\"\n",
//! );
//! # Ok::<(), config::Error>(())
//! ```

use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Key, Table, TableLike, Value};

use crate::document::Document;
use crate::layers::lay;
use crate::{Error, nearest};

/// What some editors put before the first character.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// The text of a configuration file, open for changes.
#[derive(Clone, Debug)]
pub struct Edit {
    document: DocumentMut,
    /// The file begins with a byte order mark.
    marked: bool,
    /// The lines of the file end as on Windows.
    carriage_returns: bool,
    /// The configuration that this one is laid over, and cannot change.
    below: Option<Box<Self>>,
}

impl Edit {
    /// Opens `text`; one with broken syntax cannot be changed.
    pub fn of(text: &str) -> Result<Self, Error> {
        Document::parse(text, "").map_err(|problems| Error::Syntax { problems })?;
        let unreadable = |_| Error::Syntax { problems: Vec::new() };
        Ok(Self {
            document: text.parse().map_err(unreadable)?,
            marked: text.starts_with(BYTE_ORDER_MARK),
            carriage_returns: text.contains("\r\n"),
            below: None,
        })
    }

    /// Opens `text`, which is laid over `below`: the entries of both are there, but only `text` can be changed.
    pub fn above(text: &str, below: &str) -> Result<Self, Error> {
        Ok(Self { below: Some(Box::new(Self::of(below)?)), ..Self::of(text)? })
    }

    /// The text as it is now.
    pub fn text(&self) -> String {
        let text = self.document.to_string();
        let text = if self.carriage_returns { text.replace('\n', "\r\n") } else { text };
        if self.marked { format!("{BYTE_ORDER_MARK}{text}") } else { text }
    }

    /// Gives the key at `path`, such as `limits.call_ms_max`, a value. `null` takes the key away.
    pub fn set(&mut self, path: &str, value: &Json) -> Result<(), Error> {
        let Some(item) = item(value) else { return self.unset(path).map(drop) };
        let (tables, key) = split(path)?;
        let parent = tables.iter().try_fold(self.document.as_table_mut() as &mut dyn TableLike, |table, key| {
            let entry = table.entry(key.get()).or_insert_with(section);
            entry.as_table_like_mut().ok_or_else(|| Error::NoTable { key: path.to_owned() })
        })?;
        put(parent, key.get(), item);
        Ok(())
    }

    /// Takes the key at `path` away, and says whether it was there: then its default holds again.
    pub fn unset(&mut self, path: &str) -> Result<bool, Error> {
        let (tables, key) = split(path)?;
        let parent = tables.iter().try_fold(self.document.as_table_mut() as &mut dyn TableLike, |table, key| {
            table.get_mut(key.get())?.as_table_like_mut()
        });
        Ok(parent.is_some_and(|parent| parent.remove(key.get()).is_some()))
    }

    /// Adds an entry to `servers` or `bundles`, as a section of its own at the end of the others.
    pub fn add(&mut self, section: &str, name: &str, settings: &Json) -> Result<(), Error> {
        if self.names(section).iter().any(|known| known == name) {
            return Err(Error::Exists { section: section.to_owned(), name: name.to_owned() });
        }
        let above = self.take_lone_comments();
        let parent = self.document.entry(section).or_insert_with(implicit_section);
        let no_table = || Error::NoTable { key: format!("{section}.{name}") };
        match parent {
            Item::Table(parent) => {
                let mut table = table(settings).ok_or_else(no_table)?;
                table.decor_mut().set_prefix(above.unwrap_or_else(|| "\n".to_owned()));
                parent.insert(name, Item::Table(table));
            }
            other => {
                let parent = other.as_table_like_mut().ok_or_else(no_table)?;
                put(parent, name, item(settings).ok_or_else(no_table)?);
            }
        }
        Ok(())
    }

    /// The text of a file without any key, as what stands above its first section: comments come first and stay first.
    fn take_lone_comments(&mut self) -> Option<String> {
        if !self.document.is_empty() {
            return None;
        }
        let comments = self.document.trailing().as_str().unwrap_or_default().trim_end().to_owned();
        self.document.set_trailing("");
        Some(if comments.is_empty() { comments } else { format!("{comments}\n\n") })
    }

    /// Removes an entry of `servers` or `bundles`, with the comment that stands right above it.
    pub fn remove(&mut self, section: &str, name: &str) -> Result<(), Error> {
        if self.stands_below(section, name) {
            return Err(Error::Fixed { section: section.to_owned(), name: name.to_owned() });
        }
        let names = self.names(section);
        let entries = self.document.get_mut(section).and_then(Item::as_table_like_mut);
        let Some(removed) = entries.and_then(|entries| entries.remove(name)) else {
            let hint = nearest::hint(name, names.iter().map(String::as_str));
            return Err(Error::Missing { section: section.to_owned(), name: name.to_owned(), hint });
        };
        if let Item::Table(removed) = removed {
            self.keep_comments_above(&removed);
        }
        Ok(())
    }

    /// Switches the server `name` on or off; its settings stay.
    pub fn enable(&mut self, name: &str, enabled: bool) -> Result<(), Error> {
        let names = self.names("servers");
        if !names.iter().any(|known| known == name) {
            let hint = nearest::hint(name, names.iter().map(String::as_str));
            return Err(Error::Missing { section: "servers".to_owned(), name: name.to_owned(), hint });
        }
        let path = format!("servers.{}.enabled", Key::new(name).display_repr());
        let is_default = enabled && !self.stands_below("servers", name);
        if is_default { self.unset(&path).map(drop) } else { self.set(&path, &enabled.into()) }
    }

    fn stands_below(&self, section: &str, name: &str) -> bool {
        self.below.as_ref().is_some_and(|below| below.names(section).iter().any(|known| known == name))
    }

    /// The names in `servers` or `bundles`, in the order of the file.
    pub fn names(&self, section: &str) -> Vec<String> {
        let entries = self.document.get(section).and_then(Item::as_table_like);
        let mut names = self.below.as_ref().map(|below| below.names(section)).unwrap_or_default();
        let own = entries.into_iter().flat_map(TableLike::iter).map(|(name, _)| name.to_owned());
        let fresh: Vec<String> = own.filter(|name| !names.contains(name)).collect();
        names.extend(fresh);
        names
    }

    /// What is said of one entry of `servers` or `bundles`, references unresolved.
    pub fn entry(&self, section: &str, name: &str) -> Option<Json> {
        let mut whole: Json = toml::from_str(&self.document.to_string()).ok()?;
        let own = whole.get_mut(section).and_then(|section| section.get_mut(name)).map(Json::take);
        let below = self.below.as_ref().and_then(|below| below.entry(section, name));
        match (own, below) {
            (Some(Json::Object(own)), Some(Json::Object(mut below))) => {
                lay(own, &mut below);
                Some(Json::Object(below))
            }
            (own, below) => own.or(below),
        }
    }

    /// A comment with an empty line below it is not about the section that follows: it outlives that section.
    fn keep_comments_above(&mut self, removed: &Table) {
        let prefix = removed.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default();
        let Some(end) = prefix.rfind("\n\n").map(|at| at + 1).filter(|end| !prefix[..*end].trim().is_empty()) else {
            return;
        };
        let kept = prefix[..end].to_owned();
        if let Some(next) = next_table(self.document.as_table_mut(), removed.position()) {
            let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
            next.decor_mut().set_prefix(kept + &own);
        } else {
            let trailing = self.document.trailing().as_str().unwrap_or_default().to_owned();
            self.document.set_trailing(kept + &trailing);
        }
    }
}

/// The section that stands nearest after `position` in the file.
fn next_table(root: &mut Table, position: Option<isize>) -> Option<&mut Table> {
    fn visit<'t>(table: &'t mut Table, after: isize, best: &mut Option<&'t mut Table>) {
        for (_, item) in table.iter_mut() {
            let Item::Table(child) = item else { continue };
            let place = child.position().filter(|place| *place > after && !child.is_implicit());
            let nearer = place.is_some_and(|place| best.as_ref().is_none_or(|best| Some(place) < best.position()));
            if nearer { *best = Some(child) } else { visit(child, after, best) }
        }
    }
    let mut best = None;
    visit(root, position?, &mut best);
    best
}

/// The tables on the way to a key, and the key.
fn split(path: &str) -> Result<(Vec<Key>, Key), Error> {
    let no_key = || Error::NoKey { key: path.to_owned(), hint: None };
    let mut keys = Key::parse(path).map_err(|_| no_key())?;
    let key = keys.pop().ok_or_else(no_key)?;
    Ok((keys, key))
}

/// Puts a value in a table; one that was there before leaves its comments to the new one.
fn put(table: &mut dyn TableLike, key: &str, item: Item) {
    match (table.get_mut(key), item) {
        (Some(Item::Value(old)), Item::Value(mut new)) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        (Some(old), new) => *old = new,
        (None, new) => drop(table.insert(key, new)),
    }
}

/// A section with a heading of its own.
fn section() -> Item {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    Item::Table(table)
}

/// A section without a heading: only those below it have one.
fn implicit_section() -> Item {
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// An object as a section; keys that are `null` are left out.
fn table(settings: &Json) -> Option<Table> {
    let members = settings.as_object()?.iter();
    Some(members.filter_map(|(key, member)| Some((Key::new(key), item(member)?))).collect())
}

fn item(value: &Json) -> Option<Item> {
    toml_value(value).map(Item::Value)
}

/// A JSON value in TOML, which has no `null`.
fn toml_value(value: &Json) -> Option<Value> {
    Some(match value {
        Json::Null => return None,
        Json::Bool(flag) => (*flag).into(),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => items.iter().filter_map(toml_value).collect::<Array>().into(),
        Json::Object(members) => {
            let members = members.iter().filter_map(|(key, member)| Some((Key::new(key), toml_value(member)?)));
            members.collect::<InlineTable>().into()
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Edit;
    use crate::Error;

    const FILE: &str = "\
# Mine, all mine.

# The one for code.
[servers.git]
command = \"mcp-server-git\" # from PyPI
args = [ \"--repository\", \".\" ]

[servers.git.env]
A = \"1\"

# Further down.

# Looks things up.
[servers.search]
url = \"https://example.org/mcp\"
";

    fn check(text: &str, change: impl FnOnce(&mut Edit) -> Result<(), Error>, expected: &str) {
        let mut edit = Edit::of(text).unwrap();
        change(&mut edit).unwrap();
        assert_eq!(edit.text(), expected);
    }

    fn refused(change: impl FnOnce(&mut Edit) -> Result<(), Error>, expected: &str) {
        let mut edit = Edit::of(FILE).unwrap();
        let error = change(&mut edit).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(edit.text(), FILE);
    }

    #[test]
    fn text_without_change_is_the_same_byte_for_byte() {
        for text in [FILE, "", "# only a comment", "a=1\r\nb  =  2\r\n", "\u{feff}a = 1\n", crate::DEFAULT] {
            check(text, |_| Ok(()), text);
        }
    }

    #[test]
    fn changed_value_keeps_its_comment_and_its_neighbours() {
        let change = |edit: &mut Edit| edit.set("servers.git.command", &json!("git-mcp"));
        check(FILE, change, &FILE.replace("mcp-server-git", "git-mcp"));
        check(FILE, |edit| edit.set("servers.git.env.A", &json!("2")), &FILE.replace("\"1\"", "\"2\""));
    }

    #[test]
    fn new_keys_bring_their_section() {
        let added = format!("{FILE}\n[limits]\ncall_ms_max = 1000\n");
        check(FILE, |edit| edit.set("limits.call_ms_max", &json!(1000)), &added);
    }

    #[test]
    fn new_server_stands_after_the_others() {
        let settings = json!({ "command": "x", "args": ["a b"], "env": { "B": "c" }, "cwd": null });
        let section = "\n[servers.new]\nargs = [\"a b\"]\ncommand = \"x\"\nenv = { B = \"c\" }\n";
        check(FILE, |edit| edit.add("servers", "new", &settings), &format!("{FILE}{section}"));
        check("", |edit| edit.add("servers", "new", &settings), &section[1..]);
        let comment = "# Mine.\n\n# Not yet any server.\n";
        check(comment, |edit| edit.add("servers", "new", &settings), &format!("{comment}{section}"));
        let inline = "servers = { a = { command = \"a\" } }\n";
        let both = "servers = { a = { command = \"a\" } , b = { command = \"b\" } }\n";
        check(inline, |edit| edit.add("servers", "b", &json!({ "command": "b" })), both);
    }

    #[test]
    fn removed_server_takes_its_own_comment_along_and_no_other() {
        let (before, rest) = FILE.split_once("# The one for code.").unwrap();
        let after = &rest[rest.find("# Further").unwrap()..];
        check(FILE, |edit| edit.remove("servers", "git"), &format!("{before}{after}"));
        let kept = &FILE[..FILE.find("\n# Looks").unwrap()];
        check(FILE, |edit| edit.remove("servers", "search"), kept);
    }

    #[test]
    fn switching_off_and_on_again_leaves_no_trace() {
        let off = FILE.replace("mcp\"\n", "mcp\"\nenabled = false\n");
        check(FILE, |edit| edit.enable("search", false), &off);
        check(&off, |edit| edit.enable("search", true), FILE);
    }

    #[test]
    fn what_cannot_be_changed_is_told_and_left_alone() {
        refused(|edit| edit.add("servers", "git", &json!({})), "`servers.git` exists");
        refused(|edit| edit.remove("servers", "gti"), "there is no `servers.gti` in the file");
        refused(|edit| edit.enable("none", false), "there is no `servers.none` in the file");
        refused(|edit| edit.set("a b", &json!(1)), "`a b` is no key");
        refused(
            |edit| edit.set("servers.git.command.x", &json!(1)),
            "`servers.git.command.x` cannot be set: a part of its path is a value",
        );
    }

    #[test]
    fn what_is_laid_over_a_file_changes_it_without_touching_it() {
        let mut edit = Edit::above("", FILE).unwrap();
        edit.add("servers", "new", &json!({ "command": "x" })).unwrap();
        edit.enable("git", false).unwrap();
        edit.set("servers.git.env.A", &json!("2")).unwrap();
        assert_eq!(edit.names("servers"), ["git", "search", "new"]);
        let git = edit.entry("servers", "git").unwrap();
        assert_eq!(
            (&git["command"], &git["enabled"], &git["env"]["A"]),
            (&json!("mcp-server-git"), &json!(false), &json!("2"))
        );
        assert!(!edit.text().contains("mcp-server-git"), "{}", edit.text());
        edit.enable("git", true).unwrap();
        assert_eq!(edit.entry("servers", "git").unwrap()["enabled"], true);
        let told = |error: Error| error.to_string();
        assert_eq!(told(edit.add("servers", "git", &json!({})).unwrap_err()), "`servers.git` exists");
        let fixed = told(edit.remove("servers", "search").unwrap_err());
        assert_eq!(fixed, "`servers.search` stands in the configuration file, which cannot be written");
        edit.remove("servers", "new").unwrap();
        assert_eq!(edit.names("servers"), ["git", "search"]);
    }

    #[test]
    fn broken_text_is_told_with_its_place() {
        let error = Edit::of("[servers.git\n").unwrap_err();
        assert!(error.to_string().contains(":1:13:"), "{error}");
    }
}
