//! Where `scripts/setup-tests.sh` has put the real clients and servers. A tool that is missing fails the test.

use std::path::{Path, PathBuf};

/// What a Python virtual environment holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Python {
    /// SDK 2.x, both eras, and the reference servers git and time.
    Mcp2,
    /// SDK 1.x, the legacy era only.
    Mcp1,
    /// No SDK: gRPC with reflection.
    Apis,
    /// No SDK: a gRPC client with its code generator.
    Grpc,
    /// No SDK: a validator of OpenAPI documents.
    OpenApi,
    /// No SDK: what the toolkit `dev_env` is tried with.
    DevEnv,
}

impl Python {
    fn folder(self) -> &'static str {
        match self {
            Self::Mcp2 => "python-mcp2",
            Self::Mcp1 => "python-mcp1",
            Self::Apis => "python-apis",
            Self::Grpc => "python-grpc",
            Self::OpenApi => "python-openapi",
            Self::DevEnv => "python-dev-env",
        }
    }
}

/// The pinned Node.js.
///
/// # Panics
///
/// When the tools are not installed.
pub fn node() -> PathBuf {
    installed(root().join("npm/node_modules/node/bin/node"))
}

/// A file of an installed npm package, such as `@scope/name/dist/index.js`.
///
/// # Panics
///
/// When the tools are not installed.
pub fn package(file: &str) -> PathBuf {
    installed(root().join("npm/node_modules").join(file))
}

/// A program in the virtual environment of `python`, such as `python` itself.
///
/// # Panics
///
/// When the tools are not installed.
pub fn python(python: Python, program: &str) -> PathBuf {
    installed(root().join(python.folder()).join("bin").join(program))
}

/// A driver script in `crates/e2e/clients`.
///
/// # Panics
///
/// When the tools are not installed, for then the scripts do not find their packages.
pub fn script(name: &str) -> PathBuf {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients");
    installed(clients.join("node_modules"));
    installed(clients.join(name))
}

/// A server in `crates/e2e/apis`.
///
/// # Panics
///
/// When the tools are not installed, for then the scripts do not find their packages.
pub fn api(name: &str) -> PathBuf {
    let apis = Path::new(env!("CARGO_MANIFEST_DIR")).join("apis");
    installed(apis.join("node_modules"));
    installed(apis.join(name))
}

/// The description of the API of a real product, as its package ships it.
///
/// # Panics
///
/// When the tools are not installed.
pub fn description(file: &str) -> PathBuf {
    installed(root().join("npm-apis/node_modules").join(file))
}

fn root() -> PathBuf {
    let chosen = std::env::var_os("SWITCHBOARD_TEST_TOOLS").map(PathBuf::from);
    let default = || {
        let home = std::env::var_os("HOME").expect("HOME is set");
        Path::new(&home).join(".cache/switchboard/tools")
    };
    chosen.unwrap_or_else(default)
}

fn installed(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{} is not installed\nhint: run scripts/setup-tests.sh", path.display());
    path
}
