//! What a configuration is read from: the file, the profile, the environment and the flags of one process.
//! Together with `store.rs` the only place of this crate that touches the disk or the environment.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::layers::Origin;
use crate::load::{Text, read};
use crate::references::Outside;
use crate::{Error, Files, Folders, Loaded, assignment, schema, stored};

/// The largest file that `${file:PATH}` reads, in bytes: keys and tokens are far smaller.
const REFERENCED_FILE_BYTES_MAX: u64 = 64 * 1024;
/// The store of `${secret:NAME}`, beside the configuration.
const SECRETS_FILE: &str = "secrets.toml";

/// Environment variables, by name.
pub type Environment = BTreeMap<String, String>;

/// What a configuration is read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The configuration file; without one the user's own, if there is one.
    pub file: Option<PathBuf>,
    /// The profile that is laid over it.
    pub profile: Option<String>,
    /// `KEY=VALUE` from the command line, the strongest of all.
    pub set: Vec<(String, String)>,
}

impl Source {
    /// Where changes go that the configuration file cannot take.
    pub fn stored(&self) -> Option<PathBuf> {
        Some(stored::path(&Folders::of_process()?.state, self.path().as_deref()))
    }

    /// The configuration file that is read, whether or not it exists.
    pub fn path(&self) -> Option<PathBuf> {
        self.file.clone().or_else(|| Folders::of_process().map(|folders| folders.file()))
    }

    /// Reads everything that takes part, and checks it.
    pub fn load(&self) -> Result<Loaded, Error> {
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        self.load_in(&std::env::vars_os().filter_map(text).collect())
    }

    /// As [`Self::load`], in an environment of these variables.
    pub fn load_in(&self, environment: &Environment) -> Result<Loaded, Error> {
        let disk = Disk::beside(self.path());
        let mut texts = self.assigned(environment);
        let stored = disk.stored(environment)?;
        let stored_text = stored.as_ref().map(|stored| stored.content.clone()).unwrap_or_default();
        texts.extend(stored);
        if let Some(path) = &disk.file {
            texts.extend(self.profile_file(&disk)?);
            match std::fs::read_to_string(path) {
                Ok(content) => texts.push(Text { origin: Origin::File, file: path.display().to_string(), content }),
                Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => {}
                Err(source) => return Err(Error::Read { path: path.clone(), source }),
            }
        }
        let outside = Outside {
            variable: &|name| environment.get(name).cloned(),
            file: &|path| disk.referenced(path),
            secret: &|name| disk.secret(name),
            is_known: true,
        };
        let mut loaded = read(&texts, self.profile.as_deref(), &outside);
        loaded.files = disk.looked_at.borrow().clone();
        loaded.stored = stored_text;
        loaded.text =
            texts.pop().filter(|text| text.origin == Origin::File).map(|text| text.content).unwrap_or_default();
        Ok(loaded)
    }

    /// Flags and environment variables, the strongest first.
    fn assigned(&self, environment: &Environment) -> Vec<Text> {
        let schema = schema();
        let flags = self.set.iter().rev().map(|(key, value)| Text {
            origin: Origin::Flag,
            file: format!("--set {key}"),
            content: assignment::line(key, value, &schema),
        });
        let variables = environment.iter().filter_map(|(name, value)| {
            let key = assignment::key_of_variable(name)?;
            let content = assignment::line(&key, value, &schema);
            Some(Text { file: format!("${name}"), origin: Origin::Variable(name.clone()), content })
        });
        flags.chain(variables).collect()
    }

    fn profile_file(&self, disk: &Disk) -> Result<Option<Text>, Error> {
        let Some(profile) = self.profile.as_ref().filter(|name| !name.contains(['/', '\\', '.'])) else {
            return Ok(None);
        };
        let path = disk.folder().join("profiles").join(format!("{profile}.toml"));
        disk.note(path.clone());
        match std::fs::read_to_string(&path) {
            Ok(content) => {
                let origin = Origin::Profile(profile.clone());
                Ok(Some(Text { origin, file: path.display().to_string(), content }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }
}

/// The files around one configuration file, and which of them were looked at.
struct Disk {
    file: Option<PathBuf>,
    looked_at: RefCell<Files>,
    secrets: OnceCell<Result<BTreeMap<String, String>, String>>,
}

impl Disk {
    fn beside(file: Option<PathBuf>) -> Self {
        let disk = Self { looked_at: RefCell::default(), file, secrets: OnceCell::new() };
        if let Some(file) = &disk.file {
            disk.note(file.clone());
        }
        disk
    }

    fn folder(&self) -> &Path {
        self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// What was changed where the file could not be written.
    fn stored(&self, environment: &Environment) -> Result<Option<Text>, Error> {
        let Some(folders) = Folders::of(&|name| environment.get(name).cloned()) else { return Ok(None) };
        let path = stored::path(&folders.state, self.file.as_deref());
        self.note(path.clone());
        match std::fs::read_to_string(&path) {
            Ok(content) => Ok(Some(Text { origin: Origin::Stored, file: path.display().to_string(), content })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    fn note(&self, path: PathBuf) {
        self.looked_at.borrow_mut().note(path);
    }

    /// The text of a file that a reference names, without the line end that editors put last.
    fn referenced(&self, path: &str) -> Result<String, String> {
        let path = self.folder().join(path);
        self.note(path.clone());
        let size = std::fs::metadata(&path).map_err(|error| error.to_string())?.len();
        if size > REFERENCED_FILE_BYTES_MAX {
            return Err(format!("it has {size} bytes, and at most {REFERENCED_FILE_BYTES_MAX} are read"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }

    fn secret(&self, name: &str) -> Result<String, String> {
        let secrets = self.secrets.get_or_init(|| self.read_secrets()).as_ref().map_err(Clone::clone)?;
        secrets.get(name).cloned().ok_or_else(|| format!("`{SECRETS_FILE}` has no `{name}`"))
    }

    fn read_secrets(&self) -> Result<BTreeMap<String, String>, String> {
        let path = self.folder().join(SECRETS_FILE);
        self.note(path.clone());
        let failed = |error: io::Error| format!("cannot read `{}`: {error}", path.display());
        let mode = std::fs::metadata(&path).map_err(failed)?.mode();
        if mode & 0o077 != 0 {
            return Err(format!("others may read `{}`: `chmod 600` it", path.display()));
        }
        let text = std::fs::read_to_string(&path).map_err(failed)?;
        // The message of the parser would quote the line, and with it a secret.
        toml::from_str(&text).map_err(|_| format!("`{}` is no list of `name = \"value\"`", path.display()))
    }
}
