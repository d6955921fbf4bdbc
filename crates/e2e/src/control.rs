//! The control socket of a node, spoken raw: one request, one answer in JSON.

use std::io::{BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::wire::{Answer, read_answer};

/// How long a change may take to be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(20);
/// How often one looks.
const LOOK: Duration = Duration::from_millis(20);

/// The control API of one node.
#[derive(Debug)]
pub struct Control {
    socket: PathBuf,
}

impl Control {
    /// The control API of the node that keeps its state in `state` and listens at `address`.
    pub fn of(state: &Path, address: &str) -> Self {
        let port = address.rsplit(':').next().unwrap_or_default();
        Self { socket: state.join(format!("control-{port}.sock")) }
    }

    /// The file of its socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Asks, and gives the status of the answer with its JSON.
    ///
    /// # Panics
    ///
    /// When there is no answer, or one that is no JSON.
    pub fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        let answer = self.exchange(method, path);
        let json = serde_json::from_slice(&answer.body);
        (answer.status, json.unwrap_or_else(|error| panic!("{error}: {}", answer.text())))
    }

    /// What GET gives.
    pub fn get(&self, path: &str) -> Value {
        self.ask("GET", path).1
    }

    /// Waits until what GET gives is as wanted.
    ///
    /// # Panics
    ///
    /// When it does not come to that in time.
    pub fn wait_until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let since = Instant::now();
        loop {
            let seen = self.get(path);
            if wanted(&seen) {
                return seen;
            }
            assert!(since.elapsed() < SEEN_WITHIN, "{path} never became what was wanted: {seen}");
            std::thread::sleep(LOOK);
        }
    }

    fn exchange(&self, method: &str, path: &str) -> Answer {
        let mut stream = UnixStream::connect(&self.socket).expect("the node has a control socket");
        stream.set_read_timeout(Some(SEEN_WITHIN)).expect("a timeout can be set");
        write!(stream, "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .expect("the node reads");
        read_answer(&mut BufReader::new(stream))
    }
}
