//! The methods and properties of systemd that are used here, as its manual names them.

use zbus::{OwnedObjectPath, Result, proxy};

/// A unit in a list: name, description, load state, active state, sub state, follower, path, job, its kind and path.
pub(super) type Listed =
    (String, String, String, String, String, String, OwnedObjectPath, u32, String, OwnedObjectPath);

/// The manager of all units.
#[proxy(
    interface = "org.freedesktop.systemd1.Manager",
    default_service = "org.freedesktop.systemd1",
    default_path = "/org/freedesktop/systemd1"
)]
pub(super) trait Manager {
    fn list_units_by_patterns(&self, states: &[&str], patterns: &[&str]) -> Result<Vec<Listed>>;
    fn list_unit_files_by_patterns(&self, states: &[&str], patterns: &[&str]) -> Result<Vec<(String, String)>>;
    fn load_unit(&self, name: &str) -> Result<OwnedObjectPath>;
    fn start_unit(&self, name: &str, mode: &str) -> Result<OwnedObjectPath>;
    fn stop_unit(&self, name: &str, mode: &str) -> Result<OwnedObjectPath>;
    fn restart_unit(&self, name: &str, mode: &str) -> Result<OwnedObjectPath>;
    fn reload_unit(&self, name: &str, mode: &str) -> Result<OwnedObjectPath>;
    fn subscribe(&self) -> Result<()>;
    #[zbus(signal)]
    fn job_removed(&self, id: u32, job: zbus::ObjectPath<'_>, unit: &str, result: &str) -> Result<()>;
}

/// What all units have.
#[proxy(
    interface = "org.freedesktop.systemd1.Unit",
    default_service = "org.freedesktop.systemd1",
    assume_defaults = true
)]
pub(super) trait Unit {
    #[zbus(property)]
    fn id(&self) -> Result<String>;
    #[zbus(property)]
    fn names(&self) -> Result<Vec<String>>;
    #[zbus(property)]
    fn description(&self) -> Result<String>;
    #[zbus(property)]
    fn load_state(&self) -> Result<String>;
    #[zbus(property)]
    fn active_state(&self) -> Result<String>;
    #[zbus(property)]
    fn sub_state(&self) -> Result<String>;
    #[zbus(property)]
    fn unit_file_state(&self) -> Result<String>;
    #[zbus(property)]
    fn active_enter_timestamp(&self) -> Result<u64>;
}

/// What services have besides.
#[proxy(
    interface = "org.freedesktop.systemd1.Service",
    default_service = "org.freedesktop.systemd1",
    assume_defaults = true
)]
pub(super) trait Service {
    #[zbus(property, name = "MainPID")]
    fn main_pid(&self) -> Result<u32>;
    #[zbus(property)]
    fn memory_current(&self) -> Result<u64>;
    #[zbus(property, name = "NRestarts")]
    fn n_restarts(&self) -> Result<u32>;
}

/// What timers have besides.
#[proxy(
    interface = "org.freedesktop.systemd1.Timer",
    default_service = "org.freedesktop.systemd1",
    assume_defaults = true
)]
pub(super) trait Timer {
    #[zbus(property)]
    fn unit(&self) -> Result<String>;
    #[zbus(property, name = "NextElapseUSecRealtime")]
    fn next_elapse_usec_realtime(&self) -> Result<u64>;
    #[zbus(property, name = "LastTriggerUSec")]
    fn last_trigger_usec(&self) -> Result<u64>;
}
