//! The services that stay as they are: without them nobody reaches this machine any more, or Switchboard ends in the
//! middle of its own act. And those whose start ends the machine.

use std::fs;

use toolkit::{Code, Failure};

use super::Act;
use crate::virtualization;

/// Ways to reach the machine, and what they stand on.
const LIFELINES: [&str; 8] =
    ["sshd", "ssh", "network", "networking", "systemd-networkd", "NetworkManager", "systemd-resolved", "dbus"];
/// The service under which packages run Switchboard.
const OWN: &str = "switchboard";
/// The engines in which we may run ourselves.
const ENGINES: [&str; 3] = ["docker", "containerd", "podman"];
/// Services whose start halts, restarts or suspends the machine, or throws everybody out.
const ENDS: [&str; 12] = [
    "systemd-poweroff",
    "systemd-reboot",
    "systemd-halt",
    "systemd-kexec",
    "systemd-soft-reboot",
    "systemd-exit",
    "systemd-suspend",
    "systemd-hibernate",
    "systemd-hybrid-sleep",
    "systemd-suspend-then-hibernate",
    "rescue",
    "emergency",
];

/// Refuses an act on a service that is known under one of these names.
pub(crate) fn check(act: Act, names: &[String]) -> Result<(), Failure> {
    let own = own_units(&fs::read_to_string("/proc/self/cgroup").unwrap_or_default());
    match reason(act, names, &own, virtualization::container().is_some()) {
        None => Ok(()),
        Some(reason) => {
            let name = names.first().map(String::as_str).unwrap_or_default();
            let failure = Failure::new(Code::Forbidden, format!("`{name}` cannot be {}: {reason}", act.past()));
            let hint = "do it at the machine itself, where you can help if it goes wrong";
            Err(Failure { field: Some("service".to_owned()), ..failure.hint(hint) })
        }
    }
}

fn reason(act: Act, names: &[String], own: &[String], in_container: bool) -> Option<&'static str> {
    let is = |known: &[&str]| names.iter().any(|name| known.contains(&stem(name)));
    if is(&ENDS) {
        return Some("that would end the machine");
    }
    // what is down can be brought up, and reading a configuration again takes nothing down
    if !matches!(act, Act::Stop | Act::Restart) {
        return None;
    }
    if is(&LIFELINES) {
        Some("this machine is reached through it")
    } else if is(&[OWN]) || names.iter().any(|name| own.contains(name)) {
        Some("Switchboard runs in it")
    } else if in_container && is(&ENGINES) {
        Some("Switchboard runs in one of its containers")
    } else {
        None
    }
}

/// A name without suffix and instance: `sshd` of `sshd@1.service`.
fn stem(name: &str) -> &str {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.split_once('@').map_or(stem, |(stem, _)| stem)
}

/// The services in whose control group this process is.
fn own_units(cgroup: &str) -> Vec<String> {
    let parts = cgroup.lines().filter_map(|line| line.rsplit_once(':')).flat_map(|(_, path)| path.split('/'));
    parts.filter(|part| part.ends_with(".service")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifelines_stay_up_under_all_of_their_names() {
        let check = |act, names: &[&str], expected: bool| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let own = ["gateway.service".to_owned()];
            assert_eq!(reason(act, &names, &own, false).is_some(), expected, "{act:?} {names:?}");
        };
        for lifeline in LIFELINES {
            check(Act::Stop, &[&format!("{lifeline}.service")], true);
            check(Act::Restart, &[&format!("{lifeline}.service")], true);
        }
        check(Act::Stop, &["dbus-broker.service", "dbus.service"], true);
        check(Act::Stop, &["dbus.socket"], true);
        check(Act::Stop, &["sshd@17.service"], true);
        check(Act::Stop, &["switchboard.service"], true);
        check(Act::Restart, &["gateway.service"], true);
        check(Act::Start, &["ssh.service"], false);
        check(Act::Reload, &["ssh.service"], false);
        check(Act::Stop, &["nginx.service"], false);
        check(Act::Stop, &["docker.service"], false);
        check(Act::Stop, &["ssh-agent.service"], false);
    }

    #[test]
    fn nothing_ends_the_machine() {
        for act in [Act::Start, Act::Restart, Act::Reload, Act::Stop] {
            for name in ENDS {
                assert!(reason(act, &[format!("{name}.service")], &[], false).is_some(), "{act:?} {name}");
            }
        }
    }

    #[test]
    fn an_engine_is_protected_in_its_own_containers() {
        assert!(reason(Act::Stop, &["docker.service".to_owned()], &[], true).is_some());
        assert!(reason(Act::Stop, &["nginx.service".to_owned()], &[], true).is_none());
    }

    #[test]
    fn the_own_services_stand_in_the_control_group() {
        let check = |cgroup: &str, expected: &[&str]| assert_eq!(own_units(cgroup), expected, "{cgroup}");
        check("0::/system.slice/switchboard.service/gateway\n", &["switchboard.service"]);
        check("0::/user.slice/user@1000.service/app.slice/sb.service\n", &["user@1000.service", "sb.service"]);
        check("1:name=systemd:/system.slice/a.service\n0::/\n", &["a.service"]);
        check("0::/init.scope\n", &[]);
        check("", &[]);
    }
}
