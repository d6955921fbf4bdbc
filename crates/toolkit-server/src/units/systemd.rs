//! systemd over the system bus: its units, and jobs that change them. No program is started for it.

mod proxies;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::StreamExt;
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Code, Failure, commands, moment};
use zbus::{Connection, OwnedObjectPath};

use self::proxies::{ManagerProxy, ServiceProxy, TimerProxy, UnitProxy};
use super::{Act, Service, Status, UnitName, bus, unknown};

/// A job that takes the place of one that is in its way, as `systemctl` does it.
const REPLACE: &str = "replace";

/// A connection to the manager of this machine.
pub(crate) struct Systemd {
    connection: Connection,
    manager: ManagerProxy<'static>,
}

/// A timer and what it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Timer {
    pub(crate) name: String,
    description: String,
    /// Whether it is waiting.
    pub(crate) active: bool,
    /// What it starts.
    starts: String,
    /// When it starts it next, if that is known.
    next: Option<String>,
    /// When it last did.
    last: Option<String>,
}

impl Systemd {
    /// Connects to it.
    pub(crate) async fn connect() -> Result<Self, Failure> {
        let connection = bus::connect().await?;
        let manager = ManagerProxy::new(&connection).await;
        let manager = manager.map_err(|error| bus::failure("reach systemd", &error))?;
        Ok(Self { connection, manager })
    }

    /// All services, also those that are installed and not loaded.
    pub(crate) async fn services(&self) -> Result<Vec<Service>, Failure> {
        let failed = |error: zbus::Error| bus::failure("list the services", &error);
        by_hand("list-units --all --type=service");
        let files = self.manager.list_unit_files_by_patterns(&[], &["*.service"]).await.map_err(failed)?;
        let loaded = self.manager.list_units_by_patterns(&[], &["*.service"]).await.map_err(failed)?;
        Ok(joined(files, loaded.into_iter().map(|unit| (unit.0, unit.1, unit.3, unit.4))))
    }

    /// All timers, the next first.
    pub(crate) async fn timers(&self) -> Result<Vec<Timer>, Failure> {
        let failed = |error: zbus::Error| bus::failure("list the timers", &error);
        by_hand("list-timers --all");
        let units = self.manager.list_units_by_patterns(&[], &["*.timer"]).await.map_err(failed)?;
        let mut timers = Vec::with_capacity(units.len());
        for unit in units {
            let timer = self.timer(&unit.6).await.map_err(failed)?;
            timers.push(Timer {
                name: unit.0,
                description: unit.1,
                active: unit.3 == "active",
                starts: timer.unit().await.map_err(failed)?,
                next: at(timer.next_elapse_usec_realtime().await.map_err(failed)?),
                last: at(timer.last_trigger_usec().await.map_err(failed)?),
            });
        }
        timers.sort_by(|one, other| (one.next.is_none(), &one.next).cmp(&(other.next.is_none(), &other.next)));
        Ok(timers)
    }

    /// One unit.
    pub(crate) async fn status(&self, name: &UnitName) -> Result<Status, Failure> {
        let failed = |error: zbus::Error| bus::failure(&format!("look at `{name}`"), &error);
        by_hand(&format!("status {name}"));
        let path = self.manager.load_unit(name.as_str()).await.map_err(failed)?;
        let unit = self.unit(&path).await.map_err(failed)?;
        if unit.load_state().await.map_err(failed)? == "not-found" {
            return Err(unknown(name, &self.services().await.unwrap_or_default()));
        }
        let mut status = read(&unit).await.map_err(failed)?;
        if name.as_str().ends_with(".service") {
            self.read_service(&path, &mut status).await.map_err(failed)?;
        }
        Ok(status)
    }

    /// Does it and waits until systemd says that it is done.
    pub(crate) async fn act(&self, act: Act, name: &UnitName) -> Result<(), Failure> {
        let failed = |error: zbus::Error| bus::failure(&format!("{} `{name}`", act.verb()), &error);
        by_hand(&format!("{} {name}", act.verb()));
        // a job may be done before its number is known here, so the ends of jobs are listened to first
        self.manager.subscribe().await.map_err(failed)?;
        let mut ends = self.manager.receive_job_removed().await.map_err(failed)?;
        let job = match act {
            Act::Start => self.manager.start_unit(name.as_str(), REPLACE).await,
            Act::Stop => self.manager.stop_unit(name.as_str(), REPLACE).await,
            Act::Restart => self.manager.restart_unit(name.as_str(), REPLACE).await,
            Act::Reload => self.manager.reload_unit(name.as_str(), REPLACE).await,
        };
        let job = job.map_err(failed)?;
        while let Some(end) = ends.next().await {
            let end = end.args().map_err(failed)?;
            if end.job.as_str() == job.as_str() {
                return judge(act, name, end.result);
            }
        }
        let text = format!("the connection to systemd was lost while `{name}` was to {}", act.verb());
        Err(Failure::new(Code::OutcomeUnknown, text).hint("look at `service_status`"))
    }

    async fn unit(&self, path: &OwnedObjectPath) -> zbus::Result<UnitProxy<'static>> {
        UnitProxy::builder(&self.connection).path(path.clone()).build().await
    }

    async fn timer(&self, path: &OwnedObjectPath) -> zbus::Result<TimerProxy<'static>> {
        TimerProxy::builder(&self.connection).path(path.clone()).build().await
    }

    /// What only services have.
    async fn read_service(&self, path: &OwnedObjectPath, status: &mut Status) -> zbus::Result<()> {
        let service: ServiceProxy<'_> = ServiceProxy::builder(&self.connection).path(path.clone()).build().await?;
        status.pid = Some(service.main_pid().await?).filter(|pid| *pid != 0);
        status.memory_bytes = Some(service.memory_current().await?).filter(|bytes| *bytes != u64::MAX);
        status.restarts = service.n_restarts().await?;
        Ok(())
    }
}

/// Tells those who want to learn what they would type for what the bus is asked.
fn by_hand(words: &str) {
    commands::note(|| format!("systemctl {words}"), "systemd is asked over D-Bus; by hand it is this");
}

async fn read(unit: &UnitProxy<'_>) -> zbus::Result<Status> {
    let active = unit.active_state().await?;
    let since = unit.active_enter_timestamp().await?;
    Ok(Status {
        name: unit.id().await?,
        names: unit.names().await?,
        description: unit.description().await?,
        sub_state: unit.sub_state().await?,
        enabled: starts_with_the_machine(&unit.unit_file_state().await?),
        uptime_s: if active == "active" { since_then(since) } else { None },
        active,
        pid: None,
        memory_bytes: None,
        restarts: 0,
    })
}

/// What the end of a job says of the act.
fn judge(act: Act, name: &UnitName, result: &str) -> Result<(), Failure> {
    let text = match result {
        "done" | "skipped" => return Ok(()),
        "timeout" => format!("`{name}` did not {} in the time that it is given", act.verb()),
        "canceled" => format!("another act on `{name}` took the place of this one"),
        "dependency" => format!("`{name}` was not {}: something that it needs has failed", act.past()),
        _ => format!("`{name}` was not {}: it has failed", act.past()),
    };
    Err(Failure::new(Code::UpstreamError, text).hint("`service_logs` says why"))
}

/// Files and loaded units are two views of the same services: what is in both is one.
fn joined(
    files: Vec<(String, String)>,
    loaded: impl Iterator<Item = (String, String, String, String)>,
) -> Vec<Service> {
    let states: HashMap<String, String> = files
        .into_iter()
        .map(|(path, state)| (path.rsplit('/').next().unwrap_or_default().to_owned(), state))
        .collect();
    let enabled = |name: &str| states.get(name).is_some_and(|state| starts_with_the_machine(state));
    let mut services: HashMap<String, Service> = loaded
        .map(|(name, description, active, status)| {
            let service = Service {
                enabled: enabled(&name),
                active: active == "active",
                status: if active == "failed" { active } else { status },
                description,
                name: name.clone(),
            };
            (name, service)
        })
        .collect();
    // a template is no service before it has an instance
    for name in states.keys().filter(|name| !name.contains("@.")) {
        services.entry(name.clone()).or_insert_with(|| Service {
            name: name.clone(),
            description: String::new(),
            status: "dead".to_owned(),
            active: false,
            enabled: enabled(name),
        });
    }
    let mut services: Vec<Service> = services.into_values().collect();
    services.sort_by(|one, other| one.name.cmp(&other.name));
    services
}

fn starts_with_the_machine(file_state: &str) -> bool {
    file_state.starts_with("enabled")
}

/// A moment that systemd tells in microseconds; zero and the largest number stand for never.
fn at(microseconds: u64) -> Option<String> {
    let known = microseconds != 0 && microseconds != u64::MAX;
    known.then(|| moment::rfc3339(UNIX_EPOCH + Duration::from_micros(microseconds)))
}

fn since_then(microseconds: u64) -> Option<u64> {
    SystemTime::now().duration_since(UNIX_EPOCH + Duration::from_micros(microseconds)).ok().map(|since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_loaded_units_become_one_list() {
        let file = |path: &str, state: &str| (format!("/lib/systemd/system/{path}"), state.to_owned());
        let unit = |name: &str, active: &str, sub: &str| {
            (name.to_owned(), "text".to_owned(), active.to_owned(), sub.to_owned())
        };
        let files = vec![
            file("a.service", "enabled"),
            file("b.service", "disabled"),
            file("getty@.service", "enabled"),
            file("d.service", "enabled-runtime"),
        ];
        let loaded = [
            unit("a.service", "active", "running"),
            unit("c.service", "failed", "failed"),
            unit("getty@tty1.service", "inactive", "dead"),
        ];
        let services = joined(files, loaded.into_iter());
        let short: Vec<_> =
            services.iter().map(|it| (it.name.as_str(), it.status.as_str(), it.active, it.enabled)).collect();
        assert_eq!(
            short,
            [
                ("a.service", "running", true, true),
                ("b.service", "dead", false, false),
                ("c.service", "failed", false, false),
                ("d.service", "dead", false, true),
                ("getty@tty1.service", "dead", false, false),
            ]
        );
    }

    #[test]
    fn only_a_job_that_is_done_is_a_success() {
        let name = UnitName::parse("a").unwrap();
        let check = |result: &str, expected: bool| assert_eq!(judge(Act::Start, &name, result).is_ok(), expected);
        check("done", true);
        check("skipped", true);
        check("failed", false);
        check("timeout", false);
        check("canceled", false);
        check("dependency", false);
        check("a new word", false);
    }

    #[test]
    fn never_is_no_moment() {
        assert_eq!((at(0), at(u64::MAX)), (None, None));
        assert_eq!(at(1_785_242_096_000_000).as_deref(), Some("2026-07-28T12:34:56Z"));
    }
}
