//! `get_system_info`: what this machine is.

use std::time::{Duration, SystemTime};

use procfs::{Uptime, prelude::*};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool, moment};

use crate::{
    cpu::{self, Cpu},
    error::Error,
    os_release::OsRelease,
    reading, virtualization,
};

/// Says what this machine is.
pub(crate) struct GetSystemInfo;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    os: Os,
    /// The version of the kernel.
    kernel: String,
    /// `x86_64`, `aarch64`, …
    architecture: String,
    hostname: String,
    uptime_s: u64,
    boot_time: String,
    cpu: Cpu,
    /// The hypervisor under this machine, if it is virtual.
    virtualization: Option<String>,
    /// The container engine in which this runs, if any.
    container: Option<String>,
}

/// What the operating system calls itself.
#[derive(Serialize, JsonSchema)]
struct Os {
    platform: &'static str,
    /// `Debian GNU/Linux 13 (trixie)`.
    distro: String,
    /// `13`.
    release: Option<String>,
}

impl Tool for GetSystemInfo {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "get_system_info";
    const ABOUT: &'static str = "Says what this machine is: operating system, kernel, name, processors, how long it has been \
        up, and whether it is virtual or a container.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &["{}"];

    async fn run(&self, _: Input, _: &Call) -> Result<Output, Failure> {
        reading::read(look).await
    }
}

fn look() -> Result<Output, Error> {
    let system = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let uptime = Uptime::current().map_err(Error::kernel("the time since the start"))?.uptime;
    let uptime = Duration::try_from_secs_f64(uptime).unwrap_or_default();
    let release = OsRelease::read();
    let distro = release.field("PRETTY_NAME").or_else(|| release.field("NAME")).unwrap_or("Linux").to_owned();
    Ok(Output {
        os: Os { platform: std::env::consts::OS, distro, release: release.field("VERSION_ID").map(str::to_owned) },
        kernel: text(system.release()),
        architecture: text(system.machine()),
        hostname: text(system.nodename()),
        uptime_s: uptime.as_secs(),
        boot_time: moment::rfc3339(SystemTime::now() - uptime),
        cpu: cpu::describe()?,
        virtualization: virtualization::hypervisor(),
        container: virtualization::container(),
    })
}
