//! `fault-proxy SERVER [--requests FAULT] [--answers FAULT]`: one spoiled way to a server, for trying things by hand.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;
use testkit::faults::{Fault, FaultProxy, Faults};

/// A TCP proxy that spoils what passes: none, slice, black-hole, delay=MS, cut=N, reset=N, corrupt=N, half-close=N.
#[derive(Parser)]
struct Options {
    /// Where the connections go on to.
    server: SocketAddr,
    /// What happens on the way to the server.
    #[arg(long, default_value = "none")]
    requests: Fault,
    /// What happens on the way back.
    #[arg(long, default_value = "none")]
    answers: Fault,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let options = Options::parse();
    let faults = Faults { requests: options.requests, answers: options.answers };
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let proxy = FaultProxy::start(listen, options.server, faults).await?;
    println!("listening on {}", proxy.address());
    proxy.wait().await;
    Ok(())
}
