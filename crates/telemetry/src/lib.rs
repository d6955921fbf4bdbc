//! What the program says of itself while it runs. Today these are log lines on stderr; stdout belongs to data.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt};

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Starts to log what `filter` lets through: a level, or a list of `target=level`. A filter that cannot be read counts
/// as `info`; the reason is given back. Only the first call in a process has an effect.
pub fn log_to_stderr(filter: &str, shape: Shape) -> Result<(), String> {
    let (filter, problem) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, Ok(())),
        Err(error) => (EnvFilter::new("info"), Err(error.to_string())),
    };
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(coloured);
    let _ = match shape {
        Shape::Text => lines.compact().try_init(),
        Shape::Json => lines.json().try_init(),
    };
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_is_told() {
        assert!(log_to_stderr("info,gateway=nonsense", Shape::Text).is_err());
        assert!(log_to_stderr("warn,gateway=debug", Shape::Text).is_ok());
    }
}
