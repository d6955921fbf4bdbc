//! The whole command line: the options that hold everywhere, and one verb. It owns no verb; `verbs.rs` lists them.

use clap::Parser;

use crate::{Options, Verb, exit};

/// Every tool an AI agent needs, behind one safe, fast door.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, after_help = after_help(), max_term_width = 100, disable_help_subcommand = true)]
pub struct Cli {
    /// Options that every verb takes.
    #[command(flatten)]
    pub options: Options,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

fn after_help() -> String {
    format!(
        "Examples:\n  switchboard serve\n  switchboard tools\n  switchboard call git_log repo_path=. max_count=5\n\n\
         Exit codes:\n{}",
        exit::table("  ")
    )
}
