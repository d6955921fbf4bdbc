//! Tells `switchboard version` what it was built from: the commit, the compiler, the target and the profile.
//! Where there is no git, the commit is unknown; nothing else is asked or written.

#![expect(clippy::disallowed_methods, reason = "a build asks git and the compiler; the program never does")]

use std::env;
use std::process::Command;

fn main() {
    // HEAD moves with every commit, so the version follows it; outside of a checkout there is nothing to follow.
    if let Some(head) = said("git", &["rev-parse", "--git-path", "HEAD"])
        && let Some(log) = said("git", &["rev-parse", "--git-path", "logs/HEAD"])
    {
        println!("cargo::rerun-if-changed={head}\ncargo::rerun-if-changed={log}");
    }
    println!("cargo::rerun-if-changed=build.rs");
    let commit = said("git", &["rev-parse", "--short=12", "HEAD"]);
    let compiler = env::var("RUSTC").ok().and_then(|rustc| said(&rustc, &["--version"]));
    tell("SWITCHBOARD_COMMIT", commit.as_deref());
    tell("SWITCHBOARD_COMMITTED_S", said("git", &["log", "-1", "--format=%ct"]).as_deref());
    tell("SWITCHBOARD_RUST", compiler.as_deref());
    tell("SWITCHBOARD_TARGET", env::var("TARGET").ok().as_deref());
    tell("SWITCHBOARD_PROFILE_BUILT", env::var("PROFILE").ok().as_deref());
}

fn tell(name: &str, value: Option<&str>) {
    println!("cargo::rustc-env={name}={}", value.unwrap_or("unknown"));
}

/// The first line that a program prints, if it succeeds.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()?.lines().next().map(str::to_owned)
}
