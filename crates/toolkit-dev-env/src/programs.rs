//! The programs that this toolkit may run, each with what always stands before its arguments and the package that has it.

use workbench::{Packages, Program};

const GIT_PACKAGE: Packages = Packages::same("git");

/// Git that runs nothing a repository names: no hook, monitor, pager, signer or transport; and reads no settings but ours.
pub(crate) static GIT: Program = Program::new("git")
    .first(&[
        "--no-pager",
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "-c",
        "commit.gpgSign=false",
        "-c",
        "protocol.allow=never",
        "-c",
        "gc.auto=0",
        "-c",
        "maintenance.auto=false",
    ])
    .env(&[
        ("LC_ALL", "C.UTF-8"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_EDITOR", "false"),
    ])
    .subcommands(&["init", "add", "commit", "rev-parse"])
    .packages(GIT_PACKAGE);

/// Git as its user has set it up, only to ask who that is.
pub(crate) static GIT_IDENTITY: Program = Program::new("git")
    .first(&["--no-pager", "config", "--global", "--get"])
    .env(&[("LC_ALL", "C.UTF-8"), ("GIT_CONFIG_NOSYSTEM", "1")])
    .packages(GIT_PACKAGE);
