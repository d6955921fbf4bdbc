//! A TCP proxy that spoils one way of the traffic on purpose: late, cut, reset, sliced, corrupted, silent.
//! Works on bytes alone and knows no protocol, so every part that reads a socket can be tried with it.

use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to the bytes of one way; positions count from the start of the connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: all bytes pass.
    #[default]
    None,
    /// Every piece is held back for this long.
    Delay(Duration),
    /// After so many bytes the connection ends in an orderly way, on both sides.
    CutAfter(usize),
    /// After so many bytes the receiver gets a reset.
    ResetAfter(usize),
    /// Every byte arrives alone.
    Slice,
    /// The byte at this position arrives with all its bits turned.
    CorruptAt(usize),
    /// After so many bytes this way ends; the other stays open.
    HalfCloseAfter(usize),
    /// All bytes are taken, none comes out, and nothing ever ends.
    BlackHole,
}

/// The faults of both ways.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// On the way from the client to the server.
    pub requests: Fault,
    /// On the way from the server to the client.
    pub answers: Fault,
}

/// A word that names no fault.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a fault: expected none, slice, black-hole, delay=MS, cut=N, reset=N, corrupt=N or half-close=N")]
pub struct UnknownFault(String);

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let unknown = || UnknownFault(text.to_owned());
        let (word, number) = text.split_once('=').unwrap_or((text, ""));
        let number = || number.parse::<usize>().map_err(|_| unknown());
        match word {
            "none" if word == text => Ok(Self::None),
            "slice" if word == text => Ok(Self::Slice),
            "black-hole" if word == text => Ok(Self::BlackHole),
            "delay" => Ok(Self::Delay(Duration::from_millis(number()? as u64))),
            "cut" => Ok(Self::CutAfter(number()?)),
            "reset" => Ok(Self::ResetAfter(number()?)),
            "corrupt" => Ok(Self::CorruptAt(number()?)),
            "half-close" => Ok(Self::HalfCloseAfter(number()?)),
            _ => Err(unknown()),
        }
    }
}

/// A running proxy; dropping it closes its door, connections that are open live on.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl FaultProxy {
    /// Listens on `listen` and passes every connection on to `server`, spoiled by `faults`.
    pub async fn start(listen: SocketAddr, server: SocketAddr, faults: Faults) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, accepting: tokio::spawn(accept(listener, server, faults)) })
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs for as long as the proxy accepts connections.
    pub async fn wait(mut self) {
        let _ended = (&mut self.accepting).await;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Faults) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(pass_both_ways(client, server, faults));
    }
}

/// How one way came to its end, as far as the other way is concerned.
enum End {
    /// This way is over, the other may go on.
    Half,
    /// The connection is to be closed as a whole.
    Whole,
    /// The connection is to be reset.
    Reset,
}

#[expect(clippy::disallowed_methods, reason = "a proxy for tests stands outside the product, so not behind `egress`")]
async fn pass_both_ways(mut client: TcpStream, server: SocketAddr, faults: Faults) -> io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let requests = pass(from_client, to_server, faults.requests);
    let answers = pass(from_server, to_client, faults.answers);
    if let End::Reset = first_whole_end(requests, answers).await {
        client.set_zero_linger()?;
        server.set_zero_linger()?;
    }
    Ok(())
}

/// Waits until one way ends the connection, or both ways have ended.
async fn first_whole_end(requests: impl Future<Output = End>, answers: impl Future<Output = End>) -> End {
    tokio::pin!(requests, answers);
    let (mut requests_open, mut answers_open) = (true, true);
    while requests_open || answers_open {
        let end = tokio::select! {
            end = &mut requests, if requests_open => { requests_open = false; end }
            end = &mut answers, if answers_open => { answers_open = false; end }
        };
        if !matches!(end, End::Half) {
            return end;
        }
    }
    End::Half
}

/// Passes one way until it ends; a broken socket ends the whole connection.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, fault: Fault) -> End {
    let mut buffer = vec![0; 16 * 1024];
    let mut passed = 0;
    loop {
        let piece = match from.read(&mut buffer).await {
            Ok(0) => return end_of_input(&mut to, fault).await,
            Ok(length) => &mut buffer[..length],
            Err(_) => return End::Whole,
        };
        match spoil(&mut to, fault, piece, passed).await {
            Ok(None) => passed += piece.len(),
            Ok(Some(end)) => return end,
            Err(_) => return End::Whole,
        }
    }
}

async fn end_of_input(to: &mut (impl AsyncWrite + Unpin), fault: Fault) -> End {
    match fault {
        Fault::BlackHole => std::future::pending().await,
        _ if to.shutdown().await.is_ok() => End::Half,
        _ => End::Whole,
    }
}

/// Writes one piece as the fault wants it; `passed` bytes came before. `Some` ends this way.
async fn spoil(
    to: &mut (impl AsyncWrite + Unpin),
    fault: Fault,
    piece: &mut [u8],
    passed: usize,
) -> io::Result<Option<End>> {
    match fault {
        Fault::None => to.write_all(piece).await?,
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            to.write_all(piece).await?;
        }
        Fault::Slice => {
            for byte in piece.chunks(1) {
                to.write_all(byte).await?;
                tokio::task::yield_now().await;
            }
        }
        Fault::CorruptAt(position) => {
            if let Some(byte) = position.checked_sub(passed).and_then(|at| piece.get_mut(at)) {
                *byte = !*byte;
            }
            to.write_all(piece).await?;
        }
        Fault::BlackHole => {}
        Fault::CutAfter(limit) => return write_up_to(to, piece, limit - passed, End::Whole).await,
        Fault::ResetAfter(limit) => return write_up_to(to, piece, limit - passed, End::Reset).await,
        Fault::HalfCloseAfter(limit) => {
            let end = write_up_to(to, piece, limit - passed, End::Half).await?;
            if end.is_some() {
                to.shutdown().await?;
            }
            return Ok(end);
        }
    }
    Ok(None)
}

/// Writes at most `left` bytes of the piece; when none is left after it, this is the end.
async fn write_up_to(
    to: &mut (impl AsyncWrite + Unpin),
    piece: &[u8],
    left: usize,
    end: End,
) -> io::Result<Option<End>> {
    to.write_all(&piece[..piece.len().min(left)]).await?;
    Ok((piece.len() >= left).then_some(end))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test reads what it has written")]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Instant;

    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    /// A server that says `words` once it has read one byte, then waits for the end.
    async fn server(words: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind(LOOPBACK).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read_u8().await.unwrap();
            let _client_may_be_gone = stream.write_all(words).await;
            let mut rest = Vec::new();
            let _client_may_be_gone = stream.read_to_end(&mut rest).await;
        });
        address
    }

    #[expect(clippy::disallowed_methods, reason = "a test client")]
    async fn ask_through(answers: Fault, words: &'static [u8]) -> (FaultProxy, TcpStream) {
        let faults = Faults { answers, ..Faults::default() };
        let proxy = FaultProxy::start(LOOPBACK, server(words).await, faults).await.unwrap();
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        client.write_u8(b'?').await.unwrap();
        (proxy, client)
    }

    async fn read_exactly(client: &mut TcpStream, length: usize) -> Vec<u8> {
        let mut read = vec![0; length];
        client.read_exact(&mut read).await.unwrap();
        read
    }

    #[tokio::test]
    async fn without_a_fault_all_bytes_pass() {
        let (_proxy, mut client) = ask_through(Fault::None, b"hello").await;
        assert_eq!(read_exactly(&mut client, 5).await, b"hello");
    }

    #[tokio::test]
    async fn a_delay_holds_the_answer_back() {
        let started = Instant::now();
        let (_proxy, mut client) = ask_through(Fault::Delay(Duration::from_millis(30)), b"hello").await;
        assert_eq!(read_exactly(&mut client, 5).await, b"hello");
        assert!(started.elapsed() >= Duration::from_millis(30));
    }

    #[tokio::test]
    async fn a_cut_ends_the_connection_after_its_bytes() {
        let (_proxy, mut client) = ask_through(Fault::CutAfter(3), b"hello").await;
        let mut read = Vec::new();
        client.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"hel");
    }

    #[tokio::test]
    async fn a_reset_is_seen_as_a_reset() {
        let (_proxy, mut client) = ask_through(Fault::ResetAfter(3), b"hello").await;
        let error = client.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn sliced_bytes_are_all_there_in_order() {
        let (_proxy, mut client) = ask_through(Fault::Slice, b"hello").await;
        assert_eq!(read_exactly(&mut client, 5).await, b"hello");
    }

    #[tokio::test]
    async fn one_byte_arrives_corrupted() {
        let (_proxy, mut client) = ask_through(Fault::CorruptAt(1), b"hello").await;
        assert_eq!(read_exactly(&mut client, 5).await, [b'h', !b'e', b'l', b'l', b'o']);
    }

    #[tokio::test]
    async fn a_half_close_leaves_the_other_way_open() {
        let (_proxy, mut client) = ask_through(Fault::HalfCloseAfter(2), b"hello").await;
        let mut read = Vec::new();
        client.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"he");
        client.write_all(b"still open").await.unwrap();
    }

    #[tokio::test]
    async fn a_black_hole_lets_nothing_out_and_never_ends() {
        let (mut into, mut peer) = tokio::io::duplex(64);
        assert!(spoil(&mut into, Fault::BlackHole, &mut b"hello".to_vec(), 0).await.unwrap().is_none());
        tokio::select! {
            biased;
            _ = end_of_input(&mut into, Fault::BlackHole) => panic!("a black hole has no end"),
            () = std::future::ready(()) => {}
        }
        drop(into);
        let mut read = Vec::new();
        peer.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"");
    }

    #[test]
    fn every_fault_has_a_word() {
        let table = [
            ("none", Fault::None),
            ("delay=5", Fault::Delay(Duration::from_millis(5))),
            ("cut=1", Fault::CutAfter(1)),
            ("reset=2", Fault::ResetAfter(2)),
            ("slice", Fault::Slice),
            ("corrupt=3", Fault::CorruptAt(3)),
            ("half-close=4", Fault::HalfCloseAfter(4)),
            ("black-hole", Fault::BlackHole),
        ];
        for (word, fault) in table {
            assert_eq!(word.parse::<Fault>().unwrap(), fault);
        }
        for word in ["", "slice=1", "cut", "cut=x", "cut=-1", "delay=", "explode"] {
            assert!(word.parse::<Fault>().is_err(), "{word}");
        }
    }
}
