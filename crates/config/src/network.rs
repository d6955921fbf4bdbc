//! A network of IP addresses, as `10.0.0.0/8` or as one address. It owns the matching; whose address it is asked about is
//! the gateway's affair.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A network of IP addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// It is no address, or the number of bits does not fit it.
    #[error("`{0}` is no network")]
    Syntax(String),
    /// The address has bits behind the prefix, so that it may be meant otherwise.
    #[error("`{0}` has bits set behind its prefix")]
    Host(String),
}

impl Network {
    /// What a network looks like, for hints.
    pub const HINT: &str = "write `10.0.0.0/8`, `fd00::/8` or one address such as `192.0.2.7`";

    /// The addresses of this machine.
    pub fn loopback() -> Vec<Self> {
        vec![
            Self { address: Ipv4Addr::new(127, 0, 0, 0).into(), bits: 8 },
            Self { address: Ipv6Addr::LOCALHOST.into(), bits: 128 },
        ]
    }

    /// How many bits its addresses have in common: the more, the smaller it is.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether an address belongs to it. An IPv4 address is the same in its IPv6 form.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                prefix(own.to_bits().into(), self.bits, 32) == prefix(other.to_bits().into(), self.bits, 32)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                prefix(own.to_bits(), self.bits, 128) == prefix(other.to_bits(), self.bits, 128)
            }
            _ => false,
        }
    }
}

/// The first `bits` of an address of `width` bits.
fn prefix(address: u128, bits: u8, width: u8) -> u128 {
    address.checked_shr(u32::from(width - bits)).unwrap_or(0)
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let syntax = || NetworkError::Syntax(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| syntax())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| syntax())?;
        let width = width(address);
        let bits = bits.unwrap_or(width);
        if bits > width {
            return Err(syntax());
        }
        let number = match address {
            IpAddr::V4(address) => address.to_bits().into(),
            IpAddr::V6(address) => address.to_bits(),
        };
        let back = prefix(number, bits, width).checked_shl(u32::from(width - bits)).unwrap_or(0);
        if back == number { Ok(Self { address, bits }) } else { Err(NetworkError::Host(text.to_owned())) }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.address, self.bits)
    }
}

impl JsonSchema for Network {
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "network",
            "description": "A network such as `10.0.0.0/8`, or one address.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    fn check(network: &str, address: &str, expected: bool) {
        let contains = network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert_eq!(contains, expected, "{network} {address}");
    }

    #[test]
    fn network_contains_the_addresses_with_its_prefix() {
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("0.0.0.0/0", "203.0.113.9", true);
        check("0.0.0.0/0", "2001:db8::1", false);
        check("fd00::/8", "fdff::1", true);
        check("::/0", "2001:db8::1", true);
        check("::1", "::2", false);
    }

    #[test]
    fn text_that_could_be_meant_otherwise_is_no_network() {
        for text in ["", "10", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.7/8", "fd00::1/8", "::/129", "example.org"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn this_machine_is_loopback() {
        let is_loopback = |address: &str| Network::loopback().iter().any(|own| own.contains(address.parse().unwrap()));
        assert!(is_loopback("127.0.0.1") && is_loopback("::1") && is_loopback("::ffff:127.0.0.1"));
        assert!(!is_loopback("10.0.0.1") && !is_loopback("fe80::1"));
    }
}
