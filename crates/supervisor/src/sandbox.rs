//! A wall around this process and all that it starts: which files it reaches (Landlock) and which system calls it may make
//! (seccomp). It cannot be taken down again. What the kernel does not offer is told, never silently left out.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt, fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process,
    str::FromStr,
    thread,
};

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Is, SeccompCondition as Condition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// The rules of Landlock that we know; an older kernel has fewer, which the outcome tells.
const KNOWN_ABI: ABI = ABI::V5;
/// What every program reads: itself, its libraries, and what the system says of itself.
const READABLE: [&str; 16] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/opt",
    "/nix",
    "/proc",
    "/sys",
    "/dev",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
];
/// What nobody reads of `/etc`: passwords and keys. What stands there when the wall goes up is read otherwise.
const CLOSED_IN_ETC: [&str; 8] = ["shadow", "shadow-", "gshadow", "gshadow-", "sudoers", "sudoers.d", "ssh", "ssl"];
/// What every program writes to.
const WRITABLE: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/ptmx"];
/// Our own file.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// How much a process is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Not at all.
    None,
    /// Writes only where it is told, reads there and what belongs to the system, opens no unix socket, and makes no system
    /// call that ordinary programs have no use for.
    Standard,
    /// The same, and no network.
    Strict,
}

impl Profile {
    /// How it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Standard => "standard",
            Self::Strict => "strict",
        }
    }
}

impl FromStr for Profile {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::None, Self::Standard, Self::Strict].into_iter().find(|profile| profile.as_str() == text).ok_or(())
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A wall that is to be put up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// How much is held back.
    pub profile: Profile,
    /// Folders and files that may be changed, and read.
    pub writable: Vec<PathBuf>,
    /// Folders and files that may be read, beside those of the system.
    pub readable: Vec<PathBuf>,
    /// Whether to go on with less than the profile says where the kernel offers less.
    pub may_be_weaker: bool,
}

/// Why a wall could not be put up.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The kernel does not confine files as the profile asks.
    #[error("the sandbox `{profile}` needs Landlock, which this kernel {lack}; choose `none` if that is acceptable")]
    Files {
        /// The profile.
        profile: Profile,
        /// What is missing.
        lack: &'static str,
    },
    /// The kernel does not filter system calls.
    #[error(
        "the sandbox `{profile}` needs seccomp, which this kernel does not offer; choose `none` if that is acceptable"
    )]
    Calls {
        /// The profile.
        profile: Profile,
        /// What went wrong.
        #[source]
        source: seccompiler::Error,
    },
    /// The program could not be started anew behind the wall.
    #[error("cannot start behind the sandbox")]
    Start(#[source] std::io::Error),
}

impl Sandbox {
    /// Starts this program anew with these arguments behind the wall. It only returns to say why not.
    pub fn start_over(self, arguments: Vec<OsString>) -> SandboxError {
        // the wall goes up around one thread only, and the new program begins as that thread
        let behind = thread::spawn(move || {
            if let Err(error) = self.enter() {
                return error;
            }
            SandboxError::Start(process::Command::new(OWN_PROGRAM).arg0("switchboard").args(arguments).exec())
        });
        behind.join().unwrap_or_else(|_| SandboxError::Start(std::io::Error::other("the thread broke")))
    }

    /// Puts the wall up around the calling thread and all that it starts.
    pub fn enter(&self) -> Result<(), SandboxError> {
        if self.profile == Profile::None {
            return Ok(());
        }
        self.confine_files()?;
        self.filter_calls()
    }

    fn confine_files(&self) -> Result<(), SandboxError> {
        let lack = match self.restrict() {
            Ok(RulesetStatus::FullyEnforced) => return Ok(()),
            Ok(RulesetStatus::PartiallyEnforced) => "offers only in part",
            Ok(RulesetStatus::NotEnforced) => "does not offer",
            Err(_) => "refuses",
        };
        if self.may_be_weaker { Ok(()) } else { Err(SandboxError::Files { profile: self.profile, lack }) }
    }

    fn restrict(&self) -> Result<RulesetStatus, landlock::RulesetError> {
        let own = env::current_exe().ok();
        let etc = readable_in_etc();
        let told = etc.iter().chain(&self.readable).map(PathBuf::as_path);
        let readable = READABLE.into_iter().map(Path::new).chain(told);
        let writable = WRITABLE.into_iter().map(Path::new).chain(self.writable.iter().map(PathBuf::as_path));
        let rules = Ruleset::default().handle_access(AccessFs::from_all(KNOWN_ABI))?.create()?;
        let rules = rules
            .add_rules(path_beneath_rules(readable.chain(own.as_deref()), AccessFs::from_read(KNOWN_ABI)))?
            .add_rules(path_beneath_rules(writable, AccessFs::from_all(KNOWN_ABI)))?;
        Ok(rules.restrict_self()?.ruleset)
    }

    fn filter_calls(&self) -> Result<(), SandboxError> {
        let end = programs(self.profile)
            .and_then(|programs| programs.iter().try_for_each(|program| seccompiler::apply_filter(program)));
        match end {
            Err(source) if !self.may_be_weaker => Err(SandboxError::Calls { profile: self.profile, source }),
            _ => Ok(()),
        }
    }
}

/// What may be read of `/etc`: a rule cannot take away a part of what another one gives.
fn readable_in_etc() -> Vec<PathBuf> {
    let is_closed = |entry: &fs::DirEntry| CLOSED_IN_ETC.iter().any(|closed| entry.file_name() == *closed);
    let entries = fs::read_dir("/etc").into_iter().flatten().flatten();
    entries.filter(|entry| !is_closed(entry)).map(|entry| entry.path()).collect()
}

/// Whether this kernel confines files.
pub(crate) fn confines_files() -> bool {
    let rules = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    rules.handle_access(AccessFs::from_all(ABI::V1)).and_then(Ruleset::create).is_ok()
}

/// Whether this kernel filters system calls.
pub(crate) fn filters_calls() -> bool {
    Path::new("/proc/sys/kernel/seccomp/actions_avail").exists()
}

/// Calls that change the machine, look into other processes, or widen what the kernel must be trusted with.
const REFUSED: &[i64] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_chroot,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_init_module,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
    libc::SYS_kexec_file_load,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    libc::SYS_perf_event_open,
    libc::SYS_pivot_root,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
    libc::SYS_quotactl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
];

/// Kinds of sockets that lead to daemons of this machine or past its network stack.
const LOCAL_FAMILIES: [i32; 3] = [libc::AF_UNIX, libc::AF_PACKET, libc::AF_VSOCK];
/// Kinds of sockets that lead to other machines.
const NETWORK_FAMILIES: [i32; 2] = [libc::AF_INET, libc::AF_INET6];
/// Flags of `clone` that make namespaces.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWUTS,
];

/// Types into the terminal of somebody else.
const TIOCSTI: u64 = 0x5412;
/// The same on a console of Linux.
const TIOCLINUX: u64 = 0x541c;

/// The filters of a profile: what is refused, and the newer `clone`, whose flags no filter sees, as if it did not exist.
fn programs(profile: Profile) -> Result<[BpfProgram; 2], seccompiler::Error> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    let network: &[i32] = if profile == Profile::Strict { &NETWORK_FAMILIES } else { &[] };
    let family = |family: &i32| rule(0, Is::Eq, bits(*family));
    refused.insert(libc::SYS_socket, LOCAL_FAMILIES.iter().chain(network).map(family).collect::<Result<_, _>>()?);
    let namespace = |flag: &i32| rule(0, Is::MaskedEq(bits(*flag)), bits(*flag));
    refused.insert(libc::SYS_clone, NAMESPACES.iter().map(namespace).collect::<Result<_, _>>()?);
    refused.insert(libc::SYS_ioctl, vec![rule(1, Is::Eq, TIOCSTI)?, rule(1, Is::Eq, TIOCLINUX)?]);
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    Ok([filter(refused, libc::EPERM)?, filter(absent, libc::ENOSYS)?])
}

/// A number of the kernel as its register holds it.
fn bits(number: i32) -> u64 {
    number.cast_unsigned().into()
}

fn rule(argument: u8, comparison: Is, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![Condition::new(argument, Width::Dword, comparison, value)?])
}

fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    let architecture = TargetArch::try_from(env::consts::ARCH)?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno.cast_unsigned()), architecture)?
        .try_into()
}
