//! A server that answers whatever comes with the same bytes, or with silence: what a broken upstream looks like.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// A loopback server with one answer for everything. It lives as long as the test's process.
#[derive(Debug)]
pub struct Fake {
    url: String,
}

impl Fake {
    /// Answers every connection with `bytes` once its first bytes have come, and says no more.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(move |mut connection| {
            let _ = connection.read(&mut [0; 4096]);
            let _ = connection.write_all(&bytes);
            let _ = connection.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut connection, &mut std::io::sink());
        })
    }

    /// Takes every connection, reads what comes and never answers.
    ///
    /// # Panics
    ///
    /// When no loopback port is free.
    pub fn silent() -> Self {
        Self::start(|mut connection| {
            let _ = std::io::copy(&mut connection, &mut std::io::sink());
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The configuration of it as the server `name`, which is said to be modern.
    pub fn configured(&self, name: &str) -> String {
        format!("[servers.{name}]\nurl = {:?}\nera = \"modern\"\n", self.url)
    }

    fn start(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("a bound listener has an address");
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let serve = serve.clone();
                thread::spawn(move || serve(connection));
            }
        });
        Self { url: format!("http://{address}/mcp") }
    }
}
