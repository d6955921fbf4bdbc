//! Something that is taken for a Redis: it lets everybody in, and says to whatever it is asked what a test wants it to say.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A liar on a loopback port. It lives as long as the test's process.
#[derive(Debug)]
pub struct Liar {
    url: String,
    lie: Arc<Mutex<Vec<u8>>>,
}

impl Liar {
    /// Starts one that says nothing.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        let lie = Arc::new(Mutex::new(Vec::new()));
        let said = lie.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let said = said.clone();
                thread::spawn(move || lie_to(connection, &said));
            }
        });
        Self { url: format!("redis://{address}"), lie }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says this from now on.
    pub fn say(&self, lie: &[u8]) {
        *self.lie.lock().unwrap_or_else(PoisonError::into_inner) = lie.to_vec();
    }
}

fn lie_to(connection: TcpStream, lie: &Mutex<Vec<u8>>) -> Option<()> {
    let mut writer = connection.try_clone().ok()?;
    let mut reader = BufReader::new(connection);
    loop {
        let words = read_command(&mut reader)?;
        let reply = match words.first().map(Vec::as_slice) {
            Some(b"PING") => b"+PONG\r\n".to_vec(),
            Some(b"SUBSCRIBE") => b"*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n".to_vec(),
            _ => lie.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        };
        writer.write_all(&reply).ok()?;
    }
}

fn read_command(reader: &mut impl BufRead) -> Option<Vec<Vec<u8>>> {
    let words = read_count(reader, '*')?;
    let word = |_| {
        let mut word = vec![0; read_count(reader, '$')? + 2];
        reader.read_exact(&mut word).ok()?;
        word.truncate(word.len() - 2);
        Some(word)
    };
    (0..words).map(word).collect()
}

fn read_count(reader: &mut impl BufRead, sign: char) -> Option<usize> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    line.trim_end().strip_prefix(sign)?.parse().ok()
}
