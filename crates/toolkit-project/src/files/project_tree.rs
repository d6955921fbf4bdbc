//! `project_tree`: the folders and files of a project as one picture, for people and models.

use std::{collections::BTreeMap, fmt::Write as _};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Folder, Kind, Place, Stop, aside};

use super::yes;
use crate::git::{Git, Marks as GitMarks};

/// Levels of folders.
const DEPTH_MAX: usize = 16;
/// Names in one tree.
const NAMES_MAX: usize = 5_000;
/// Entries of one folder that are looked at.
const ENTRIES_MAX: usize = 100_000;
/// Folders that are named but not gone into: what tools make and download.
const CLOSED: [&str; 10] = [
    "node_modules",
    "target",
    "venv",
    "__pycache__",
    "dist",
    "build",
    "vendor",
    "coverage",
    "htmlcov",
    "site-packages",
];

/// Draws a project.
pub(crate) struct ProjectTree {
    /// The folders to work in.
    pub(crate) bench: Bench,
    /// What is asked for the state of files.
    pub(crate) git: Git,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The folder of the project.
    path: String,
    /// Levels of folders to show.
    #[serde(default = "depth")]
    #[schemars(range(min = 1, max = 16))]
    depth: usize,
    /// Whether files say what git thinks of them.
    #[serde(default = "yes")]
    git_status: bool,
    /// How to draw it.
    #[serde(default)]
    format: Format,
}

fn depth() -> usize {
    4
}

/// How a tree is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// Objects in objects.
    #[default]
    Json,
    /// Lines with branches, as `tree` draws them.
    Text,
    /// A Mermaid graph.
    Mermaid,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The folder.
    path: String,
    /// The tree: objects with `name`, `type` and `children`, or a drawing.
    tree: Tree,
    /// What there is.
    stats: Stats,
    /// Whether names are missing because there are too many.
    truncated: bool,
}

/// A tree in one of its forms.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Tree {
    Node(Node),
    Drawing(String),
}

/// A file or a folder with what is in it.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Node {
    /// Its name.
    name: String,
    /// What it is: file, directory, symlink or other.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What it is to git, if it is changed: staged, modified, untracked or conflict.
    #[serde(skip_serializing_if = "Option::is_none")]
    git: Option<&'static str>,
    /// What is in it; nothing for a folder that is not gone into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    children: Option<Vec<Node>>,
}

/// What there is in a tree.
#[derive(Default, Serialize, JsonSchema)]
struct Stats {
    /// Files that are shown.
    files: usize,
    /// Folders that are shown.
    dirs: usize,
    /// Files by language.
    languages: BTreeMap<&'static str, usize>,
}

impl Tool for ProjectTree {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "project_tree";
    const ABOUT: &'static str =
        "Draws the folders and files of a project with what git thinks of them, and counts its languages.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("max_depth", "depth"), ("gitStatus", "git_status")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"path": ".", "depth": 2, "format": "text"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        if !(1..=DEPTH_MAX).contains(&input.depth) {
            return Err(Failure::invalid("depth", format!("`depth` must be a whole number from 1 to {DEPTH_MAX}")));
        }
        let place = self.bench.roots.place("path", &input.path)?;
        let marks = self.marks(&place, input.git_status).await;
        aside(move |stop| {
            let mut growth = Growth { stats: Stats::default(), names: 0, depth_max: input.depth, marks, stop };
            let name = place.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
            let children = growth.children(&place.folder()?, 1)?;
            let node = Node { name, kind: Kind::Directory.as_str(), git: None, children: Some(children) };
            let tree = match input.format {
                Format::Json => Tree::Node(node),
                Format::Text => Tree::Drawing(node.drawn()),
                Format::Mermaid => Tree::Drawing(node.graph()),
            };
            let truncated = growth.names >= NAMES_MAX;
            Ok(Output { path: place.display(), tree, stats: growth.stats, truncated })
        })
        .await
    }

    fn text(output: &Output) -> Option<String> {
        match &output.tree {
            Tree::Drawing(drawing) => Some(drawing.clone()),
            Tree::Node(_) => None,
        }
    }
}

impl ProjectTree {
    /// What git thinks of the files. A tree is drawn where there is no repository as well, or none that git may look at.
    async fn marks(&self, place: &Place, is_wanted: bool) -> GitMarks {
        if is_wanted { self.git.marks(place).await.unwrap_or_default() } else { GitMarks::default() }
    }
}

/// A tree while it grows.
struct Growth<'a> {
    stats: Stats,
    names: usize,
    depth_max: usize,
    marks: GitMarks,
    stop: &'a Stop,
}

impl Growth<'_> {
    fn children(&mut self, folder: &Folder, depth: usize) -> Result<Vec<Node>, Failure> {
        let mut nodes = Vec::new();
        let entries = folder.entries(ENTRIES_MAX)?;
        for entry in entries.iter().filter(|entry| !entry.name.as_encoded_bytes().starts_with(b".")) {
            self.stop.check()?;
            if self.names >= NAMES_MAX {
                break;
            }
            self.names += 1;
            let name = entry.name.to_string_lossy().into_owned();
            let is_open = entry.kind == Kind::Directory && depth < self.depth_max && !CLOSED.contains(&name.as_str());
            self.count(&name, entry.kind);
            // what cannot be opened is shown closed
            let inner = if is_open { folder.enter(&entry.name).ok() } else { None };
            let children = inner.map(|inner| self.children(&inner, depth + 1)).transpose()?;
            let git = self.marks.of(&folder.path().join(&entry.name));
            nodes.push(Node { name, kind: entry.kind.as_str(), git, children });
        }
        Ok(nodes)
    }

    fn count(&mut self, name: &str, kind: Kind) {
        if kind == Kind::Directory {
            self.stats.dirs += 1;
            return;
        }
        self.stats.files += 1;
        if let Some(language) = language(name) {
            *self.stats.languages.entry(language).or_default() += 1;
        }
    }
}

impl Node {
    /// As lines with branches.
    fn drawn(&self) -> String {
        let mut text = format!("{}\n", self.name);
        self.draw_children("", &mut text);
        text
    }

    fn draw_children(&self, indent: &str, text: &mut String) {
        let children = self.children.as_deref().unwrap_or_default();
        for (place, child) in children.iter().enumerate() {
            let is_last = place + 1 == children.len();
            let (branch, trunk) = if is_last { ("└── ", "    ") } else { ("├── ", "│   ") };
            let end = if child.kind == Kind::Directory.as_str() { "/" } else { "" };
            let git = child.git.map_or(String::new(), |git| format!(" [{git}]"));
            // writing to a string cannot fail
            let _ = writeln!(text, "{indent}{branch}{}{end}{git}", child.name);
            child.draw_children(&format!("{indent}{trunk}"), text);
        }
    }

    /// As a Mermaid graph.
    fn graph(&self) -> String {
        let mut text = "graph LR\n".to_owned();
        let mut next = 0;
        self.add_to_graph(&mut text, &mut next);
        text
    }

    fn add_to_graph(&self, text: &mut String, next: &mut usize) -> usize {
        let own = *next;
        *next += 1;
        let _ = writeln!(text, "  n{own}[\"{}\"]", self.name.replace('"', "#quot;"));
        for child in self.children.iter().flatten() {
            let below = child.add_to_graph(text, next);
            let _ = writeln!(text, "  n{own} --> n{below}");
        }
        own
    }
}

/// The language that the name of a file tells.
fn language(name: &str) -> Option<&'static str> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    Some(match extension {
        "c" | "h" => "C",
        "cc" | "cpp" | "hpp" => "C++",
        "cs" => "C#",
        "css" | "scss" | "less" => "CSS",
        "go" => "Go",
        "htm" | "html" => "HTML",
        "java" => "Java",
        "js" | "mjs" | "cjs" | "jsx" => "JavaScript",
        "json" => "JSON",
        "kt" | "kts" => "Kotlin",
        "md" => "Markdown",
        "php" => "PHP",
        "py" | "pyi" => "Python",
        "rb" => "Ruby",
        "rs" => "Rust",
        "sh" | "bash" => "Shell",
        "sql" => "SQL",
        "swift" => "Swift",
        "toml" => "TOML",
        "ts" | "tsx" => "TypeScript",
        "yaml" | "yml" => "YAML",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, kind: Kind, children: Option<Vec<Node>>) -> Node {
        Node { name: name.to_owned(), kind: kind.as_str(), git: None, children }
    }

    #[test]
    fn a_tree_is_drawn_with_branches_or_as_a_graph() {
        let inner = node("src", Kind::Directory, Some(vec![node("a\"b.rs", Kind::File, None)]));
        let changed = Node { git: Some("modified"), ..node("z.md", Kind::File, None) };
        let tree = node("app", Kind::Directory, Some(vec![inner, changed]));
        assert_eq!(tree.drawn(), "app\n├── src/\n│   └── a\"b.rs\n└── z.md [modified]\n");
        assert_eq!(
            tree.graph(),
            "graph LR\n  n0[\"app\"]\n  n1[\"src\"]\n  n2[\"a#quot;b.rs\"]\n  n1 --> n2\n  n0 --> n1\n  n3[\"z.md\"]\n  n0 --> n3\n"
        );
    }
}
