//! `list_directory`: what is in a folder, page by page, and below it if that is wanted.

use globset::GlobSet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool, moment};
use workbench::{Bench, Folder, Kind, Stat, Stop, aside};

use super::globs;

/// Entries that are looked at for one list.
const ENTRIES_MAX: usize = 100_000;
/// Levels of folders that a list goes down.
const DEPTH_MAX: usize = 64;

/// Lists a folder.
pub(crate) struct ListDirectory(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder.
    path: String,
    /// Whether to go into the folders below.
    #[serde(default)]
    recursive: bool,
    /// Whether to show names that begin with a dot.
    #[serde(default)]
    include_hidden: bool,
    /// Only names that match this, such as `*.rs`.
    pattern: Option<String>,
    /// How deep to go when `recursive`: 1 is the folder itself.
    #[serde(default = "max_depth")]
    #[schemars(range(min = 1, max = 64))]
    max_depth: usize,
}

fn max_depth() -> usize {
    10
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder.
    path: String,
    /// What is in it, in the order of names.
    entries: Vec<Item>,
    /// How many there are on all pages.
    total: usize,
    /// What to give as `cursor` for the next page.
    next_cursor: Option<String>,
}

/// One thing in the folder.
#[derive(Serialize, JsonSchema)]
struct Item {
    /// Its name.
    name: String,
    /// Its whole path.
    path: String,
    /// What it is: file, directory, symlink or other.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Its length in bytes.
    size: u64,
    /// When its content changed last, as RFC 3339 in UTC.
    modified: String,
    /// Who may do what, as `rwxr-xr-x`.
    permissions: String,
}

impl Tool for ListDirectory {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_directory";
    const ABOUT: &'static str = "Lists what is in a folder: names, kinds, sizes, times and permissions.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("includeHidden", "include_hidden"), ("filter", "pattern"), ("maxDepth", "max_depth")];
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "."}"#, r#"{"path": "app", "recursive": true, "pattern": "*.py"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        if !(1..=DEPTH_MAX).contains(&input.max_depth) {
            return Err(Failure::invalid(
                "max_depth",
                format!("`max_depth` must be a whole number from 1 to {DEPTH_MAX}"),
            ));
        }
        let place = self.0.roots.place("path", &input.path)?;
        let shared = call.shared.clone();
        aside(move |stop| {
            let pattern = input.pattern.as_slice();
            let walk = Walk {
                depth_max: if input.recursive { input.max_depth } else { 1 },
                include_hidden: input.include_hidden,
                pattern: if pattern.is_empty() { None } else { Some(globs::set("pattern", pattern)?) },
                stop,
            };
            let mut items = Vec::new();
            walk.list(&place.folder()?, "", 1, &mut items)?;
            let page = shared.page(items);
            Ok(Output { path: place.display(), entries: page.items, total: page.total, next_cursor: page.next_cursor })
        })
        .await
    }
}

/// How folders are gone through.
struct Walk<'a> {
    depth_max: usize,
    include_hidden: bool,
    pattern: Option<GlobSet>,
    stop: &'a Stop,
}

impl Walk<'_> {
    /// Adds what is in a folder to the list; `above` is the way to it from the folder that was asked for.
    fn list(&self, folder: &Folder, above: &str, depth: usize, items: &mut Vec<Item>) -> Result<(), Failure> {
        for entry in folder.entries(ENTRIES_MAX)? {
            self.stop.check()?;
            let name = entry.name.to_string_lossy();
            if name.starts_with('.') && !self.include_hidden {
                continue;
            }
            let below = format!("{above}{name}");
            if self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(&below)) {
                // what has gone since is not listed
                items.extend(folder.stat(&entry.name).ok().map(|stat| Item::new(folder, &name, stat)));
            }
            if items.len() > ENTRIES_MAX {
                let text = format!("there are more than {ENTRIES_MAX} entries below `{}`", folder.path().display());
                return Err(Failure::new(Code::TooLarge, text).hint("name a folder further down, or give a `pattern`"));
            }
            if entry.kind == Kind::Directory && depth < self.depth_max {
                // what cannot be opened is listed, but not gone into
                if let Ok(inner) = folder.enter(&entry.name) {
                    self.list(&inner, &format!("{below}/"), depth + 1, items)?;
                }
            }
        }
        Ok(())
    }
}

impl Item {
    fn new(folder: &Folder, name: &str, stat: Stat) -> Self {
        Self {
            name: name.to_owned(),
            path: folder.path().join(name).display().to_string(),
            kind: stat.kind.as_str(),
            size: stat.size,
            modified: moment::rfc3339(stat.modified),
            permissions: stat.permission_letters(),
        }
    }
}
