//! One promise, what was found of it, and whether it is kept.

use std::fmt;

use crate::bench::machine;

/// One promise and what was found.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    what: String,
    goal: String,
    found: String,
    /// Whether the promise is kept.
    pub(crate) is_kept: bool,
    /// Whether a slow or busy machine can break it.
    pub(crate) is_of_the_machine: bool,
}

impl Finding {
    /// A promise that holds on any machine.
    pub(crate) fn of_truth(what: impl Into<String>, goal: impl Into<String>, found: String, is_kept: bool) -> Self {
        Self { what: what.into(), goal: goal.into(), found, is_kept, is_of_the_machine: false }
    }

    /// A promise about time or memory.
    pub(crate) fn of_machine(what: impl Into<String>, goal: impl Into<String>, found: String, is_kept: bool) -> Self {
        Self { is_of_the_machine: true, ..Self::of_truth(what, goal, found, is_kept) }
    }

    /// A time that has a limit.
    pub(crate) fn of_time(what: impl Into<String>, limit_ms: f64, found_ms: f64) -> Self {
        let found = format!("{found_ms:.2} ms");
        Self::of_machine(what, format!("< {limit_ms:.1} ms"), found, found_ms < limit_ms)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} (goal: {})", self.what, self.found, self.goal)
    }
}

/// The findings of one scenario as they stand in the manual.
pub(crate) fn table(profile: &str, findings: &[Finding]) -> String {
    let row = |finding: &Finding| {
        let verdict = match (finding.is_kept, finding.is_of_the_machine) {
            (true, _) => "kept",
            (false, false) => "**not kept**",
            (false, true) => "**not kept** on this machine",
        };
        format!("| {} | {} | {} | {verdict} |\n", finding.what, finding.goal, finding.found)
    };
    let rows: String = findings.iter().map(row).collect();
    format!(
        "{profile} build, load average {} at the end:\n\n| Promise | Goal | Found | |\n|---|---|---|---|\n{rows}",
        machine::load_average()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_is_not_kept_stands_out() {
        let findings = [Finding::of_time("p99", 5.0, 4.999), Finding::of_time("p99", 5.0, 5.0)];
        assert!(findings[0].is_kept && !findings[1].is_kept);
        let table = table("debug", &findings);
        assert_eq!(table.matches("| kept |").count(), 1);
        assert_eq!(table.matches("| **not kept** on this machine |").count(), 1);
    }
}
