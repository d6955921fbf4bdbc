//! The programs that this toolkit may run, each with what always stands before its arguments and the package that has it.
//! Only `run_command` runs others, from a list of its own.

use workbench::{Packages, Program};

/// Programs speak English, as what reads their output expects, and ask nobody anything.
const ENV: &[(&str, &str)] = &[("LC_ALL", "C.UTF-8"), ("DEBIAN_FRONTEND", "noninteractive"), ("SYSTEMD_COLORS", "0")];

const SYSTEMD: Packages = Packages::same("systemd");
const OPENRC: Packages = Packages::same("openrc");
const NVIDIA: Packages = Packages {
    fedora: "xorg-x11-drv-nvidia-cuda",
    arch: "nvidia-utils",
    suse: "nvidia-compute-utils-G06",
    ..Packages::same("nvidia-smi")
};

/// Reads the journal of systemd.
pub(crate) static JOURNALCTL: Program =
    Program::new("journalctl").first(&["--no-pager", "--quiet"]).env(ENV).packages(SYSTEMD);
/// Acts on services of systemd with the rights of root, where `sudo` gives them without a password.
pub(crate) static SUDO_SYSTEMCTL: Program =
    Program::new("sudo").first(&["--non-interactive", "--", "systemctl", "--no-ask-password"]).env(ENV);
/// The services of OpenRC.
pub(crate) static RC_STATUS: Program = Program::new("rc-status").first(&["--nocolor"]).env(ENV).packages(OPENRC);
/// Starts and stops services of OpenRC.
pub(crate) static RC_SERVICE: Program = Program::new("rc-service").first(&["--nocolor"]).env(ENV).packages(OPENRC);
/// Says how the graphics processors of NVIDIA are.
pub(crate) static NVIDIA_SMI: Program = Program::new("nvidia-smi").env(ENV).packages(NVIDIA);

/// Packages of Debian: what is installed.
pub(crate) static DPKG_QUERY: Program = Program::new("dpkg-query").env(ENV).packages(Packages::same("dpkg"));
/// Packages of Debian: what can be, and the installing.
pub(crate) static APT_GET: Program = Program::new("apt-get").env(ENV).packages(Packages::same("apt"));
/// Packages of Fedora and SUSE: what is installed.
pub(crate) static RPM: Program = Program::new("rpm").env(ENV);
/// Packages of Fedora.
pub(crate) static DNF: Program = Program::new("dnf").first(&["--quiet"]).env(ENV);
/// Packages of SUSE.
pub(crate) static ZYPPER: Program = Program::new("zypper").first(&["--quiet", "--non-interactive"]).env(ENV);
/// Packages of Arch.
pub(crate) static PACMAN: Program = Program::new("pacman").first(&["--noconfirm", "--color=never"]).env(ENV);
/// Packages of Alpine.
pub(crate) static APK: Program = Program::new("apk").env(ENV).packages(Packages::same("apk-tools"));

/// The engine whose leavings `clean_disk` can remove.
pub(crate) static DOCKER: Program =
    Program::new("docker").env(ENV).packages(Packages { debian: "docker.io", ..Packages::same("docker") });

/// The firewall of Fedora and SUSE.
pub(crate) static FIREWALL_CMD: Program = Program::new("firewall-cmd").env(ENV).packages(Packages::same("firewalld"));
/// The firewall of Ubuntu.
pub(crate) static UFW: Program = Program::new("ufw").env(ENV);
/// The packet filter of the kernel.
pub(crate) static NFT: Program = Program::new("nft").env(ENV).packages(Packages::same("nftables"));
