//! Who has a port of this machine, as far as this user may know, and which one is free. It reads `/proc` and ends nobody.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// How many ports after a taken one are tried.
const PORTS_TRIED_MAX: u16 = 100;

/// The state of a socket that listens, as the kernel writes it.
const LISTENS: &str = "0A";

/// The program that listens at the port of `address`, with its process id; none where it is of another user.
pub(crate) fn by_whom(address: SocketAddr) -> Option<String> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let sockets: Vec<String> = tables.iter().flat_map(|table| listening(table, address.port())).collect();
    let is_process = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes()[0].is_ascii_digit());
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path()).filter(is_process);
    let owner = processes.filter(|process| process.join("fd").is_dir()).find(|process| has_any(process, &sockets))?;
    let name = fs::read_to_string(owner.join("comm")).ok()?;
    Some(format!("`{}` (process {})", name.trim(), owner.file_name()?.to_string_lossy()))
}

/// The first address after `address` where nobody listens.
pub(crate) fn free_after(address: SocketAddr) -> Option<SocketAddr> {
    let ports = address.port().checked_add(1)?..=address.port().saturating_add(PORTS_TRIED_MAX);
    ports.map(|port| SocketAddr::new(address.ip(), port)).find(|address| TcpListener::bind(address).is_ok())
}

/// The sockets that listen at `port`, as links of open files name them.
fn listening(table: &str, port: u16) -> Vec<String> {
    let port = format!(":{port:04X}");
    let socket = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let listens = words.get(1)?.ends_with(&port) && *words.get(3)? == LISTENS;
        Some(format!("socket:[{}]", words.get(9)?)).filter(|_| listens)
    };
    table.lines().filter_map(socket).collect()
}

/// Whether the process has one of these sockets open.
fn has_any(process: &Path, sockets: &[String]) -> bool {
    let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
    files
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|link| sockets.iter().any(|known| link == Path::new(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0C1C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0 100 0 0 10 0
   1: 0100007F:0C1C 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 23456 1 0 20 4 30 10 -1
   2: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 34567 1 0 100 0 0 10 0
";

    #[test]
    fn only_sockets_that_listen_at_the_port_count() {
        assert_eq!(listening(TABLE, 3100), ["socket:[12345]"]);
        assert_eq!(listening(TABLE, 3101), [""; 0]);
    }

    #[test]
    fn this_process_is_found_at_its_port_and_another_port_is_free() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let found = by_whom(address).unwrap();
        assert!(found.ends_with(&format!("(process {})", std::process::id())), "{found}");
        assert_ne!(free_after(address), Some(address));
    }
}
