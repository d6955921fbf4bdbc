//! `switchboard stdio`: what can be typed. The crate `switchboard` runs it.

use clap::Args;

use crate::Settings;

/// Speak MCP on stdin and stdout.
#[derive(Clone, Debug, Args)]
pub struct Stdio {
    /// Only this server, under its own tool names.
    #[arg(long, value_name = "NAME", conflicts_with = "bundle")]
    pub server: Option<String>,
    /// Only this bundle.
    #[arg(long, value_name = "NAME")]
    pub bundle: Option<String>,
    /// Pass messages to the node at this address instead of running one inside.
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    pub url: Option<String>,
    /// Which configuration holds.
    #[command(flatten)]
    pub settings: Settings,
}
