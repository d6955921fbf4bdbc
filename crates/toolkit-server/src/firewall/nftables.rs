//! The packet filter of the kernel, asked and told by `nft`, which writes its rules as JSON. A port is opened in front of
//! the other rules of the chain that sees what comes in, and closed by taking such a rule back.

use serde::Deserialize;
use serde_json::Value;
use toolkit::{Code, Failure};
use workbench::Command;

use super::{Backend, Change, Opening, Rule, Status};
use crate::programs::NFT;

/// The whole ruleset.
pub(super) fn list() -> Command {
    NFT.command().words(["--json", "list", "ruleset"]).why("the kernel tells all of its rules")
}

/// The rules of the kernel, as far as they are about what comes in.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Ruleset {
    chains: Vec<Chain>,
    rules: Vec<Known>,
}

/// A chain that sees what comes in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Chain {
    family: String,
    table: String,
    name: String,
    hook: Option<String>,
    policy: Option<String>,
}

/// A rule as the program writes it.
#[derive(Debug, Deserialize)]
struct Written {
    family: String,
    table: String,
    chain: String,
    handle: u64,
    #[serde(default)]
    expr: Vec<Value>,
}

/// A rule with the place from which it can be taken.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    chain: Chain,
    handle: u64,
    rule: Rule,
    /// Whether it is about a port and nothing else.
    is_plain: bool,
}

/// Reads what [`list`] prints.
pub(super) fn parse(printed: &str) -> Result<Ruleset, Failure> {
    let value: Value = serde_json::from_str(printed).map_err(|error| {
        let text = format!("`nft` printed what cannot be read: {error}");
        Failure::new(Code::UpstreamError, text).hint("is it a version that can write JSON?")
    })?;
    let objects = value["nftables"].as_array().cloned().unwrap_or_default();
    let mut ruleset = Ruleset::default();
    for object in &objects {
        let part = |name: &str| object.get(name).unwrap_or(&Value::Null);
        if let Ok(chain) = Chain::deserialize(part("chain"))
            && chain.hook.as_deref() == Some("input")
        {
            ruleset.chains.push(chain);
        } else if let Ok(written) = Written::deserialize(part("rule")) {
            let known = ruleset.know(&written);
            ruleset.rules.extend(known);
        }
    }
    Ok(ruleset)
}

impl Ruleset {
    /// A rule of one of the chains that are looked at; chains are told before their rules.
    fn know(&self, written: &Written) -> Option<Known> {
        let is_its = |chain: &&Chain| {
            (&chain.family, &chain.table, &chain.name) == (&written.family, &written.table, &written.chain)
        };
        let chain = self.chains.iter().find(is_its)?.clone();
        let action = written.expr.iter().find_map(verdict)?.to_owned();
        let about = written.expr.iter().find_map(port);
        // a counter only counts; anything else makes a rule more than one about a port
        let is_plain = written
            .expr
            .iter()
            .all(|part| port(part).is_some() || verdict(part).is_some() || part.get("counter").is_some());
        let source = written.expr.iter().find_map(source);
        let (protocol, port) = about.unzip();
        let zone = Some(format!("{} {} {}", chain.family, chain.table, chain.name));
        let rule = Rule { action, port, protocol, zone, source };
        Some(Known { chain, handle: written.handle, rule, is_plain })
    }

    /// As all firewalls tell it.
    pub(super) fn status(&self) -> Status {
        let default = self.chains.iter().find_map(|chain| chain.policy.clone());
        let keeps_out = |action: &str| matches!(action, "drop" | "reject");
        let active =
            default.as_deref().is_some_and(keeps_out) || self.rules.iter().any(|known| keeps_out(&known.rule.action));
        let rules = self.rules.iter().map(|known| known.rule.clone()).collect();
        Status { backend: Backend::Nftables, active, default, rules }
    }

    /// The commands that make a change; none if everything is so already.
    pub(super) fn commands(&self, change: Change, opening: &Opening) -> Result<Vec<Command>, Failure> {
        let opens = |known: &&Known| known.is_plain && known.rule.accepts(opening);
        match change {
            Change::Open if self.rules.iter().any(|known| opens(&known)) => Ok(Vec::new()),
            Change::Open => Ok(vec![self.chain()?.open(opening)?]),
            Change::Close => self.rules.iter().filter(opens).map(Known::remove).collect(),
        }
    }

    /// The chain in which a port is opened: one for both versions of the protocol if there is one.
    fn chain(&self) -> Result<&Chain, Failure> {
        let both = self.chains.iter().find(|chain| chain.family == "inet");
        both.or_else(|| self.chains.first()).ok_or_else(|| {
            let text = "no chain of the packet filter sees what comes in, so every port is open";
            Failure::new(Code::NotSupported, text).hint("set up a firewall first")
        })
    }
}

impl Chain {
    fn open(&self, opening: &Opening) -> Result<Command, Failure> {
        let command = self.place(NFT.command().words(["insert", "rule"]))?;
        let command = match opening.protocol {
            super::Protocol::Tcp => command.words(["tcp", "dport"]),
            super::Protocol::Udp => command.words(["udp", "dport"]),
        };
        let command = command.operand("port", &opening.port.to_string())?;
        Ok(command
            .words(["accept", "comment", "\"switchboard\""])
            .why("a rule in front of the others lets everybody in"))
    }

    /// The names are those that the kernel told.
    fn place(&self, command: Command) -> Result<Command, Failure> {
        command.operand("family", &self.family)?.operand("table", &self.table)?.operand("chain", &self.name)
    }
}

impl Known {
    fn remove(&self) -> Result<Command, Failure> {
        let command = self.chain.place(NFT.command().words(["delete", "rule"]))?.words(["handle"]);
        let command = command.operand("handle", &self.handle.to_string())?;
        Ok(command.why("the rule that lets everybody in is taken back"))
    }
}

fn verdict(part: &Value) -> Option<&'static str> {
    ["accept", "drop", "reject", "jump", "goto", "return", "queue"]
        .into_iter()
        .find(|verdict| part.get(verdict).is_some())
}

/// Protocol and port of `{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}`.
fn port(part: &Value) -> Option<(String, String)> {
    let condition = part.get("match")?;
    let payload = condition["left"].get("payload")?;
    let is_port = payload["field"] == "dport" && condition["op"] == "==";
    let right = match &condition["right"] {
        Value::Number(number) => number.to_string(),
        Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    is_port.then(|| (payload["protocol"].as_str().unwrap_or_default().to_owned(), right))
}

fn source(part: &Value) -> Option<String> {
    let condition = part.get("match")?;
    let is_source = condition["left"]["payload"]["field"] == "saddr";
    is_source.then(|| condition["right"].as_str().map_or_else(|| condition["right"].to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Protocol, *};

    fn printed() -> String {
        let dport = |port: Value| json!({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": port}});
        let saddr = json!({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "10.0.0.1"}});
        let rule = |chain: &str, handle: u64, expr: Value| json!({"rule": {"family": "inet", "table": "filter", "chain": chain, "handle": handle, "expr": expr}});
        json!({"nftables": [
            {"metainfo": {"version": "1.1.3"}},
            {"table": {"family": "inet", "name": "filter", "handle": 1}},
            {"chain": {"family": "ip", "table": "old", "name": "in", "handle": 1, "type": "filter", "hook": "input", "prio": 0}},
            {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter",
                "hook": "input", "prio": 0, "policy": "drop"}},
            {"chain": {"family": "inet", "table": "filter", "name": "other", "handle": 2}},
            rule("input", 4, json!([dport(json!(22)), {"accept": null}])),
            rule("input", 5, json!([dport(json!(8080)), {"counter": {"packets": 0}}, {"accept": null}])),
            rule("input", 6, json!([saddr, dport(json!(9000)), {"accept": null}])),
            rule("input", 7, json!([dport(json!({"set": [80, 443]})), {"accept": null}])),
            rule("other", 8, json!([dport(json!(1)), {"accept": null}])),
            rule("input", 9, json!([{"log": null}])),
        ]})
        .to_string()
    }

    fn commands(change: Change, port: u16) -> Vec<String> {
        let opening = Opening::new(port, Protocol::Tcp, None).unwrap();
        let commands = parse(&printed()).unwrap().commands(change, &opening).unwrap();
        commands.iter().map(Command::shown).collect()
    }

    #[test]
    fn the_chains_for_what_comes_in_become_rules() {
        let status = parse(&printed()).unwrap().status();
        assert_eq!((status.active, status.default.as_deref()), (true, Some("drop")));
        let short: Vec<_> = status.rules.iter().map(|it| (it.port.as_deref().unwrap(), it.source.as_deref())).collect();
        assert_eq!(short, [("22", None), ("8080", None), ("9000", Some("10.0.0.1")), (r#"{"set":[80,443]}"#, None)]);
    }

    #[test]
    fn a_port_is_opened_once_and_closed_by_its_own_rules() {
        let open = r#"nft insert rule inet filter input tcp dport 9000 accept comment '"switchboard"'"#;
        assert_eq!(commands(Change::Open, 9_000), [open]);
        assert_eq!(commands(Change::Open, 8_080), Vec::<String>::new());
        assert_eq!(commands(Change::Close, 8_080), ["nft delete rule inet filter input handle 5"]);
        // a rule for one address, and one for several ports, is somebody's own
        assert_eq!(commands(Change::Close, 9_000), Vec::<String>::new());
        assert_eq!(commands(Change::Close, 80), Vec::<String>::new());
    }

    #[test]
    fn without_a_chain_nothing_can_be_opened() {
        let opening = Opening::new(80, Protocol::Tcp, None).unwrap();
        let ruleset = parse(r#"{"nftables": [{"metainfo": {}}]}"#).unwrap();
        assert_eq!(ruleset.commands(Change::Open, &opening).unwrap_err().code, Code::NotSupported);
        assert!(!ruleset.status().active);
        assert_eq!(parse("no json").unwrap_err().code, Code::UpstreamError);
    }
}
