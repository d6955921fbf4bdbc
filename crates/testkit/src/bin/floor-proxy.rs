//! The floor: a plain reverse proxy on hyper, as anyone would write it in an hour. It streams both ways,
//! pools its connections and understands nothing. What a gateway costs is measured against it.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// A plain HTTP/1.1 reverse proxy.
#[derive(Parser)]
struct Options {
    /// Where the requests go on to, as `ip:port`.
    server: Authority,
}

type Pool = Client<HttpConnector, Incoming>;
type Body = Either<Incoming, Empty<Bytes>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let server = Options::parse().server;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let pool: Pool = Client::builder(TokioExecutor::new()).build(connector);
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (pool, server) = (pool.clone(), server.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| forward(&pool, &server, request));
            let _client_left = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn forward(
    pool: &Pool,
    server: &Authority,
    mut request: Request<Incoming>,
) -> Result<Response<Body>, http::Error> {
    let mut target = request.uri().clone().into_parts();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(server.clone());
    *request.uri_mut() = Uri::from_parts(target)?;
    strip_hop_by_hop(request.headers_mut());
    request.headers_mut().insert(header::HOST, HeaderValue::from_str(server.as_str())?);
    match pool.request(request).await {
        Ok(mut answer) => {
            strip_hop_by_hop(answer.headers_mut());
            Ok(answer.map(Either::Left))
        }
        Err(_) => Response::builder().status(StatusCode::BAD_GATEWAY).body(Either::Right(Empty::new())),
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    for name in [header::CONNECTION, header::TE, header::TRAILER, header::TRANSFER_ENCODING, header::UPGRADE] {
        headers.remove(name);
    }
}
