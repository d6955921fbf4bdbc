//! Five thousand clients connect within one second, half of them with a session. Each is served, or refused in plain words
//! that say when to come again; and afterwards the node is as well as before. What each of them costs while it says nothing is
//! measured before, on some who come one after the other.

use std::time::Duration;

use testkit::load::{Ask, Connection, Endpoint, Era, Error as LoadError, Paced};
use testkit::process;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::stand::{self, Stand, ms};
use super::{Error, Finding, Settings, system};

/// Clients, and the time in which all of them come.
const CLIENTS: u32 = 5_000;
const WITHIN: Duration = Duration::from_secs(1);
/// In a short run, one in so many comes.
const SHORT: (u64, u32) = (5, 10);
/// How long the node has to close what they leave.
const SETTLES_WITHIN: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// Descriptors that may stay open beyond those before: connections to the server, kept for the next call.
const DESCRIPTORS_KEPT_MAX: usize = 64;
/// One in so many comes before the others, and what its connection may hold once its call is answered.
const EARLY: u32 = 5;
const CONNECTION_KIB_MAX: f64 = 22.0;
/// What the calls after the storm may take.
const WELL_MS_MAX: f64 = 50.0;

/// What became of one client.
enum End {
    Served,
    Refused,
    Failed(String),
}

/// Lets them come, and looks at the node afterwards.
pub(super) async fn play(settings: &Settings) -> Result<Vec<Finding>, Error> {
    let stand = Stand::start(settings, |url| stand::server("bench", url))?;
    let clients = if settings.seconds < SHORT.0 { CLIENTS / SHORT.1 } else { CLIENTS };
    let descriptors = || process::descriptors(stand.gateway.pid()).map_err(system("count descriptors"));
    let memory = || process::usage(stand.gateway.pid()).map_err(system("read its memory"));
    let calm = || {
        let ask = Ask::Echo { tool: "echo".to_owned() };
        [Paced { endpoint: stand.through("bench"), era: Era::Modern, ask, connections: 4, rate: 100.0 }]
    };
    stand::run_well(calm(), WITHIN).await?;
    let (before, own_before) = (descriptors()?, memory()?.own_bytes);
    let early = come_in_turn(&stand.through("bench"), clients / EARLY).await;
    let own = memory()?.own_bytes.saturating_sub(own_before);
    let open = early.len();
    drop(early);
    let (ends, took) = storm(&stand.through("bench"), clients).await;
    let well = stand::run_well(calm(), WITHIN * 2).await?;
    let since = Instant::now();
    while descriptors()? > before + DESCRIPTORS_KEPT_MAX && since.elapsed() < SETTLES_WITHIN {
        tokio::time::sleep(LOOK).await;
    }
    let after = descriptors()?;
    Ok(vec![
        of_the_clients(&ends, took, memory()?.rss_peak_bytes >> 20),
        of_a_connection(own, open),
        Finding::of_time("p99 of calls after the storm", WELL_MS_MAX, ms(well.percentile(0.99))),
        Finding::of_truth(
            "descriptors that the storm leaves open",
            format!("≤ {DESCRIPTORS_KEPT_MAX}, to the server"),
            after.saturating_sub(before).to_string(),
            after <= before + DESCRIPTORS_KEPT_MAX,
        ),
    ])
}

fn of_the_clients(ends: &[End], took: Duration, memory_mib: u64) -> Finding {
    let served = ends.iter().filter(|end| matches!(end, End::Served)).count();
    let refused = ends.iter().filter(|end| matches!(end, End::Refused)).count();
    let failed: Vec<&str> =
        ends.iter().filter_map(|end| if let End::Failed(why) = end { Some(&**why) } else { None }).collect();
    let first = failed.first().map(|why| format!(", the first: {why}")).unwrap_or_default();
    Finding::of_truth(
        format!("{} clients within one second", ends.len()),
        "served, or refused with `Retry-After`",
        format!(
            "{served} served, {refused} refused, {} failed{first}; the last after {:.1} s, memory at most {memory_mib} MiB",
            failed.len(),
            took.as_secs_f64()
        ),
        failed.is_empty() && served > 0,
    )
}

/// What one of those that are open holds. With few of them, what the node asks for once is told as theirs.
fn of_a_connection(own_bytes: u64, open: usize) -> Finding {
    let kib = own_bytes as f64 / 1_024.0 / open.max(1) as f64;
    Finding::of_machine(
        "memory that an open connection holds after its call, half of them with a session",
        format!("≤ {CONNECTION_KIB_MAX:.0} KiB"),
        format!("{kib:.1} KiB"),
        kib <= CONNECTION_KIB_MAX,
    )
}

/// Some clients come, each when the one before has its answer, and stay.
async fn come_in_turn(endpoint: &Endpoint, clients: u32) -> Vec<Connection> {
    let mut connections = Vec::new();
    for number in 0..clients {
        connections.extend(come(endpoint, era(number)).await.1);
    }
    connections
}

/// Half of the clients have a session.
fn era(number: u32) -> Era {
    if number.is_multiple_of(2) { Era::Modern } else { Era::Legacy }
}

/// All clients come, and stay until the last one has its answer.
async fn storm(endpoint: &Endpoint, clients: u32) -> (Vec<End>, Duration) {
    let mut coming = JoinSet::new();
    let start = Instant::now();
    for number in 0..clients {
        let endpoint = endpoint.clone();
        coming.spawn(async move {
            sleep_until(start + WITHIN * number / clients).await;
            come(&endpoint, era(number)).await
        });
    }
    let (ends, connections): (Vec<End>, Vec<Option<Connection>>) = coming.join_all().await.into_iter().unzip();
    let took = start.elapsed();
    drop(connections);
    (ends, took)
}

async fn come(endpoint: &Endpoint, era: Era) -> (End, Option<Connection>) {
    let ask = Ask::Echo { tool: "echo".to_owned() };
    let called = async {
        let mut connection = Connection::open(endpoint, era, &ask).await?;
        connection.call().await?;
        Ok(connection)
    };
    match called.await {
        Ok(connection) => (End::Served, Some(connection)),
        Err(LoadError::Refused { retry_after_s: Some(_), .. }) => (End::Refused, None),
        Err(error) => (End::Failed(load_error(&error)), None),
    }
}

fn load_error(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
