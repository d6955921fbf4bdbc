//! `clean_disk`: makes room by removing what can be made or fetched again, or is old.

use std::{collections::BTreeSet, path::Path, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Command, aside};

use crate::{
    packages::Manager,
    programs::{DOCKER, JOURNALCTL},
    sweep::{self, Act, Found, Kind},
};

/// The folders for what is temporary.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];
const LOGS: &str = "/var/log";
const JOURNAL: &str = "/var/log/journal";
/// The oldest that can be asked for: ten years.
const DAYS_MAX: u64 = 3_660;

/// Makes room.
pub(crate) struct CleanDisk;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// What to clean.
    targets: BTreeSet<Target>,
    /// Only what is older than so many days; packages that were fetched go whatever their age.
    #[serde(default = "week")]
    #[schemars(range(min = 0, max = 3660))]
    older_than_days: u64,
}

fn week() -> u64 {
    7
}

/// Something that can be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Target {
    /// Packages that were fetched and are installed.
    PackageCache,
    /// The journal of systemd.
    Journal,
    /// `/tmp` and `/var/tmp`.
    Temp,
    /// Containers, networks and images of Docker that nothing uses.
    Docker,
    /// Logs in `/var/log` that were put aside.
    Logs,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    freed_bytes: u64,
    /// What was removed, target by target.
    removed: Vec<Removed>,
    message: String,
}

/// What was removed for one target.
#[derive(Serialize, JsonSchema)]
struct Removed {
    target: Target,
    freed_bytes: u64,
    /// How many files, where they are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<usize>,
    /// The first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
}

impl Tool for CleanDisk {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "clean_disk";
    const ABOUT: &'static str = "Makes room on the disk: fetched packages, old journal entries, old temporary files, old \
        rotated logs, unused parts of Docker. See what it would remove with `dry_run`.";
    const MARKS: Marks = Marks::destroys().confirmed();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "docker:*"]);
    const TIMEOUT_S: u64 = 600;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"targets": ["temp", "logs"], "older_than_days": 30, "dry_run": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        input.check()?;
        let mut removed = Vec::with_capacity(input.targets.len());
        for target in &input.targets {
            removed.push(clean(*target, input.older_than_days, call.shared.timeout).await?);
        }
        let freed_bytes = removed.iter().map(|removed| removed.freed_bytes).sum();
        Ok(Output { freed_bytes, removed, message: format!("{freed_bytes} bytes are free again") })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        input.check()?;
        let mut steps = Vec::new();
        for target in &input.targets {
            steps.extend(foresee(*target, input.older_than_days).await?);
        }
        Ok(steps)
    }
}

impl Input {
    fn check(&self) -> Result<(), Failure> {
        if self.targets.is_empty() {
            return Err(Failure::invalid("targets", "`targets` must name at least one thing to clean"));
        }
        if self.older_than_days > DAYS_MAX {
            return Err(Failure::invalid("older_than_days", format!("`older_than_days` must be from 0 to {DAYS_MAX}")));
        }
        Ok(())
    }
}

/// The folders that are swept for a target, and what is swept there.
fn folders(target: Target) -> (&'static [&'static str], Kind) {
    match target {
        Target::Temp => (&TEMPORARY, Kind::All),
        Target::Logs => (&[LOGS], Kind::RotatedLogs),
        Target::PackageCache | Target::Journal | Target::Docker => (&[], Kind::All),
    }
}

/// The command that cleans a target, and the folder that gets smaller by it.
fn command(target: Target, days: u64) -> Result<Option<(Command, &'static str)>, Failure> {
    Ok(match target {
        Target::Temp | Target::Logs => None,
        Target::PackageCache => Some(Manager::find()?.clean()),
        Target::Journal => {
            let command = JOURNALCTL.command().option("--vacuum-time", &format!("{days}d"))?;
            Some((command.why("the journal removes whole files of its own"), JOURNAL))
        }
        Target::Docker => {
            let command = DOCKER.command().words(["system", "prune", "--force"]);
            let command = command.option("--filter", &format!("until={}h", days * 24))?;
            Some((command.why("the engine knows what nothing uses"), ""))
        }
    })
}

async fn sweep(target: Target, days: u64, act: Act) -> Result<Found, Failure> {
    let (folders, kind) = folders(target);
    aside(move |stop| {
        let mut all = Found::default();
        for folder in folders {
            let found = sweep::sweep(Path::new(folder), kind, age(days), act, stop)?;
            all.count += found.count;
            all.bytes += found.bytes;
            all.names.extend(found.names);
        }
        all.names.truncate(sweep::NAMES_MAX);
        Ok(all)
    })
    .await
}

fn age(days: u64) -> Duration {
    Duration::from_hours(days * 24)
}

async fn size(folder: &'static str) -> Result<u64, Failure> {
    aside(move |stop| sweep::size(Path::new(folder), stop)).await
}

async fn clean(target: Target, days: u64, time_max: Duration) -> Result<Removed, Failure> {
    let Some((command, folder)) = command(target, days)? else {
        let found = sweep(target, days, Act::Remove).await?;
        return Ok(Removed { target, freed_bytes: found.bytes, files: Some(found.count), names: found.names });
    };
    if folder.is_empty() {
        let printed = command.time_max(time_max).succeed().await?.stdout;
        return Ok(Removed { target, freed_bytes: reclaimed(&printed), files: None, names: Vec::new() });
    }
    let before = size(folder).await?;
    command.time_max(time_max).succeed().await?;
    let freed_bytes = before.saturating_sub(size(folder).await?);
    Ok(Removed { target, freed_bytes, files: None, names: Vec::new() })
}

async fn foresee(target: Target, days: u64) -> Result<Vec<String>, Failure> {
    let Some((command, folder)) = command(target, days)? else {
        let found = sweep(target, days, Act::Count).await?;
        let (folders, _) = folders(target);
        let (count, bytes) = (found.count, found.bytes);
        let mut steps = vec![format!("remove {count} files ({bytes} bytes) from {}", folders.join(" and "))];
        steps.extend(found.names.iter().take(20).map(|name| format!("remove `{}`", name.escape_debug())));
        return Ok(steps);
    };
    let size = if folder.is_empty() { 0 } else { size(folder).await? };
    let now = if folder.is_empty() { String::new() } else { format!("; `{folder}` holds {size} bytes now") };
    Ok(vec![format!("{}{now}", command.step())])
}

/// Bytes in the last line of `docker system prune`: `Total reclaimed space: 1.2GB`.
fn reclaimed(printed: &str) -> u64 {
    let told = printed.lines().find_map(|line| line.strip_prefix("Total reclaimed space: ")).unwrap_or_default();
    let (number, unit) = told.trim().split_at(told.trim().find(|c: char| c.is_ascii_alphabetic()).unwrap_or_default());
    let factor = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return 0,
    };
    // three digits behind the point are all that it writes
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let thousandths = format!("{part:0<3}").get(..3).and_then(|part| part.parse::<u64>().ok()).unwrap_or_default();
    whole.parse::<u64>().unwrap_or_default() * factor + thousandths * factor / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_has_freed_is_read() {
        let check = |printed: &str, expected: u64| assert_eq!(reclaimed(printed), expected, "{printed}");
        check("Deleted Images:\nx\n\nTotal reclaimed space: 1.234GB\n", 1_234_000_000);
        check("Total reclaimed space: 0B\n", 0);
        check("Total reclaimed space: 12.5kB\n", 12_500);
        check("Total reclaimed space: many\n", 0);
        check("", 0);
    }
}
