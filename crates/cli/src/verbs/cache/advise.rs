//! `switchboard cache advise`: for how long answers should be kept, as the running node has seen it.

use clap::Args;
use client::CachedTool;
use serde::Serialize;
use serde_json::Value;

use crate::change::{Changed, change, quoted};
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control};

/// Say for how long answers of tools should be kept: for longer where they are the same when they are fetched again, up to an
/// hour, and not at all where hardly anybody asks again.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard cache advise
  switchboard cache advise --apply")]
pub(super) struct Advise {
    /// Write it into the configuration; what the file was before stays beside it as `.bak`.
    #[arg(long)]
    apply: bool,
}

/// What is advised, and what was done about it.
#[derive(Serialize)]
struct Advised {
    advice: Vec<Setting>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<Changed>,
}

/// A key of the configuration and its better value.
#[derive(Serialize)]
struct Setting {
    key: String,
    value: u64,
    reason: String,
}

impl Advise {
    /// Runs the verb.
    pub(super) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let status = control::node(context)?.cache().await?;
        let advice: Vec<Setting> = status.tools.iter().filter_map(setting).collect();
        let is_wanted = self.apply && !advice.is_empty();
        let changed = is_wanted.then(|| apply(&advice, context)).transpose()?;
        context.terminal.show(&Advised { advice, changed })?;
        Ok(Exit::Done)
    }
}

fn apply(advice: &[Setting], context: &Context<'_>) -> Result<Changed, Error> {
    change(("changed", "section", "servers"), context, |edit| {
        for setting in advice {
            edit.set(&setting.key, &Value::from(setting.value))?;
        }
        Ok(())
    })
}

fn setting(tool: &CachedTool) -> Option<Setting> {
    let key = format!("servers.{}.tool.{}.cache_s", quoted(&tool.server), quoted(&tool.tool));
    Some(Setting { key, value: tool.advised_cache_s?, reason: tool.advice.clone().unwrap_or_default() })
}

impl Report for Advised {
    fn text(&self) -> Text {
        if self.advice.is_empty() {
            return Text::plain("nothing to change, as far as has been seen");
        }
        let row = |setting: &Setting| {
            vec![
                Text::default().and(Tone::Strong, format!("{} = {}", setting.key, setting.value)),
                Text::default().and(Tone::Faint, &setting.reason),
            ]
        };
        let mut lines = vec![Text::table(&self.advice.iter().map(row).collect::<Vec<_>>())];
        lines.extend(self.changed.as_ref().map(Report::text));
        Text::lines(lines)
    }
}
