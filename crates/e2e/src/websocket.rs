//! A WebSocket over raw bytes, as a client holds it: text goes out and comes in, one message a frame, and nothing else.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;

use serde_json::Value;

use crate::wire;

/// What a frame begins with that holds a whole text.
const TEXT: u8 = 0x81;

/// A length of two bytes follows, and a mask.
const LONG_MASKED: u8 = 0x80 + 126;

/// An open WebSocket. Dropping it hangs up.
#[derive(Debug)]
pub struct WebSocket(BufReader<TcpStream>);

impl WebSocket {
    /// Opens one at `path`.
    ///
    /// # Panics
    ///
    /// When the gateway does not open one.
    pub fn open(address: &str, path: &str) -> Self {
        let mut connection = wire::connect(address);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: mcp\r\n\r\n"
        );
        wire::send(&mut connection, request.as_bytes());
        let mut socket = Self(BufReader::new(connection));
        assert!(socket.line().contains("101"), "the connection becomes a WebSocket");
        while !socket.line().is_empty() {}
        socket
    }

    /// Says something. It is masked with zeros, which change nothing.
    ///
    /// # Panics
    ///
    /// When the gateway has hung up, or the message is longer than a short frame.
    pub fn say(&mut self, message: &Value) {
        const MASK: [u8; 4] = [0; 4];
        let text = message.to_string();
        let length = u16::try_from(text.len()).expect("a message of a test is short").to_be_bytes();
        let frame = [&[TEXT, LONG_MASKED][..], &length, &MASK, text.as_bytes()].concat();
        wire::send(self.0.get_mut(), &frame);
    }

    /// The next message.
    ///
    /// # Panics
    ///
    /// When none comes in time, or it is no text.
    pub fn message(&mut self) -> Value {
        let [kind, length] = self.bytes();
        assert_eq!(kind, TEXT, "only whole texts come");
        let length = match length {
            126 => usize::from(u16::from_be_bytes(self.bytes())),
            127 => usize::try_from(u64::from_be_bytes(self.bytes())).expect("a message of a test is short"),
            short => usize::from(short),
        };
        let mut text = vec![0; length];
        self.0.read_exact(&mut text).expect("a message comes whole and in time");
        serde_json::from_slice(&text).expect("a message is JSON")
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).expect("a message comes in time");
        bytes
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the head of the answer comes in time");
        line.trim_end().to_owned()
    }
}
