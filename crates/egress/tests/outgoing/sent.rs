//! The truth about retry safety: what may have reached a server that hung up.

use egress::{Error, Sent};
use http_body_util::BodyExt;
use tokio::io::AsyncReadExt;

use crate::fixture::{answer, listen, local_client, post, read_request};

#[tokio::test]
async fn request_that_was_read_and_not_answered_may_have_been_executed() {
    let (listener, target) = listen().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
    });
    let error = local_client().send(post("{}"), &target).await.unwrap_err();
    assert!(matches!(error, Error::Http { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::Maybe);
}

#[tokio::test]
async fn second_request_on_a_kept_connection_may_have_been_executed_and_is_not_repeated() {
    let (listener, target) = listen().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "", "").await;
        read_request(&mut stream).await.unwrap();
        drop(stream);
        listener
    });
    let client = local_client();
    client.send(post("{}"), &target).await.unwrap();
    let error = client.send(post("{}"), &target).await.unwrap_err();
    assert_eq!(error.sent(), Sent::Maybe, "{error:?}");
    let listener = server.await.unwrap();
    assert!(futures_util::FutureExt::now_or_never(listener.accept()).is_none(), "no second attempt was made");
}

#[tokio::test]
async fn connection_that_closed_while_idle_is_replaced_unseen() {
    let (listener, target) = listen().await;
    let (closed, seen_closed) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "", "first").await;
        tokio::io::AsyncWriteExt::shutdown(&mut stream).await.unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the client closes in turn");
        closed.send(()).unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "", "second").await;
    });
    let client = local_client();
    let first = client.send(post("{}"), &target).await.unwrap();
    assert_eq!(first.into_body().collect().await.unwrap().to_bytes(), "first");
    seen_closed.await.unwrap();
    let second = client.send(post("{}"), &target).await.unwrap();
    assert_eq!(second.into_body().collect().await.unwrap().to_bytes(), "second");
}
