//! From texts to a checked configuration with all its problems. Pure: `source.rs` reads the texts.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::document::Document;
use crate::explain::{Given, givens};
use crate::layers::{Layer, Origin, lay};
use crate::path::KeyPath;
use crate::problem::Problems;
use crate::references::{self, Outside};
use crate::{Config, Error, Files, Problem, Severity, Source, checks, nearest, schema, shape};

/// The default configuration, commented: what holds where the operator chose nothing.
pub const DEFAULT: &str = include_str!("../default.toml");
/// The section of a configuration file with its profiles.
pub(crate) const PROFILES: &str = "profile";

/// A configuration and what is wrong with it. Servers with a problem are left out of `config`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// What can be used; only meaningful while there is no fatal problem.
    pub config: Config,
    /// All problems, in the order of the file.
    pub problems: Vec<Problem>,
    /// The files that took part, or would have if they were there.
    pub files: Files,
    /// The text of the configuration file.
    pub text: String,
    /// The text of the stored configuration that is laid over it; empty where there is none.
    pub stored: String,
    /// Each value that is given anywhere, and by whom; the strongest first.
    pub(crate) given: Vec<Given>,
}

impl Loaded {
    /// The problems that keep the node from starting.
    pub fn fatal(&self) -> impl Iterator<Item = &Problem> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Fatal)
    }

    /// The servers left out, each once, by name.
    pub fn failed_servers(&self) -> BTreeSet<&str> {
        self.problems.iter().filter_map(Problem::server).collect()
    }
}

/// Reads and checks the configuration file at `path`, with the environment of this process.
pub fn load(path: &Path) -> Result<Loaded, Error> {
    Source { file: Some(path.to_owned()), ..Source::default() }.load()
}

/// Checks the configuration in `text` alone; `file_name` is used in problems, `environment` looks variables up.
pub fn parse(text: &str, file_name: &str, environment: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let text = Text { origin: Origin::File, file: file_name.to_owned(), content: text.to_owned() };
    let elsewhere = |_: &str| Err("only a file on disk can refer to it".to_owned());
    read(&[text], None, &Outside { variable: environment, file: &elsewhere, secret: &elsewhere, is_known: true })
}

/// Checks a configuration file together with the stored configuration that is laid over it, as [`parse`] does.
pub fn parse_with_stored(text: &str, stored: &str, environment: &dyn Fn(&str) -> Option<String>) -> Loaded {
    let elsewhere = |_: &str| Err("only a file on disk can refer to it".to_owned());
    read(
        &both(text, stored),
        None,
        &Outside { variable: environment, file: &elsewhere, secret: &elsewhere, is_known: true },
    )
}

/// What is wrong with a configuration file and what is stored over it, as far as it can be told from the texts alone.
pub(crate) fn problems_within(text: &str, stored: &str) -> Vec<Problem> {
    let anything = |_: &str| Ok(String::new());
    let outside = Outside { variable: &|_| Some(String::new()), file: &anything, secret: &anything, is_known: false };
    read(&both(text, stored), None, &outside).problems
}

fn both(text: &str, stored: &str) -> [Text; 2] {
    let stored =
        Text { origin: Origin::Stored, file: "the stored configuration".to_owned(), content: stored.to_owned() };
    let file = Text { origin: Origin::File, file: "the file".to_owned(), content: text.to_owned() };
    [stored, file]
}

/// One text that takes part.
pub(crate) struct Text {
    pub(crate) origin: Origin,
    /// What problems call it.
    pub(crate) file: String,
    pub(crate) content: String,
}

/// Checks what `texts`, the strongest first, say together.
pub(crate) fn read(texts: &[Text], profile: Option<&str>, outside: &Outside<'_>) -> Loaded {
    let (documents, broken): (Vec<_>, Vec<_>) =
        texts.iter().map(|text| Document::parse(&text.content, &text.file)).partition(Result::is_ok);
    let broken: Vec<Problem> = broken.into_iter().filter_map(Result::err).flatten().collect();
    if !broken.is_empty() {
        return Loaded { problems: broken, ..Loaded::default() };
    }
    let documents: Vec<_> = documents.into_iter().flatten().collect();
    let layers = layers(texts, &documents, profile);
    let mut problems = Problems::of(&layers);
    let (merged, given) = merge(&layers, profile, &mut problems);
    let mut config = shape::typed(merged, &mut problems);
    references::resolve(&mut config, outside, &mut problems);
    checks::check(&config, &mut problems);
    let problems = problems.into_sorted();
    config.servers.retain(|name, _| !problems.iter().any(|problem| problem.server() == Some(name)));
    Loaded { config, problems, given, ..Loaded::default() }
}

/// The layers of these texts: each text is one, and the profile in a file is one more, above that file.
fn layers<'d>(texts: &[Text], documents: &'d [Document<'d>], profile: Option<&str>) -> Vec<Layer<'d>> {
    let mut layers = Vec::new();
    for (text, document) in texts.iter().zip(documents) {
        if let (Origin::File, Some(profile)) = (&text.origin, profile) {
            let section = KeyPath::of([PROFILES, profile]);
            if document.locate(&section).0 == 2 {
                layers.push(Layer { origin: Origin::Profile(profile.to_owned()), document, section });
            }
        }
        layers.push(Layer { origin: text.origin.clone(), document, section: KeyPath::default() });
    }
    layers
}

/// What all layers say together, and who says what.
fn merge(layers: &[Layer<'_>], profile: Option<&str>, problems: &mut Problems<'_>) -> (Map<String, Value>, Vec<Given>) {
    let schema = schema();
    let (mut merged, mut given) = (Map::new(), Vec::new());
    for (index, layer) in layers.iter().enumerate().rev() {
        let in_file = layer.section.segments().is_empty();
        // A section of a file is read, and its problems reported, with its file.
        let value = if in_file {
            problems.within(index, |problems| shape::value(layer, &schema, problems))
        } else {
            shape::value(layer, &schema, &mut Problems::of(layers))
        };
        let mut value = value.as_object().cloned().unwrap_or_default();
        let profiles = value.remove(PROFILES);
        if in_file {
            refuse_stray_profiles(profiles.as_ref(), &layer.origin, problems);
        }
        given.splice(0..0, givens(layer, &value));
        lay(value, &mut merged);
    }
    let is_known = |name: &str| layers.iter().any(|layer| layer.origin == Origin::Profile(name.to_owned()));
    if let Some(profile) = profile.filter(|name| !is_known(name)) {
        let names = layers.iter().flat_map(|layer| layer.document.keys(&KeyPath::of([PROFILES])));
        let hint = nearest::hint(profile, names.collect::<Vec<_>>().into_iter())
            .unwrap_or_else(|| format!("write `[{PROFILES}.{profile}]`, or a file `profiles/{profile}.toml`"));
        problems.add(&KeyPath::of([PROFILES]), format!("there is no profile `{profile}`"), hint);
    }
    (merged, given)
}

/// Profiles stand in the configuration file, and hold none themselves.
fn refuse_stray_profiles(profiles: Option<&Value>, origin: &Origin, problems: &mut Problems<'_>) {
    let Some(profiles) = profiles.and_then(Value::as_object) else { return };
    let path = KeyPath::of([PROFILES]);
    if *origin != Origin::File {
        problems.add(&path, "profiles stand in the configuration file only", "move it there");
    }
    for (name, _) in profiles.iter().filter(|(_, profile)| profile.get(PROFILES).is_some()) {
        problems.add(&path.key(name).key(PROFILES), "a profile holds no profiles", "remove it");
    }
}
