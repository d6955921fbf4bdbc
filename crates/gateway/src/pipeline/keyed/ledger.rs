//! What is kept of acts under keys for longer than the process lives: that one is about to be sent, and how it has ended.
//! While this cannot be written, an act under a key is refused: it could be done twice.

use mcp::{Era, code};
use store::{KeyAnswer, KeyBounds, KeyEnd, KeyName, KeyState, Store};
use traffic::Act;

use super::{CONFLICT, End, FORGOTTEN, invalid};
use crate::{
    call::{Answer, Call},
    even::now_ms,
    failure::{Failure, with_causes},
    gateway::Gateway,
    unasked::parse,
    upstream::Upstream,
};

/// What is kept: a day, as in memory, and for one principal what leaves room for those of others and for jobs.
const BOUNDS: KeyBounds = KeyBounds {
    kept_ms: 24 * 60 * 60 * 1_000,
    keys_per_owner: 20_000,
    bytes_per_owner: 64 << 20,
    answer_bytes: 1 << 20,
};

/// Where one key is kept.
pub(super) struct Entry {
    store: Store,
    name: KeyName,
    digest: [u8; 32],
}

/// What was known of a key.
pub(super) enum Found {
    /// Nothing; it is recorded that its call is made.
    Nothing,
    /// Its call has ended like this.
    Over(End),
}

impl Entry {
    /// Where the key of a call is kept; nothing for a call that can do no harm twice, and where nothing outlives the process.
    pub(super) fn of(
        gateway: &Gateway,
        upstream: &Upstream,
        call: &Call,
        key: &str,
        digest: [u8; 32],
    ) -> Result<Option<Self>, Failure> {
        if call.manner.act != Act::Acts {
            return Ok(None);
        }
        let store = gateway.jobs.durable().map_err(|why| unkept(&why.to_string()))?;
        let name = || KeyName {
            owner: call.caller.principal.name.to_string(),
            server: upstream.name.to_string(),
            key: key.to_owned(),
        };
        Ok(store.map(|store| Self { store: store.clone(), name: name(), digest }))
    }

    /// What is known of the key. Where that is nothing, it is recorded that its call is made.
    pub(super) async fn found(&self) -> Result<Found, Failure> {
        let known = self.store.begin_key(self.name.clone(), self.digest, BOUNDS, now_ms()).await;
        Ok(match known.map_err(|error| unkept(&with_causes(&error)))? {
            KeyState::First => Found::Nothing,
            KeyState::Answered(answer) => Found::Over(answered(&answer)),
            KeyState::Unknown { reason } => Found::Over(Err(Failure::OutcomeUnknown(reason))),
            KeyState::Forgotten => return Err(invalid(FORGOTTEN)),
            KeyState::Conflict => return Err(invalid(CONFLICT)),
            KeyState::Elsewhere => {
                let text = "the call under this idempotency key is under way in another process: call again later";
                return Err(Failure::Refused(code::OVERLOADED, text.to_owned()));
            }
            KeyState::TooMany => return Err(Failure::Overloaded),
        })
    }

    /// The end of a call that is known to have been made; nothing where that is no longer kept.
    pub(super) async fn again(&self) -> Option<End> {
        match self.found().await {
            Ok(Found::Over(end)) => Some(end),
            Ok(Found::Nothing) => {
                // it was recorded just now, and will not be made
                self.ended(None).await;
                None
            }
            Err(failure) => Some(Err(failure)),
        }
    }

    /// The call has ended; without an end it did nothing, and the key is free again. What cannot be written is told as
    /// unknown after a restart, which is true.
    pub(super) async fn ended(&self, end: Option<&End>) {
        let end = match end {
            None => KeyEnd::Nothing,
            Some(Ok(answer)) => {
                let message = answer.envelope.bytes().clone();
                KeyEnd::Answered(KeyAnswer { message, modern: answer.era == Era::Modern })
            }
            Some(Err(failure)) => KeyEnd::Unknown { reason: failure.to_string() },
        };
        if let Err(error) = self.store.end_key(self.name.clone(), end, BOUNDS, now_ms()).await {
            tracing::warn!(error = with_causes(&error), "after a restart the end of a call under a key is not known");
        }
    }
}

fn answered(answer: &KeyAnswer) -> End {
    let era = if answer.modern { Era::Modern } else { Era::Legacy };
    Ok(Answer { envelope: parse(&answer.message)?, era })
}

/// An act that is not made because nobody could tell later that it was.
fn unkept(why: &str) -> Failure {
    let text = format!("an act under an idempotency key is made only when it can be recorded, and it cannot: {why}");
    Failure::Refused(code::UNAVAILABLE, text)
}
