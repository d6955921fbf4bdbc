//! The packages of this machine, whichever of five managers has them: what is installed, what could be newer, and the
//! installing of that. Each manager is a file that says which commands it needs and how their output reads.

mod apk;
mod apt;
mod dnf;
mod pacman;
mod reboot;
mod zypper;

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Code, Failure};
use workbench::{Command, Outcome};

pub(crate) use self::reboot::is_required as reboot_required;
use crate::{os_release::OsRelease, shown};

/// Bytes that a list of packages may have: 20,000 packages with their descriptions.
const LIST_BYTES_MAX: usize = 8 << 20;
/// Bytes of a name of a package; the longest of Debian has 90.
const NAME_BYTES_MAX: usize = 200;
/// Names in one call: more are better said as all of them.
const NAMES_MAX: usize = 100;

/// An installed package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Package {
    pub(crate) name: String,
    version: String,
    architecture: String,
    /// What it is for, in a line.
    pub(crate) summary: String,
}

/// A package that could be newer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub(crate) struct Update {
    pub(crate) name: String,
    /// The version that is installed, where the manager says it.
    installed: Option<String>,
    available: String,
    /// Whether it mends a hole; nothing if the manager does not say.
    pub(crate) security: Option<bool>,
}

impl fmt::Display for Update {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let installed = self.installed.as_deref().unwrap_or("what is installed");
        let security = if self.security == Some(true) { ", mends a hole" } else { "" };
        write!(out, "update `{}` from {installed} to {}{security}", self.name, self.available)
    }
}

/// Which packages an update is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Only these; all if there are none.
    pub(crate) names: Vec<String>,
    /// Only what mends holes.
    pub(crate) security_only: bool,
    /// How long one command may take.
    pub(crate) time_max: Duration,
}

impl Wanted {
    /// What a caller wants.
    pub(crate) fn new(names: Vec<String>, security_only: bool, time_max: Duration) -> Result<Self, Failure> {
        if names.len() > NAMES_MAX {
            let text = format!("{} packages are named; at most {NAMES_MAX} can be", names.len());
            return Err(Failure::invalid("packages", text).hint("leave `packages` out to update all of them"));
        }
        names.iter().try_for_each(|name| check_name(name))?;
        Ok(Self { names, security_only, time_max })
    }

    fn is_all(&self) -> bool {
        self.names.is_empty()
    }

    /// Those of the updates that are wanted.
    fn select(&self, updates: Vec<Update>) -> Vec<Update> {
        let is_named = |update: &Update| self.is_all() || self.names.contains(&update.name);
        let is_security = |update: &Update| !self.security_only || update.security == Some(true);
        updates.into_iter().filter(|update| is_named(update) && is_security(update)).collect()
    }
}

/// Names of packages on all five systems are of these characters.
fn check_name(name: &str) -> Result<(), Failure> {
    let fits = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._:@".contains(&byte));
    if fits {
        return Ok(());
    }
    let text = format!("`{}` is not the name of a package", shown::short(name));
    Err(Failure::invalid("packages", text).hint("`list_packages` names them"))
}

/// The manager of packages that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Manager {
    /// Debian, Ubuntu and what is made of them.
    Apt,
    /// Fedora, RHEL and what is made of them.
    Dnf,
    /// Arch.
    Pacman,
    /// openSUSE and SLES.
    Zypper,
    /// Alpine.
    Apk,
}

impl Manager {
    /// Finds it by what the system calls itself.
    pub(crate) fn find() -> Result<Self, Failure> {
        let release = OsRelease::read();
        let families = [release.field("ID"), release.field("ID_LIKE")].into_iter().flatten();
        families.flat_map(str::split_whitespace).find_map(Self::of_family).ok_or_else(|| {
            let text = "this system is of no family whose packages are known here";
            Failure::new(Code::NotSupported, text).hint("known are apt, dnf, pacman, zypper and apk")
        })
    }

    fn of_family(family: &str) -> Option<Self> {
        match family {
            "debian" | "ubuntu" => Some(Self::Apt),
            "fedora" | "rhel" | "centos" | "amzn" => Some(Self::Dnf),
            "arch" | "archlinux" => Some(Self::Pacman),
            "suse" | "opensuse" | "sles" => Some(Self::Zypper),
            "alpine" => Some(Self::Apk),
            _ => None,
        }
    }

    /// What is installed, by name.
    pub(crate) async fn installed(self) -> Result<Vec<Package>, Failure> {
        let command = match self {
            Self::Apt => apt::list(),
            Self::Dnf | Self::Zypper => dnf::list(),
            Self::Pacman => pacman::list(),
            Self::Apk => apk::list(),
        };
        let printed = command.stdout_bytes_max(LIST_BYTES_MAX).succeed().await?.stdout;
        let mut packages = match self {
            Self::Apt => apt::parse_list(&printed),
            Self::Dnf | Self::Zypper => dnf::parse_list(&printed),
            Self::Pacman => pacman::parse_list(&printed),
            Self::Apk => apk::parse_list(&printed),
        };
        packages.sort();
        Ok(packages)
    }

    /// Refuses what this manager cannot do.
    pub(crate) fn check(self, wanted: &Wanted) -> Result<(), Failure> {
        if wanted.security_only && matches!(self, Self::Pacman | Self::Apk) {
            let text = format!("{self:?} does not say which updates mend holes").to_lowercase();
            let failure = Failure::new(Code::NotSupported, text).hint("call again with `security_only: false`");
            return Err(Failure { field: Some("security_only".to_owned()), ..failure });
        }
        if self == Self::Pacman && !wanted.is_all() {
            let text = "Arch can only be updated as a whole: single packages would break others";
            let failure = Failure::new(Code::NotSupported, text).hint("leave `packages` out");
            return Err(Failure { field: Some("packages".to_owned()), ..failure });
        }
        Ok(())
    }

    /// What could be newer, as far as the machine knows without asking its mirrors.
    pub(crate) async fn updates(self, wanted: &Wanted) -> Result<Vec<Update>, Failure> {
        self.check(wanted)?;
        let updates = match self {
            Self::Apt => apt::parse_plan(&within(apt::plan(), wanted).succeed().await?.stdout),
            Self::Dnf => {
                let all = accept(within(dnf::plan(false), wanted), &dnf::EXIT_CODES).await?;
                let security = accept(within(dnf::plan(true), wanted), &dnf::EXIT_CODES).await?;
                dnf::parse_plan(&all.stdout, &security.stdout)
            }
            Self::Pacman => {
                pacman::parse_plan(&accept(within(pacman::plan(), wanted), &pacman::EXIT_CODES).await?.stdout)
            }
            Self::Zypper => {
                let all = within(zypper::plan(), wanted).succeed().await?;
                let patches = within(zypper::patches(), wanted).succeed().await?;
                zypper::parse_plan(&all.stdout, &patches.stdout)
            }
            Self::Apk => apk::parse_plan(&within(apk::plan(), wanted).succeed().await?.stdout),
        };
        let mut updates = wanted.select(updates);
        updates.sort();
        Ok(updates)
    }

    /// Asks the mirrors what there is.
    pub(crate) async fn refresh(self, wanted: &Wanted) -> Result<(), Failure> {
        let command = match self {
            Self::Apt => apt::refresh(),
            Self::Dnf => dnf::refresh(),
            Self::Zypper => zypper::refresh(),
            Self::Apk => apk::refresh(),
            // a list that is newer than what is installed is what breaks Arch: both are done at once
            Self::Pacman => return Ok(()),
        };
        within(command, wanted).succeed().await.map(drop)
    }

    /// The command that installs these updates.
    pub(crate) fn install(self, updates: &[Update], wanted: &Wanted) -> Result<Command, Failure> {
        let names = updates.iter().map(|update| update.name.as_str());
        let command = match self {
            Self::Apt => apt::install().rest("packages", names),
            Self::Dnf => dnf::install().rest("packages", names),
            Self::Zypper => zypper::install().rest("packages", names),
            Self::Apk => apk::install().rest("packages", names),
            Self::Pacman => Ok(pacman::install()),
        };
        Ok(within(command?, wanted))
    }

    /// The command that removes packages which were fetched and are installed by now, and the folder that holds them.
    pub(crate) fn clean(self) -> (Command, &'static str) {
        match self {
            Self::Apt => (apt::clean(), "/var/cache/apt/archives"),
            Self::Dnf => (dnf::clean(), "/var/cache/dnf"),
            Self::Pacman => (pacman::clean(), "/var/cache/pacman/pkg"),
            Self::Zypper => (zypper::clean(), "/var/cache/zypp/packages"),
            Self::Apk => (apk::clean(), "/var/cache/apk"),
        }
    }
}

fn within(command: Command, wanted: &Wanted) -> Command {
    command.time_max(wanted.time_max).stdout_bytes_max(LIST_BYTES_MAX)
}

/// Runs a command whose exit code says what it has found.
async fn accept(command: Command, exit_codes: &[i32]) -> Result<Outcome, Failure> {
    let shown = command.shown();
    let outcome = command.run().await?;
    if outcome.exit_code.is_some_and(|code| exit_codes.contains(&code)) {
        Ok(outcome)
    } else {
        Err(outcome.failure(&shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(names: &[&str], security_only: bool) -> Wanted {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Wanted::new(names, security_only, Duration::from_secs(1)).unwrap()
    }

    fn update(name: &str, security: Option<bool>) -> Update {
        Update { name: name.to_owned(), installed: None, available: "2".to_owned(), security }
    }

    #[test]
    fn only_what_is_wanted_is_updated() {
        let updates = vec![update("a", Some(true)), update("b", Some(false)), update("c", None)];
        let check = |names: &[&str], security_only, expected: &[&str]| {
            let selected = wanted(names, security_only).select(updates.clone());
            assert_eq!(selected.iter().map(|update| update.name.as_str()).collect::<Vec<_>>(), expected);
        };
        check(&[], false, &["a", "b", "c"]);
        check(&[], true, &["a"]);
        check(&["b", "x"], false, &["b"]);
        check(&["b"], true, &[]);
    }

    #[test]
    fn names_are_of_few_characters() {
        let long = "a".repeat(100_000);
        for name in ["bash", "g++-12", "libc6:amd64", "python3.11", "kernel-6.1.0@x86_64"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in
            ["", "-y", "--purge", "a b", "a;reboot", "$(id)", "/tmp/evil.deb", "./evil.deb", "a=1", "a\n", "a\0", &long]
        {
            assert_eq!(check_name(name).unwrap_err().field.as_deref(), Some("packages"), "{name:.40}");
        }
        assert!(Wanted::new(vec!["a".to_owned(); 101], false, Duration::ZERO).is_err());
    }

    #[test]
    fn a_manager_is_known_by_its_family() {
        let check = |family: &str, expected| assert_eq!(Manager::of_family(family), expected, "{family}");
        check("ubuntu", Some(Manager::Apt));
        check("rhel", Some(Manager::Dnf));
        check("arch", Some(Manager::Pacman));
        check("suse", Some(Manager::Zypper));
        check("alpine", Some(Manager::Apk));
        check("plan9", None);
    }

    #[test]
    fn what_a_manager_cannot_do_is_refused() {
        let check = |manager: Manager, wanted: Wanted, expected: Option<&str>| {
            let field = manager.check(&wanted).err().and_then(|failure| failure.field);
            assert_eq!(field.as_deref(), expected, "{manager:?} {wanted:?}");
        };
        check(Manager::Apt, wanted(&["a"], true), None);
        check(Manager::Apk, wanted(&["a"], false), None);
        check(Manager::Apk, wanted(&[], true), Some("security_only"));
        check(Manager::Pacman, wanted(&[], true), Some("security_only"));
        check(Manager::Pacman, wanted(&["a"], false), Some("packages"));
        check(Manager::Pacman, wanted(&[], false), None);
    }
}
