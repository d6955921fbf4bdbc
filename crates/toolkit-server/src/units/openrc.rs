//! OpenRC, the manager of services of Alpine and Gentoo, asked and told by its own programs. It knows neither how much
//! memory a service has nor when it started, and keeps no journal.

use std::time::Duration;

use toolkit::{Code, Failure};

use super::{Act, Service, Status, UnitName, unknown};
use crate::programs::{RC_SERVICE, RC_STATUS};

/// Sections of its list that are no runlevel: what stands there does not start with the machine.
const NO_RUNLEVELS: [&str; 4] = ["dynamic", "hotplugged", "needed", "manual"];

/// All services.
pub(super) async fn services() -> Result<Vec<Service>, Failure> {
    let command = RC_STATUS.command().words(["--all", "--format", "ini"]).why("OpenRC knows its services");
    Ok(parse(&command.succeed().await?.stdout))
}

/// One service.
pub(super) async fn status(name: &UnitName) -> Result<Status, Failure> {
    let services = services().await?;
    let short = short(name);
    let Some(service) = services.iter().find(|service| service.name == short) else {
        return Err(unknown(name, &services));
    };
    Ok(Status {
        name: service.name.clone(),
        names: vec![service.name.clone()],
        description: String::new(),
        active: active(&service.status).to_owned(),
        sub_state: service.status.clone(),
        enabled: service.enabled,
        pid: None,
        memory_bytes: None,
        uptime_s: None,
        restarts: 0,
    })
}

/// Does it; the program ends when the service is where it should be.
pub(super) async fn act(act: Act, name: &UnitName, wait: Duration) -> Result<(), Failure> {
    let verb = match act {
        Act::Start => "start",
        Act::Stop => "stop",
        Act::Restart => "restart",
        Act::Reload => "reload",
    };
    let command = RC_SERVICE.command().operand("service", short(name))?.words([verb]).time_max(wait);
    let command = command.why("OpenRC waits until the service is there");
    command.succeed().await.map(drop).map_err(|failure| match failure.code {
        Code::CommandFailed => failure.hint("look at `service_status`, or at the logs in `/var/log`"),
        _ => failure,
    })
}

/// OpenRC knows services only, without the end of a name.
fn short(name: &UnitName) -> &str {
    name.as_str().trim_end_matches(".service")
}

/// In the words of systemd, which all callers read.
fn active(status: &str) -> &'static str {
    match status {
        "started" => "active",
        "starting" => "activating",
        "stopping" => "deactivating",
        "crashed" | "failed" => "failed",
        _ => "inactive",
    }
}

/// Sections of runlevels with lines such as `sshd = started`. A service in several of them is one.
fn parse(printed: &str) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    let mut enabled = false;
    for line in printed.lines().map(str::trim) {
        if let Some(runlevel) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            enabled = !NO_RUNLEVELS.iter().any(|none| runlevel.starts_with(none));
            continue;
        }
        let Some((name, status)) = line.split_once('=').map(|(name, status)| (name.trim(), status.trim())) else {
            continue;
        };
        match services.iter_mut().find(|service| service.name == name) {
            Some(known) => known.enabled |= enabled,
            None => services.push(service(name, status, enabled)),
        }
    }
    services.sort_by(|one, other| one.name.cmp(&other.name));
    services
}

fn service(name: &str, status: &str, enabled: bool) -> Service {
    let status = if status == "crashed" { "failed" } else { status };
    Service {
        name: name.to_owned(),
        description: String::new(),
        status: status.to_owned(),
        active: status == "started",
        enabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runlevels_become_services() {
        let services = parse(
            "[sysinit]\ndevfs  =  started\n[default]\nsshd = started\nnginx = crashed\n[dynamic]\nudev-settle = started\n\
             [manual]\nsshd = started\nredis = stopped\n",
        );
        let short: Vec<_> =
            services.iter().map(|it| (it.name.as_str(), it.status.as_str(), it.active, it.enabled)).collect();
        assert_eq!(
            short,
            [
                ("devfs", "started", true, true),
                ("nginx", "failed", false, true),
                ("redis", "stopped", false, false),
                ("sshd", "started", true, true),
                ("udev-settle", "started", true, false),
            ]
        );
        assert!(services[1].has_failed());
    }

    #[test]
    fn states_are_told_in_the_words_of_systemd() {
        let check = |status: &str, expected| assert_eq!(active(status), expected, "{status}");
        check("started", "active");
        check("stopped", "inactive");
        check("failed", "failed");
        check("starting", "activating");
    }
}
