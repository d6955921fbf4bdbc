//! Whether the machine runs older parts than are installed: distributions leave a mark, and a kernel that was replaced has
//! no modules any more.

use std::{fs, path::Path};

/// The marks of Debian and of SUSE.
const MARKS: [&str; 2] = ["run/reboot-required", "run/reboot-needed"];

/// Whether a restart is needed for all updates to count.
pub(crate) fn is_required() -> bool {
    let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
    is_required_in(Path::new("/"), &kernel)
}

fn is_required_in(root: &Path, kernel: &str) -> bool {
    let modules = root.join("lib/modules");
    // a machine whose kernel comes from elsewhere has no modules at all
    let has_modules = fs::read_dir(&modules).is_ok_and(|mut kernels| kernels.next().is_some());
    MARKS.iter().any(|mark| root.join(mark).exists()) || (has_modules && !modules.join(kernel).is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_or_a_replaced_kernel_ask_for_a_restart() {
        let root = tempfile::tempdir().unwrap();
        let check = |expected: bool| assert_eq!(is_required_in(root.path(), "6.1.0-1"), expected);
        check(false);
        fs::create_dir_all(root.path().join("lib/modules/6.1.0-1")).unwrap();
        check(false);
        fs::create_dir_all(root.path().join("lib/modules/6.1.0-2")).unwrap();
        check(false);
        fs::remove_dir(root.path().join("lib/modules/6.1.0-1")).unwrap();
        check(true);
        fs::create_dir_all(root.path().join("lib/modules/6.1.0-1")).unwrap();
        fs::create_dir_all(root.path().join("run")).unwrap();
        fs::write(root.path().join("run/reboot-required"), "").unwrap();
        check(true);
    }
}
