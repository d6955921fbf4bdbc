//! The statements about calls under keys. A key is recorded before its call is sent, so that one that was under way when the
//! process ended is known to be so, and is never taken for one that was not made.

use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::{
    key::{KeyAnswer, KeyBounds, KeyEnd, KeyName, KeyState},
    numbers::signed,
    runs::Run,
};

/// What a call is told as whose process has ended.
const BROKEN_OFF: &str = "the gateway ended while the call was under way";

/// How long it is told so: as long as any key is kept.
const BROKEN_OFF_KEPT_MS: u64 = 24 * 60 * 60 * 1_000;

/// Whose process it is: the configuration, the run, and how others are seen.
pub(crate) struct Place<'p> {
    pub(crate) home: &'p str,
    pub(crate) run: &'p str,
    pub(crate) alive: Option<&'p Run>,
}

/// What is kept of a key.
struct Row {
    digest: Vec<u8>,
    run: String,
    state: String,
    reason: Option<String>,
    answer: Option<KeyAnswer>,
}

/// A call comes under a key: says what is known of it, and records it if that is nothing.
pub(crate) fn begin(
    connection: &Connection,
    place: &Place<'_>,
    name: &KeyName,
    digest: &[u8; 32],
    bounds: &KeyBounds,
    now_ms: u64,
) -> rusqlite::Result<KeyState> {
    connection
        .prepare_cached("DELETE FROM keys WHERE owner = ?1 AND expires_ms <= ?2")?
        .execute(params![name.owner, signed(now_ms)])?;
    let Some(row) = find(connection, place.home, name)? else {
        return record(connection, place, name, digest, bounds, now_ms);
    };
    if row.digest != digest {
        return Ok(KeyState::Conflict);
    }
    match row.state.as_str() {
        // recorded by this process, which knows of no such call: it was never sent
        "running" if row.run == place.run => Ok(KeyState::First),
        "running" if place.alive.is_some_and(|alive| alive.take_over(&row.run).is_none()) => Ok(KeyState::Elsewhere),
        "running" => {
            let broken = KeyEnd::Unknown { reason: BROKEN_OFF.to_owned() };
            end(connection, place.home, name, &broken, bounds, now_ms)?;
            Ok(KeyState::Unknown { reason: BROKEN_OFF.to_owned() })
        }
        "unknown" => Ok(KeyState::Unknown { reason: row.reason.unwrap_or_default() }),
        _ => Ok(row.answer.map_or(KeyState::Forgotten, KeyState::Answered)),
    }
}

/// A call under a key has ended.
pub(crate) fn end(
    connection: &Connection,
    home: &str,
    name: &KeyName,
    how: &KeyEnd,
    bounds: &KeyBounds,
    now_ms: u64,
) -> rusqlite::Result<()> {
    let (state, reason, answer) = match how {
        KeyEnd::Nothing => {
            connection
                .prepare_cached("DELETE FROM keys WHERE home = ?1 AND owner = ?2 AND server = ?3 AND key = ?4")?
                .execute(params![home, name.owner, name.server, name.key])?;
            return Ok(());
        }
        KeyEnd::Unknown { reason } => ("unknown", Some(reason), None),
        KeyEnd::Answered(answer) => {
            let room = bounds.bytes_per_owner.saturating_sub(totals(connection, &name.owner)?.1);
            let room = room.min(bounds.answer_bytes);
            ("answered", None, Some(answer).filter(|answer| answer.message.len() as u64 <= room))
        }
    };
    connection
        .prepare_cached(
            "UPDATE keys SET state = :state, reason = :reason, answer = :answer, answer_modern = :modern,
                expires_ms = :expires
             WHERE home = :home AND owner = :owner AND server = :server AND key = :key",
        )?
        .execute(named_params! {
            ":state": state, ":reason": reason, ":answer": answer.map(|answer| &answer.message[..]),
            ":modern": answer.map(|answer| answer.modern), ":expires": signed(now_ms.saturating_add(bounds.kept_ms)),
            ":home": home, ":owner": name.owner, ":server": name.server, ":key": name.key,
        })?;
    Ok(())
}

/// Forgets what has been kept long enough.
pub(crate) fn sweep(connection: &Connection, now_ms: u64) -> rusqlite::Result<usize> {
    connection.execute("DELETE FROM keys WHERE expires_ms <= ?1", [signed(now_ms)])
}

/// Of what a run that has ended was doing, nobody knows what became.
pub(crate) fn adopt(connection: &Connection, home: &str, dead: &str, now_ms: u64) -> rusqlite::Result<usize> {
    connection.execute(
        "UPDATE keys SET state = 'unknown', reason = ?4, expires_ms = ?3
         WHERE home = ?1 AND run = ?2 AND state = 'running'",
        params![home, dead, signed(now_ms.saturating_add(BROKEN_OFF_KEPT_MS)), BROKEN_OFF],
    )
}

fn record(
    connection: &Connection,
    place: &Place<'_>,
    name: &KeyName,
    digest: &[u8; 32],
    bounds: &KeyBounds,
    now_ms: u64,
) -> rusqlite::Result<KeyState> {
    if totals(connection, &name.owner)?.0 >= bounds.keys_per_owner {
        return Ok(KeyState::TooMany);
    }
    connection
        .prepare_cached(
            "INSERT INTO keys (home, owner, server, key, digest, run, state, began_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'running', ?7)",
        )?
        .execute(params![place.home, name.owner, name.server, name.key, &digest[..], place.run, signed(now_ms)])?;
    Ok(KeyState::First)
}

fn find(connection: &Connection, home: &str, name: &KeyName) -> rusqlite::Result<Option<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, run, state, reason, answer, answer_modern FROM keys
         WHERE home = ?1 AND owner = ?2 AND server = ?3 AND key = ?4",
    )?;
    statement
        .query_row(params![home, name.owner, name.server, name.key], |row| {
            let message: Option<Vec<u8>> = row.get(4)?;
            let modern: Option<bool> = row.get(5)?;
            let answer =
                message.map(|message| KeyAnswer { message: message.into(), modern: modern.unwrap_or_default() });
            Ok(Row { digest: row.get(0)?, run: row.get(1)?, state: row.get(2)?, reason: row.get(3)?, answer })
        })
        .optional()
}

/// How many keys a principal has, and how many bytes of answers.
fn totals(connection: &Connection, owner: &str) -> rusqlite::Result<(u64, u64)> {
    let mut statement = connection.prepare_cached("SELECT keys, bytes FROM key_totals WHERE owner = ?1")?;
    let found = statement.query_row([owner], |row| {
        let (keys, bytes): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok((keys.unsigned_abs(), bytes.unsigned_abs()))
    });
    Ok(found.optional()?.unwrap_or_default())
}
