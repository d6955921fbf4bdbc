//! `switchboard bundle create`: a bundle written into the configuration.

use clap::Args;
use serde_json::json;

use crate::change::{change, settle};
use crate::{Context, Error, Exit, completion};

/// Make a bundle of some servers, or of some of their tools.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard bundle create review --server git --server search --exclude git_commit
  switchboard bundle create reading --include '*_read_*' --naming bare --description 'Reading only'")]
pub(super) struct Create {
    /// The name of the bundle.
    bundle: String,
    /// A server whose tools are considered; all servers, if none is named.
    #[arg(long, value_name = "NAME", add = completion::servers())]
    server: Vec<String>,
    /// Only tools whose exposed name matches one of these globs.
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// No tools whose exposed name matches one of these globs.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// How the tools are named: `prefixed` by their server, or `bare`.
    #[arg(long, value_name = "NAMING", value_parser = ["prefixed", "bare"])]
    naming: Option<String>,
    /// What the bundle is for, told to clients.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Sets a key of its section, such as `rename.git_show=show_commit`.
    #[arg(long, value_name = "KEY=VALUE")]
    with: Vec<String>,
}

impl Create {
    /// Runs the verb.
    pub(super) fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut settings = json!({ "description": self.description, "naming": self.naming });
        for (key, list) in [("servers", &self.server), ("include", &self.include), ("exclude", &self.exclude)] {
            if !list.is_empty() {
                settings[key] = json!(list);
            }
        }
        settle(&mut settings, "bundles", &self.with)?;
        let changed = change(("created", "bundle", &self.bundle), context, |edit| {
            Ok(edit.add("bundles", &self.bundle, &settings)?)
        })?;
        context.terminal.show(&changed)?;
        Ok(Exit::Done)
    }
}
