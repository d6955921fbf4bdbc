//! ufw, the firewall of Ubuntu.

use toolkit::Failure;
use workbench::Command;

use super::{Backend, Change, Opening, Rule, Status};
use crate::programs::UFW;

/// What it lets in.
pub(super) fn list() -> Command {
    UFW.command().words(["status", "verbose"]).why("ufw tells its rules and what it does without one")
}

/// What opens or closes a port.
pub(super) fn commands(change: Change, opening: &Opening) -> Result<Vec<Command>, Failure> {
    let command = match change {
        Change::Open => UFW.command().words(["allow"]).why("everybody is let in"),
        Change::Close => UFW.command().words(["delete", "allow"]).why("the rule that lets everybody in is taken back"),
    };
    Ok(vec![command.operand("port", &opening.with_protocol())?])
}

/// A table of which the columns are two or more spaces apart, behind lines such as `Default: deny (incoming), …`.
pub(super) fn parse(printed: &str) -> Status {
    let told = |key: &str| printed.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
    let default = told("Default:").and_then(|text| text.split(" (incoming)").next()).map(action);
    let table = printed.lines().skip_while(|line| !line.starts_with("--")).skip(1);
    Status {
        backend: Backend::Ufw,
        active: told("Status:") == Some("active"),
        default,
        rules: table.filter_map(rule).collect(),
    }
}

fn rule(line: &str) -> Option<Rule> {
    let columns: Vec<&str> = line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect();
    let [to, act, from, ..] = columns[..] else { return None };
    if act.ends_with("OUT") || act.ends_with("FWD") {
        return None;
    }
    // rules of the newer protocol are told a second time
    let to = to.trim_end_matches(" (v6)");
    let (port, protocol) = match to.split_once('/') {
        Some((port, protocol)) => (port, protocol.split(' ').next()),
        None => (to, None),
    };
    Some(Rule {
        action: action(act.split(' ').next()?),
        port: Some(port.to_owned()).filter(|port| port != "Anywhere"),
        protocol: protocol.map(str::to_owned),
        zone: None,
        source: Some(from.trim_end_matches(" (v6)").to_owned()).filter(|from| from != "Anywhere"),
    })
}

/// In the words of the kernel's own filter.
fn action(word: &str) -> String {
    match word.to_lowercase().as_str() {
        "allow" => "accept".to_owned(),
        "deny" => "drop".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Protocol, *};

    const PRINTED: &str = "Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\n\
        New profiles: skip\n\nTo                         Action      From\n--                         ------      ----\n\
        22/tcp                     ALLOW IN    Anywhere\n80,443/tcp (Nginx Full)    ALLOW IN    Anywhere\n\
        3306                       DENY IN     10.0.0.0/8\n53/udp                     ALLOW OUT   Anywhere\n\
        22/tcp (v6)                ALLOW IN    Anywhere (v6)\n";

    #[test]
    fn the_table_becomes_rules() {
        let status = parse(PRINTED);
        assert_eq!((status.active, status.default.as_deref()), (true, Some("drop")));
        let short: Vec<_> = status
            .rules
            .iter()
            .map(|it| (it.action.as_str(), it.port.as_deref(), it.protocol.as_deref(), it.source.as_deref()))
            .collect();
        assert_eq!(
            short,
            [
                ("accept", Some("22"), Some("tcp"), None),
                ("accept", Some("80,443"), Some("tcp"), None),
                ("drop", Some("3306"), None, Some("10.0.0.0/8")),
                ("accept", Some("22"), Some("tcp"), None),
            ]
        );
        assert!(!parse("Status: inactive\n").active);
    }

    #[test]
    fn a_port_is_opened_and_closed_by_its_rule() {
        let opening = Opening::new(80, Protocol::Udp, None).unwrap();
        let shown = |change| commands(change, &opening).unwrap()[0].shown();
        assert_eq!(shown(Change::Open), "ufw allow 80/udp");
        assert_eq!(shown(Change::Close), "ufw delete allow 80/udp");
    }
}
