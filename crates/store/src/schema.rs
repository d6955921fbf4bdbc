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

/// The oldest schema whose program can go on with a file of the newest one: what a step only adds, such a program leaves alone.
const READABLE_FROM: u32 = NEWEST;

/// Which schema a file has, and what has to be known to go on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The schema; 0 is a file in which nothing is yet.
    pub(crate) schema: u32,
    /// The oldest schema whose program can go on with it.
    readable_from: u32,
}

impl Version {
    /// Where the second number begins in what SQLite keeps as one. A file without it is readable from its own schema.
    const SECOND: u32 = 16;

    /// What a file says of itself.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map(Self::read)
    }

    /// Whether this version of the program can go on with it.
    pub(crate) fn is_known(self) -> bool {
        self.readable_from <= NEWEST
    }

    fn read(number: u32) -> Self {
        let (schema, readable_from) = (number & ((1 << Self::SECOND) - 1), number >> Self::SECOND);
        Self { schema, readable_from: if readable_from == 0 { schema } else { readable_from } }
    }

    fn number(self) -> u32 {
        let second = if self.readable_from == self.schema { 0 } else { self.readable_from };
        self.schema | (second << Self::SECOND)
    }
}

/// Brings a file to the newest schema, all steps or none.
pub(crate) fn bring_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let from = Version::of(&transaction)?.schema;
    for step in STEPS.into_iter().skip(from as usize) {
        transaction.execute_batch(step)?;
    }
    if from < NEWEST {
        let newest = Version { schema: NEWEST, readable_from: READABLE_FROM };
        transaction.pragma_update(None, "user_version", newest.number())?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_file_is_known_if_it_says_so() {
        let check = |number: u32, expected: bool| assert_eq!(Version::read(number).is_known(), expected, "{number:#x}");
        check(0, true);
        check(NEWEST, true);
        check(NEWEST + 1, false);
        check((NEWEST + 1) | (NEWEST << 16), true);
        check((NEWEST + 5) | (1 << 16), true);
        check((NEWEST + 5) | ((NEWEST + 1) << 16), false);
    }

    #[test]
    fn what_a_file_says_is_read_as_it_was_written() {
        for (schema, readable_from) in [(1, 1), (2, 1), (7, 7), (7, 3)] {
            let version = Version { schema, readable_from };
            assert_eq!(Version::read(version.number()), version);
        }
        assert_eq!(
            Version { schema: 2, readable_from: 2 }.number(),
            2,
            "as releases without the second number write it"
        );
    }
}
