//! Which addresses may be reached: a table over IP ranges, checked after every name lookup.
//!
//! Owns the ranges and the unwrapping of IPv6 addresses that carry an IPv4 one. Knows nothing of names:
//! the same verdict falls on an address however it was spelled.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a client may reach beyond the public internet.
///
/// Metadata, link-local, unspecified, multicast, broadcast and reserved addresses are refused always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Private networks: RFC 1918, shared address space, unique local IPv6 and their kin.
    pub allow_private: bool,
    /// This machine itself.
    pub allow_loopback: bool,
}

/// Why an address is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A service of the cloud that hands out credentials to whoever asks.
    Metadata,
    /// Reachable only on the same wire.
    LinkLocal,
    /// "This host on this network": reaches loopback on many systems.
    Unspecified,
    /// Addresses of groups.
    Multicast,
    /// Everyone on the network.
    Broadcast,
    /// Set aside by IANA, or a translation whose inner address cannot be known.
    Reserved,
    /// This machine.
    Loopback,
    /// A private network.
    Private,
}

impl Rules {
    /// For addresses that an operator wrote into the configuration.
    pub const CONFIGURED: Self = Self {
        allow_private: true,
        allow_loopback: true,
    };
    /// For addresses that arrived in a message.
    pub const FROM_THE_WIRE: Self = Self {
        allow_private: false,
        allow_loopback: false,
    };

    /// Says whether the address may be reached, or which rule forbids it.
    pub fn check(&self, address: IpAddr) -> Result<(), Rule> {
        match classify(address) {
            None => Ok(()),
            Some(Rule::Loopback) if self.allow_loopback => Ok(()),
            Some(Rule::Private) if self.allow_private => Ok(()),
            Some(rule) => Err(rule),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Metadata => "a cloud metadata address",
            Self::LinkLocal => "a link-local address",
            Self::Unspecified => "an unspecified address",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Reserved => "a reserved address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
        })
    }
}

/// The rule that speaks of the address; `None` for the public internet.
fn classify(address: IpAddr) -> Option<Rule> {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

fn classify_v4(address: Ipv4Addr) -> Option<Rule> {
    match address.octets() {
        [0, ..] => Some(Rule::Unspecified),
        [127, ..] => Some(Rule::Loopback),
        // AWS, GCP, Azure and most others; AWS ECS tasks; Alibaba; Oracle; the Azure wire server.
        [169, 254, 169, 254]
        | [169, 254, 170, 2]
        | [100, 100, 100, 200]
        | [192, 0, 0, 192]
        | [168, 63, 129, 16] => Some(Rule::Metadata),
        [169, 254, ..] => Some(Rule::LinkLocal),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Rule::Private),
        // Shared address space, IETF protocol assignments, benchmarking.
        [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] => Some(Rule::Private),
        [224..=239, ..] => Some(Rule::Multicast),
        [255, 255, 255, 255] => Some(Rule::Broadcast),
        [240..=255, ..] => Some(Rule::Reserved),
        _ => None,
    }
}

fn classify_v6(address: Ipv6Addr) -> Option<Rule> {
    if address == Ipv6Addr::LOCALHOST {
        return Some(Rule::Loopback);
    }
    if address == Ipv6Addr::UNSPECIFIED {
        return Some(Rule::Unspecified);
    }
    if let Some(inner) = carried_v4(address) {
        return classify_v4(inner);
    }
    match address.segments() {
        // AWS; GCP.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => {
            Some(Rule::Metadata)
        }
        [0xfe80..=0xfebf, ..] => Some(Rule::LinkLocal),
        [0xff00..=0xffff, ..] => Some(Rule::Multicast),
        // Unique local; the old site-local.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Some(Rule::Private),
        // Local NAT64 prefixes, discard-only, Teredo: what lies behind cannot be told from the address.
        [0x0064, 0xff9b, 1, ..] | [0x0100, 0, 0, 0, ..] | [0x2001, 0, ..] => Some(Rule::Reserved),
        _ => None,
    }
}

/// The IPv4 address inside a mapped, compatible, NAT64 or 6to4 address.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x0064, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}
