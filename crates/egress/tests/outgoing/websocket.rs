//! WebSocket: the handshake, the subprotocol, the limits, and the same rules as everything else.

use egress::{Client, Error, Message, Options, Rules};
use futures_util::{SinkExt, StreamExt};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_async, accept_hdr_async};

use crate::fixture::{answer, listen, local_client, local_options, read_request, target_of};
use crate::tls::{certified, trusting};

#[expect(clippy::result_large_err, reason = "the handshake library chose the type of its refusal")]
/// Agrees to `mcp` for whoever brings the right token.
async fn accept<Stream: AsyncRead + AsyncWrite + Unpin>(stream: Stream) -> WebSocketStream<Stream> {
    let agree = |request: &Request, mut response: Response| {
        assert_eq!(request.headers()["sec-websocket-protocol"], "mcp");
        assert_eq!(request.headers()["authorization"], "Bearer token");
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("mcp"));
        Ok(response)
    };
    accept_hdr_async(stream, agree).await.expect("the client shakes hands")
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(http::header::AUTHORIZATION, HeaderValue::from_static("Bearer token"))])
}

#[tokio::test]
async fn messages_pass_both_ways() {
    let (listener, _) = listen().await;
    let target = target_of(&listener, "ws", "127.0.0.1");
    tokio::spawn(async move {
        let mut socket = accept(listener.accept().await.unwrap().0).await;
        let message = socket.next().await.unwrap().unwrap();
        socket.send(message).await.unwrap();
    });
    let mut socket = local_client().websocket(&target, headers()).await.unwrap();
    socket.send(Message::text("{}")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("{}"));
}

#[tokio::test]
async fn encrypted_socket_is_opened_over_http1() {
    let (listener, _) = listen().await;
    let target = target_of(&listener, "wss", "localhost");
    let (pem, acceptor) = certified(&["h2", "http/1.1"]);
    tokio::spawn(async move {
        let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        assert_ne!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        accept(stream).await.send(Message::text("{}")).await.unwrap();
    });
    let mut socket = trusting(pem).websocket(&target, headers()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("{}"));
}

#[tokio::test]
async fn server_that_ignores_the_subprotocol_is_refused() {
    let (listener, target) = listen().await;
    tokio::spawn(async move { accept_async(listener.accept().await.unwrap().0).await });
    let error = local_client().websocket(&target, headers()).await.unwrap_err();
    assert!(matches!(error, Error::WebSocket { .. }), "{error:?}");
}

#[tokio::test]
async fn plain_http_answer_is_a_handshake_error() {
    let (listener, target) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "401 Unauthorized", "", "").await;
    });
    let error = local_client().websocket(&target, headers()).await.unwrap_err();
    assert!(matches!(error, Error::WebSocket { .. }), "{error:?}");
}

#[tokio::test]
async fn message_over_the_limit_ends_the_socket() {
    let (listener, target) = listen().await;
    tokio::spawn(async move {
        let mut socket = accept(listener.accept().await.unwrap().0).await;
        socket.send(Message::text("x".repeat(65))).await.unwrap();
    });
    let client = Client::new(Options { message_bytes_max: 64, ..local_options() });
    let mut socket = client.websocket(&target, headers()).await.unwrap();
    assert!(socket.next().await.unwrap().is_err());
}

#[tokio::test]
async fn rules_hold_for_sockets_too() {
    let (_listener, target) = listen().await;
    let client = Client::new(Options { rules: Rules::FROM_THE_WIRE, ..Options::default() });
    let error = client.websocket(&target, headers()).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
}
