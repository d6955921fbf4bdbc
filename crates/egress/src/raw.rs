//! A stream of bytes without a protocol of ours on it: over TCP, TLS or a unix socket, for its user all the same.

use tokio::io::{AsyncRead, AsyncWrite};

/// What can be read from and written to.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<Stream: AsyncRead + AsyncWrite + Send + Unpin> Duplex for Stream {}

/// A stream to a target, however it is reached.
pub type Raw = Box<dyn Duplex>;
