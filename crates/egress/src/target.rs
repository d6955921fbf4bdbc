//! Where a request goes, parsed once: the URI, the `Host` header and the way there.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use crate::Error;

/// The path of an MCP endpoint when a unix target names none.
const DEFAULT_PATH: &str = "/mcp";

/// A place that requests are sent to; cheap to clone, and ready to use without further parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    uri: Uri,
    /// What the first line of a request names: a path, or the whole URI where HTTP/2 may be spoken.
    request_uri: Uri,
    /// What connections can be shared by.
    origin: Arc<str>,
    host: HeaderValue,
    way: Way,
    websocket: bool,
}

/// How a target is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Http,
    Https,
    Unix(PathBuf),
}

impl Target {
    /// Reads `http://…`, `https://…`, `ws://…`, `wss://…`, or `unix:/path.sock` with an optional `#/endpoint`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Some(rest) = text.strip_prefix("unix:") {
            let (socket, path) = rest.split_once('#').unwrap_or((rest, DEFAULT_PATH));
            return Self::unix(socket.strip_prefix("//").unwrap_or(socket), path);
        }
        Self::url(text.parse().map_err(|_| unusable(text, "it is not a url"))?)
    }

    /// The place that an absolute URL names.
    pub fn url(uri: Uri) -> Result<Self, Error> {
        let text = uri.to_string();
        let (way, websocket) = match uri.scheme_str() {
            Some("http") => (Way::Http, false),
            Some("https") => (Way::Https, false),
            Some("ws") => (Way::Http, true),
            Some("wss") => (Way::Https, true),
            Some(_) => {
                return Err(unusable(&text, "its scheme is not http, https, ws, wss or unix"));
            }
            None => return Err(unusable(&text, "it has no scheme")),
        };
        let scheme = if way == Way::Https { Scheme::HTTPS } else { Scheme::HTTP };
        let host = host_header(&uri, &scheme).map_err(|reason| unusable(&text, reason))?;
        let mut parts = uri.into_parts();
        parts.scheme = Some(scheme);
        parts.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
        let uri = Uri::from_parts(parts).map_err(|_| unusable(&text, "it is not a url"))?;
        let origin = String::from_utf8_lossy(host.as_bytes()).to_ascii_lowercase().into();
        Ok(Self { request_uri: request_uri(&uri, &way), uri, origin, host, way, websocket })
    }

    /// The endpoint `path` of the HTTP server behind a unix socket.
    pub fn unix(socket: impl AsRef<Path>, path: &str) -> Result<Self, Error> {
        let socket = socket.as_ref();
        let text = || format!("unix:{}#{path}", socket.display());
        if !socket.is_absolute() {
            return Err(unusable(&text(), "the path of the socket is not absolute"));
        }
        let uri: Uri = path.parse().map_err(|_| unusable(&text(), "the endpoint is not a path"))?;
        if uri.authority().is_some() || !path.starts_with('/') {
            return Err(unusable(&text(), "the endpoint is not a path"));
        }
        Ok(Self {
            request_uri: uri.clone(),
            uri,
            origin: format!("unix:{}", socket.display()).into(),
            host: HeaderValue::from_static("localhost"),
            way: Way::Unix(socket.to_owned()),
            websocket: false,
        })
    }

    /// A port of a host where something else than HTTP is spoken, over TLS or without.
    pub fn port(host: &str, port: u16, is_tls: bool) -> Result<Self, Error> {
        let scheme = if is_tls { "https" } else { "http" };
        Self::parse(&format!("{scheme}://{host}:{port}"))
    }

    /// The place that `reference`, found in an answer of this one, names; refused when it is on another origin.
    pub fn sibling(&self, reference: &str) -> Result<Self, Error> {
        if names_its_own_origin(reference) {
            let other = Self::parse(reference)?;
            return if self.same_origin(&other) {
                Ok(other)
            } else {
                Err(unusable(reference, "it is on another origin"))
            };
        }
        let own_path = self.uri.path();
        match reference.as_bytes().first() {
            Some(b'/') => self.with_path(reference),
            Some(b'?') | None => self.with_path(&format!("{own_path}{reference}")),
            Some(_) => {
                let folder_end = own_path.rfind('/').map_or(0, |slash| slash + 1);
                self.with_path(&format!("{}{reference}", &own_path[..folder_end]))
            }
        }
    }

    /// Whether the text named a WebSocket.
    pub fn is_websocket(&self) -> bool {
        self.websocket
    }

    /// The socket of a unix target.
    pub fn socket(&self) -> Option<&Path> {
        match &self.way {
            Way::Unix(socket) => Some(socket),
            Way::Http | Way::Https => None,
        }
    }

    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn request_uri(&self) -> &Uri {
        &self.request_uri
    }

    pub(crate) fn origin(&self) -> &Arc<str> {
        &self.origin
    }

    pub(crate) fn host_and_port(&self) -> (&str, u16) {
        (self.uri.host().unwrap_or_default(), port_of(&self.uri))
    }

    pub(crate) fn host(&self) -> &HeaderValue {
        &self.host
    }

    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    fn same_origin(&self, other: &Self) -> bool {
        self.way == other.way && self.host.as_bytes().eq_ignore_ascii_case(other.host.as_bytes())
    }

    fn with_path(&self, path: &str) -> Result<Self, Error> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(path.parse().map_err(|_| unusable(path, "it is not a path"))?);
        let uri = Uri::from_parts(parts).map_err(|_| unusable(path, "it is not a path"))?;
        Ok(Self { request_uri: request_uri(&uri, &self.way), uri, ..self.clone() })
    }
}

impl fmt::Display for Target {
    /// Without the query, which may carry a key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.uri.path();
        let host = self.uri.authority().map_or("", http::uri::Authority::as_str);
        match (&self.way, self.websocket) {
            (Way::Unix(socket), _) => write!(formatter, "unix:{}#{path}", socket.display()),
            (Way::Http, false) => write!(formatter, "http://{host}{path}"),
            (Way::Http, true) => write!(formatter, "ws://{host}{path}"),
            (Way::Https, false) => write!(formatter, "https://{host}{path}"),
            (Way::Https, true) => write!(formatter, "wss://{host}{path}"),
        }
    }
}

/// The port of a URI, or that of its scheme.
pub(crate) fn port_of(uri: &Uri) -> u16 {
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    uri.port_u16().unwrap_or(default_port)
}

fn request_uri(uri: &Uri, way: &Way) -> Uri {
    match uri.path_and_query() {
        Some(path) if *way != Way::Https => Uri::from(path.clone()),
        _ => uri.clone(),
    }
}

/// The `Host` header of a URL: the default port of the scheme is left out, as browsers and hyper do.
fn host_header(uri: &Uri, scheme: &Scheme) -> Result<HeaderValue, &'static str> {
    let authority = uri.authority().ok_or("it has no host")?;
    if authority.as_str().contains('@') {
        return Err("credentials do not belong in a url");
    }
    let default_port = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    let host = match authority.port_u16() {
        Some(port) if port != default_port => format!("{}:{port}", authority.host()),
        _ => authority.host().to_owned(),
    };
    if host.is_empty() {
        return Err("it has no host");
    }
    HeaderValue::from_str(&host).map_err(|_| "its host is not a header value")
}

/// Whether a reference begins with a scheme or an authority (RFC 3986, section 4.2).
fn names_its_own_origin(reference: &str) -> bool {
    let end_of_first_segment = reference.find(['/', '?', '#']).unwrap_or(reference.len());
    reference.starts_with("//") || reference[..end_of_first_segment].contains(':')
}

fn unusable(text: &str, reason: &'static str) -> Error {
    Error::Target { text: text.to_owned(), reason }
}
