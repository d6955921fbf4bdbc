//! Rules of `[gateway]`: addresses that others reach only where callers are known, and lists of hosts and origins that can match.

use url::Url;

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Gateway, Listen};

/// Reports what is wrong with `gateway`.
pub(super) fn check(gateway: &Gateway, has_principals: bool, problems: &mut Problems<'_>) {
    let path = KeyPath::of(["gateway"]);
    check_listen(&gateway.listen, has_principals, &path.key("listen"), problems);
    for (index, host) in gateway.allowed_hosts.iter().enumerate() {
        if !is_host(host) {
            let path = path.key("allowed_hosts").index(index);
            problems.add(&path, format!("`{host}` is no host"), "write `example.org` or `example.org:8080`");
        }
    }
    for (index, origin) in gateway.allowed_origins.iter().enumerate() {
        if !is_origin(origin) {
            let path = path.key("allowed_origins").index(index);
            problems.add(&path, format!("`{origin}` is no origin"), "write `https://example.org`, without a path");
        }
    }
}

fn check_listen(listen: &[Listen], has_principals: bool, path: &KeyPath, problems: &mut Problems<'_>) {
    for (index, address) in listen.iter().enumerate() {
        if let Err(error) = address.guarded(has_principals) {
            problems.add(&path.index(index), error.to_string(), Listen::HINT_OPEN);
        }
        if listen[..index].contains(address) && !is_any_port(address) {
            problems.add(&path.index(index), format!("`{address}` stands here twice"), "remove one");
        }
    }
}

/// Whether the system picks the port.
pub(super) fn is_any_port(address: &Listen) -> bool {
    matches!(address, Listen::Tcp(address) if address.port() == 0)
}

fn is_host(host: &str) -> bool {
    let url = Url::parse(&format!("http://{host}/"));
    url.is_ok_and(|url| url.path() == "/" && url.username().is_empty() && url.query().is_none())
        && !host.contains(['/', '*', '#', '?', '@'])
}

fn is_origin(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == origin)
}

#[cfg(test)]
mod tests {
    use super::{is_host, is_origin};

    #[test]
    fn host_has_no_scheme_path_or_wildcard() {
        for host in ["example.org", "example.org:8080", "10.0.0.7", "[::1]:80"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "http://example.org", "example.org/x", "*.example.org", "user@example.org"] {
            assert!(!is_host(host), "{host}");
        }
    }

    #[test]
    fn origin_has_scheme_and_host_only() {
        for origin in ["https://example.org", "http://example.org:8080"] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in ["", "*", "null", "example.org", "https://example.org/", "https://Example.org"] {
            assert!(!is_origin(origin), "{origin}");
        }
    }
}
