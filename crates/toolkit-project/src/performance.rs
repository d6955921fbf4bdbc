//! The tool that finds what makes a project slow, and what it stands on: source that is read as blocks and loops, rules about
//! what is slow in them, and runs that are measured.

mod analyze_performance;
mod blocks;
mod finding;
mod indexes;
mod language;
mod mask;
mod measure;
mod reading;
mod rules;
mod source;

use toolkit::Toolkit;
use workbench::Bench;

use crate::git::Git;

/// Adds the tool.
pub(crate) fn add_to(toolkit: Toolkit, bench: &Bench, git: &Git) -> Toolkit {
    toolkit.tool(analyze_performance::AnalyzePerformance { bench: bench.clone(), git: git.clone() })
}
