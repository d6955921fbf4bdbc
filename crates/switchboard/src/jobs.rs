//! Where the node keeps its jobs. One that cannot write them accepts none and works otherwise; one that cannot read those
//! that were promised to be done does not start.

use cli::{Error, Settings};
use config::{Config, Folders};
use gateway::Current;
use store::{Settings as Wanted, Store};

/// The store that the configuration wants.
fn opened(config: &Config, wanted: &Wanted) -> Result<Store, store::Error> {
    if !config.jobs.durable {
        return Store::in_memory(wanted);
    }
    match Folders::of_process() {
        Some(folders) => Store::in_folder(&folders.state.join("jobs"), wanted),
        None => Err(store::Error::Homeless),
    }
}

/// Keeps the jobs of this node, and goes on with those that wait.
pub(crate) fn keep(gateway: &Current, config: &Config, settings: &Settings) -> Result<(), Error> {
    let file = settings.source().path();
    let wanted = Wanted {
        run: format!("{:016x}", u64::from_be_bytes(gateway.now().seals.replica)),
        home: file.map(|file| file.display().to_string()).unwrap_or_default(),
        bytes_max: config.jobs.store_bytes_max,
    };
    match opened(config, &wanted) {
        Err(
            unreadable @ (store::Error::Damaged { .. } | store::Error::Newer { .. } | store::Error::Foreign { .. }),
        ) => Err(Error::Jobs(Box::new(unreadable))),
        store => {
            if let Err(error) = &store {
                tracing::error!(%error, "no jobs are accepted");
            }
            gateway.keep_jobs(store);
            Ok(())
        }
    }
}
