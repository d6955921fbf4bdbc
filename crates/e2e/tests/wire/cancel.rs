//! Clients that leave: their calls end at the server too, whatever its era.

use std::time::{Duration, Instant};

use e2e::fixture::Era;
use e2e::wire::{self, modern_call, modern_call_headers, post};

use crate::gateway::{Gateway, PATH};

/// How long the news of a client that left may travel.
const NOTICED_WITHIN: Duration = Duration::from_secs(5);

#[test]
fn a_modern_client_that_leaves_cancels_its_call_at_a_modern_server() {
    check_leaving(&Gateway::with(Era::Modern, ""));
}

#[test]
fn a_modern_client_that_leaves_cancels_its_call_at_a_legacy_server() {
    check_leaving(&Gateway::with(Era::Legacy, ""));
}

fn check_leaving(gateway: &Gateway) {
    let headers = modern_call_headers("slow");
    let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
    let call = modern_call("1", "slow", r#"{"ms":60000}"#);
    let mut client = wire::connect(gateway.address());
    wire::send(&mut client, &post(gateway.address(), PATH, &headers, call.as_bytes()));
    let mut asked = 0;
    until("the call has arrived", || {
        asked += 1;
        gateway.statistics()["calls"].as_u64() > Some(asked)
    });
    drop(client);
    until("the call is cancelled", || gateway.statistics()["cancels"] == 1);
}

/// Asks again and again until `condition` holds.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < NOTICED_WITHIN, "never saw that {what}");
    }
}
