//! One TCP connection: look up, check every address, connect to an address that was checked.
//!
//! The name is looked up once per connection and never again, so there is no gap in which it could be rebound.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::{Error, Options, Resolve, Rules};

/// How long an address may try alone before the next one is tried beside it (RFC 8305, section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Opens TCP connections under the rules and within the time limit.
#[derive(Clone)]
pub(crate) struct Dialer {
    rules: Rules,
    limit_ms: u64,
    resolver: Arc<dyn Resolve>,
}

impl Dialer {
    pub(crate) fn new(options: &Options, resolver: Arc<dyn Resolve>) -> Self {
        Self {
            rules: options.rules,
            limit_ms: options.connect_ms_max,
            resolver,
        }
    }

    /// Connects to the host, which may be a name or an address, bracketed or not.
    pub(crate) async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, Error> {
        let bare_host = host.trim_start_matches('[').trim_end_matches(']');
        self.within_limit(bare_host, async {
            let addresses = self.permitted_addresses(bare_host).await?;
            connect_first(&addresses, port)
                .await
                .map_err(|source| Error::Connect {
                    host: bare_host.to_owned(),
                    source: Arc::new(source),
                })
        })
        .await
    }

    /// Runs a step of connecting, and gives up on it when the limit is reached.
    pub(crate) async fn within_limit<T>(
        &self,
        host: &str,
        step: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        timeout(Duration::from_millis(self.limit_ms), step)
            .await
            .unwrap_or_else(|_| {
                Err(Error::ConnectTimeout {
                    host: host.to_owned(),
                    limit_ms: self.limit_ms,
                })
            })
    }

    /// The addresses of the host. One refused address refuses the host: a name that mixes inner and outer
    /// addresses is how rebinding looks.
    async fn permitted_addresses(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let addresses = self.addresses(host).await?;
        if addresses.is_empty() {
            return Err(Error::NoAddress {
                host: host.to_owned(),
            });
        }
        for &address in &addresses {
            self.rules.check(address).map_err(|rule| Error::Refused {
                host: host.to_owned(),
                address,
                rule,
            })?;
        }
        Ok(addresses)
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        if let Ok(address) = host.parse() {
            return Ok(vec![address]);
        }
        self.resolver
            .resolve(host.to_owned())
            .await
            .map_err(|source| Error::Resolve {
                host: host.to_owned(),
                source: Arc::new(source),
            })
    }
}

/// The first connection that stands. The next address starts when the one before failed or used up its head start.
async fn connect_first(addresses: &[IpAddr], port: u16) -> io::Result<TcpStream> {
    let mut untried = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(&address) = untried.next() {
            attempts.push(connect(SocketAddr::new(address, port)));
        }
        tokio::select! {
            attempt = attempts.next() => match attempt {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => failure = error,
                None => return Err(failure),
            },
            () = sleep(HEAD_START), if untried.len() > 0 => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one door out: the address was checked by the caller"
)]
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
