//! Which Linux distribution this is, and how a package is installed there: for the hint when a program is missing.

use std::fs;

/// Where distributions say what they are.
const RELEASE_FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// The package of a program, by family of distributions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packages {
    /// Debian, Ubuntu and what is made of them.
    pub debian: &'static str,
    /// Fedora, RHEL and what is made of them.
    pub fedora: &'static str,
    /// Arch.
    pub arch: &'static str,
    /// openSUSE and SLES.
    pub suse: &'static str,
    /// Alpine.
    pub alpine: &'static str,
}

impl Packages {
    /// The same name everywhere.
    pub const fn same(name: &'static str) -> Self {
        Self { debian: name, fedora: name, arch: name, suse: name, alpine: name }
    }

    /// How it is installed on this machine.
    pub(crate) fn hint(&self) -> String {
        let release = RELEASE_FILES.iter().find_map(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        self.hint_for(&release)
    }

    fn hint_for(&self, release: &str) -> String {
        let command = families(release).find_map(|family| match family {
            "debian" | "ubuntu" => Some(format!("sudo apt install {}", self.debian)),
            "fedora" | "rhel" | "centos" => Some(format!("sudo dnf install {}", self.fedora)),
            "arch" => Some(format!("sudo pacman -S {}", self.arch)),
            "suse" | "opensuse" | "sles" => Some(format!("sudo zypper install {}", self.suse)),
            "alpine" => Some(format!("sudo apk add {}", self.alpine)),
            _ => None,
        });
        match command {
            Some(command) => format!("install it with `{command}`"),
            None => format!("install the package that has it, often called `{}`", self.debian),
        }
    }
}

/// The distribution and those that it is like, the nearest first.
fn families(release: &str) -> impl Iterator<Item = &str> {
    let value = |key: &str| release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    let words = [value("ID"), value("ID_LIKE")].into_iter().flatten();
    words.flat_map(|words| words.trim_matches(['"', '\'']).split(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_is_what_one_types_on_this_distribution() {
        let packages = Packages { fedora: "docker-ce", ..Packages::same("docker.io") };
        let check = |release: &str, expected: &str| {
            let hint = packages.hint_for(release);
            assert!(hint.contains(expected), "{release}: {hint}");
        };
        check("NAME=\"Debian\"\nID=debian\n", "sudo apt install docker.io");
        check("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "sudo apt install docker.io");
        check("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "sudo dnf install docker-ce");
        check("ID=arch\n", "sudo pacman -S docker.io");
        check("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "sudo zypper install docker.io");
        check("ID=alpine\n", "sudo apk add docker.io");
        check("ID=somethingelse\n", "often called `docker.io`");
        check("", "often called `docker.io`");
    }
}
