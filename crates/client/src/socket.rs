//! From the address at which clients reach a node to the socket by which it is controlled.

use std::path::{Path, PathBuf};

use config::{Folders, Listen};
use http::Uri;

use crate::Error;

/// The control socket of the node at `url`, such as `http://127.0.0.1:3100/mcp` or `unix:/path/to/socket`.
pub fn socket_of(url: &str, folders: Option<&Folders>) -> Result<PathBuf, Error> {
    let address = address_of(url).ok_or_else(|| Error::Address { url: url.to_owned() })?;
    match (address, folders) {
        (Listen::Unix(path), _) => Ok(config::control_socket_beside(&path)),
        (address, Some(folders)) => Ok(folders.control_socket(&address)),
        (_, None) => Err(Error::NoFolder),
    }
}

/// The same; but where no node of this user's is, and one that runs as a service may be reached, that one's.
pub(crate) fn socket_there(url: &str, folders: Option<&Folders>) -> Result<PathBuf, Error> {
    let own = socket_of(url, folders)?;
    let of_service = folders
        .and_then(|folders| own.strip_prefix(&folders.runtime).ok())
        .map(|name| Path::new(config::SERVICE_RUNTIME).join(name));
    Ok(of_service.filter(|socket| !own.exists() && socket.exists()).unwrap_or(own))
}

/// Where a node listens, if it is one of this machine.
fn address_of(url: &str) -> Option<Listen> {
    if let Some(rest) = url.strip_prefix("unix:") {
        return format!("unix:{}", rest.split('#').next()?).parse().ok();
    }
    let uri: Uri = url.parse().ok()?;
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let host = match uri.host()? {
        "localhost" => "127.0.0.1",
        host => host,
    };
    let address: Listen = format!("{host}:{}", uri.port_u16().unwrap_or(default_port)).parse().ok()?;
    address.is_local().then_some(address)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::socket_of;

    fn check(url: &str, expected: Option<&str>) {
        let folders = config::Folders { config: "/c".into(), state: "/s".into(), runtime: "/r".into() };
        assert_eq!(socket_of(url, Some(&folders)).ok().as_deref(), expected.map(Path::new), "{url}");
    }

    #[test]
    fn every_address_of_a_node_leads_to_its_socket() {
        check("http://127.0.0.1:3100/mcp", Some("/r/control-3100.sock"));
        check("http://localhost:4000", Some("/r/control-4000.sock"));
        check("http://[::1]:3100/servers/git/mcp", Some("/r/control-3100.sock"));
        check("unix:/run/sw.sock#/mcp", Some("/run/sw.sock.control"));
        check("https://example.org/mcp", None);
        check("http://10.0.0.7:3100/mcp", None);
        check("nonsense", None);
    }
}
