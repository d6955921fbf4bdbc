//! `switchboard serve`: what can be typed. The crate `switchboard` runs it.

use clap::Args;
use config::{Listen, ListenError};

use crate::Settings;

/// Run a node.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// Listen here instead of where the configuration says: `IP:PORT` or `unix:/path/to/socket`.
    #[arg(long, value_name = "ADDRESS", env = config::env::LISTEN.name, value_delimiter = ',', value_parser = local)]
    pub listen: Vec<Listen>,
    /// Which configuration holds.
    #[command(flatten)]
    pub settings: Settings,
}

fn local(text: &str) -> Result<Listen, ListenError> {
    text.parse().and_then(Listen::local)
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn address_open_to_other_machines_is_refused() {
        assert!(local("127.0.0.1:0").is_ok());
        assert!(local("0.0.0.0:3100").unwrap_err().to_string().contains("authentication is not configured"));
    }
}
