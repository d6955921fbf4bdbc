//! Where a load is sent: an address and a path, read from `http://ip:port/path`, and what every request says besides.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use super::Error;

/// An HTTP endpoint by numeric address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Address and port.
    pub address: SocketAddr,
    /// Path, with its leading slash.
    pub path: String,
    /// Header lines that every request has besides its own, each with its end.
    pub(super) headers: String,
}

impl Endpoint {
    /// A path at an address.
    pub fn new(address: SocketAddr, path: &str) -> Self {
        Self { address, path: path.to_owned(), headers: String::new() }
    }

    /// The same address with another path.
    pub fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The same with one more header in every request.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = || Error::Endpoint(text.to_owned());
        let rest = text.strip_prefix("http://").ok_or_else(refused)?;
        let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let address = address.parse().map_err(|_| refused())?;
        Ok(Self::new(address, if path.is_empty() { "/" } else { path }))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}{}", self.address, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_reads_back_as_it_was_written() {
        for text in ["http://127.0.0.1:3100/mcp", "http://[::1]:80/servers/up/mcp"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn names_and_other_schemes_are_refused() {
        for text in ["https://127.0.0.1:1/", "http://localhost:1/", "127.0.0.1:1", "http:///mcp"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
