//! A cgroup v2 leaf for one child, where the system lets us make one.
//!
//! It adds what signals cannot give: limits for the tree as a whole, and a kill that no fork can outrun.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process,
};

use rustix::fs::{Access, access};

/// A directory of our own below our own cgroup.
#[derive(Debug)]
pub(crate) struct Leaf {
    home: PathBuf,
    path: PathBuf,
}

impl Leaf {
    /// Makes the leaf of this process; `None` when there is no writable cgroup v2.
    pub(crate) fn create() -> Option<Self> {
        let home = home()?;
        let path = home.join(format!("switchboard-{}", process::id()));
        fs::create_dir(&path).ok()?;
        Some(Self { home, path })
    }

    /// Runs `start` inside, so that what it starts is born there, and comes back out alone.
    pub(crate) fn inside<Started>(&self, start: impl FnOnce() -> Started) -> Started {
        let entered = self.enter(&self.path);
        let started = start();
        if entered.is_ok() {
            // staying inside would only mean to end with the others
            let _ = self.enter(&self.home);
        }
        started
    }

    /// Bounds the tree as a whole. A controller that is not delegated to us has no file, and bounds nothing.
    pub(crate) fn limit(&self, file: &str, value: u64) {
        let _ = fs::write(self.path.join(file), value.to_string());
    }

    /// Kills everything inside at once.
    pub(crate) fn kill(&self) {
        // kernels before 5.14 cannot; the walk over the tree can
        let _ = fs::write(self.path.join("cgroup.kill"), "1");
    }

    fn enter(&self, directory: &Path) -> io::Result<()> {
        fs::write(directory.join("cgroup.procs"), process::id().to_string())
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        // refused while somebody is inside; then the directory is a trace worth finding
        let _ = fs::remove_dir(&self.path);
    }
}

/// Our own cgroup, when we may make leaves in it and move processes there.
pub(crate) fn home() -> Option<PathBuf> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let home = mount_point(&mounts)?.join(own_path(&cgroups)?);
    let writable = |path: &Path| access(path, Access::WRITE_OK).is_ok();
    (writable(&home) && writable(&home.join("cgroup.procs"))).then_some(home)
}

fn own_path(cgroups: &str) -> Option<&str> {
    cgroups.lines().find_map(|line| line.strip_prefix("0::/"))
}

/// Where cgroup v2 is mounted: the fifth field of its line, before the dash and the type of the file system.
fn mount_point(mounts: &str) -> Option<PathBuf> {
    mounts.lines().find(|line| line.contains(" - cgroup2 ")).and_then(|line| line.split(' ').nth(4)).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_cgroup_is_found_beside_the_old_hierarchies() {
        let check = |text, expected| assert_eq!(own_path(text), expected);
        check("0::/user.slice/session-1.scope\n", Some("user.slice/session-1.scope"));
        check("4:memory:/x\n0::/\n", Some(""));
        check("4:memory:/x\n", None);
    }

    #[test]
    fn the_mount_is_found_by_its_type() {
        let mounts = "30 24 0:26 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n\
                      31 24 0:27 / /sys/fs/cgroup/unified rw,relatime shared:10 - cgroup2 cgroup2 rw\n";
        assert_eq!(mount_point(mounts), Some(PathBuf::from("/sys/fs/cgroup/unified")));
        assert_eq!(mount_point(""), None);
    }
}
