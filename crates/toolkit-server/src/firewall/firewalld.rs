//! firewalld, asked and told by `firewall-cmd`. A change is made twice: now, and for after a restart.

use toolkit::Failure;
use workbench::Command;

use super::{Backend, Change, Opening, Rule, Status};
use crate::programs::FIREWALL_CMD;

/// All zones with what they let in.
pub(super) fn list() -> Command {
    FIREWALL_CMD.command().words(["--list-all-zones"]).why("firewalld tells zone by zone what it lets in")
}

/// What opens or closes a port.
pub(super) fn commands(change: Change, opening: &Opening) -> Result<Vec<Command>, Failure> {
    let act = match change {
        Change::Open => "--add-port",
        Change::Close => "--remove-port",
    };
    let command = |for_good: bool| {
        let command = FIREWALL_CMD.command();
        let command = if for_good { command.words(["--permanent"]) } else { command };
        let command = match &opening.zone {
            Some(zone) => command.option("--zone", zone)?,
            None => command,
        };
        command.option(act, &opening.with_protocol())
    };
    Ok(vec![command(false)?.why("from now on"), command(true)?.why("after a restart too")])
}

/// Blocks such as `public (active)` with lines such as `  ports: 8080/tcp 53/udp`. Zones without an interface let nothing
/// in, whatever stands in them.
pub(super) fn parse(printed: &str) -> Status {
    let mut rules = Vec::new();
    let (mut zone, mut is_active) = ("", false);
    for line in printed.lines() {
        if !line.starts_with(' ') {
            let (name, states) = line.split_once(' ').unwrap_or((line, ""));
            (zone, is_active) = (name, states.contains("active") || states.contains("default"));
            continue;
        }
        let Some((key, values)) = line.trim().split_once(':').filter(|_| is_active) else { continue };
        match key {
            "ports" => rules.extend(values.split_whitespace().map(|port| rule(zone, port.split_once('/'), port))),
            "services" => rules.extend(values.split_whitespace().map(|service| rule(zone, None, service))),
            _ => {}
        }
    }
    Status { backend: Backend::Firewalld, active: true, default: Some("reject".to_owned()), rules }
}

fn rule(zone: &str, port: Option<(&str, &str)>, name: &str) -> Rule {
    Rule {
        action: "accept".to_owned(),
        port: Some(port.map_or(name, |(port, _)| port).to_owned()),
        protocol: port.map(|(_, protocol)| protocol.to_owned()),
        zone: Some(zone.to_owned()),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Protocol, *};

    const PRINTED: &str = "block\n  target: %%REJECT%%\n  services: \n  ports: 9/tcp\n\npublic (default, active)\n  target: default\n  \
        icmp-block-inversion: no\n  interfaces: eth0\n  sources: \n  services: dhcpv6-client ssh\n  ports: 8080/tcp 53/udp\n  \
        protocols: \n  forward: yes\n";

    #[test]
    fn active_zones_become_rules() {
        let status = parse(PRINTED);
        let short: Vec<_> =
            status.rules.iter().map(|rule| (rule.port.as_deref().unwrap(), rule.protocol.as_deref())).collect();
        assert_eq!(short, [("dhcpv6-client", None), ("ssh", None), ("8080", Some("tcp")), ("53", Some("udp"))]);
        let open = |port, zone: Option<&str>| {
            let opening = Opening::new(port, Protocol::Tcp, zone.map(str::to_owned)).unwrap();
            status.rules.iter().any(|rule| rule.accepts(&opening))
        };
        assert!(open(8_080, None) && open(8_080, Some("public")));
        assert!(!open(8_080, Some("home")) && !open(53, None) && !open(9, None));
    }

    #[test]
    fn a_change_is_made_now_and_for_good() {
        let check = |change, zone: Option<&str>, expected: [&str; 2]| {
            let opening = Opening::new(80, Protocol::Tcp, zone.map(str::to_owned)).unwrap();
            let commands = commands(change, &opening).unwrap();
            assert_eq!(commands.iter().map(Command::shown).collect::<Vec<_>>(), expected);
        };
        check(Change::Open, None, ["firewall-cmd --add-port=80/tcp", "firewall-cmd --permanent --add-port=80/tcp"]);
        check(
            Change::Close,
            Some("home"),
            [
                "firewall-cmd --zone=home --remove-port=80/tcp",
                "firewall-cmd --permanent --zone=home --remove-port=80/tcp",
            ],
        );
    }
}
