//! The client against real listeners on this machine.

mod addresses;
mod exchange;
mod fixture;
mod rules;
mod sent;
mod targets;
mod tls;
mod websocket;
