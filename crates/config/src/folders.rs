//! Where the files of one user are: the configuration, what the program keeps, and the sockets it is controlled by.
//! It only names places; nothing is made or read here.

use std::path::{Path, PathBuf};

use crate::{Listen, env};

/// The folder of the sockets of a node that runs as the service of a package.
pub const SERVICE_RUNTIME: &str = "/run/switchboard";

/// The places of one user's files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// The configuration and what belongs to it.
    pub config: PathBuf,
    /// What the program keeps from run to run; only its user may read it.
    pub state: PathBuf,
    /// The sockets of running nodes.
    pub runtime: PathBuf,
}

impl Folders {
    /// The folders of this process's user.
    pub fn of_process() -> Option<Self> {
        Self::of(&|name| std::env::var(name).ok())
    }

    /// The folders by these environment variables. A process without a home has everything where its state is, and nothing
    /// if nobody says where that is.
    pub fn of(environment: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute(env::HOME.name);
        let in_home = |path| home.as_ref().map(|home| home.join(path));
        let config = absolute(env::XDG_CONFIG_HOME.name).or_else(|| in_home(".config"));
        let state = absolute(env::STATE_DIR.name).or_else(|| {
            let states = absolute(env::XDG_STATE_HOME.name).or_else(|| in_home(".local/state"));
            Some(states?.join("switchboard"))
        })?;
        let config = config.map_or_else(|| state.clone(), |path| path.join("switchboard"));
        let runtime =
            absolute(env::XDG_RUNTIME_DIR.name).map_or_else(|| state.clone(), |path| path.join("switchboard"));
        Some(Self { config, state, runtime })
    }

    /// The configuration file that is used when none is named.
    pub fn file(&self) -> PathBuf {
        self.config.join("switchboard.toml")
    }

    /// The control socket of the node that listens at `address`.
    pub fn control_socket(&self, address: &Listen) -> PathBuf {
        match address {
            Listen::Tcp(address) => self.runtime.join(format!("control-{}.sock", address.port())),
            Listen::Unix(path) => control_socket_beside(path),
        }
    }
}

/// The control socket of the node that listens at the unix socket `path`.
pub fn control_socket_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".control");
    name.into()
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::Folders;

    fn check(variables: &[(&str, &str)], expected: Option<[&str; 3]>) {
        let environment =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let folders = Folders::of(&environment);
        let shown = folders.as_ref().map(|one| [&one.config, &one.state, &one.runtime].map(PathBuf::as_path));
        assert_eq!(shown, expected.map(|paths| paths.map(Path::new)), "{variables:?}");
    }

    #[test]
    fn folders_follow_the_desktop_rules() {
        let home = ("HOME", "/home/u");
        check(
            &[home],
            Some([
                "/home/u/.config/switchboard",
                "/home/u/.local/state/switchboard",
                "/home/u/.local/state/switchboard",
            ]),
        );
        let all = [("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s"), ("XDG_RUNTIME_DIR", "/r")];
        check(&all, Some(["/c/switchboard", "/s/switchboard", "/r/switchboard"]));
        let own = [home, ("SWITCHBOARD_STATE_DIR", "/var/lib/sw"), ("XDG_RUNTIME_DIR", "relative")];
        check(&own, Some(["/home/u/.config/switchboard", "/var/lib/sw", "/var/lib/sw"]));
        check(&[("SWITCHBOARD_STATE_DIR", "/var/lib/sw")], Some(["/var/lib/sw"; 3]));
        check(&[("XDG_CONFIG_HOME", "/c")], None);
        check(&[], None);
    }

    #[test]
    fn each_node_has_a_control_socket_of_its_own() {
        let folders = Folders { config: "/c".into(), state: "/s".into(), runtime: "/r".into() };
        let socket = |address: &str| folders.control_socket(&address.parse().unwrap());
        assert_eq!(socket("127.0.0.1:3100"), Path::new("/r/control-3100.sock"));
        assert_eq!(socket("unix:/run/sw.sock"), Path::new("/run/sw.sock.control"));
    }
}
