PRAGMA foreign_keys = OFF;
BEGIN TRANSACTION;
CREATE TABLE attempts (
    job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    began_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    outcome TEXT
) STRICT;
INSERT INTO "attempts" VALUES('c78846ff827743e381be97373f5218d2',1795338032956,1795338032957,'completed');
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
INSERT INTO "jobs" VALUES('c78846ff827743e381be97373f5218d2','switchboard.toml','a958c0d6be41e4b5','local','/servers/slow','count',0,X'7B226A736F6E727063223A22322E30222C226964223A312C226D6574686F64223A22746F6F6C732F63616C6C222C22706172616D73223A7B226E616D65223A22636F756E74222C22617267756D656E7473223A7B7D2C225F6D657461223A7B22696F2E6D6F64656C636F6E7465787470726F746F636F6C2F70726F746F636F6C56657273696F6E223A22323032362D30372D3238222C22696F2E6D6F64656C636F6E7465787470726F746F636F6C2F636C69656E744361706162696C6974696573223A7B7D7D7D7D','completed',NULL,1,1795338032953,1795338032957,1795338032953,86400000,1795424432957,X'7B226964223A342C226A736F6E727063223A22322E30222C22726573756C74223A7B22636F6E74656E74223A5B7B2274657874223A2231222C2274797065223A2274657874227D5D7D7D','slow',0);
CREATE TABLE key_totals (owner TEXT PRIMARY KEY, keys INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO "key_totals" VALUES('local',1,74);
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
INSERT INTO "keys" VALUES('switchboard.toml','local','slow','k-1',X'C46927C9FFC40CDD8054A71F91E4EEC6F5946295AE5A7105EB0167DF692B7F23','a958c0d6be41e4b5','answered',NULL,1795338032966,1795424432967,X'7B226964223A352C226A736F6E727063223A22322E30222C22726573756C74223A7B22636F6E74656E74223A5B7B2274657874223A2232222C2274797065223A2274657874227D5D7D7D',0);
CREATE INDEX jobs_pending ON jobs (run, owner, due_ms) WHERE state = 'pending';
CREATE INDEX jobs_active ON jobs (home, run) WHERE state IN ('pending', 'running');
CREATE INDEX jobs_of_owner ON jobs (owner, created_ms DESC, id);
CREATE INDEX jobs_by_age ON jobs (created_ms DESC, id);
CREATE INDEX jobs_expiring ON jobs (expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX attempts_of_job ON attempts (job);
CREATE INDEX keys_expiring ON keys (owner, expires_ms) WHERE expires_ms IS NOT NULL;
CREATE INDEX keys_running ON keys (home, run) WHERE state = 'running';
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
COMMIT;
PRAGMA user_version = 2;
PRAGMA application_id = 1937208180;
