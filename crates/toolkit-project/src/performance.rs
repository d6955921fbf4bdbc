//! The tool that finds what makes a project slow, and what it stands on: source that is read as blocks and loops, and rules
//! about what is slow in them.

mod analyze_performance;
mod blocks;
mod finding;
mod indexes;
mod language;
mod mask;
mod reading;
mod rules;
mod source;

use toolkit::Toolkit;
use workbench::Bench;

/// Adds the tool.
pub(crate) fn add_to(toolkit: Toolkit, bench: &Bench) -> Toolkit {
    toolkit.tool(analyze_performance::AnalyzePerformance { bench: bench.clone() })
}
