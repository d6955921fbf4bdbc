//! The services of this machine, whoever manages them: what a list and a status show, and what can be done to one.
//! Whether an act is allowed is decided here, before any manager hears of it.

pub(crate) mod bus;
mod name;
mod protected;
mod systemd;

use std::{path::Path, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Code, Failure};

use self::systemd::Systemd;
pub(crate) use self::{name::UnitName, systemd::Timer};

/// A service as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) description: String,
    /// What it does in the words of its manager: `running`, `exited`, `dead`, `failed`.
    pub(crate) status: String,
    /// Whether it is up.
    pub(crate) active: bool,
    /// Whether it starts with the machine.
    pub(crate) enabled: bool,
}

impl Service {
    /// Whether it has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.status == "failed"
    }
}

/// A service seen closely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Status {
    /// Its full name.
    pub(crate) name: String,
    pub(crate) description: String,
    /// `active`, `inactive`, `failed`, `activating`, …
    pub(crate) active: String,
    /// `running`, `exited`, `dead`, …
    pub(crate) sub_state: String,
    pub(crate) enabled: bool,
    /// Its first process.
    pub(crate) pid: Option<u32>,
    pub(crate) memory_bytes: Option<u64>,
    /// For how long it has been up.
    pub(crate) uptime_s: Option<u64>,
    /// How often its manager has started it again.
    pub(crate) restarts: u32,
    /// All names under which it is known.
    #[serde(skip)]
    names: Vec<String>,
}

impl Status {
    fn is_up(&self) -> bool {
        self.active == "active" || self.active == "reloading"
    }

    fn is_down(&self) -> bool {
        self.active == "inactive" || self.active == "failed"
    }
}

/// What can be done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Brings it up.
    Start,
    /// Takes it down.
    Stop,
    /// Takes it down and brings it up.
    Restart,
    /// Makes it read its configuration again.
    Reload,
}

impl Act {
    /// As people say it.
    pub(crate) fn verb(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }

    fn past(self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Stop => "stopped",
            Self::Restart => "restarted",
            Self::Reload => "reloaded",
        }
    }

    /// Whether a service in this state is already where the act would bring it.
    fn is_done(self, status: &Status) -> bool {
        match self {
            Self::Start => status.is_up(),
            Self::Stop => status.is_down(),
            Self::Restart | Self::Reload => false,
        }
    }
}

/// What came of an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Outcome {
    /// The full name of the service.
    service: String,
    /// `active`, `inactive`, `failed`, …
    new_status: String,
    /// Whether anything had to be done.
    changed: bool,
    message: String,
}

/// The manager of services that this machine runs.
pub(crate) struct Manager(Systemd);

impl Manager {
    /// Finds it.
    pub(crate) async fn find() -> Result<Self, Failure> {
        // what systemd itself promises to be there when it is the first process
        if Path::new("/run/systemd/system").is_dir() {
            return Ok(Self(Systemd::connect().await?));
        }
        let text = "this machine does not run systemd, so its services cannot be seen";
        Err(Failure::new(Code::NotSupported, text).hint("in a container, ask the container engine instead"))
    }

    /// All services.
    pub(crate) async fn services(&self) -> Result<Vec<Service>, Failure> {
        self.0.services().await
    }

    /// All timers.
    pub(crate) async fn timers(&self) -> Result<Vec<Timer>, Failure> {
        self.0.timers().await
    }

    /// One service.
    pub(crate) async fn status(&self, name: &UnitName) -> Result<Status, Failure> {
        self.0.status(name).await
    }

    /// One service to which this may be done.
    pub(crate) async fn target(&self, act: Act, name: &UnitName) -> Result<Status, Failure> {
        // the name alone is enough to refuse, whether there is such a service or not
        protected::check(act, &[name.to_string()])?;
        let status = self.status(name).await?;
        protected::check(act, &status.names)?;
        Ok(status)
    }

    /// Does it, and waits so long for the service to be where it should.
    pub(crate) async fn act(&self, act: Act, name: &UnitName, wait: Duration) -> Result<Outcome, Failure> {
        let before = self.target(act, name).await?;
        if act.is_done(&before) {
            let message = format!("`{}` was {} already", before.name, before.active);
            return Ok(Outcome { service: before.name, new_status: before.active, changed: false, message });
        }
        let ended = tokio::time::timeout(wait, self.0.act(act, name)).await;
        let now = self.status(name).await?;
        match ended {
            Ok(Ok(())) => {
                let message = format!("`{}` was {} and is {} ({})", now.name, act.past(), now.active, now.sub_state);
                Ok(Outcome { service: now.name, new_status: now.active, changed: true, message })
            }
            Ok(Err(failure)) => Err(failure),
            Err(_) => Err(still_on_its_way(act, &now, wait)),
        }
    }
}

fn still_on_its_way(act: Act, now: &Status, wait: Duration) -> Failure {
    let text = format!("after {} s `{}` is not {}: it is {}", wait.as_secs(), now.name, act.past(), now.active);
    Failure::new(Code::Timeout, text)
        .hint("it goes on in the background: look at `service_status`, or wait longer with `wait_s`")
}
