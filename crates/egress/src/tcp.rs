//! The dialer as a connector: TLS is put on it, and HTTP/2 without TLS runs over it.

use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::Error;
use crate::dial::Dialer;
use crate::target::port_of;

/// Connects to the host and port of a URI.
#[derive(Clone)]
pub(crate) struct TcpConnector {
    pub(crate) dialer: Dialer,
}

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = self.dialer.clone();
        Box::pin(async move {
            let stream = dialer.dial(uri.host().unwrap_or_default(), port_of(&uri)).await?;
            Ok(TokioIo::new(stream))
        })
    }
}
