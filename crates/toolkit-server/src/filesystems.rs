//! What is mounted, and how full it is. File systems that another machine or a program serves are listed but not asked
//! how full they are: one that does not answer would hold the thread for good.

use std::path::Path;

use procfs::process::{MountInfo, Process};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Error, percent};

/// Types that hold no files of anybody, or are full by design.
const WITHOUT_ROOM: [&str; 6] = ["squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"];
/// Types whose files lie on other machines or in other programs.
const ELSEWHERE: [&str; 8] = ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "afs", "autofs"];

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the fields are named as in the result")]
pub(crate) struct Mount {
    /// The device, or what stands for it.
    pub(crate) source: String,
    /// The folder where it is seen.
    pub(crate) mount: String,
    /// Its type: `ext4`.
    pub(crate) fs_type: String,
    /// How it is mounted: `rw`, `noexec`, …
    pub(crate) options: Vec<String>,
    #[serde(skip)]
    device: String,
}

/// How full a file system is, in bytes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Room {
    /// The device, or what stands for it.
    filesystem: String,
    /// The folder where it is seen.
    pub(crate) mount: String,
    /// All there is.
    total: u64,
    /// What files hold.
    used: u64,
    /// What an ordinary user can still fill.
    available: u64,
    /// `used` of what an ordinary user can use, as `df` counts.
    pub(crate) percent: f64,
}

/// All mounts that this process sees.
pub(crate) fn mounts() -> Result<Vec<Mount>, Error> {
    let read = Process::myself().and_then(|process| process.mountinfo()).map_err(Error::kernel("the mounts"))?;
    Ok(read.0.into_iter().map(Mount::of).collect())
}

/// How full the local file systems with files are; one that is mounted in several places is named once.
pub(crate) fn rooms() -> Result<Vec<Room>, Error> {
    Ok(local(mounts()?).into_iter().filter_map(|mount| Room::of(&mount)).collect())
}

impl Mount {
    fn of(info: MountInfo) -> Self {
        let mut options: Vec<String> = info
            .mount_options
            .into_iter()
            .map(|(name, value)| value.map_or_else(|| name.clone(), |value| format!("{name}={value}")))
            .collect();
        options.sort();
        Self {
            source: info.mount_source.unwrap_or_default(),
            mount: info.mount_point.to_string_lossy().into_owned(),
            fs_type: info.fs_type,
            options,
            device: info.majmin,
        }
    }

    /// Whether its files lie on another machine or in another program.
    pub(crate) fn is_elsewhere(&self) -> bool {
        ELSEWHERE.contains(&&*self.fs_type) || self.fs_type.starts_with("fuse")
    }

    /// Whether files lie on it, and on this machine.
    fn holds_files(&self) -> bool {
        let has_device = self.source.starts_with('/') || self.mount == "/" || self.fs_type == "zfs";
        has_device && !self.is_elsewhere() && !WITHOUT_ROOM.contains(&&*self.fs_type)
    }

    /// How full it is; nothing if it is out of reach or has no size.
    pub(crate) fn room(&self) -> Option<Room> {
        if self.is_elsewhere() { None } else { Room::of(self) }
    }
}

/// The mounts that hold files here, each device once, at its shortest place.
fn local(mounts: Vec<Mount>) -> Vec<Mount> {
    let mut kept: Vec<Mount> = mounts.into_iter().filter(Mount::holds_files).collect();
    kept.sort_by(|one, other| (&one.device, one.mount.len()).cmp(&(&other.device, other.mount.len())));
    kept.dedup_by(|later, first| later.device == first.device);
    kept.sort_by(|one, other| one.mount.cmp(&other.mount));
    kept
}

impl Room {
    fn of(mount: &Mount) -> Option<Self> {
        let figures = rustix::fs::statvfs(Path::new(&mount.mount)).ok().filter(|figures| figures.f_blocks > 0)?;
        let bytes = |blocks: u64| blocks.saturating_mul(figures.f_frsize);
        let (total, available) = (bytes(figures.f_blocks), bytes(figures.f_bavail));
        let used = total.saturating_sub(bytes(figures.f_bfree));
        Some(Self {
            filesystem: mount.source.clone(),
            mount: mount.mount.clone(),
            total,
            used,
            available,
            percent: percent::of(used, used.saturating_add(available)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(line: &str) -> Mount {
        Mount::of(MountInfo::from_line(line).unwrap())
    }

    #[test]
    fn a_mount_is_told_as_the_kernel_shows_it() {
        let mount = mount(r"36 35 98:0 /mnt1 /mnt\0402 rw,noatime master:1 - ext3 /dev/root rw,errors=continue");
        assert_eq!((&*mount.source, &*mount.fs_type), ("/dev/root", "ext3"));
        assert_eq!(mount.options, ["noatime", "rw"]);
    }

    #[test]
    fn only_file_systems_with_room_for_files_are_measured() {
        let check = |line: &str, expected: bool| assert_eq!(mount(line).holds_files(), expected, "{line}");
        check("1 0 8:1 / / rw - ext4 /dev/sda1 rw", true);
        check("1 0 0:41 / / rw - overlay overlay rw", true);
        check("1 0 0:41 / /tank rw - zfs tank/home rw", true);
        check("1 0 0:5 / /proc rw - proc proc rw", false);
        check("1 0 0:6 / /run rw - tmpfs tmpfs rw", false);
        check("1 0 0:7 / /srv rw - nfs4 nas:/srv rw", false);
        check("1 0 0:8 / /mnt rw - fuse.sshfs /x@y:/ rw", false);
        check("1 0 7:1 / /snap/core ro - squashfs /dev/loop1 ro", false);
    }

    #[test]
    fn a_device_in_several_places_is_measured_once() {
        let lines = [
            "1 0 8:1 / /srv/data rw - ext4 /dev/sda1 rw",
            "2 0 8:1 /x /srv rw - ext4 /dev/sda1 rw",
            "3 0 8:2 / / rw - ext4 /dev/sda2 rw",
        ];
        let places: Vec<String> = local(lines.map(mount).into()).into_iter().map(|mount| mount.mount).collect();
        assert_eq!(places, ["/", "/srv"]);
    }

    #[test]
    fn the_root_of_this_machine_is_measured() {
        let rooms = rooms().unwrap();
        let root = rooms.iter().find(|room| room.mount == "/").unwrap();
        assert!(root.total >= root.used && root.total >= root.available && root.percent <= 100.0, "{root:?}");
    }
}
