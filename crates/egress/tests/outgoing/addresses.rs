//! Names, rules and connecting: what is dialled, and what never is.

use std::sync::Arc;

use egress::{Client, Error, Options, Rule, Rules, Sent};
use futures_util::FutureExt;
use tokio::net::TcpListener;

use crate::fixture::{FlippingResolver, answer, listen, local_client, local_options, post, read_request, target_of};

/// What sending fails with, provided that nobody knocks at the listener meanwhile.
async fn error_before_connection(client: &Client, listener: &TcpListener, host: &str) -> Error {
    let target = target_of(listener, "http", host);
    tokio::select! {
        sent = client.send(post("{}"), &target) => sent.expect_err("nobody is there to answer"),
        _ = listener.accept() => panic!("a connection to {host} was made"),
    }
}

#[tokio::test]
async fn refused_address_gets_no_packet_however_it_is_spelled() {
    let (listener, _) = listen().await;
    let client = Client::new(Options { rules: Rules::FROM_THE_WIRE, ..Options::default() });
    for host in ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "[::ffff:127.0.0.1]"] {
        let error = error_before_connection(&client, &listener, host).await;
        assert!(matches!(error, Error::Refused { rule: Rule::Loopback, .. }), "{host}: {error:?}");
        assert_eq!(error.sent(), Sent::No);
    }
    assert!(listener.accept().now_or_never().is_none());
}

#[tokio::test]
async fn rebound_name_is_refused_on_its_next_connection() {
    let (listener, _) = listen().await;
    let resolver = FlippingResolver::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let client = Client::with_resolver(local_options(), Arc::new(resolver.clone()));
    let target = target_of(&listener, "http", "rebinding.example");

    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "200 OK", "connection: close\r\n", "").await;
    });
    client.send(post("{}"), &target).await.unwrap();
    server.await.unwrap();
    assert_eq!(resolver.asked(), 1);

    let error = client.send(post("{}"), &target).await.unwrap_err();
    assert!(matches!(error, Error::Refused { rule: Rule::Metadata, .. }), "{error:?}");
    assert_eq!(resolver.asked(), 2);
}

#[tokio::test]
async fn one_refused_address_refuses_the_whole_name() {
    let (listener, _) = listen().await;
    let resolver = FlippingResolver::new(&[&["127.0.0.1", "fd00:ec2::254"]]);
    let client = Client::with_resolver(local_options(), Arc::new(resolver));
    let error = error_before_connection(&client, &listener, "mixed.example").await;
    assert!(matches!(error, Error::Refused { rule: Rule::Metadata, .. }), "{error:?}");
    assert!(listener.accept().now_or_never().is_none());
}

#[tokio::test]
async fn next_address_is_tried_when_the_first_refuses() {
    let (listener, _) = listen().await;
    let resolver = FlippingResolver::new(&[&["127.0.0.2", "127.0.0.1"]]);
    let client = Client::with_resolver(local_options(), Arc::new(resolver));
    let target = target_of(&listener, "http", "two.example");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        answer(&mut stream, "204 No Content", "", "").await;
    });
    assert_eq!(client.send(post("{}"), &target).await.unwrap().status(), 204);
}

#[tokio::test]
async fn closed_port_is_a_connect_error_and_nothing_was_sent() {
    let (listener, target) = listen().await;
    drop(listener);
    let error = local_client().send(post("{}"), &target).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::No);
}

#[tokio::test]
async fn unknown_and_empty_names_say_so() {
    let (listener, _) = listen().await;
    let target = target_of(&listener, "http", "nowhere.example");
    let unknown = Client::with_resolver(local_options(), Arc::new(FlippingResolver::new(&[])));
    assert!(matches!(unknown.send(post("{}"), &target).await, Err(Error::Resolve { .. })));
    let empty = Client::with_resolver(local_options(), Arc::new(FlippingResolver::new(&[&[]])));
    assert!(matches!(empty.send(post("{}"), &target).await, Err(Error::NoAddress { .. })));
}

#[tokio::test]
async fn server_that_never_answers_the_tls_handshake_ends_at_the_limit() {
    let (listener, _) = listen().await;
    let client = Client::new(Options { connect_ms_max: 50, ..local_options() });
    let error = client.send(post("{}"), &target_of(&listener, "https", "127.0.0.1")).await.unwrap_err();
    assert!(matches!(error, Error::ConnectTimeout { limit_ms: 50, .. }), "{error:?}");
    assert_eq!(error.sent(), Sent::No);
    assert!(listener.accept().now_or_never().is_some(), "the connection itself was made");
}
