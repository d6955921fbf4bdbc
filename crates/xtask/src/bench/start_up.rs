//! Start-up: from the start of the process to its address, and to the first answered call.

use std::time::{Duration, Instant};

use testkit::load::{Ask, Connection, Era};

use super::Error;
use super::rounds::median;
use super::stand::Stand;
use crate::program::Configuration;

/// Servers in the configuration, none of which runs before it is called.
pub(super) const LAZY_SERVERS: usize = 10;
const STARTS: usize = 9;

/// Medians over several starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct StartUp {
    /// Until the gateway listens.
    pub(super) listening: Duration,
    /// Until a call is answered, for which its server had to be started.
    pub(super) first_call: Duration,
}

/// Starts the gateway several times, each time for one call.
pub(super) async fn measure(stand: &Stand) -> Result<StartUp, Error> {
    let configuration = Configuration::write(&stand.lazy_servers(LAZY_SERVERS)?)?;
    let (mut listening, mut first_call) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let started = Instant::now();
        let gateway = stand.start_gateway(&configuration)?;
        listening.push(started.elapsed().as_secs_f64());
        let ask = Ask::Echo { tool: "lazy0_echo".to_owned() };
        let failed = |source| Error::Load { what: "the first call".to_owned(), source };
        let mut connection = Connection::open(&gateway.at("/mcp"), Era::Modern, &ask).await.map_err(failed)?;
        connection.call().await.map_err(failed)?;
        first_call.push(started.elapsed().as_secs_f64());
        gateway.stop()?;
    }
    Ok(StartUp {
        listening: Duration::from_secs_f64(median(listening)),
        first_call: Duration::from_secs_f64(median(first_call)),
    })
}
