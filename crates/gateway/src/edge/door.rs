//! Who may knock at all: which `Host` and which `Origin` are let in, and which path leads where. A page in a browser
//! must not reach a gateway on the same machine; this is what stops it.

use http::{StatusCode, Uri};

use super::{
    bridge::Way,
    head::{Head, Unclear},
};
use crate::catalogue::Endpoint;

/// The names and origins that are let in besides those of this machine.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// `host` or `host:port`.
    pub hosts: Vec<String>,
    /// `scheme://host[:port]`.
    pub origins: Vec<String>,
    /// Bytes of the request line and the headers together.
    pub header_bytes_max: usize,
}

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Streamable HTTP.
    Mcp(Endpoint),
    /// The event stream of HTTP+SSE.
    Sse(Endpoint),
    /// Where HTTP+SSE clients post to.
    Messages(Endpoint),
    /// A WebSocket.
    WebSocket(Endpoint),
    /// Plain HTTP.
    Bridge(Endpoint, Way),
    /// A sign of life.
    Health,
    /// Whether new work is welcome.
    Ready,
}

impl Door {
    /// The door as the sections `[gateway]` and `[limits]` say.
    pub fn of(settings: &config::Gateway, limits: &config::Limits) -> Self {
        Self {
            hosts: settings.allowed_hosts.clone(),
            origins: settings.allowed_origins.clone(),
            header_bytes_max: limits.header_bytes_max,
        }
    }

    /// Refuses headers that are too large, a foreign host, a foreign origin.
    pub(super) fn check(&self, head: &Head<'_>, uri: &Uri) -> Result<(), (StatusCode, &'static str)> {
        if size(head, uri) > self.header_bytes_max {
            let why = "the headers are larger than limits.header_bytes_max";
            return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, why));
        }
        let host = match (head.host.text(), uri.authority()) {
            (Err(Unclear), _) => return Err((StatusCode::BAD_REQUEST, "more than one Host header")),
            (Ok(Some(host)), None) => host,
            (_, Some(authority)) => authority.as_str(),
            (Ok(None), None) => return Err((StatusCode::BAD_REQUEST, "a Host header is required")),
        };
        if !self.knows_host(host) {
            return Err((StatusCode::FORBIDDEN, "this host name is not served: add it to gateway.allowed_hosts"));
        }
        match head.origin.text() {
            Err(Unclear) => Err((StatusCode::BAD_REQUEST, "more than one Origin header")),
            Ok(Some(origin)) if !self.knows_origin(origin) => {
                Err((StatusCode::FORBIDDEN, "this origin is not allowed: add it to gateway.allowed_origins"))
            }
            Ok(_) => Ok(()),
        }
    }

    fn knows_host(&self, host: &str) -> bool {
        let Some((name, _)) = split_port(host) else { return false };
        is_this_machine(name)
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(name))
    }

    fn knows_origin(&self, origin: &str) -> bool {
        if self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin)) {
            return true;
        }
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.and_then(split_port).is_some_and(|(name, _)| is_this_machine(name))
    }
}

/// The bytes of the request line and the headers. hyper's own bound may be passed by one read, so it is not exact.
fn size(head: &Head<'_>, uri: &Uri) -> usize {
    head.bytes + uri.path_and_query().map_or(0, |path| path.as_str().len())
}

/// `name[:port]` taken apart; anything else is no host.
fn split_port(host: &str) -> Option<(&str, Option<u16>)> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (_, after) = rest.split_once(']')?;
            (&host[..host.len() - after.len()], after)
        }
        None => host.find(':').map_or((host, ""), |at| host.split_at(at)),
    };
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']' | b':');
    if name.is_empty() || !name.bytes().all(legal) {
        return None;
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Some((name, None)),
        Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            Some((name, Some(digits.parse().ok()?)))
        }
        _ => None,
    }
}

fn is_this_machine(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name == "[::1]"
        || name.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

/// What a path means. Only the exact spelling counts: nothing is decoded and nothing is folded.
pub fn place(path: &str) -> Option<Place> {
    let (endpoint, rest) = match path.strip_prefix('/')?.split_once('/') {
        Some(("servers", rest)) => named(rest, Endpoint::Server)?,
        Some(("bundles", rest)) => named(rest, Endpoint::Bundle)?,
        _ => (Endpoint::All, path),
    };
    match rest {
        "/mcp" | "/api/mcp" => Some(Place::Mcp(endpoint)),
        "/sse" => Some(Place::Sse(endpoint)),
        "/messages" => Some(Place::Messages(endpoint)),
        "/mcp/ws" => Some(Place::WebSocket(endpoint)),
        "/healthz" if endpoint == Endpoint::All => Some(Place::Health),
        "/readyz" if endpoint == Endpoint::All => Some(Place::Ready),
        plain => {
            let way = Way::of(plain)?;
            (endpoint == Endpoint::All || !way.is_of_the_node()).then_some(Place::Bridge(endpoint, way))
        }
    }
}

fn named(rest: &str, endpoint: impl Fn(String) -> Endpoint) -> Option<(Endpoint, &str)> {
    let slash = rest.find('/')?;
    Some((endpoint(rest[..slash].to_owned()), &rest[slash..]))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, header};

    use super::*;

    const HEADER_BYTES_MAX: usize = 200;

    fn check(name: HeaderName, value: &str, expected: Option<u16>) {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost:3100"))]);
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        let door = Door {
            hosts: vec!["tools.example".to_owned()],
            origins: vec!["https://ok.example".to_owned()],
            header_bytes_max: HEADER_BYTES_MAX,
        };
        let result =
            door.check(&Head::read(&headers), &Uri::from_static("/mcp")).err().map(|(status, _)| status.as_u16());
        assert_eq!(result, expected, "{value}");
    }

    #[test]
    fn only_names_of_this_machine_and_configured_ones_are_served() {
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.0.0.1:3100",
            "127.9.9.9",
            "[::1]:3100",
            "tools.example",
            "tools.example:8080",
        ] {
            check(header::HOST, host, None);
        }
        for host in [
            "evil.com",
            "localhost.evil.com",
            "127.0.0.1:80@evil",
            "x/health?x=",
            "x#",
            "localhost.",
            "[::1%25lo]",
            "localhost:",
            "localhost:99999",
            "",
        ] {
            check(header::HOST, host, Some(403));
        }
    }

    #[test]
    fn only_origins_of_this_machine_and_configured_ones_are_let_in() {
        for origin in ["http://localhost:6274", "https://127.0.0.1", "https://ok.example"] {
            check(header::ORIGIN, origin, None);
        }
        for origin in [
            "null",
            "http://evil",
            "https://ok.example.com",
            "https://ok.example:8443",
            "http://localhost.evil",
            "localhost",
        ] {
            check(header::ORIGIN, origin, Some(403));
        }
    }

    #[test]
    fn headers_over_the_limit_are_refused() {
        let others = "/mcp".len() + "host: localhost:3100\r\n".len() + "x-long: \r\n".len();
        let name = HeaderName::from_static("x-long");
        check(name.clone(), &"a".repeat(HEADER_BYTES_MAX - others), None);
        check(name, &"a".repeat(HEADER_BYTES_MAX - others + 1), Some(431));
    }

    #[test]
    fn paths_mean_what_they_spell() {
        let check = |path, expected: Option<Place>| assert_eq!(place(path), expected, "{path}");
        check("/mcp", Some(Place::Mcp(Endpoint::All)));
        check("/servers/git/mcp", Some(Place::Mcp(Endpoint::Server("git".to_owned()))));
        check("/bundles/home/sse", Some(Place::Sse(Endpoint::Bundle("home".to_owned()))));
        check("/mcp/ws", Some(Place::WebSocket(Endpoint::All)));
        check("/servers/git/tools", Some(Place::Bridge(Endpoint::Server("git".to_owned()), Way::Tools)));
        for path in [
            "",
            "/",
            "/MCP",
            "//mcp",
            "/mcp/",
            "/%6dcp",
            "/servers/git",
            "/servers//x/mcp",
            "/mcp;x",
            "/servers/git/healthz",
            "/servers/git/health",
        ] {
            check(path, None);
        }
    }
}
