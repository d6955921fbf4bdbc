//! TLS on a listener: its certificate and key, and the authorities of clients, read from PEM files once. Which protocol
//! is spoken inside is for the listener to say.

use std::{path::Path, sync::Arc};

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::WebPkiClientVerifier,
};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or has nothing of what is looked for.
    #[error("cannot read {file}")]
    File {
        /// The file.
        file: String,
        /// Why.
        source: pem::Error,
    },
    /// A file has no certificate.
    #[error("there is no certificate in {0}")]
    Empty(String),
    /// Certificate and key do not belong together, or are of a kind that is not known.
    #[error("certificate and key cannot be used")]
    Unusable(#[from] rustls::Error),
    /// The authorities cannot vouch for clients.
    #[error("the authorities of clients cannot be used")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
}

/// The TLS of a listener that speaks `protocol`. With `client_authorities` only clients that they vouch for are let in.
pub fn acceptor(
    certificate: &Path,
    key: &Path,
    client_authorities: Option<&Path>,
    protocol: &[u8],
) -> Result<TlsAcceptor, TlsError> {
    let chain = certificates(certificate)?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|source| unreadable(key, source))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let builder = match client_authorities {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut authorities = RootCertStore::empty();
            for authority in certificates(file)? {
                authorities.add(authority)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, private)?;
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
    let certificates = read().map_err(|source| unreadable(file, source))?;
    if certificates.is_empty() { Err(TlsError::Empty(file.display().to_string())) } else { Ok(certificates) }
}

fn unreadable(file: &Path, source: pem::Error) -> TlsError {
    TlsError::File { file: file.display().to_string(), source }
}
