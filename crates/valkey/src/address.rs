//! Where it is and how one is let in: `redis://USER:PASSWORD@HOST:PORT/DATABASE`, `rediss://…` over TLS, or
//! `unix:///PATH?db=NUMBER`. Never printed, since it holds the password.

use std::fmt;

use egress::Target;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::Error;

const DEFAULT_PORT: u16 = 6379;

/// Where it is and how one is let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) target: Target,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: u32,
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|_| unusable("it is not a url"))?;
        let target = match url.scheme() {
            "unix" => Target::unix(text_of(url.path())?, "/"),
            scheme @ ("redis" | "rediss") => {
                let host = url.host_str().filter(|host| !host.is_empty()).ok_or(unusable("it has no host"))?;
                Target::port(host, url.port().unwrap_or(DEFAULT_PORT), scheme == "rediss")
            }
            _ => return Err(unusable("its scheme is not redis, rediss or unix")),
        };
        Ok(Self {
            target: target.map_err(|_| unusable("its host or path cannot be reached"))?,
            user: Some(url.username()).filter(|user| !user.is_empty()).map(text_of).transpose()?,
            password: url.password().map(text_of).transpose()?,
            database: database(&url)?,
        })
    }
}

/// The number behind the host, or in `db` behind the path of a socket.
fn database(url: &Url) -> Result<u32, Error> {
    let number = match url.scheme() {
        "unix" => url.query_pairs().find(|(name, _)| name == "db").map(|(_, number)| number.into_owned()),
        _ => Some(url.path().trim_start_matches('/').to_owned()).filter(|number| !number.is_empty()),
    };
    number.map_or(Ok(0), |number| number.parse().map_err(|_| unusable("its database is not a number")))
}

fn text_of(encoded: &str) -> Result<String, Error> {
    let decoded = percent_decode_str(encoded).decode_utf8().map_err(|_| unusable("it is not a text"))?;
    Ok(decoded.into_owned())
}

fn unusable(reason: &'static str) -> Error {
    Error::Address { reason }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Address")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_where_and_as_whom() {
        let check = |text: &str, target: &str, user: Option<&str>, password: Option<&str>, database| {
            let address = Address::parse(text).unwrap();
            let found = (address.target.to_string(), address.user.as_deref(), address.password.as_deref());
            assert_eq!(found, (target.to_owned(), user, password), "{text}");
            assert_eq!(address.database, database, "{text}");
        };
        check("redis://127.0.0.1", "http://127.0.0.1:6379/", None, None, 0);
        check("redis://:s%3Acret@cache:7000/3", "http://cache:7000/", None, Some("s:cret"), 3);
        check("rediss://ada:s@[::1]", "https://[::1]:6379/", Some("ada"), Some("s"), 0);
        check("unix:///run/a%20b.sock?db=2", "unix:/run/a b.sock#/", None, None, 2);
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_repeated() {
        for text in ["", "cache:6379", "http://cache", "redis://", "redis://:hunter2@cache/x", "unix://relative"] {
            let error = Address::parse(text).unwrap_err().to_string();
            assert!(error.contains("redis://HOST:PORT"), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn an_address_is_never_printed() {
        let address = Address::parse("redis://:hunter2@cache").unwrap();
        assert_eq!(format!("{address:?}"), "Address");
    }
}
