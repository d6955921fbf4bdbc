//! Requests and answers over HTTP/1.1, on TCP and unix sockets.

use std::convert::Infallible;

use bytes::Bytes;
use egress::{Client, Options, Target};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use crate::fixture::{answer, listen, local_client, local_options, post, read_request};

#[tokio::test]
async fn request_goes_to_the_target_with_host_and_name() {
    let (listener, target) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "", "pong").await;
        request
    });
    let mut request = post("ping");
    *request.uri_mut() = "http://elsewhere.example/other".parse().unwrap();
    let response = local_client().send(request, &target).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "pong");

    let request = server.await.unwrap();
    let host = target.to_string().replace("http://", "").replace("/mcp", "");
    assert!(request.starts_with("POST /mcp HTTP/1.1\r\n"), "{request}");
    assert!(request.contains(&format!("\r\nhost: {host}\r\n")), "{request}");
    assert!(request.contains("\r\nuser-agent: switchboard/"), "{request}");
    assert!(request.ends_with("\r\n\r\nping"), "{request}");
}

#[tokio::test]
async fn redirect_is_returned_and_not_followed() {
    let (listener, target) = listen().await;
    let (trap, trap_target) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "307 Temporary Redirect", &format!("location: {trap_target}\r\n"), "").await;
    });
    let response = local_client().send(post("{}"), &target).await.unwrap();
    assert_eq!(response.status(), 307);
    assert!(response.headers()["location"].to_str().unwrap().starts_with("http://"));
    assert!(futures_util::FutureExt::now_or_never(trap.accept()).is_none());
}

#[tokio::test]
async fn calls_in_a_row_share_one_connection() {
    let (listener, target) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        for turn in ["0", "1", "2"] {
            read_request(&mut stream).await.unwrap();
            answer(&mut stream, "200 OK", "", turn).await;
        }
    });
    let client = local_client();
    for turn in ["0", "1", "2"] {
        let response = client.clone().send(post("{}"), &target).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), turn);
    }
    server.await.unwrap();
}

#[tokio::test]
async fn unix_socket_serves_http_at_its_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("server.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "", "pong").await;
        request
    });
    let target = Target::parse(&format!("unix:{}#/tools", socket.display())).unwrap();
    let response = local_client().send(post("ping"), &target).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "pong");
    let request = server.await.unwrap();
    assert!(request.starts_with("POST /tools HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\nhost: localhost\r\n"), "{request}");
}

#[tokio::test]
async fn raw_unix_stream_carries_lines() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("lines.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut stream = local_client().stream(&socket).await.unwrap();
    let (mut peer, _) = listener.accept().await.unwrap();
    stream.write_all(b"{}\n").await.unwrap();
    let mut line = [0; 3];
    peer.read_exact(&mut line).await.unwrap();
    assert_eq!(&line, b"{}\n");
}

#[tokio::test]
async fn missing_unix_socket_is_named_in_the_error() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("missing.sock");
    let target = Target::unix(&socket, "/mcp").unwrap();
    let error = local_client().send(post("{}"), &target).await.unwrap_err();
    assert!(matches!(&error, egress::Error::Socket { socket: named, .. } if *named == socket), "{error:?}");
    assert_eq!(error.sent(), egress::Sent::No);
}

#[tokio::test]
async fn connection_that_waits_too_long_is_closed() {
    let (listener, target) = listen().await;
    let client = Client::new(Options { idle_ms: 20, ..local_options() });
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "", "pong").await;
        read_request(&mut stream).await
    });
    let response = client.send(post("ping"), &target).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "pong");
    assert_eq!(server.await.unwrap(), None);
}

#[tokio::test]
async fn answer_that_is_not_read_to_its_end_takes_its_connection_along() {
    let (listener, target) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx").await.unwrap();
        read_request(&mut stream).await
    });
    let client = local_client();
    drop(client.send(post("ping"), &target).await.unwrap());
    assert_eq!(server.await.unwrap(), None);
}

#[tokio::test]
async fn connections_over_the_bound_are_closed_after_their_answer() {
    let (listener, target) = listen().await;
    let client = Client::new(Options { connections_per_host_max: 1, ..local_options() });
    let server = tokio::spawn(async move {
        let (mut first, _) = listener.accept().await.unwrap();
        let (mut second, _) = listener.accept().await.unwrap();
        for stream in [&mut first, &mut second] {
            read_request(stream).await.unwrap();
            answer(stream, "200 OK", "", "pong").await;
        }
        tokio::select! {
            closed = read_request(&mut first) => closed,
            closed = read_request(&mut second) => closed,
        }
    });
    let (one, other) = tokio::join!(client.send(post("ping"), &target), client.send(post("ping"), &target));
    for response in [one, other] {
        assert_eq!(response.unwrap().into_body().collect().await.unwrap().to_bytes(), "pong");
    }
    assert_eq!(server.await.unwrap(), None);
}

#[tokio::test]
async fn http2_is_spoken_without_tls_where_the_server_expects_it() {
    let (listener, target) = listen().await;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let echo = service_fn(|request: Request<Incoming>| async move {
            let seen = format!("{:?} {}", request.version(), request.uri().path());
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(seen)))
        });
        let connection = auto::Builder::new(TokioExecutor::new()).http2_only();
        drop(connection.serve_connection(TokioIo::new(stream), echo).await);
    });
    let response = local_client().send_http2(post("ping"), &target).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "HTTP/2.0 /mcp");
}

#[tokio::test]
async fn http2_does_not_fall_back() {
    let (listener, target) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, "400 Bad Request", "", "").await;
    });
    assert!(local_client().send_http2(post("ping"), &target).await.is_err());
    let socket = Target::parse("unix:/run/a.sock").unwrap();
    assert!(matches!(local_client().send_http2(post(""), &socket).await, Err(egress::Error::Target { .. })));
}
