//! The times of kept answers that the node has changed by itself, where the configuration lets it: by what it has counted, in
//! memory only. Every change is a line in the log and stands in the report.

use std::{collections::HashMap, sync::Arc, time::Duration};

use config::AdviceUse;
use mcp::Method;
use traffic::cache::{Advice, Tuning};

use super::{Cache, Drawer};
use crate::catalogue::Member;

/// The changed times of the tools of one server.
pub(super) type Tuned = HashMap<Arc<str>, Tuning>;

impl Cache {
    /// Takes one step with every tool whose counts say so; takes all steps back where the configuration does not let it.
    pub fn tune(&self, settings: &config::Cache, members: &[Member]) {
        if settings.advise != AdviceUse::Auto {
            self.drawers.each(Drawer::untune);
            return;
        }
        for member in members {
            if let Some(drawer) = self.drawer_of(&member.upstream.name) {
                let rules = member.settings.tool_rules();
                let is_tool = |name: &&str| *name != Method::ResourcesRead.as_str();
                let configured_s =
                    |name: &str| Some(name).filter(is_tool).and_then(|tool| rules.of_tool(tool)?.cache_s);
                drawer.tune(configured_s, settings.advise_ttl_s_max);
            }
        }
    }
}

impl Drawer {
    /// For how long answers of a tool are fresh that are by the configuration fresh for so long.
    pub fn tuned(&self, tool: &str, configured: Duration) -> Duration {
        self.tunings().get(tool).map_or(configured, |tuning| tuning.instead_of(configured))
    }

    fn tune(&self, configured_s: impl Fn(&str) -> Option<u64>, most_s: u64) {
        let is_as_before = |tool: &str, tuning: &Tuning| configured_s(tool) == Some(tuning.configured_s);
        self.tunings().retain(|tool, tuning| is_as_before(tool, tuning) && tuning.is_within(most_s));
        for (tool, tally) in self.tallies() {
            let Some(configured_s) = configured_s(&tool) else { continue };
            let current = self.tunings().get(&tool).copied();
            let Some(next) = Tuning::next(current.as_ref(), configured_s, tally, most_s) else { continue };
            let reason = match next.reason {
                Advice::KeepLonger => "they are the same when they are fetched again",
                Advice::KeepNone => "they are hardly ever asked for again",
            };
            tracing::info!(
                server = &**self.server(),
                tool = &*tool,
                kept_s = next.kept_s,
                configured_s,
                reason,
                "answers are kept for another time"
            );
            self.tunings().insert(tool, next);
        }
    }

    fn untune(&self) {
        let undone = std::mem::take(&mut *self.tunings());
        for (tool, tuning) in undone {
            let kept_s = tuning.configured_s;
            tracing::info!(server = &**self.server(), tool = &*tool, kept_s, "answers are kept as configured again");
        }
    }
}
