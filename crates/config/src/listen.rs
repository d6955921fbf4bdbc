//! An address to listen on: a TCP socket address or a unix socket path.
//! Whether it may be used is decided by `guarded`, for the file and for `--listen` alike.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// `IP:PORT`.
    Tcp(SocketAddr),
    /// `unix:/path/to/socket`.
    Unix(PathBuf),
}

/// Why an address cannot be listened on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenError {
    /// The text is no address.
    #[error("`{0}` is no listen address")]
    Syntax(String),
    /// Other machines could connect.
    #[error("`{0}` is open to other machines, but authentication is not configured")]
    Open(Listen),
}

impl Listen {
    /// What a listen address looks like, for hints.
    pub const HINT: &str = "write `127.0.0.1:3100`, `[::1]:3100` or `unix:/path/to/socket`";

    /// What to do about an address that is open to others.
    pub const HINT_OPEN: &str = "make a principal with `switchboard principal add NAME`, or listen on `127.0.0.1`, `[::1]` or `unix:/path/to/socket`";

    /// Refuses an address that other machines can connect to where everybody could call: where there are no principals.
    pub fn guarded(&self, has_principals: bool) -> Result<(), ListenError> {
        if has_principals || self.is_local() { Ok(()) } else { Err(ListenError::Open(self.clone())) }
    }

    /// Whether only this machine can connect.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Self::Unix(_) => true,
        }
    }
}

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err(ListenError::Syntax(text.to_owned())),
            None => text.parse().map(Self::Tcp).map_err(|_| ListenError::Syntax(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Listen {
    type Error = ListenError;

    fn try_from(text: String) -> Result<Self, ListenError> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(out),
            Self::Unix(path) => write!(out, "unix:{}", path.display()),
        }
    }
}

impl JsonSchema for Listen {
    fn schema_name() -> Cow<'static, str> {
        "Listen".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "listen",
            "description": "`IP:PORT` or `unix:/path/to/socket`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Listen;

    fn check(text: &str, expected: Option<bool>) {
        let listen = text.parse::<Listen>().ok();
        assert_eq!(listen.as_ref().map(Listen::is_local), expected, "{text}");
        assert!(listen.is_none_or(|listen| listen.to_string() == text), "{text} changes when printed");
    }

    #[test]
    fn address_is_tcp_or_absolute_unix_path() {
        check("127.0.0.1:3100", Some(true));
        check("[::1]:0", Some(true));
        check("[::ffff:127.0.0.1]:80", Some(true));
        check("unix:/run/switchboard.sock", Some(true));
        check("0.0.0.0:3100", Some(false));
        check("[::]:3100", Some(false));
        check("unix:relative.sock", None);
        check("3100", None);
        check("", None);
    }
}
