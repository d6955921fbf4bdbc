//! The service manager that has started this node, where there is one: it is told when the node is ready, goes over to
//! another process or ends, and, if it wishes, that the node is alive. The words are those of `sd_notify`.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use gateway::Current;

/// Where the manager listens.
const SOCKET: &str = "NOTIFY_SOCKET";
/// How long it waits for a sign of life, in microseconds, and of which process.
const WATCHDOG: &str = "WATCHDOG_USEC";
const WATCHED: &str = "WATCHDOG_PID";

/// The service manager, or nobody. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manager(Option<Arc<UnixDatagram>>);

impl Manager {
    /// The manager of this process.
    pub(crate) fn of_process() -> Self {
        let socket = env::var_os(SOCKET).and_then(|name| connect(name.as_bytes()).ok());
        Self(socket.map(Arc::new))
    }

    /// The node serves.
    pub(crate) fn ready(&self) {
        self.tell("READY=1\nSTATUS=serving");
    }

    /// Another process is the node from now on.
    pub(crate) fn followed_by(&self, pid: u32) {
        self.tell(&format!("MAINPID={pid}\nREADY=1\nSTATUS=serving, taken over by process {pid}"));
    }

    /// The node ends.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=calls that run are finished");
    }

    /// Gives signs of life for as long as the node moves, more often than the manager wishes; never, if it wishes none.
    pub(crate) async fn stay_alive(self, gateway: Current) {
        let Some(patience) = patience(env::var(WATCHDOG).ok().as_deref(), env::var(WATCHED).ok().as_deref()) else {
            return;
        };
        self.tell_of_life(patience, |within| {
            let gateway = gateway.now();
            async move { gateway.vitals.stuck(&gateway.traffic.queues, within).await }
        })
        .await;
    }

    /// Says that the node is alive whenever `stuck`, which takes no longer than it is given, finds nothing.
    async fn tell_of_life<F>(&self, patience: Duration, stuck: impl Fn(Duration) -> F)
    where
        F: Future<Output = Vec<String>>,
    {
        let pause = patience / 4;
        loop {
            let stuck = stuck(pause).await;
            if stuck.is_empty() {
                self.tell("WATCHDOG=1");
            } else {
                tracing::error!(stuck = stuck.join(", "), "the node does not move: the service manager may restart it");
            }
            tokio::time::sleep(pause).await;
        }
    }

    fn tell(&self, words: &str) {
        let Some(socket) = &self.0 else { return };
        if let Err(error) = socket.send(words.as_bytes()) {
            tracing::warn!(%error, words, "the service manager could not be told");
        }
    }
}

/// A socket that leads to this name, which is abstract if it begins with `@`.
fn connect(name: &[u8]) -> io::Result<UnixDatagram> {
    let address = match name {
        [b'@', rest @ ..] => SocketAddr::from_abstract_name(rest)?,
        path => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // a manager that does not read must not hold the node
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// How long the manager waits for a sign of life of this process.
fn patience(wished_us: Option<&str>, watched: Option<&str>) -> Option<Duration> {
    let is_of_another = watched.is_some_and(|pid| pid != std::process::id().to_string());
    let wished_us = wished_us?.parse().ok().filter(|us| *us > 0 && !is_of_another)?;
    Some(Duration::from_micros(wished_us))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_life_are_given_only_to_a_manager_that_wishes_ours() {
        let own = std::process::id().to_string();
        let check = |wished, watched, expected: Option<u64>| {
            assert_eq!(patience(wished, watched), expected.map(Duration::from_micros), "{wished:?} {watched:?}");
        };
        check(Some("30000000"), None, Some(30_000_000));
        check(Some("30000000"), Some(&own), Some(30_000_000));
        check(Some("30000000"), Some("1"), None);
        check(Some("0"), None, None);
        check(Some("soon"), None, None);
        check(None, None, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_is_stuck_is_not_reported_alive_until_it_moves_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let heard = UnixDatagram::bind(&path).unwrap();
        heard.set_nonblocking(true).unwrap();
        let signs = || std::iter::from_fn(|| heard.recv(&mut [0; 128]).ok()).count();
        let manager = Manager(Some(Arc::new(connect(path.as_os_str().as_bytes()).unwrap())));
        let is_stuck = std::cell::Cell::new(false);
        let telling = manager.tell_of_life(Duration::from_secs(8), |_| {
            std::future::ready(if is_stuck.get() { vec!["a door".to_owned()] } else { Vec::new() })
        });
        let mut telling = std::pin::pin!(telling);
        let a_while = Duration::from_secs(16);
        assert!(tokio::time::timeout(a_while, telling.as_mut()).await.is_err());
        assert!(signs() >= 4, "one in each half of the time that the manager waits");
        is_stuck.set(true);
        assert!(tokio::time::timeout(a_while, telling.as_mut()).await.is_err());
        assert_eq!(signs(), 0);
        is_stuck.set(false);
        assert!(tokio::time::timeout(a_while, telling.as_mut()).await.is_err());
        assert!(signs() > 0);
    }

    #[test]
    fn the_manager_is_told_over_its_socket() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        Manager(Some(Arc::new(connect(path.as_os_str().as_bytes()).unwrap()))).followed_by(7);
        let mut heard = [0; 128];
        let length = manager.recv(&mut heard).unwrap();
        assert!(heard[..length].starts_with(b"MAINPID=7\nREADY=1\n"));
    }

    #[test]
    fn an_abstract_name_is_understood() {
        let name = format!("switchboard-test-{}", std::process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Manager(Some(Arc::new(connect(format!("@{name}").as_bytes()).unwrap()))).ready();
        let mut heard = [0; 128];
        assert!(manager.recv(&mut heard).is_ok_and(|length| heard[..length].starts_with(b"READY=1")));
    }
}
