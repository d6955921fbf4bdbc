//! The endpoints under which clients see servers, and their paths.

/// An endpoint: which servers, named how.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// `/mcp`: everything.
    All,
    /// `/servers/{name}/mcp`.
    Server(String),
    /// `/bundles/{name}/mcp`.
    Bundle(String),
}

impl Endpoint {
    /// The path of its address, without the `/mcp` at its end.
    pub fn path(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Server(name) => format!("/servers/{name}"),
            Self::Bundle(name) => format!("/bundles/{name}"),
        }
    }

    /// The endpoint of this path.
    pub fn of_path(path: &str) -> Self {
        match (path.strip_prefix("/servers/"), path.strip_prefix("/bundles/")) {
            (Some(name), _) => Self::Server(name.to_owned()),
            (_, Some(name)) => Self::Bundle(name.to_owned()),
            _ => Self::All,
        }
    }
}
