//! The gRPC way in: HTTP/2 with or without TLS, the service `switchboard.v1.Mcp` beside health and reflection. What
//! the methods mean is in `talk`; a status other than OK only ever says that the transport failed.
//!
//! In reading order: `words` (the messages), `talk` (the three methods), `deadline`.

mod deadline;
mod talk;
mod words;

use std::{convert::Infallible, io::Cursor, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tonic::{Status, body::Body};
use tonic_health::{
    ServingStatus,
    pb::health_server::HealthServer,
    server::{HealthReporter, HealthService},
};
use tonic_prost::ProstCodec;
use tower_service::Service;

use super::{
    head::Head,
    tls::{self, TlsError},
};
use crate::{
    current::Current,
    identities::Unauthorized,
    leaving::{Stage, Underway},
    principal::{Remote, Visitor},
    seals::now_s,
};
use talk::{Opened, Shape};

/// How often a silent connection is asked whether it is alive, and how long it may take to answer. As on a WebSocket:
/// what forgets connections on the way does so after a minute or more.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// What every HTTP/2 connection begins with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Answers the requests of one service that is not ours.
type Served = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// The gRPC face of a gateway. Cheap to clone.
#[derive(Clone)]
pub struct Grpc {
    tls: Option<TlsAcceptor>,
    health: HealthReporter,
    /// Health and reflection, by the start of their paths.
    beside: Arc<[(&'static str, Served)]>,
}

/// Why gRPC cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum GrpcError {
    /// TLS cannot be spoken.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The description of our service cannot be read.
    #[error("the description of the gRPC service cannot be read")]
    Description(#[from] tonic_reflection::server::Error),
}

impl Grpc {
    /// As the section `[grpc]` says.
    pub async fn new(settings: &config::Grpc) -> Result<Self, GrpcError> {
        let tls = match (&settings.certificate, &settings.key) {
            (Some(certificate), Some(key)) => {
                Some(tls::acceptor(certificate, key, settings.client_authorities.as_deref(), b"h2")?)
            }
            _ => None,
        };
        let health = HealthReporter::new();
        health.set_service_status(words::SERVICE, ServingStatus::Serving).await;
        let reporting = HealthServer::new(HealthService::from_health_reporter(health.clone()));
        let described = || {
            let described = tonic_reflection::server::Builder::configure();
            let described = described.register_encoded_file_descriptor_set(words::DESCRIPTION);
            described.register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let beside = [
            ("/grpc.health.v1.Health/", served(reporting)),
            ("/grpc.reflection.v1.ServerReflection/", served(described().build_v1()?)),
            ("/grpc.reflection.v1alpha.ServerReflection/", served(described().build_v1alpha()?)),
        ];
        Ok(Self { tls, health, beside: Arc::from(beside) })
    }

    /// The scheme of its address, for people.
    pub fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "grpcs" } else { "grpc" }
    }

    /// Tells those who watch that nothing is served any more, and lets them go.
    pub(super) async fn stop(mut self) {
        for service in ["", words::SERVICE] {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
            self.health.clear_service_status(service).await;
        }
    }

    /// Speaks with one client until it leaves, or until the node leaves and its calls have ended.
    pub(super) async fn connection(
        self,
        gateway: Current,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        remote: Remote,
        underway: Underway,
    ) {
        let patience = Duration::from_millis(gateway.now().limits.header_read_ms_max);
        match self.tls.clone() {
            None => self.greet((gateway, remote), stream, underway, patience).await,
            Some(tls) => match timeout(patience, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.greet((gateway, remote), stream, underway, patience).await,
                Ok(Err(error)) => tracing::debug!(%error, "a gRPC client did not agree on TLS"),
                Err(_) => tracing::debug!("a gRPC client did not finish its TLS handshake in time"),
            },
        }
    }

    /// Goes on with those who speak HTTP/2, and say so in time.
    async fn greet(
        self,
        (gateway, remote): (Current, Remote),
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        underway: Underway,
        patience: Duration,
    ) {
        let (mut reader, writer) = tokio::io::split(stream);
        let mut preface = [0; PREFACE.len()];
        let greeting = timeout(patience, reader.read_exact(&mut preface)).await;
        if !matches!(greeting, Ok(Ok(_))) || preface != *PREFACE {
            return tracing::debug!("a client of the gRPC address does not speak HTTP/2");
        }
        self.converse((gateway, remote), tokio::io::join(Cursor::new(preface).chain(reader), writer), underway).await;
    }

    async fn converse(
        self,
        (gateway, remote): (Current, Remote),
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        mut underway: Underway,
    ) {
        let limits = gateway.now().limits.clone();
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.grpc_streams_max)
            .max_header_list_size(limits.header_bytes_max as u32)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG);
        let serving = underway.clone();
        let service = service_fn(move |request| {
            let (grpc, gateway, underway) = (self.clone(), gateway.clone(), serving.clone());
            async move { Ok::<_, Infallible>(grpc.answer((gateway, remote), request, underway).await) }
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        tokio::select! {
            end = connection.as_mut() => {
                if let Err(error) = end {
                    tracing::debug!(%error, "a gRPC connection ended with an error");
                }
                return;
            }
            () = underway.leaves() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    async fn answer(
        &self,
        (gateway, remote): (Current, Remote),
        request: Request<Incoming>,
        underway: Underway,
    ) -> Response<Body> {
        if request.method() != Method::POST || !is_grpc(request.headers()) {
            return plain(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let gateway = gateway.now();
        let head = Head::read(request.headers());
        if let Err((status, why)) = gateway.door.check(&head, request.uri()) {
            tracing::warn!(%status, why, "refused at the gRPC door");
            return refused(status, why).into_http();
        }
        if underway.stage() == Stage::Stopping {
            return Status::unavailable("the gateway is shutting down").into_http();
        }
        let path = request.uri().path();
        if let Some((_, served)) = self.beside.iter().find(|(start, _)| path.starts_with(start)) {
            return served(request).await;
        }
        let method = path.strip_prefix('/').and_then(|path| path.strip_prefix(words::SERVICE)).unwrap_or_default();
        let Some(shape) = Shape::named(method) else {
            return Status::unimplemented("there is no such method: reflection tells which there are").into_http();
        };
        let principal = match gateway.identities.identify(head.proof(), remote, now_s) {
            Ok(principal) => principal,
            Err(unauthorized) => return turned_away(unauthorized).into_http(),
        };
        let deadline = match deadline::of(request.headers()) {
            Ok(deadline) => deadline,
            Err(status) => return status.into_http(),
        };
        let untaken = principal.lasting.held.clone();
        let visitor = Visitor { principal, remote };
        let body_bytes_max = gateway.limits.body_bytes_max;
        let opened = Opened { gateway, visitor, shape, deadline, underway };
        tonic::server::Grpc::new(ProstCodec::<words::Reply, words::Request>::default())
            .max_decoding_message_size(body_bytes_max)
            .streaming(opened, request)
            .await
            .map(|body| Body::new(body.map_frame(move |frame| frame.map_data(|bytes| untaken.count(bytes)))))
    }
}

/// A service in a shape that forgets its type.
fn served<S>(service: S) -> Served
where
    S: Service<Request<Incoming>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    Arc::new(move |request| {
        let mut service = service.clone();
        Box::pin(async move {
            let Ok(response) = service.call(request).await;
            response
        })
    })
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    kind.strip_prefix(b"application/grpc").is_some_and(|rest| matches!(rest, b"" | b"+proto") || rest.starts_with(b";"))
}

/// What the door says, as a status of gRPC.
fn refused(status: StatusCode, why: &str) -> Status {
    match status {
        StatusCode::FORBIDDEN => Status::permission_denied(why),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Status::resource_exhausted(why),
        _ => Status::invalid_argument(why),
    }
}

/// To somebody who may not call, or has not shown that he may.
fn turned_away(unauthorized: Unauthorized) -> Status {
    match unauthorized {
        Unauthorized::TooOften { .. } => Status::resource_exhausted(unauthorized.to_string()),
        Unauthorized::NoToken | Unauthorized::Invalid => Status::unauthenticated(unauthorized.to_string()),
    }
}

/// To somebody who does not speak gRPC.
fn plain(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
