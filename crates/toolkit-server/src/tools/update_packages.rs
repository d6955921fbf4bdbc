//! `update_packages`: installs newer versions of what is installed, by default only what mends holes.

use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::packages::{Manager, Update, Wanted, reboot_required};

/// Updates packages.
pub(crate) struct UpdatePackages;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only these, at most 100; all if it is left out.
    #[serde(default)]
    packages: Vec<String>,
    /// Only updates that mend holes. Arch and Alpine do not say which these are.
    #[serde(default = "yes")]
    security_only: bool,
}

fn yes() -> bool {
    true
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What was to be updated.
    plan: Vec<Update>,
    /// What has another version now.
    updated: Vec<String>,
    /// Whether the machine runs older parts than are installed.
    reboot_required: bool,
    message: String,
}

impl Tool for UpdatePackages {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "update_packages";
    const ABOUT: &'static str = "Installs newer versions of installed packages (apt, dnf, pacman, zypper or apk), by default \
        only those that mend holes. See what it would do with `dry_run`.";
    const MARKS: Marks = Marks::destroys().confirmed().open_world().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "docker:*"]);
    const TIMEOUT_S: u64 = 1_800;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"dry_run": true}"#, r#"{"packages": ["openssl"], "security_only": false, "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let end = Instant::now() + call.shared.timeout;
        let left = || end.saturating_duration_since(Instant::now());
        let manager = Manager::find()?;
        let wanted = input.wanted(left())?;
        manager.check(&wanted)?;
        call.progress(0, Some(3), "asking the mirrors what is new");
        manager.refresh(&wanted).await?;
        let plan = manager.updates(&wanted).await?;
        if plan.is_empty() {
            let message = "everything is as new as it can be".to_owned();
            return Ok(Output { plan, updated: Vec::new(), reboot_required: reboot_required(), message });
        }
        call.progress(1, Some(3), &format!("updating {}", count(plan.len())));
        manager.install(&plan, &Wanted { time_max: left(), ..wanted.clone() })?.succeed().await?;
        call.progress(2, Some(3), "looking what is new now");
        let rest = manager.updates(&wanted).await?;
        let updated: Vec<String> =
            plan.iter().filter(|update| !rest.contains(update)).map(|update| update.name.clone()).collect();
        let message = format!("{} of {} updated", updated.len(), count(plan.len()));
        Ok(Output { plan, updated, reboot_required: reboot_required(), message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let manager = Manager::find()?;
        let wanted = input.wanted(call.shared.timeout)?;
        let updates = manager.updates(&wanted).await?;
        let mut steps = vec!["ask the mirrors what is new; below is what is known without asking".to_owned()];
        steps.extend(updates.iter().map(Update::to_string));
        if updates.is_empty() {
            steps.push("nothing to update, as far as is known".to_owned());
        } else {
            steps.push(manager.install(&updates, &wanted)?.step());
        }
        Ok(steps)
    }
}

impl Input {
    fn wanted(self, time_max: Duration) -> Result<Wanted, Failure> {
        Wanted::new(self.packages, self.security_only, time_max)
    }
}

fn count(packages: usize) -> String {
    if packages == 1 { "1 package".to_owned() } else { format!("{packages} packages") }
}
