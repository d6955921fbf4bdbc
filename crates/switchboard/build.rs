//! Asks the linker to pack what the loader has to relocate, where the C library of this machine can unpack it: that is two
//! and a half megabytes of the program. Elsewhere the program is larger, and no different.

#![expect(clippy::disallowed_methods, reason = "a build asks the machine that it runs on; the program never does")]

use std::env;
use std::process::Command;

/// The first C library of GNU that unpacks relocations.
const GLIBC_MIN: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is_for_this_machine = env::var("TARGET").ok() == env::var("HOST").ok();
    if is_for_this_machine && glibc().is_some_and(|version| version >= GLIBC_MIN) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of the C library here, if it is that of GNU.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
