//! The tables, as steps that only go forward: each brings a file from one version of the schema to the next.

use rusqlite::Connection;

/// Marks the file as ours: "swst".
pub(crate) const APPLICATION: i64 = 0x7377_7374;

/// The steps; after the first of them a file has schema 1.
const STEPS: [&str; 2] = [JOBS, KEYS];

const JOBS: &str = "
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    home TEXT NOT NULL,
    run TEXT NOT NULL,
    owner TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    tool TEXT NOT NULL,
    repeatable INTEGER NOT NULL,
    request BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'completed', 'failed', 'cancelled', 'outcome_unknown')),
    reason TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    kept_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    answer BLOB,
    answer_server TEXT,
    answer_modern INTEGER
) STRICT;
CREATE INDEX jobs_pending ON jobs (run, owner, due_ms) WHERE state = 'pending';
CREATE INDEX jobs_active ON jobs (home, run) WHERE state IN ('pending', 'running');
CREATE INDEX jobs_of_owner ON jobs (owner, created_ms DESC, id);
CREATE INDEX jobs_by_age ON jobs (created_ms DESC, id);
CREATE INDEX jobs_expiring ON jobs (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE TABLE attempts (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    began_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome TEXT
) STRICT;
CREATE INDEX attempts_of_job ON attempts (job);
";

const KEYS: &str = "
CREATE TABLE keys (
    home TEXT NOT NULL,
    owner TEXT NOT NULL,
    server TEXT NOT NULL,
    key TEXT NOT NULL,
    digest BLOB NOT NULL,
    run TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'answered', 'unknown')),
    reason TEXT,
    began_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    answer BLOB,
    answer_modern INTEGER,
    PRIMARY KEY (home, owner, server, key)
) STRICT;
CREATE INDEX keys_expiring ON keys (owner, expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX keys_running ON keys (home, run) WHERE state = 'running';
CREATE TABLE key_totals (owner TEXT PRIMARY KEY, keys INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
CREATE TRIGGER keys_come AFTER INSERT ON keys BEGIN
    INSERT INTO key_totals VALUES (NEW.owner, 1, coalesce(length(NEW.answer), 0))
    ON CONFLICT (owner) DO UPDATE SET keys = keys + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER keys_change AFTER UPDATE OF answer ON keys BEGIN
    UPDATE key_totals SET bytes = bytes + coalesce(length(NEW.answer), 0) - coalesce(length(OLD.answer), 0)
    WHERE owner = NEW.owner;
END;
CREATE TRIGGER keys_go AFTER DELETE ON keys BEGIN
    UPDATE key_totals SET keys = keys - 1, bytes = bytes - coalesce(length(OLD.answer), 0) WHERE owner = OLD.owner;
    DELETE FROM key_totals WHERE owner = OLD.owner AND keys = 0;
END;
";

/// The newest schema that this version of the program knows.
pub(crate) const NEWEST: u32 = STEPS.len() as u32;

/// The schema of a file; 0 is a file in which nothing is yet.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a file to the newest schema, all steps or none.
pub(crate) fn bring_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let from = version(&transaction)?;
    for (number, step) in (1..=NEWEST).zip(STEPS).skip(from as usize) {
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()
}
