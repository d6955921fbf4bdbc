//! `list_envs`: the environments of the projects in a folder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Folder, Kind, Place, Stop, aside};

use crate::{environment::Environment, findings::Language, version};

/// Levels of folders at most.
const DEPTH_MAX: usize = 6;
/// Folders that are looked into.
const FOLDERS_MAX: usize = 10_000;
/// Entries of one folder that are looked at.
const ENTRIES_MAX: usize = 100_000;
/// Bytes of a file that says a version.
const FILE_BYTES_MAX: u64 = 64 << 10;
/// Folders that hold packages, not projects.
const CLOSED: [&str; 5] = ["node_modules", "target", "vendor", "__pycache__", "site-packages"];

/// Files that make a folder a project, and the folder where its packages are.
const MANIFESTS: [(&str, Language, &str); 7] = [
    ("package.json", Language::Node, "node_modules"),
    ("Cargo.toml", Language::Rust, "target"),
    ("go.mod", Language::Go, "vendor"),
    ("pom.xml", Language::Java, "target"),
    ("build.gradle", Language::Java, "build"),
    ("build.gradle.kts", Language::Java, "build"),
    ("Gemfile", Language::Ruby, "vendor/bundle"),
];

/// Lists environments.
pub(crate) struct ListEnvs(pub(crate) Bench);

/// The language whose environments are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    #[default]
    All,
    Python,
    Node,
    Rust,
    Go,
    Java,
    Ruby,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The language whose environments are listed.
    #[serde(default, rename = "type")]
    kind: Wanted,
    /// The folder with the projects; the first allowed folder if it is left out.
    path: Option<String>,
    /// Levels of folders to look into: 1 is the folder itself.
    #[serde(default = "depth")]
    #[schemars(range(min = 1, max = 6))]
    depth: usize,
}

fn depth() -> usize {
    2
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    environments: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// What to give as `cursor` for the next page.
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    name: String,
    #[serde(rename = "type")]
    kind: Language,
    /// The folder of the project.
    path: String,
    /// Where its packages are, or would be.
    env_path: String,
    /// Whether it is the one that the tools here use for the project.
    active: bool,
    /// The version of its language, where a file of it says so.
    version: Option<String>,
    dependencies_installed: bool,
}

impl Tool for ListEnvs {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_envs";
    const ABOUT: &'static str =
        "Lists the environments of the projects in a folder, and whether what they need is installed.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const ALIASES: &'static [&'static str] = &["list"];
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"type": "python", "path": "work", "depth": 3}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        if !(1..=DEPTH_MAX).contains(&input.depth) {
            return Err(Failure::invalid("depth", format!("`depth` must be a whole number from 1 to {DEPTH_MAX}")));
        }
        let place = match &input.path {
            Some(path) => self.0.roots.place("path", path)?,
            None => self.0.roots.home("path"),
        };
        let kind = input.kind;
        let mut found = aside(move |stop| {
            let mut search = Search { found: Vec::new(), folders: 0, stop };
            search.look(&place, &place.folder()?, input.depth)?;
            Ok(search.found)
        })
        .await?;
        found.retain(|environment| kind.is(environment.kind));
        let page = call.shared.page(found);
        Ok(Output { environments: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl Wanted {
    fn is(self, language: Language) -> bool {
        match self {
            Self::All => true,
            Self::Python => language == Language::Python,
            Self::Node => language == Language::Node,
            Self::Rust => language == Language::Rust,
            Self::Go => language == Language::Go,
            Self::Java => language == Language::Java,
            Self::Ruby => language == Language::Ruby,
        }
    }
}

/// A search for environments.
struct Search<'a> {
    found: Vec<Listed>,
    folders: usize,
    stop: &'a Stop,
}

impl Search<'_> {
    fn look(&mut self, project: &Place, folder: &Folder, depth: usize) -> Result<(), Failure> {
        self.stop.check()?;
        self.folders += 1;
        if self.folders > FOLDERS_MAX {
            return Ok(());
        }
        let entries = folder.entries(ENTRIES_MAX)?;
        for (manifest, language, packages) in MANIFESTS {
            let is_there = entries.iter().any(|entry| entry.kind == Kind::File && entry.name == manifest);
            if is_there && !self.found.iter().any(|it| it.kind == language && it.path == project.display()) {
                self.found.push(of_manifest(project, folder, manifest, language, packages)?);
            }
        }
        let used = Environment::of(project)?.map(|environment| environment.name());
        for entry in entries.iter().filter(|entry| entry.kind == Kind::Directory) {
            let name = entry.name.to_string_lossy();
            if CLOSED.contains(&&*name) || name == ".git" {
                continue;
            }
            // a name that no environment can have is no environment
            let environment = Environment::named(project, &name).ok();
            match environment.filter(|environment| environment.is_there().unwrap_or(false)) {
                Some(environment) => self.found.push(of_python(project, &environment, used.as_deref())?),
                // a folder that cannot be opened is as if it were empty
                None if depth > 1 && !name.starts_with('.') => {
                    if let (Ok(place), Ok(inner)) = (project.join(&name), folder.enter(&entry.name)) {
                        self.look(&place, &inner, depth - 1)?;
                    }
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn of_python(project: &Place, environment: &Environment, used: Option<&str>) -> Result<Listed, Failure> {
    let settings = environment.place().join("pyvenv.cfg")?.read(FILE_BYTES_MAX).unwrap_or_default();
    let settings = String::from_utf8_lossy(&settings).into_owned();
    let version = settings.lines().find(|line| line.starts_with("version")).and_then(version::printed);
    let name = environment.name();
    Ok(Listed {
        active: used == Some(&*name),
        name,
        kind: Language::Python,
        path: project.display(),
        env_path: environment.place().display(),
        version: version.map(str::to_owned),
        dependencies_installed: environment.packages()? > 0,
    })
}

fn of_manifest(
    project: &Place,
    folder: &Folder,
    manifest: &str,
    language: Language,
    packages: &str,
) -> Result<Listed, Failure> {
    let text = folder.read(manifest.as_ref(), FILE_BYTES_MAX).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line =
        |start: &str| text.lines().map(str::trim).find(|line| line.starts_with(start)).and_then(version::printed);
    let version = match language {
        Language::Rust => line("rust-version"),
        Language::Go => line("go "),
        Language::Ruby => line("ruby "),
        _ => None,
    };
    let packages = project.join(packages)?;
    Ok(Listed {
        name: project.name().unwrap_or_default().to_string_lossy().into_owned(),
        kind: language,
        path: project.display(),
        env_path: packages.display(),
        active: true,
        version: version.map(str::to_owned),
        dependencies_installed: packages.exists()?,
    })
}
