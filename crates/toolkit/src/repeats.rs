//! Calls that happen only once: what a call under an idempotency key gave, for whoever sends it again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mcp::state::arguments_digest;
use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::failure::{Code, Failure};

/// How long a result is remembered.
const LIFETIME: Duration = Duration::from_hours(24);
/// Results remembered; the oldest goes first. At 4 KiB each that is 4 MiB.
const REMEMBERED_MAX: usize = 1_000;
/// A longer result is not remembered: its key then answers that the call has been made.
const RESULT_BYTES_MAX: usize = 256 * 1024;

/// What names a call: who made it, of which tool, under which key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) principal: String,
    pub(crate) tool: String,
    pub(crate) word: String,
}

/// One remembered call.
#[derive(Debug)]
struct Entry {
    arguments: [u8; 32],
    since: Instant,
    end: End,
}

/// How far a remembered call is.
#[derive(Clone, Debug)]
enum End {
    Running,
    Result(Map<String, Value>),
    TooLong,
}

/// The calls that were made under a key.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Mutex<HashMap<Key, Entry>>);

/// The right to make a call; dropped without a result, the call counts as never made.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    repeats: &'a Repeats,
    key: Option<Key>,
}

impl Repeats {
    /// Claims a call: gives the result of the first one instead if there was one.
    pub(crate) fn claim(
        &self,
        key: Key,
        arguments: &Map<String, Value>,
    ) -> Result<Result<Claim<'_>, Map<String, Value>>, Failure> {
        let text = Value::Object(arguments.clone()).to_string();
        let arguments = arguments_digest(text.as_bytes()).unwrap_or_default();
        let mut entries = self.lock();
        entries.retain(|_, entry| entry.since.elapsed() < LIFETIME);
        if let Some(known) = entries.get(&key) {
            return known.repeat(&arguments).map(Err);
        }
        make_room(&mut entries)?;
        entries.insert(key.clone(), Entry { arguments, since: Instant::now(), end: End::Running });
        drop(entries);
        Ok(Ok(Claim { repeats: self, key: Some(key) }))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn repeat(&self, arguments: &[u8; 32]) -> Result<Map<String, Value>, Failure> {
        let conflict = |text: &str, hint: &str| Failure {
            field: Some("idempotency_key".to_owned()),
            ..Failure::new(Code::Conflict, text).hint(hint)
        };
        if self.arguments != *arguments {
            return Err(conflict("this key was used with other arguments", "choose a new key"));
        }
        match &self.end {
            End::Result(result) => Ok(result.clone()),
            End::Running => {
                Err(conflict("the first call with this key is still running", "wait for it").retry_after_ms(1_000))
            }
            End::TooLong => {
                Err(conflict("the call was made; its result was too long to remember", "look at its effect"))
            }
        }
    }
}

fn make_room(entries: &mut HashMap<Key, Entry>) -> Result<(), Failure> {
    if entries.len() < REMEMBERED_MAX {
        return Ok(());
    }
    let ended = entries.iter().filter(|(_, entry)| !matches!(entry.end, End::Running));
    let oldest = ended.min_by_key(|(_, entry)| entry.since).map(|(key, _)| key.clone());
    match oldest {
        Some(key) => drop(entries.remove(&key)),
        None => {
            return Err(Failure::new(Code::Overloaded, "too many calls with a key are running").retry_after_ms(1_000));
        }
    }
    Ok(())
}

impl Claim<'_> {
    /// Remembers what the call gave.
    pub(crate) fn fulfil(mut self, result: &Map<String, Value>) {
        let Some(key) = self.key.take() else { return };
        let bytes = Value::Object(result.clone()).to_string().len();
        let end = if bytes > RESULT_BYTES_MAX { End::TooLong } else { End::Result(result.clone()) };
        if let Some(entry) = self.repeats.lock().get_mut(&key) {
            entry.end = end;
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if let Some(key) = self.key.take() {
            self.repeats.lock().remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(principal: &str) -> Key {
        Key { principal: principal.to_owned(), tool: "t".to_owned(), word: "k".to_owned() }
    }

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_under_a_key_happens_once_for_a_principal() {
        let repeats = Repeats::default();
        let arguments = object(&json!({"a": 1}));
        let claim = repeats.claim(key("ada"), &arguments).unwrap().unwrap();
        assert_eq!(repeats.claim(key("ada"), &arguments).unwrap_err().code, Code::Conflict);
        claim.fulfil(&object(&json!({"ok": 1})));
        assert_eq!(repeats.claim(key("ada"), &arguments).unwrap().unwrap_err(), object(&json!({"ok": 1})));
        assert!(repeats.claim(key("bob"), &arguments).unwrap().is_ok());
        assert_eq!(repeats.claim(key("ada"), &object(&json!({"a": 2}))).unwrap_err().code, Code::Conflict);
        tokio::time::advance(LIFETIME).await;
        assert!(repeats.claim(key("ada"), &arguments).unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_call_that_was_dropped_can_be_made_again() {
        let repeats = Repeats::default();
        drop(repeats.claim(key("ada"), &Map::new()).unwrap());
        assert!(repeats.claim(key("ada"), &Map::new()).unwrap().is_ok());
    }

    #[tokio::test]
    async fn the_oldest_call_makes_room() {
        let repeats = Repeats::default();
        for number in 0..=REMEMBERED_MAX {
            let key = Key { word: number.to_string(), ..key("ada") };
            repeats.claim(key, &Map::new()).unwrap().unwrap().fulfil(&Map::new());
        }
        assert_eq!(repeats.lock().len(), REMEMBERED_MAX);
    }
}
