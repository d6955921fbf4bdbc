//! TLS over the dialer: whom to trust, which protocols to offer.
//!
//! Trust comes from the machine's own store and not from a compiled-in list, because an operator who runs a
//! private authority has already put it there, and a distrusted one disappears without a new release.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
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
        let builder = HttpsConnectorBuilder::new().with_tls_config(trust).https_only();
        let https = builder.enable_all_versions().wrap_connector(TcpConnector { dialer: dialer.clone() });
        Self { dialer, https }
    }

    /// Offers HTTP/1.1 alone, which a WebSocket handshake needs.
    pub(crate) fn http1(dialer: Dialer, trust: ClientConfig) -> Self {
        let builder = HttpsConnectorBuilder::new().with_tls_config(trust).https_only();
        let https = builder.enable_http1().wrap_connector(TcpConnector { dialer: dialer.clone() });
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

/// A TLS client configuration that trusts the machine's certificates and the given ones, and shows ours where there is one.
pub(crate) fn trust(authorities_pem: &str, identity_pem: &str) -> Result<ClientConfig, Error> {
    let roots = roots(authorities_pem).map_err(|source| Error::Trust { source: Arc::new(source) })?;
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .map_err(|error| Error::Trust { source: Arc::new(io::Error::other(error)) })?;
    let builder = builder.with_root_certificates(roots);
    if identity_pem.is_empty() {
        return Ok(builder.with_no_client_auth());
    }
    let unusable = |error: io::Error| Error::Identity { source: Arc::new(error) };
    let (chain, key) = identity(identity_pem).map_err(unusable)?;
    builder.with_client_auth_cert(chain, key).map_err(|error| unusable(io::Error::other(error)))
}

/// Our certificates and their key.
fn identity(pem: &str) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain: Result<_, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes());
    Ok((chain.map_err(io::Error::other)?, key.map_err(io::Error::other)?))
}

fn roots(authorities_pem: &str) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in CertificateDer::pem_slice_iter(authorities_pem.as_bytes()) {
        roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
    }
    if roots.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "this machine trusts no certificate authority"));
    }
    Ok(roots)
}

/// What the dialer said passes as it is; everything else happened in the handshake.
fn own_error(failure: Box<dyn std::error::Error + Send + Sync>, host: &str) -> Error {
    match failure.downcast::<Error>() {
        Ok(own) => *own,
        Err(failure) => Error::Tls { host: host.to_owned(), source: failure.into() },
    }
}
