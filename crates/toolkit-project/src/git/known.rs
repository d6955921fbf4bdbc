//! The configurations that were read before, by the bytes of their files: as long as not one byte is different, git need not
//! be asked again what they say.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::config::Config;

/// Configurations that are kept: those of the repositories of some days.
const CONFIGS_MAX: usize = 16;

/// The bytes of the files of a configuration, and where they are.
pub(super) type Source = Vec<(String, Vec<u8>)>;

/// The configurations that were read before.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<VecDeque<(Source, Config)>>>);

impl Known {
    /// What files of exactly these bytes say.
    pub(super) fn get(&self, source: &Source) -> Option<Config> {
        self.open().iter().find(|(known, _)| known == source).map(|(_, config)| config.clone())
    }

    /// Keeps what they say, in the place of the oldest.
    pub(super) fn put(&self, source: Source, config: Config) {
        let mut known = self.open();
        if known.len() >= CONFIGS_MAX {
            known.pop_front();
        }
        known.push_back((source, config));
    }

    fn open(&self) -> MutexGuard<'_, VecDeque<(Source, Config)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_known_by_every_byte_and_the_oldest_is_forgotten() {
        let known = Known::default();
        let source = |text: &str| vec![("/r/config".to_owned(), text.as_bytes().to_vec())];
        let config = Config::parse("local\0core.bare\nfalse\0");
        known.put(source("a"), config.clone());
        assert_eq!((known.get(&source("a")), known.get(&source("b"))), (Some(config.clone()), None));
        for number in 0..CONFIGS_MAX {
            known.put(source(&number.to_string()), config.clone());
        }
        assert_eq!((known.get(&source("a")), known.get(&source("0"))), (None, Some(config)));
    }
}
