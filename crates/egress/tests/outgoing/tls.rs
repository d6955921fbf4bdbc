//! Encrypted connections: whom the client trusts and which HTTP version it agrees to.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use egress::{Client, Error, Options, Sent, Target};
use http::{Response, Version};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::fixture::{listen, local_client, local_options, post, target_of};

/// A certificate for `localhost` that nobody trusts yet, as PEM and as a server's configuration.
pub(crate) fn certified(protocols: &[&str]) -> (String, TlsAcceptor) {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("the name is valid");
    let key = PrivateKeyDer::Pkcs8(certified.signing_key.serialize_der().into());
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .expect("ring speaks every version")
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .expect("the key fits its certificate");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    (certified.cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// A client that trusts the certificate.
pub(crate) fn trusting(authorities_pem: String) -> Client {
    Client::new(Options { authorities_pem, ..local_options() })
}

async fn serve_once(listener: TcpListener, acceptor: TlsAcceptor) {
    let (stream, _) = listener.accept().await.expect("the listener is open");
    let Ok(stream) = acceptor.accept(stream).await else {
        return;
    };
    let empty = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) });
    let connection = auto::Builder::new(TokioExecutor::new());
    drop(connection.serve_connection(TokioIo::new(stream), empty).await);
}

async fn server(protocols: &[&str]) -> (String, Target) {
    let (listener, _) = listen().await;
    let target = target_of(&listener, "https", "localhost");
    let (pem, acceptor) = certified(protocols);
    tokio::spawn(serve_once(listener, acceptor));
    (pem, target)
}

#[tokio::test]
async fn http2_is_spoken_when_the_server_offers_it() {
    let (pem, target) = server(&["h2", "http/1.1"]).await;
    let response = trusting(pem).send(post("{}"), &target).await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
}

#[tokio::test]
async fn http1_is_spoken_when_the_server_offers_nothing_newer() {
    for protocols in [&["http/1.1"][..], &[]] {
        let (pem, target) = server(protocols).await;
        let response = trusting(pem).send(post("{}"), &target).await.unwrap();
        assert_eq!(response.version(), Version::HTTP_11);
    }
}

#[tokio::test]
async fn unknown_authority_is_a_tls_error_and_nothing_was_sent() {
    let (other_pem, _) = certified(&[]);
    for client in [local_client(), trusting(other_pem)] {
        let (_, target) = server(&["h2"]).await;
        let error = client.send(post("{}"), &target).await.unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        assert_eq!(error.sent(), Sent::No);
    }
}

#[tokio::test]
async fn unreadable_authority_is_a_trust_error() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned();
    let target = Target::parse("https://localhost/").unwrap();
    let error = trusting(broken).send(post("{}"), &target).await.unwrap_err();
    assert!(matches!(error, Error::Trust { .. }), "{error:?}");
}
