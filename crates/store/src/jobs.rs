//! The statements about jobs, each as a function that is part of a change. A job leaves an end only by being replayed.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, named_params, params, types::Type};

use crate::{
    Cancelled, Replayed,
    job::{Attempt, Claimed, Ended, Filter, Job, JobId, NewJob, Outcome, State},
    numbers::{signed, unsigned},
};

const COLUMNS: &str =
    "id, owner, endpoint, tool, repeatable, state, reason, attempts, created_ms, updated_ms, due_ms, kept_ms";

/// What a call that broke off and may have had an effect is told as.
const BROKEN_OFF: &str =
    "the gateway ended while the call was under way: look whether it happened before you call again";

/// Keeps a job, unless its owner has `waiting_max` that are not finished.
pub(crate) fn submit(
    connection: &Connection,
    job: &NewJob,
    (home, run): (&str, &str),
    waiting_max: u32,
) -> rusqlite::Result<bool> {
    let waiting: u32 = connection.query_row(
        "SELECT count(*) FROM jobs WHERE owner = ?1 AND state IN ('pending', 'running')",
        [&job.owner],
        |row| row.get(0),
    )?;
    if waiting >= waiting_max {
        return Ok(false);
    }
    connection.execute(
        "INSERT INTO jobs (id, home, run, owner, endpoint, tool, repeatable, request, state,
            created_ms, updated_ms, due_ms, kept_ms)
         VALUES (:id, :home, :run, :owner, :endpoint, :tool, :repeatable, :request, 'pending', :now, :now, :now, :kept)",
        named_params! {
            ":id": job.id.to_string(), ":home": home, ":run": run, ":owner": job.owner, ":endpoint": job.endpoint,
            ":tool": job.tool, ":repeatable": job.repeatable, ":request": &job.request[..],
            ":now": signed(job.created_ms), ":kept": signed(job.kept_ms),
        },
    )?;
    Ok(true)
}

/// Takes up to `count` jobs of a run that are due, principals in turn beginning after `last`, and lets them run.
pub(crate) fn claim(
    connection: &Connection,
    run: &str,
    last: &str,
    count: usize,
    now_ms: u64,
) -> rusqlite::Result<Vec<Claimed>> {
    let mut claimed: Vec<Claimed> = Vec::new();
    while claimed.len() < count {
        let last = claimed.last().map_or(last, |claimed| &claimed.job.owner).to_owned();
        let next = match due(connection, run, Some(&last), now_ms)? {
            Some(next) => Some(next),
            None => due(connection, run, None, now_ms)?,
        };
        let Some(id) = next else { break };
        claimed.push(begin(connection, &id, now_ms)?);
    }
    Ok(claimed)
}

/// The oldest due job of the first principal, or of the first one that comes after another.
fn due(connection: &Connection, run: &str, after: Option<&str>, now_ms: u64) -> rusqlite::Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM jobs WHERE state = 'pending' AND run = ?1 AND (?2 IS NULL OR owner > ?2) AND due_ms <= ?3
         ORDER BY owner, due_ms LIMIT 1",
    )?;
    statement.query_row(params![run, after, signed(now_ms)], |row| row.get(0)).optional()
}

fn begin(connection: &Connection, id: &str, now_ms: u64) -> rusqlite::Result<Claimed> {
    connection.execute("INSERT INTO attempts (job, began_ms) VALUES (?1, ?2)", params![id, signed(now_ms)])?;
    let mut statement = connection.prepare_cached(&format!(
        "UPDATE jobs SET state = 'running', reason = NULL, attempts = attempts + 1, updated_ms = ?2 WHERE id = ?1
         RETURNING {COLUMNS}, request"
    ))?;
    statement.query_row(params![id, signed(now_ms)], |row| {
        Ok(Claimed { job: job(row)?, request: Bytes::from(row.get::<_, Vec<u8>>("request")?) })
    })
}

/// When the next job of a run is due.
pub(crate) fn next_due(connection: &Connection, run: &str) -> rusqlite::Result<Option<u64>> {
    let due: Option<i64> =
        connection
            .query_row("SELECT min(due_ms) FROM jobs WHERE state = 'pending' AND run = ?1", [run], |row| row.get(0))?;
    Ok(due.map(unsigned))
}

/// Writes down what became of an attempt. Says whether the job was running; if not, somebody else has settled it.
pub(crate) fn settle(connection: &Connection, id: JobId, outcome: &Outcome, now_ms: u64) -> rusqlite::Result<bool> {
    let (reason, answer, due_ms) = match outcome {
        Outcome::Completed { answer, reason } => (reason.as_ref(), Some(answer), None),
        Outcome::Failed { reason, answer } => (Some(reason), answer.as_ref(), None),
        Outcome::Again { reason, due_ms } => (Some(reason), None, Some(*due_ms)),
        Outcome::Unknown { reason } | Outcome::Cancelled { reason } => (Some(reason), None, None),
    };
    let state = outcome.state();
    let changed = connection.execute(
        "UPDATE jobs SET state = :state, reason = :reason, updated_ms = :now, due_ms = coalesce(:due, due_ms),
            expires_ms = CASE WHEN :state = 'pending' THEN NULL ELSE :now + kept_ms END,
            answer = :answer, answer_server = :server, answer_modern = :modern
         WHERE id = :id AND state = 'running'",
        named_params! {
            ":id": id.to_string(), ":state": state.as_str(), ":reason": reason, ":now": signed(now_ms),
            ":due": due_ms.map(signed), ":answer": answer.map(|answer| &answer.answer[..]),
            ":server": answer.map(|answer| &answer.server), ":modern": answer.map(|answer| answer.modern),
        },
    )?;
    end_attempt(connection, &id.to_string(), reason.map_or(state.as_str(), String::as_str), now_ms)?;
    Ok(changed == 1)
}

fn end_attempt(connection: &Connection, id: &str, outcome: &str, now_ms: u64) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE attempts SET ended_ms = ?2, outcome = ?3 WHERE job = ?1 AND ended_ms IS NULL",
        params![id, signed(now_ms), outcome],
    )?;
    Ok(())
}

/// One job, if this principal may see it.
pub(crate) fn get(connection: &Connection, id: JobId, owner: Option<&str>) -> rusqlite::Result<Option<Job>> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1 AND (?2 IS NULL OR owner = ?2)"))?;
    statement.query_row(params![id.to_string(), owner], job).optional()
}

/// The request of a job.
pub(crate) fn request(connection: &Connection, id: JobId) -> rusqlite::Result<Option<Bytes>> {
    let request = connection.query_row("SELECT request FROM jobs WHERE id = ?1", [id.to_string()], |row| row.get(0));
    Ok(request.optional()?.map(|request: Vec<u8>| request.into()))
}

/// The answer of a job that was answered.
pub(crate) fn answer(connection: &Connection, id: JobId) -> rusqlite::Result<Option<Ended>> {
    let kept = connection.query_row(
        "SELECT answer, answer_server, answer_modern FROM jobs WHERE id = ?1 AND answer IS NOT NULL",
        [id.to_string()],
        |row| Ok(Ended { answer: row.get::<_, Vec<u8>>(0)?.into(), server: row.get(1)?, modern: row.get(2)? }),
    );
    kept.optional()
}

/// The attempts of a job, oldest first.
pub(crate) fn attempts(connection: &Connection, id: JobId) -> rusqlite::Result<Vec<Attempt>> {
    let mut statement =
        connection.prepare_cached("SELECT began_ms, ended_ms, outcome FROM attempts WHERE job = ?1 ORDER BY rowid")?;
    let attempts = statement.query_map([id.to_string()], |row| {
        Ok(Attempt {
            began_ms: unsigned(row.get(0)?),
            ended_ms: row.get::<_, Option<i64>>(1)?.map(unsigned),
            outcome: row.get(2)?,
        })
    })?;
    attempts.collect()
}

/// The jobs that a filter lets through, newest first.
pub(crate) fn list(connection: &Connection, filter: &Filter) -> rusqlite::Result<Vec<Job>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs
         WHERE (:owner IS NULL OR owner = :owner) AND (:state IS NULL OR state = :state)
           AND (:after IS NULL OR (-created_ms, id) > (SELECT -created_ms, id FROM jobs WHERE id = :after))
         ORDER BY created_ms DESC, id LIMIT :count"
    ))?;
    let jobs = statement.query_map(
        named_params! {
            ":owner": filter.owner, ":state": filter.state.map(State::as_str),
            ":after": filter.after.map(|id| id.to_string()), ":count": filter.count_max,
        },
        job,
    )?;
    jobs.collect()
}

/// Cancels a job that waits. One that runs is told apart: only whoever runs it can stop it.
pub(crate) fn cancel(connection: &Connection, id: JobId, now_ms: u64) -> rusqlite::Result<Cancelled> {
    let changed = connection.execute(
        "UPDATE jobs SET state = 'cancelled', reason = 'it was cancelled before it began', updated_ms = ?2,
            expires_ms = ?2 + kept_ms
         WHERE id = ?1 AND state = 'pending'",
        params![id.to_string(), signed(now_ms)],
    )?;
    Ok(match get(connection, id, None)? {
        _ if changed == 1 => Cancelled::Now,
        None => Cancelled::Unknown,
        Some(job) if job.state == State::Running => Cancelled::Running,
        Some(job) => Cancelled::Over(job.state),
    })
}

/// Lets a job that did not succeed begin anew. One whose outcome is unknown is run again only if somebody says that it may be.
pub(crate) fn replay(
    connection: &Connection,
    id: JobId,
    run: &str,
    anyway: bool,
    now_ms: u64,
) -> rusqlite::Result<Replayed> {
    let Some(job) = get(connection, id, None)? else { return Ok(Replayed::Unknown) };
    let may_begin = match job.state {
        State::Failed | State::Cancelled => true,
        State::OutcomeUnknown => anyway || job.repeatable,
        State::Pending | State::Running | State::Completed => false,
    };
    if !may_begin {
        return Ok(Replayed::Refused(job.state));
    }
    connection.execute(
        "UPDATE jobs SET state = 'pending', reason = NULL, attempts = 0, run = ?2, updated_ms = ?3, due_ms = ?3,
            expires_ms = NULL, answer = NULL, answer_server = NULL, answer_modern = NULL
         WHERE id = ?1",
        params![id.to_string(), run, signed(now_ms)],
    )?;
    Ok(Replayed::Now)
}

/// Forgets jobs that have ended: this one, or all in this state.
pub(crate) fn purge(connection: &Connection, id: Option<JobId>, state: Option<State>) -> rusqlite::Result<usize> {
    connection.execute(
        "DELETE FROM jobs WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR state = ?2)
           AND state NOT IN ('pending', 'running')",
        params![id.map(|id| id.to_string()), state.map(State::as_str)],
    )
}

/// Forgets what has been kept long enough.
pub(crate) fn sweep(connection: &Connection, now_ms: u64) -> rusqlite::Result<usize> {
    connection.execute("DELETE FROM jobs WHERE expires_ms <= ?1", [signed(now_ms)])
}

/// The runs that have something which is not finished.
pub(crate) fn active_runs(connection: &Connection, home: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT run FROM jobs WHERE home = ?1 AND state IN ('pending', 'running')
             UNION SELECT run FROM keys WHERE home = ?1 AND state = 'running'",
    )?;
    let runs = statement.query_map([home], |row| row.get(0))?;
    runs.collect()
}

/// Gives the jobs of a run that wait to a run that has never been, and so has ended.
pub(crate) fn release(connection: &Connection, run: &str) -> rusqlite::Result<usize> {
    connection.execute("UPDATE jobs SET run = 'nobody' WHERE run = ?1 AND state = 'pending'", [run])
}

/// Takes over what a run that has ended left. What waited goes on waiting. What ran and may be run again waits too; of the
/// rest nobody knows what became.
pub(crate) fn adopt(
    connection: &Connection,
    (home, run): (&str, &str),
    dead: &str,
    now_ms: u64,
) -> rusqlite::Result<usize> {
    let now = signed(now_ms);
    connection.execute(
        "UPDATE attempts SET ended_ms = ?3, outcome = 'the gateway ended'
         WHERE ended_ms IS NULL AND job IN (SELECT id FROM jobs WHERE home = ?1 AND run = ?2 AND state = 'running')",
        params![home, dead, now],
    )?;
    connection.execute(
        "UPDATE jobs SET state = 'outcome_unknown', reason = ?4, updated_ms = ?3, expires_ms = ?3 + kept_ms
         WHERE home = ?1 AND run = ?2 AND state = 'running' AND NOT repeatable",
        params![home, dead, now, BROKEN_OFF],
    )?;
    connection.execute(
        // a clock that has been set back since does not make a pause longer than it was
        "UPDATE jobs SET state = 'pending', run = ?4, updated_ms = ?3,
            due_ms = min(due_ms, ?3 + max(due_ms - updated_ms, 0))
         WHERE home = ?1 AND run = ?2 AND state IN ('pending', 'running')",
        params![home, dead, now, run],
    )
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    Ok(Job {
        id: word(row, "id")?,
        owner: row.get("owner")?,
        endpoint: row.get("endpoint")?,
        tool: row.get("tool")?,
        repeatable: row.get("repeatable")?,
        state: word(row, "state")?,
        reason: row.get("reason")?,
        attempts: row.get("attempts")?,
        created_ms: unsigned(row.get("created_ms")?),
        updated_ms: unsigned(row.get("updated_ms")?),
        due_ms: unsigned(row.get("due_ms")?),
        kept_ms: unsigned(row.get("kept_ms")?),
    })
}

fn word<T>(row: &Row<'_>, column: &str) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: String = row.get(column)?;
    text.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))
}
