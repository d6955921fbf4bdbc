//! What a change of the configuration means: which servers come, go, change or stay, and what has to wait for a restart.
//! Pure. Whoever applies the change uses the same rules.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Config, Limits, Server};

/// Keys that are read once, when the node starts.
const READ_AT_START: [&str; 13] = [
    "gateway.listen",
    "grpc.certificate",
    "grpc.client_authorities",
    "grpc.key",
    "grpc.listen",
    "jobs.durable",
    "jobs.store_bytes_max",
    "limits.connections_max",
    "limits.listens_per_principal_max",
    "limits.parked_call_ms_max",
    "limits.parked_calls_max",
    "node.region",
    "node.zone",
];

/// Limits that each server is made with: where one changes, every server is replaced.
const MADE_WITH: [&str; 11] = [
    "call_ms_max",
    "call_total_ms_max",
    "connect_ms_max",
    "connections_per_server_max",
    "handshake_ms_max",
    "health_ms",
    "line_bytes_max",
    "probe_hours",
    "result_bytes_max",
    "sessions_max",
    "starts_max",
];

/// What a change of the configuration means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Servers that come.
    pub added: BTreeSet<String>,
    /// Servers that go.
    pub removed: BTreeSet<String>,
    /// Servers that change.
    pub changed: Vec<ServerChange>,
    /// Servers that stay as they are, with their processes, connections and calls.
    pub unchanged: BTreeSet<String>,
    /// Other keys that change at once, `limits` and `bundles` among them.
    pub live: Vec<String>,
    /// Keys whose change waits for a restart of the node.
    pub at_restart: Vec<String>,
}

/// How one server changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerChange {
    /// Its name.
    pub name: String,
    /// The keys that are the reason.
    pub keys: Vec<String>,
    /// Whether it is replaced by a fresh one; otherwise it is only shown differently.
    pub restarts: bool,
}

impl Plan {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && self.live.is_empty()
            && self.at_restart.is_empty()
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let restarted: Vec<_> = self.changed.iter().filter(|one| one.restarts).map(|one| one.name.as_str()).collect();
        let shown: Vec<_> = self.changed.iter().filter(|one| !one.restarts).map(|one| one.name.as_str()).collect();
        let names = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let parts = [
            ("added", names(&self.added)),
            ("removed", names(&self.removed)),
            ("restarted", restarted.join(", ")),
            ("shown differently", shown.join(", ")),
            ("changed at once", self.live.join(", ")),
            ("waiting for a restart", self.at_restart.join(", ")),
        ];
        let told: Vec<_> = parts.iter().filter(|(_, what)| !what.is_empty()).collect();
        if told.is_empty() {
            return out.write_str("nothing changes");
        }
        for (index, (word, what)) in told.into_iter().enumerate() {
            write!(out, "{}{word}: {what}", if index > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

/// What it means to go from `old` to `new`.
pub fn plan(old: &Config, new: &Config) -> Plan {
    let mut plan = Plan::default();
    let made_alike = servers_run_alike(&old.limits, &new.limits);
    for (name, server) in enabled(new) {
        match enabled(old).find(|(known, _)| *known == name) {
            None => drop(plan.added.insert(name.clone())),
            Some((_, known)) if known == server && made_alike => drop(plan.unchanged.insert(name.clone())),
            Some((_, known)) => {
                let mut keys = differing(known, server);
                if !made_alike {
                    keys.push("limits".to_owned());
                }
                let restarts = !made_alike || !known.runs_like(server);
                plan.changed.push(ServerChange { name: name.clone(), keys, restarts });
            }
        }
    }
    let goes = |name: &&String| enabled(new).all(|(kept, _)| kept != *name);
    plan.removed = enabled(old).map(|(name, _)| name).filter(goes).cloned().collect();
    let others = sections(old, new);
    let (at_restart, live) = others.into_iter().partition(|key| READ_AT_START.contains(&key.as_str()));
    Plan { live, at_restart, ..plan }
}

/// Whether servers made with these limits run alike.
pub fn servers_run_alike(old: &Limits, new: &Limits) -> bool {
    !differing(old, new).iter().any(|key| MADE_WITH.contains(&key.as_str()))
}

impl Server {
    /// Whether a server with these settings runs as one with the others; how it is shown does not matter.
    pub fn runs_like(&self, other: &Self) -> bool {
        let shown_like_other = Self {
            enabled: other.enabled,
            start: other.start,
            prefix: other.prefix.clone(),
            rename: other.rename.clone(),
            hide: other.hide.clone(),
            describe: other.describe.clone(),
            fix: other.fix.clone(),
            calls_per_minute: other.calls_per_minute,
            burst: other.burst,
            tool: other.tool.clone(),
            concurrency: other.concurrency,
            concurrency_min: other.concurrency_min,
            pool: other.pool.clone(),
            timeout_s: other.timeout_s,
            equivalent: other.equivalent.clone(),
            ..self.clone()
        };
        shown_like_other == *other
    }

    /// Whether what a server offers is shown in the same way by both.
    pub fn shows_like(&self, other: &Self) -> bool {
        let shown = |server: &Self| {
            let Self { prefix, rename, hide, describe, fix, tool, .. } = server.clone();
            (prefix, rename, hide, describe, fix, tool)
        };
        shown(self) == shown(other)
    }
}

fn enabled(config: &Config) -> impl Iterator<Item = (&String, &Server)> {
    config.servers.iter().filter(|(_, server)| server.enabled)
}

/// The keys outside of `servers` that differ: one by one in sections, by name in `bundles`.
fn sections(old: &Config, new: &Config) -> Vec<String> {
    let (old, new) = (members(old), members(new));
    let others = new.iter().filter(|(section, _)| *section != "servers");
    let keys = others.flat_map(|(section, value)| {
        let keys = old.get(section).map(|old| differing(old, value)).unwrap_or_default();
        keys.into_iter().map(move |key| format!("{section}.{key}"))
    });
    keys.collect()
}

fn members<T: Serialize>(value: &T) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// The members in which two values differ. Secrets look all the same, so a change of one of them is told without its key.
fn differing<T: Serialize + PartialEq>(old: &T, new: &T) -> Vec<String> {
    let (old_members, new_members) = (members(old), members(new));
    let names: BTreeSet<&String> = old_members.keys().chain(new_members.keys()).collect();
    let mut keys: Vec<String> =
        names.into_iter().filter(|name| old_members.get(*name) != new_members.get(*name)).cloned().collect();
    if keys.is_empty() && old != new {
        keys.push("a secret".to_owned());
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::{MADE_WITH, READ_AT_START, plan};
    use crate::{parse, schema};

    const OLD: &str = "
servers.a.command = \"a\"
servers.b.command = \"b\"
servers.b.env.TOKEN = \"one\"
bundles.x.include = [\"a_*\"]
";

    fn check(new: &str, expected: &str) {
        let config = |text| parse(text, "f", &|_| None).config;
        assert_eq!(plan(&config(OLD), &config(new)).to_string(), expected, "{new}");
    }

    #[test]
    fn plan_names_what_changes_and_why() {
        check(OLD, "nothing changes");
        check(&format!("{OLD}servers.c.command = \"c\""), "added: c");
        check(&OLD.replace("servers.a.command", "servers.n.command"), "added: n; removed: a");
        check(&format!("{OLD}servers.a.enabled = false"), "removed: a");
        check(&OLD.replace("one", "two"), "restarted: b");
        check(&format!("{OLD}servers.a.args = [\"x\"]"), "restarted: a");
        check(&format!("{OLD}servers.a.hide = [\"x\"]"), "shown differently: a");
        check(&OLD.replace("a_*", "b_*"), "changed at once: bundles.x");
        check(&format!("{OLD}limits.list_page_items = 7"), "changed at once: limits.list_page_items");
        check(&format!("{OLD}limits.connections_max = 7"), "waiting for a restart: limits.connections_max");
        check(
            &format!("{OLD}limits.result_bytes_max = 100_000"),
            "restarted: a, b; changed at once: limits.result_bytes_max",
        );
    }

    #[test]
    fn reason_of_a_changed_server_names_its_keys_but_no_secret() {
        let config = |text: &str| parse(text, "f", &|_| None).config;
        let keys = |new: &str| plan(&config(OLD), &config(new)).changed.remove(0).keys;
        assert_eq!(keys(&format!("{OLD}servers.a.args = [\"x\"]\nservers.a.cwd = \"/\"")), ["args", "cwd"]);
        assert_eq!(keys(&OLD.replace("one", "two")), ["a secret"]);
    }

    #[test]
    fn every_key_of_the_rules_is_an_option() {
        let schema = schema();
        for key in READ_AT_START.into_iter().map(str::to_owned).chain(MADE_WITH.map(|key| format!("limits.{key}"))) {
            let (section, key) = key.split_once('.').unwrap();
            let section = section[..1].to_uppercase() + &section[1..];
            assert!(schema["$defs"][&section]["properties"].get(key).is_some(), "{section}.{key}");
        }
    }
}
