//! How a host name becomes addresses: the system's resolver, or another that a caller plugs in.

use std::io;
use std::net::IpAddr;

use futures_util::future::BoxFuture;

/// Looks names up. What it answers is checked by the rules before anything is dialled.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of the host, in the order in which they are to be tried.
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// The resolver of the operating system, with its hosts file and search domains.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
