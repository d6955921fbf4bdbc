//! TLS over the dialer: whom to trust, which protocols to offer.
//!
//! Trust comes from the machine's own store and not from a compiled-in list, because an operator who runs a
//! private authority has already put it there, and a distrusted one disappears without a new release.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::ring;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::Error;
use crate::dial::Dialer;
use crate::tcp::TcpConnector;

/// A connection that may or may not be encrypted.
pub(crate) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// Connects to the host and port of an `https` URI and completes the handshake within the limit.
#[derive(Clone)]
pub(crate) struct TlsConnector {
    dialer: Dialer,
    https: HttpsConnector<TcpConnector>,
}

impl TlsConnector {
    /// Offers HTTP/2 and HTTP/1.1, in this order.
    pub(crate) fn any_version(dialer: Dialer, trust: ClientConfig) -> Self {
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(trust)
            .https_only();
        let https = builder.enable_all_versions().wrap_connector(TcpConnector {
            dialer: dialer.clone(),
        });
        Self { dialer, https }
    }

    /// Offers HTTP/1.1 alone, which a WebSocket handshake needs.
    pub(crate) fn http1(dialer: Dialer, trust: ClientConfig) -> Self {
        let builder = HttpsConnectorBuilder::new()
            .with_tls_config(trust)
            .https_only();
        let https = builder.enable_http1().wrap_connector(TcpConnector {
            dialer: dialer.clone(),
        });
        Self { dialer, https }
    }
}

impl Service<Uri> for TlsConnector {
    type Response = Stream;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Stream, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let host = uri.host().unwrap_or_default().to_owned();
        let handshake = self.https.call(uri);
        let dialer = self.dialer.clone();
        Box::pin(async move {
            let step = async { handshake.await.map_err(|failure| own_error(failure, &host)) };
            dialer.within_limit(&host, step).await
        })
    }
}

/// The machine's trusted certificates, as a TLS client configuration without client certificate.
pub(crate) fn trust() -> Result<ClientConfig, Error> {
    let failed = |source| Error::Trust {
        source: Arc::new(source),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(io::Error::other(error)))?
        .with_native_roots()
        .map_err(failed)?;
    Ok(builder.with_no_client_auth())
}

/// What the dialer said passes as it is; everything else happened in the handshake.
fn own_error(failure: Box<dyn std::error::Error + Send + Sync>, host: &str) -> Error {
    match failure.downcast::<Error>() {
        Ok(own) => *own,
        Err(failure) => Error::Tls {
            host: host.to_owned(),
            source: failure.into(),
        },
    }
}
