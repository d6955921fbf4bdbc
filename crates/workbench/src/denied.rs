//! Places that no toolkit touches, whatever its roots are: passwords, keys, tokens, the kernel's own file systems, and what
//! the program adds of its own. It compares real paths, as the kernel tells them, by component.

use std::{
    env, fs,
    os::unix::fs::MetadataExt as _,
    path::{Component, Path, PathBuf},
};

/// Files and folders of the system.
const SYSTEM: [&str; 11] = [
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/passwd",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/ssh",
    "/etc/ssl/private",
    "/proc",
    "/sys",
];
/// The home of the administrator. When we run as the administrator it is a home like any other.
const ADMINISTRATOR: &str = "/root";
/// Keys and tokens below a home.
const IN_HOME: [&str; 21] = [
    ".aws",
    ".azure",
    ".bash_history",
    ".cargo/credentials.toml",
    ".config/gcloud",
    ".config/gh",
    ".config/op",
    ".docker/config.json",
    ".git-credentials",
    ".gnupg",
    ".kube",
    ".local/share/keyrings",
    ".mozilla",
    ".netrc",
    ".npmrc",
    ".password-store",
    ".pgpass",
    ".pypirc",
    ".ssh",
    ".vault-token",
    ".config/google-chrome",
];
/// Folders of keys by their name, wherever they are.
const BY_NAME: [&str; 2] = [".ssh", ".gnupg"];
/// Folders that are only read.
const READ_ONLY: [&str; 1] = ["/var/log"];

/// What shall be done with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Read,
    Change,
}

/// The places that are denied.
#[derive(Clone, Debug, Default)]
pub struct Denied {
    paths: Vec<PathBuf>,
    read_only: Vec<PathBuf>,
}

impl Denied {
    /// What is denied on every machine.
    pub fn system() -> Self {
        let home = env::home_dir();
        let mut paths: Vec<PathBuf> = SYSTEM.into_iter().map(PathBuf::from).collect();
        if home.as_deref() != Some(Path::new(ADMINISTRATOR)) {
            paths.push(ADMINISTRATOR.into());
        }
        if let Some(home) = home {
            paths.extend(IN_HOME.into_iter().map(|path| home.join(path)));
        }
        Self { paths: real(paths), read_only: real(READ_ONLY.into_iter().map(PathBuf::from)) }
    }

    /// With more places: the program's own folders.
    pub fn and(mut self, paths: impl IntoIterator<Item = PathBuf>) -> Self {
        self.paths.extend(real(paths));
        self
    }

    /// The rule that forbids to do this at a real path.
    pub(crate) fn rule(&self, path: &Path, act: Act) -> Option<&Path> {
        let by_name = path.components().find_map(|component| match component {
            Component::Normal(name) => BY_NAME.into_iter().find(|denied| name == *denied),
            _ => None,
        });
        let listed = |list: &'_ [PathBuf]| list.iter().position(|denied| path.starts_with(denied));
        listed(&self.paths).map(|place| self.paths[place].as_path()).or(by_name.map(Path::new)).or_else(|| {
            (act == Act::Change).then(|| listed(&self.read_only))?.map(|place| self.read_only[place].as_path())
        })
    }

    /// A denied place that lies at or below this path.
    pub(crate) fn below(&self, path: &Path) -> Option<&Path> {
        self.paths.iter().find(|denied| denied.starts_with(path) && denied.exists()).map(PathBuf::as_path)
    }

    /// Whether this is a denied file under another name: a hard link to it.
    pub(crate) fn has_file(&self, device: u64, inode: u64) -> bool {
        self.paths
            .iter()
            .filter_map(|path| fs::symlink_metadata(path).ok())
            .any(|known| known.is_file() && (known.dev(), known.ino()) == (device, inode))
    }
}

/// Paths as they are named and as the kernel calls them.
fn real(paths: impl IntoIterator<Item = PathBuf>) -> Vec<PathBuf> {
    let both = |path: PathBuf| [fs::canonicalize(&path).ok().filter(|real| *real != path), Some(path)];
    paths.into_iter().flat_map(both).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_is_denied_by_whole_components() {
        let denied = Denied::system().and([PathBuf::from("/var/lib/own")]);
        let check = |path: &str, act: Act, expected: bool| {
            assert_eq!(denied.rule(Path::new(path), act).is_some(), expected, "{path} {act:?}");
        };
        check("/etc/shadow", Act::Read, true);
        check("/etc/shadows", Act::Read, false);
        check("/proc/self/environ", Act::Read, true);
        check("/processes", Act::Read, false);
        check("/srv/app/.ssh/id_ed25519", Act::Read, true);
        check("/srv/app/.sshd/notes", Act::Read, false);
        check("/var/log/app.log", Act::Read, false);
        check("/var/log/app.log", Act::Change, true);
        check("/var/lib/own/secrets", Act::Read, true);
    }
}
