//! `switchboard stdio`: what can be typed. The crate `switchboard` runs it.

use std::path::PathBuf;

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
    /// The folder for what outlives a restart, instead of the configured one.
    #[arg(long, value_name = "FOLDER", env = config::env::STATE_DIR.name, conflicts_with = "url")]
    pub state_dir: Option<PathBuf>,
    /// Which configuration holds.
    #[command(flatten)]
    pub settings: Settings,
}
