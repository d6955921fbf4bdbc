//! The network interfaces of this machine: whether they are up, what has gone through them, and whether there is a way
//! out. It opens no connection to find out.

use std::{
    fs,
    net::{Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use procfs::net::DeviceStatus;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::Error;

/// The flag of a route that is in use.
const ROUTE_IS_UP: u16 = 1;

/// One network interface.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Interface {
    name: String,
    /// Whether packets can pass.
    up: bool,
    received_bytes: u64,
    sent_bytes: u64,
    received_errors: u64,
    sent_errors: u64,
    /// Between two readings a moment apart.
    received_bytes_per_s: u64,
    /// Between two readings a moment apart.
    sent_bytes_per_s: u64,
}

/// What has gone through the interfaces at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters(Vec<DeviceStatus>);

impl Counters {
    /// Reads them, by the name of the interface.
    pub(crate) fn read() -> Result<Self, Error> {
        let read = procfs::net::dev_status().map_err(Error::kernel("the network interfaces"))?;
        let mut devices: Vec<DeviceStatus> = read.into_values().collect();
        devices.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self(devices))
    }

    /// The interfaces, with what has gone through them since an earlier reading.
    pub(crate) fn since(&self, before: &Self, window: Duration) -> Vec<Interface> {
        let earlier = |name: &str| before.0.iter().find(|device| device.name == name);
        let interface = |now: &DeviceStatus| {
            let (received, sent) = earlier(&now.name)
                .map_or((now.recv_bytes, now.sent_bytes), |earlier| (earlier.recv_bytes, earlier.sent_bytes));
            Interface {
                name: now.name.clone(),
                up: is_up(&now.name),
                received_bytes: now.recv_bytes,
                sent_bytes: now.sent_bytes,
                received_errors: now.recv_errs,
                sent_errors: now.sent_errs,
                received_bytes_per_s: per_second(now.recv_bytes.saturating_sub(received), window),
                sent_bytes_per_s: per_second(now.sent_bytes.saturating_sub(sent), window),
            }
        };
        self.0.iter().map(interface).collect()
    }
}

fn per_second(bytes: u64, window: Duration) -> u64 {
    (u128::from(bytes) * 1_000_000 / window.as_micros().max(1)) as u64
}

/// The kernel says `unknown` of interfaces that have no carrier to lose, such as tunnels.
fn is_up(interface: &str) -> bool {
    let state = fs::read_to_string(format!("/sys/class/net/{interface}/operstate")).unwrap_or_default();
    matches!(state.trim(), "up" | "unknown")
}

/// The interface by which packets leave for everywhere, if there is one.
pub(crate) fn way_out() -> Result<Option<String>, Error> {
    let routes = procfs::net::route().map_err(Error::kernel("the routes"))?;
    let default = routes.into_iter().find(|route| {
        route.destination == Ipv4Addr::UNSPECIFIED
            && route.mask == Ipv4Addr::UNSPECIFIED
            && route.flags & ROUTE_IS_UP != 0
    });
    let newer = || default_of_ipv6(&fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default());
    Ok(default.map(|route| route.iface).or_else(newer))
}

/// The interface of the default route in the kernel's table of IPv6 routes: all fields are hexadecimal.
fn default_of_ipv6(table: &str) -> Option<String> {
    let zero = format!("{:032x}", u128::from(Ipv6Addr::UNSPECIFIED));
    table.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [destination, "00", .., flags, interface] = fields.as_slice() else { return None };
        let is_up = u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & u32::from(ROUTE_IS_UP) != 0);
        (*destination == zero && is_up && *interface != "lo").then(|| (*interface).to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_per_second() {
        let check = |bytes, window, expected| assert_eq!(per_second(bytes, Duration::from_millis(window)), expected);
        check(100, 100, 1_000);
        check(100, 1_000, 100);
        check(0, 0, 0);
        check(u64::MAX / 1_000, 1_000, u64::MAX / 1_000);
    }

    #[test]
    fn a_way_out_is_found_in_the_table_of_ipv6_routes() {
        let zero = "0".repeat(32);
        let line = |destination: &str, length: &str, flags: &str, interface: &str| {
            format!(
                "{destination} {length} {zero} 00 fe800000000000000000000000000001 00000400 00000001 00000000 {flags} {interface}\n"
            )
        };
        let check = |table: String, expected: Option<&str>| assert_eq!(default_of_ipv6(&table).as_deref(), expected);
        check(line(&zero, "00", "00450003", "eth0"), Some("eth0"));
        check(line(&zero, "00", "00200200", "lo"), None);
        check(line("fe80".to_owned().as_str(), "40", "00000001", "eth0"), None);
        check("garbage\n".to_owned(), None);
        check(String::new(), None);
    }

    #[test]
    fn the_loop_of_this_machine_is_counted() {
        let counters = Counters::read().unwrap();
        let interfaces = counters.since(&counters, Duration::from_millis(100));
        assert!(interfaces.iter().any(|interface| interface.name == "lo" && interface.sent_bytes_per_s == 0));
    }
}
