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

/// Python, isolated: a project's own files do not stand in for modules of the library.
const ISOLATED: &[&str] = &["-I"];
const PYTHON_PACKAGES: Packages = Packages { arch: "python", fedora: "python3", ..Packages::same("python3-venv") };

/// The Python of the machine.
pub(crate) static PYTHON3: Program = Program::new("python3").first(ISOLATED).packages(PYTHON_PACKAGES);
/// Pythons by their version.
pub(crate) static PYTHONS: [(&str, Program); 8] = [
    ("3.8", Program::new("python3.8").first(ISOLATED).packages(Packages::same("python3.8"))),
    ("3.9", Program::new("python3.9").first(ISOLATED).packages(Packages::same("python3.9"))),
    ("3.10", Program::new("python3.10").first(ISOLATED).packages(Packages::same("python3.10"))),
    ("3.11", Program::new("python3.11").first(ISOLATED).packages(Packages::same("python3.11"))),
    ("3.12", Program::new("python3.12").first(ISOLATED).packages(Packages::same("python3.12"))),
    ("3.13", Program::new("python3.13").first(ISOLATED).packages(Packages::same("python3.13"))),
    ("3.14", Program::new("python3.14").first(ISOLATED).packages(Packages::same("python3.14"))),
    ("3.15", Program::new("python3.15").first(ISOLATED).packages(Packages::same("python3.15"))),
];
/// The Python of an environment, which is found because the environment comes first.
pub(crate) static ENVIRONMENT_PYTHON: Program = Program::new("python").first(ISOLATED).packages(PYTHON_PACKAGES);
/// Environments and packages of Python by uv.
pub(crate) static UV: Program =
    Program::new("uv").first(&["--no-progress"]).subcommands(&["venv", "pip", "sync", "add"]);
/// Packages of Python by Poetry.
pub(crate) static POETRY: Program = Program::new("poetry")
    .first(&["--no-interaction", "--no-ansi"])
    .subcommands(&["install", "add", "update"])
    .packages(Packages { debian: "python3-poetry", ..Packages::same("poetry") });
/// Environments by conda.
pub(crate) static CONDA: Program = Program::new("conda").subcommands(&["create", "env", "install"]);

/// The runtime of Node.js.
pub(crate) static NODE: Program = Program::new("node").packages(Packages::same("nodejs"));
/// Packages of Node.js by npm.
pub(crate) static NPM: Program = Program::new("npm")
    .subcommands(&["install", "ci", "update", "run", "test"])
    .packages(Packages { fedora: "nodejs-npm", ..Packages::same("npm") });
/// Packages of Node.js by Yarn.
pub(crate) static YARN: Program = Program::new("yarn")
    .subcommands(&["install", "add", "upgrade", "run"])
    .packages(Packages { debian: "yarnpkg", fedora: "yarnpkg", ..Packages::same("yarn") });
/// Packages of Node.js by pnpm.
pub(crate) static PNPM: Program = Program::new("pnpm").subcommands(&["install", "add", "update", "run"]);
/// Packages of Node.js by Bun.
pub(crate) static BUN: Program = Program::new("bun").subcommands(&["install", "add", "update", "run"]);

/// Packages and builds of Rust.
pub(crate) static CARGO: Program = Program::new("cargo")
    .subcommands(&["add", "fetch", "update", "build", "test", "run", "clippy", "fmt"])
    .packages(Packages { arch: "rust", ..Packages::same("cargo") });
/// Packages and builds of Go.
pub(crate) static GO: Program = Program::new("go")
    .subcommands(&["get", "mod", "version", "build", "test", "run", "vet"])
    .packages(Packages { debian: "golang-go", fedora: "golang", ..Packages::same("go") });
/// The runtime of Java.
pub(crate) static JAVA: Program = Program::new("java").packages(Packages {
    debian: "default-jdk",
    fedora: "java-latest-openjdk-devel",
    arch: "jdk-openjdk",
    suse: "java-21-openjdk-devel",
    alpine: "openjdk21",
});
/// Builds by Maven.
pub(crate) static MAVEN: Program = Program::new("mvn").first(&["--batch-mode"]).packages(Packages::same("maven"));
/// Builds by Gradle.
pub(crate) static GRADLE: Program = Program::new("gradle").first(&["--console=plain", "--no-daemon"]);
/// The runtime of Ruby.
pub(crate) static RUBY: Program = Program::new("ruby");
/// Packages of Ruby.
pub(crate) static BUNDLE: Program = Program::new("bundle")
    .subcommands(&["install", "add", "update", "exec"])
    .packages(Packages { debian: "ruby-bundler", fedora: "rubygem-bundler", ..Packages::same("ruby-bundler") });

/// The Python of an environment, as the project's own programs run in it.
pub(crate) static PROJECT_PYTHON: Program = Program::new("python").packages(PYTHON_PACKAGES);
/// The Python of the machine, as the project's own programs run in it.
pub(crate) static PYTHON: Program = Program::new("python3").packages(PYTHON_PACKAGES);
/// Targets of a Makefile.
pub(crate) static MAKE: Program = Program::new("make");
/// Recipes of a justfile.
pub(crate) static JUST: Program = Program::new("just");
