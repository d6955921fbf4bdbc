//! The options that hold for every verb: which configuration, which node, and how results are shown.

use clap::Args;

use crate::Settings;

/// Where a node listens when nobody said otherwise.
const DEFAULT_URL: &str = "http://127.0.0.1:3100/mcp";

/// The heading under which help shows these options, after those of the verb.
pub(crate) const EVERYWHERE: &str = "Options everywhere";

/// Options that every verb takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// Which configuration holds.
    #[command(flatten)]
    pub settings: Settings,
    /// The node to talk to, or any other MCP server: a URL, or `unix:/path/to/socket`.
    #[arg(long, value_name = "URL", global = true, help_heading = EVERYWHERE)]
    pub url: Option<String>,
    /// Print results as JSON, for programs.
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// Print results and errors only.
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
}

impl Options {
    /// The address of the node to talk to.
    pub fn url(&self) -> &str {
        self.url.as_deref().unwrap_or(DEFAULT_URL)
    }
}
