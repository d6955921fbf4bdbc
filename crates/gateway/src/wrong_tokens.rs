//! How often tokens that are not valid may be shown from one address. Over that its refusals say when to come again; a valid
//! token passes always, so that nobody can lock out others who come from the same address. What is known has a bound.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

use traffic::{Meter, Rate, TooOften};

use crate::principal::Remote;

/// Addresses that are counted apart: some hundred KiB. Those beyond are counted together, so that a crowd of addresses
/// costs no more memory than that.
const ADDRESSES_MAX: usize = 4_096;
/// What one customer gets of IPv6: the first half of the address. The rest it chooses itself.
const NETWORK_OF_ONE: Ipv6Addr = Ipv6Addr::new(0xffff, 0xffff, 0xffff, 0xffff, 0, 0, 0, 0);

/// What was shown from where, as far as it matters.
#[derive(Debug, Default)]
pub struct WrongTokens(Mutex<HashMap<Origin, Count>>);

/// Whose wrong tokens are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Origin {
    Address(IpAddr),
    TheRest,
}

#[derive(Debug, Default)]
struct Count {
    meter: Meter,
    /// Whether the log says already that it is too often; once until all is paid for.
    is_told: bool,
}

impl WrongTokens {
    /// Counts a token that is not valid, unless there were too many. Those who came through a socket of this machine or
    /// started the node can do worse things than to guess, so they are not counted.
    pub fn count(&self, remote: Remote, rate: Rate, now_ms: u64) -> Result<(), TooOften> {
        let Remote::Address(address) = remote else { return Ok(()) };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let origin = origin(&mut known, address, now_ms);
        let count = known.entry(origin).or_default();
        if count.meter.is_idle(now_ms) {
            count.is_told = false;
        }
        let counted = count.meter.count(rate, now_ms);
        if counted.is_err() && !count.is_told {
            count.is_told = true;
            tracing::warn!(%address, "too many tokens that are not valid come from there: it is told to wait");
        }
        counted
    }
}

/// With whom an address is counted; those that owe nothing any more make room.
fn origin(known: &mut HashMap<Origin, Count>, address: IpAddr, now_ms: u64) -> Origin {
    let origin = Origin::Address(network(address));
    if known.len() < ADDRESSES_MAX || known.contains_key(&origin) {
        return origin;
    }
    known.retain(|_, count| !count.meter.is_idle(now_ms));
    if known.len() < ADDRESSES_MAX { origin } else { Origin::TheRest }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(address & NETWORK_OF_ONE),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: (u32, u32) = (2, 2);

    fn remote(address: &str) -> Remote {
        Remote::Address(address.parse().unwrap())
    }

    fn is_counted(wrong: &WrongTokens, remote: Remote, now_ms: u64) -> bool {
        wrong.count(remote, Rate::per_minute(RATE.0, RATE.1), now_ms).is_ok()
    }

    #[test]
    fn each_address_may_be_wrong_so_often_and_then_again_after_a_while() {
        let wrong = WrongTokens::default();
        let counted = [0, 0, 0, 29_999, 30_000].map(|now_ms| is_counted(&wrong, remote("192.0.2.1"), 1 + now_ms));
        assert_eq!(counted, [true, true, false, false, true]);
        assert!(is_counted(&wrong, remote("192.0.2.2"), 1));
    }

    #[test]
    fn an_address_in_either_spelling_and_a_network_of_one_customer_are_one() {
        let check = |one: &str, other: &str, same: bool| {
            let wrong = WrongTokens::default();
            assert!(is_counted(&wrong, remote(one), 1) && is_counted(&wrong, remote(one), 1));
            assert_eq!(is_counted(&wrong, remote(other), 1), !same, "{one} {other}");
        };
        check("192.0.2.1", "::ffff:192.0.2.1", true);
        check("2001:db8::1", "2001:db8:0:0:ffff::9", true);
        check("2001:db8::1", "2001:db8:0:1::1", false);
    }

    #[test]
    fn who_comes_through_a_socket_is_not_counted() {
        let wrong = WrongTokens::default();
        assert!((0..10).all(|_| is_counted(&wrong, Remote::Socket, 1)));
    }

    #[test]
    fn a_crowd_of_addresses_has_a_bound_and_passes() {
        let wrong = WrongTokens::default();
        for number in 0..2 * ADDRESSES_MAX as u32 {
            wrong.count(Remote::Address(IpAddr::V4(number.into())), Rate::per_minute(2, 2), 1).ok();
        }
        assert_eq!(wrong.0.lock().unwrap().len(), ADDRESSES_MAX + 1);
        assert!(!is_counted(&wrong, remote("192.0.2.1"), 1), "the rest is counted together");
        assert!(is_counted(&wrong, remote("192.0.2.1"), 60_001), "they have made room");
        assert_eq!(wrong.0.lock().unwrap().len(), 1);
    }
}
