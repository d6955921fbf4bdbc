//! What the end-to-end tests share: the real `switchboard` binary, real servers behind it, real clients and the
//! official conformance suite in front of it. Nothing here knows a crate of the program; a set-up that fails
//! panics with the log of what failed, because then the test has failed; only what a client does is a result.
//!
//! Reading order: [`program`] starts anything that announces itself, [`node`] is the gateway, [`scene`] one whose
//! configuration changes, [`fixture`], [`servers`], [`apis`], [`fake`], [`scripted`] and [`counting`] stand behind it, [`valkey`] is
//! what several nodes share, [`liar`] pretends to be that, [`disk_faults`] has disks fail, [`cluster`] are the nodes, [`tools`] finds what `scripts/setup-tests.sh` installed, [`driver`] drives one client, [`suite`] runs the conformance suite, [`wire`] speaks
//! raw HTTP, [`events`] reads its streams, [`jobs`] submits calls and comes back for them, [`legacy`] holds a session over it, [`talk`] speaks on stdin and stdout,
//! [`terminal`] sits at a terminal, [`grpc`] speaks gRPC, [`papers`] are certificates, [`people`] have tokens, [`toolkits`] tells what the program says of
//! its toolkits, [`arguments`] makes arguments for their tools.

pub mod apis;
pub mod arguments;
pub mod cluster;
pub mod control;
pub mod counting;
pub mod disk_faults;
pub mod driver;
pub mod events;
pub mod fake;
pub mod fixture;
pub mod grpc;
pub mod jobs;
pub mod legacy;
pub mod liar;
pub mod node;
pub mod papers;
pub mod people;
pub mod program;
pub mod scene;
pub mod scripted;
pub mod servers;
pub mod sse;
pub mod suite;
pub mod talk;
pub mod terminal;
pub mod toolkits;
pub mod tools;
pub mod valkey;
pub mod websocket;
pub mod wire;

pub use driver::{Client, Outcome};
pub use fixture::Fixture;
pub use node::Node;
