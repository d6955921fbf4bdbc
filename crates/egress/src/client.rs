//! The client: what all ways out share, and one method per kind of conversation.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, Uri, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::UnixStream;
use tower_service::Service;

use crate::dial::Dialer;
use crate::exchange::exchange;
use crate::kept::{Host, Kept};
use crate::target::Way;
use crate::tcp::TcpConnector;
use crate::tls::{self, Stream, TlsConnector};
use crate::websocket::{self, WebSocket};
use crate::{Answer, Error, Lane, Options, Raw, Resolve, SystemResolver, Target, alone, unix};

/// Pause after which a silent HTTP/2 connection is asked for a sign of life.
const HTTP2_PING_EVERY: Duration = Duration::from_secs(30);

/// Time for the sign of life, before the connection and every stream on it fail.
const HTTP2_PING_LIMIT: Duration = Duration::from_secs(10);

/// Connections that may speak HTTP/2, and so may be shared.
type Pool<Connector> = legacy::Client<Connector, Full<Bytes>>;

/// Sends requests and opens streams, under one set of rules; a clone shares the pools.
///
/// Rules are checked when a connection is made and not when a pooled one is used again, so callers that are
/// trusted differently need different clients.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    user_agent: Option<HeaderValue>,
    dialer: Dialer,
    kept: Kept,
    /// For servers that are known to speak HTTP/2 without TLS.
    http2: Pool<TcpConnector>,
    /// Made on first use, because reading the machine's certificates takes milliseconds.
    https: OnceLock<Result<Https, Error>>,
}

/// What an `https` target and a `wss` target need.
struct Https {
    pool: Pool<TlsConnector>,
    websocket: TlsConnector,
}

impl Client {
    /// A client that looks names up as the operating system does.
    pub fn new(options: Options) -> Self {
        Self::with_resolver(options, Arc::new(SystemResolver))
    }

    /// A client that looks names up through the given resolver.
    pub fn with_resolver(options: Options, resolver: Arc<dyn Resolve>) -> Self {
        let dialer = Dialer::new(&options, resolver);
        let shared = Shared {
            user_agent: HeaderValue::from_str(&options.user_agent).ok(),
            http2: pool(&options).http2_only(true).build(TcpConnector { dialer: dialer.clone() }),
            dialer,
            kept: Kept::new(options.connections_per_host_max, Duration::from_millis(options.idle_ms)),
            https: OnceLock::new(),
            options,
        };
        Self { shared: Arc::new(shared) }
    }

    /// The way to a target that is sent many requests, all of them with these headers.
    pub fn lane(&self, target: Target, mut headers: HeaderMap) -> Lane {
        self.add_headers(&mut headers, &target);
        let host = self.shared.kept.host(target.origin());
        Lane::new(self.clone(), target, host, headers)
    }

    /// Sends the request to the target, whose URI replaces the request's own, and returns the head of the answer.
    ///
    /// An answer that redirects is returned like any other.
    pub async fn send(&self, mut request: Request<Full<Bytes>>, target: &Target) -> Result<Response<Answer>, Error> {
        *request.uri_mut() = target.request_uri().clone();
        self.add_headers(request.headers_mut(), target);
        self.exchange(request, target, &self.shared.kept.host(target.origin())).await
    }

    /// Sends a request that is complete.
    pub(crate) async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        target: &Target,
        host: &Arc<Host>,
    ) -> Result<Response<Answer>, Error> {
        if *target.way() == Way::Https {
            // Boxed, because the pool's futures are large and the plain way is not to carry them.
            let answer = Box::pin(self.https()?.pool.request(request)).await;
            return answer.map(|answer| answer.map(Answer::shared)).map_err(|error| Error::from_pool(error, target));
        }
        exchange(&self.shared.dialer, host, target, request).await
    }

    /// Sends the request over HTTP/2, which without TLS the server has to expect.
    ///
    /// Unlike [`Self::send`] it does not fall back: a server that speaks HTTP/1.1 only is an error.
    pub async fn send_http2(
        &self,
        mut request: Request<Full<Bytes>>,
        target: &Target,
    ) -> Result<Response<Answer>, Error> {
        *request.uri_mut() = target.uri().clone();
        *request.version_mut() = Version::HTTP_2;
        self.add_user_agent(request.headers_mut());
        let answer = match target.way() {
            Way::Http => self.shared.http2.request(request),
            Way::Https => self.https()?.pool.request(request),
            Way::Unix(_) => {
                return Err(Error::Target { text: target.to_string(), reason: "http/2 runs over tcp here" });
            }
        };
        answer.await.map(|answer| answer.map(Answer::shared)).map_err(|error| Error::from_pool(error, target))
    }

    /// Sends one request over HTTP/1.1 on a connection of its own, whose answer may turn into another protocol. The path is
    /// the request's own; dropping the answer closes the connection.
    pub async fn send_alone<Content>(
        &self,
        mut request: Request<Content>,
        target: &Target,
    ) -> Result<Response<Incoming>, Error>
    where
        Content: Body + Send + 'static,
        Content::Data: Send,
        Content::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = path.map_or_else(|| target.request_uri().clone(), Uri::from);
        request.headers_mut().insert(HOST, target.host().clone());
        self.add_user_agent(request.headers_mut());
        if let Some(socket) = target.socket() {
            let stream = unix::connect(&self.shared.dialer, socket).await?;
            return alone::exchange(TokioIo::new(stream), request, target).await;
        }
        // Boxed, because a handshake keeps its buffers in the future and callers are not to carry them.
        let stream = Box::pin(self.fresh_stream(target)).await?;
        alone::exchange(stream, request, target).await
    }

    /// Opens a WebSocket with the subprotocol `mcp`, sending the headers with the handshake.
    pub async fn websocket(&self, target: &Target, mut headers: HeaderMap) -> Result<WebSocket, Error> {
        self.add_headers(&mut headers, target);
        let host = target.to_string();
        // Boxed, because the handshake keeps its buffers in the future and callers are not to carry them.
        let opening = Box::pin(async {
            let stream = self.fresh_stream(target).await?;
            websocket::handshake(stream, target, headers, self.shared.options.message_bytes_max).await
        });
        self.shared.dialer.within_limit(&host, opening).await
    }

    /// Opens a raw stream to a unix socket.
    pub async fn stream(&self, socket: &Path) -> Result<UnixStream, Error> {
        unix::connect(&self.shared.dialer, socket).await
    }

    /// Opens a raw stream to a target, for what is spoken there instead of HTTP.
    pub async fn raw(&self, target: &Target) -> Result<Raw, Error> {
        if let Some(socket) = target.socket() {
            return Ok(Box::new(unix::connect(&self.shared.dialer, socket).await?));
        }
        // Boxed, because a handshake keeps its buffers in the future and callers are not to carry them.
        Ok(Box::new(TokioIo::new(Box::pin(self.fresh_stream(target)).await?)))
    }

    async fn fresh_stream(&self, target: &Target) -> Result<Stream, Error> {
        match target.way() {
            Way::Http => {
                let (host, port) = target.host_and_port();
                Ok(MaybeHttpsStream::Http(TokioIo::new(self.shared.dialer.dial(host, port).await?)))
            }
            Way::Https => self.https()?.websocket.clone().call(target.uri().clone()).await,
            Way::Unix(_) => {
                Err(Error::Target { text: target.to_string(), reason: "websockets run over tcp, not unix sockets" })
            }
        }
    }

    fn https(&self) -> Result<&Https, Error> {
        let made = self.shared.https.get_or_init(|| Https::new(&self.shared.options, &self.shared.dialer));
        made.as_ref().map_err(Clone::clone)
    }

    /// Over HTTP/2 the host travels as `:authority`, so only the ways that are always HTTP/1.1 get it here.
    fn add_headers(&self, headers: &mut HeaderMap, target: &Target) {
        if *target.way() != Way::Https {
            headers.insert(HOST, target.host().clone());
        }
        self.add_user_agent(headers);
    }

    fn add_user_agent(&self, headers: &mut HeaderMap) {
        if let Some(user_agent) = &self.shared.user_agent {
            headers.entry(USER_AGENT).or_insert_with(|| user_agent.clone());
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Https {
    fn new(options: &Options, dialer: &Dialer) -> Result<Self, Error> {
        let trust = tls::trust(&options.authorities_pem, &options.identity_pem)?;
        Ok(Self {
            pool: pool(options).build(TlsConnector::any_version(dialer.clone(), trust.clone())),
            websocket: TlsConnector::http1(dialer.clone(), trust),
        })
    }
}

fn pool(options: &Options) -> legacy::Builder {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .http2_keep_alive_interval(HTTP2_PING_EVERY)
        .http2_keep_alive_timeout(HTTP2_PING_LIMIT)
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_millis(options.idle_ms))
        .pool_max_idle_per_host(options.connections_per_host_max);
    builder
}
