//! Where a request goes, parsed once: the URI, the `Host` header and the way there.

use std::fmt;
use std::path::{Path, PathBuf};

use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Uri};

use crate::{Error, unix};

/// The path of an MCP endpoint when a unix target names none.
const DEFAULT_PATH: &str = "/mcp";

/// A place that requests are sent to; cheap to clone, and ready to use without further parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    uri: Uri,
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
        Self::url(
            text.parse()
                .map_err(|_| unusable(text, "it is not a url"))?,
        )
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
                return Err(unusable(
                    &text,
                    "its scheme is not http, https, ws, wss or unix",
                ));
            }
            None => return Err(unusable(&text, "it has no scheme")),
        };
        let scheme = if way == Way::Https {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let host = host_header(&uri, &scheme).map_err(|reason| unusable(&text, reason))?;
        let mut parts = uri.into_parts();
        parts.scheme = Some(scheme);
        parts
            .path_and_query
            .get_or_insert_with(|| PathAndQuery::from_static("/"));
        let uri = Uri::from_parts(parts).map_err(|_| unusable(&text, "it is not a url"))?;
        Ok(Self {
            uri,
            host,
            way,
            websocket,
        })
    }

    /// The endpoint `path` of the HTTP server behind a unix socket.
    pub fn unix(socket: impl AsRef<Path>, path: &str) -> Result<Self, Error> {
        let socket = socket.as_ref();
        let text = || format!("unix:{}#{path}", socket.display());
        if !socket.is_absolute() {
            return Err(unusable(&text(), "the path of the socket is not absolute"));
        }
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(unix::authority_of(socket))
            .path_and_query(path);
        Ok(Self {
            uri: uri
                .build()
                .map_err(|_| unusable(&text(), "the endpoint is not a path"))?,
            host: HeaderValue::from_static("localhost"),
            way: Way::Unix(socket.to_owned()),
            websocket: false,
        })
    }

    /// The place that `reference`, found in an answer of this one, names; refused when it is on another origin.
    pub fn sibling(&self, reference: &str) -> Result<Self, Error> {
        if reference.starts_with('/') && !reference.starts_with("//") {
            return self.with_path(reference);
        }
        if reference.contains("//") {
            let other = Self::parse(reference)?;
            return if self.same_origin(&other) {
                Ok(other)
            } else {
                Err(unusable(reference, "it is on another origin"))
            };
        }
        let folder_end = self.uri.path().rfind('/').map_or(0, |slash| slash + 1);
        self.with_path(&format!("{}{reference}", &self.uri.path()[..folder_end]))
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

    pub(crate) fn host(&self) -> &HeaderValue {
        &self.host
    }

    pub(crate) fn way(&self) -> &Way {
        &self.way
    }

    fn same_origin(&self, other: &Self) -> bool {
        self.way == other.way
            && self
                .host
                .as_bytes()
                .eq_ignore_ascii_case(other.host.as_bytes())
    }

    fn with_path(&self, path: &str) -> Result<Self, Error> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(
            path.parse()
                .map_err(|_| unusable(path, "it is not a path"))?,
        );
        let uri = Uri::from_parts(parts).map_err(|_| unusable(path, "it is not a path"))?;
        Ok(Self {
            uri,
            ..self.clone()
        })
    }
}

impl fmt::Display for Target {
    /// Without the query, which may carry a key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.uri.path();
        let host = self
            .uri
            .authority()
            .map_or("", http::uri::Authority::as_str);
        match (&self.way, self.websocket) {
            (Way::Unix(socket), _) => write!(formatter, "unix:{}#{path}", socket.display()),
            (Way::Http, false) => write!(formatter, "http://{host}{path}"),
            (Way::Http, true) => write!(formatter, "ws://{host}{path}"),
            (Way::Https, false) => write!(formatter, "https://{host}{path}"),
            (Way::Https, true) => write!(formatter, "wss://{host}{path}"),
        }
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

fn unusable(text: &str, reason: &'static str) -> Error {
    Error::Target {
        text: text.to_owned(),
        reason,
    }
}
