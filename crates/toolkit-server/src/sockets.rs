//! The ports on which programs of this machine wait, and whose they are. Owners of other users' sockets are only known to
//! root.

use std::{collections::HashMap, net::SocketAddr};

use procfs::{
    ProcResult,
    net::{TcpNetEntry, TcpState, UdpNetEntry, UdpState},
    process::{FDTarget, Process},
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Error, users::Names};

/// A port on which somebody waits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the fields are named as in the result")]
pub(crate) struct Port {
    pub(crate) port: u16,
    /// `tcp` or `udp`.
    pub(crate) protocol: &'static str,
    /// The address on which it waits: `0.0.0.0` and `::` are all addresses.
    pub(crate) address: String,
    /// Whether only programs on this machine can reach it.
    local_only: bool,
    /// The account whose socket it is.
    user: String,
    /// The process that has it open, where that can be seen.
    pid: Option<i32>,
    /// The name of that process.
    pub(crate) process: Option<String>,
}

/// A socket that waits.
struct Waiting {
    protocol: &'static str,
    address: SocketAddr,
    uid: u32,
    inode: u64,
}

/// All ports, in their order.
pub(crate) fn ports() -> Result<Vec<Port>, Error> {
    let waiting = waiting()?;
    let owners = owners();
    let names = Names::read();
    let mut ports: Vec<Port> = waiting.iter().map(|socket| socket.port(&owners, &names)).collect();
    ports.sort();
    // of one program several sockets may share a port
    ports.dedup();
    Ok(ports)
}

/// A kernel without IPv6 has no tables for it.
fn waiting() -> Result<Vec<Waiting>, Error> {
    let tcp = procfs::net::tcp().map_err(Error::kernel("the sockets"))?;
    let udp = procfs::net::udp().map_err(Error::kernel("the sockets"))?;
    let tcp = tcp.into_iter().chain(or_none(procfs::net::tcp6())).filter_map(|entry| Waiting::of_tcp(&entry));
    let udp = udp.into_iter().chain(or_none(procfs::net::udp6())).filter_map(|entry| Waiting::of_udp(&entry));
    Ok(tcp.chain(udp).collect())
}

fn or_none<T>(entries: ProcResult<Vec<T>>) -> Vec<T> {
    entries.unwrap_or_default()
}

impl Waiting {
    fn of_tcp(entry: &TcpNetEntry) -> Option<Self> {
        let waits = entry.state == TcpState::Listen;
        waits.then_some(Self { protocol: "tcp", address: entry.local_address, uid: entry.uid, inode: entry.inode })
    }

    /// A socket of UDP that is connected to somebody waits for nobody else.
    fn of_udp(entry: &UdpNetEntry) -> Option<Self> {
        let waits = entry.state == UdpState::Close;
        waits.then_some(Self { protocol: "udp", address: entry.local_address, uid: entry.uid, inode: entry.inode })
    }

    fn port(&self, owners: &HashMap<u64, (i32, String)>, names: &Names) -> Port {
        let owner = owners.get(&self.inode);
        Port {
            port: self.address.port(),
            protocol: self.protocol,
            address: self.address.ip().to_string(),
            local_only: self.address.ip().is_loopback(),
            user: names.of(self.uid),
            pid: owner.map(|(pid, _)| *pid),
            process: owner.map(|(_, name)| name.clone()),
        }
    }
}

/// Which process has which socket open, as far as that can be seen.
fn owners() -> HashMap<u64, (i32, String)> {
    let mut owners = HashMap::new();
    for process in procfs::process::all_processes().into_iter().flatten().flatten() {
        let Ok(descriptors) = process.fd() else { continue };
        let sockets: Vec<u64> = descriptors.flatten().filter_map(|descriptor| socket(&descriptor.target)).collect();
        if !sockets.is_empty() {
            let owner = (process.pid, name(&process));
            owners.extend(sockets.into_iter().map(|inode| (inode, owner.clone())));
        }
    }
    owners
}

fn socket(target: &FDTarget) -> Option<u64> {
    if let FDTarget::Socket(inode) = target { Some(*inode) } else { None }
}

fn name(process: &Process) -> String {
    process.stat().map(|stat| stat.comm).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn ports_of_this_very_process_are_found() {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("[::1]:0").or_else(|_| UdpSocket::bind("127.0.0.1:0")).unwrap();
        let ports = ports().unwrap();
        let check = |protocol: &str, address: SocketAddr| {
            let found = ports.iter().find(|port| port.protocol == protocol && port.port == address.port());
            let found = found.unwrap_or_else(|| panic!("{protocol} {address} is missing"));
            assert_eq!(found.pid, Some(std::process::id().cast_signed()));
            assert_eq!(found.address, address.ip().to_string());
            assert!(found.local_only);
        };
        check("tcp", tcp.local_addr().unwrap());
        check("udp", udp.local_addr().unwrap());
    }
}
