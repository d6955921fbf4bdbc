//! Where profiles are kept: a folder for each measurement beneath the root of the project, the newest of them.

use std::time::{SystemTime, UNIX_EPOCH};

use toolkit::{Code, Failure};
use workbench::{Place, Write};

/// Where they are, from the root.
const FOLDER: &str = ".switchboard/profiles";
/// Measurements that are kept.
const KEPT_MAX: usize = 20;
/// Names in the folder that are looked at.
const NAMES_MAX: usize = 10_000;
/// Names that are tried: as many measurements may begin in one millisecond.
const TRIES_MAX: u64 = 1_000;

/// The profiles of one measurement.
#[derive(Clone, Debug)]
pub(crate) struct Shelf(Place);

impl Shelf {
    /// A new one for a project; the oldest go.
    pub(crate) fn of(project: &Place) -> Result<Self, Failure> {
        let folder = project.root().join(FOLDER)?;
        folder.create_dirs()?;
        let mut old: Vec<String> = folder
            .folder()?
            .entries(NAMES_MAX)?
            .into_iter()
            .filter_map(|entry| entry.name.into_string().ok())
            .collect();
        old.sort();
        for name in old.iter().rev().skip(KEPT_MAX - 1) {
            // what cannot be removed now is tried again next time
            let _ = folder.join(name).and_then(|place| place.remove());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
        for attempt in 0..TRIES_MAX {
            let place = folder.join(&(now + attempt).to_string())?;
            if !place.create_dirs()?.is_empty() {
                return Ok(Self(place));
            }
        }
        Err(Failure::new(Code::Overloaded, "too much is measured at this moment").retry_after_ms(1_000))
    }

    /// Where it is.
    pub(super) fn place(&self) -> &Place {
        &self.0
    }

    /// The place of one profile.
    pub(super) fn profile(&self, name: &str) -> Result<Place, Failure> {
        self.0.join(name)
    }

    /// Keeps what a program has printed as a profile.
    pub(super) fn keep(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.profile(name)?.write(text.as_bytes(), &Write::default()).map(drop)
    }

    /// What a user opens: the profile, or the folder if there are several; nothing if there is none.
    pub(crate) fn reference(&self) -> Option<String> {
        let entries = self.0.folder().and_then(|folder| folder.entries(NAMES_MAX)).ok()?;
        match entries.as_slice() {
            [] => None,
            [one] => Some(self.0.path().join(&one.name).display().to_string()),
            _ => Some(self.0.display()),
        }
    }

    /// Takes it away again where nothing was measured.
    pub(crate) fn discard_if_empty(&self) {
        if self.reference().is_none() {
            // an empty folder goes with the next measurements
            let _ = self.0.remove();
        }
    }
}
