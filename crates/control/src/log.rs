//! The section `[log]` put in force, when the node starts and whenever it changes, and the secrets that the log hides.

use config::{Config, LogFormat, env};
use telemetry::log::WrongFilter;
use telemetry::{Log, Mask, Shape};

/// Starts the log of the process. A filter that cannot be read is given back, and counts as `info`.
pub fn start(config: &Config) -> (Log, Result<(), WrongFilter>) {
    let (log, read) = Log::start(&filter(config), shape(config));
    log.hide(Mask::of(config.confidential()));
    (log, read)
}

/// Goes on with the log as the configuration says now. A filter that cannot be read is given back, and changes nothing.
pub(crate) fn change(log: &Log, config: &Config) -> Result<(), WrongFilter> {
    log.hide(Mask::of(config.confidential()));
    log.change(&filter(config), shape(config))
}

/// The filter of the environment wins over that of the configuration.
fn filter(config: &Config) -> String {
    std::env::var(env::LOG.name).unwrap_or_else(|_| config.log.filter.clone())
}

fn shape(config: &Config) -> Shape {
    match config.log.format {
        LogFormat::Text => Shape::Text,
        LogFormat::Json => Shape::Json,
    }
}
