//! The outside systems that a toolkit may reach: each a connection with a name, an address, and what it takes to be let in.
//! A call names one by its argument `connection`; what stands behind the name is never told.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use mcp::nearest;
use serde::{Deserialize, Serialize};

use crate::failure::{Code, Failure};

/// The argument that names a connection.
pub(crate) const ARGUMENT: &str = "connection";
/// The name of the connection of calls that name none.
pub const DEFAULT: &str = "default";

/// One outside system. Cannot be printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connection {
    /// Where it answers; which schemes there are is for the toolkit to say.
    pub url: String,
    /// Who the toolkit is there.
    pub user: Option<String>,
    /// What proves it: a password or a token.
    pub secret: Option<String>,
    /// The file with the authorities that its certificate may be from.
    pub ca: Option<PathBuf>,
    /// The file with the certificate of the toolkit itself.
    pub certificate: Option<PathBuf>,
    /// The file with the key of that certificate.
    pub key: Option<PathBuf>,
}

impl Connection {
    /// A connection that needs no more than an address.
    pub fn to(url: impl Into<String>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connection(•••)")
    }
}

/// The connections of a toolkit by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections(BTreeMap<String, Connection>);

impl Connections {
    /// These connections.
    pub fn new(connections: impl IntoIterator<Item = (String, Connection)>) -> Self {
        Self(connections.into_iter().collect())
    }

    /// Reads what [`Self::to_line`] has written; of anything else nothing is said, since it may have secrets.
    pub fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().map(Self)
    }

    /// As one line with all secrets, for the process that serves the toolkit and for nobody else.
    pub fn to_line(&self) -> String {
        serde_json::json!(self.0).to_string()
    }

    /// Adds these, in the place of those that have the same name.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The connection of this name.
    pub(crate) fn find(&self, name: &str) -> Result<&Connection, Failure> {
        self.0.get(name).ok_or_else(|| {
            if self.0.is_empty() {
                let failure = Failure::new(Code::Unavailable, "no connection is configured");
                return failure.hint("add one to the server's section: `connections.default = { url = \"…\" }`");
            }
            let failure = Failure::invalid(ARGUMENT, format!("there is no connection `{name}`"));
            failure.hint(nearest::hint(name, self.names()).unwrap_or_default())
        })
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Connection> {
        self.0.values()
    }

    /// Their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }

    /// What no result may say.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = String> {
        let secrets = |connection: &Connection| [connection.secret.clone(), password_in(&connection.url)];
        self.0.values().flat_map(secrets).flatten().collect::<Vec<_>>().into_iter()
    }
}

/// The password that a URL has before its host.
fn password_in(url: &str) -> Option<String> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections() -> Connections {
        let build = Connection { secret: Some("hunter2-hunter2".to_owned()), ..Connection::to("tcp://build:2376") };
        let database = Connection::to("postgres://app:correct-horse@db/app");
        Connections::new([
            (DEFAULT.to_owned(), Connection::to("unix:///run/engine.sock")),
            ("build".to_owned(), build),
            ("database".to_owned(), database),
        ])
    }

    #[test]
    fn an_unknown_connection_is_told_with_the_nearest_name_and_nothing_behind_it() {
        let failure = connections().find("buil").unwrap_err();
        assert_eq!((failure.code, failure.field.as_deref()), (Code::InvalidInput, Some("connection")));
        assert_eq!(failure.hint, "did you mean `build`?");
        assert_eq!(connections().find("build").unwrap().url, "tcp://build:2376");
        let failure = Connections::default().find(DEFAULT).unwrap_err();
        assert!(failure.hint.contains("connections.default"), "{failure:?}");
    }

    #[test]
    fn what_is_printed_has_no_secret_and_what_is_handed_on_has_all() {
        assert!(!format!("{:?}", connections()).contains("hunter2"));
        assert_eq!(Connections::from_line(&connections().to_line()).unwrap(), connections());
        let secrets: Vec<String> = connections().secrets().collect();
        assert_eq!(secrets, ["hunter2-hunter2", "correct-horse"]);
    }
}
