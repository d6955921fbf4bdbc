//! The figures of toolkits as a part of a Markdown page, each with its goal.

use std::fmt::Write as _;

use super::{
    beside::{Pair, RATIO_MAX},
    start::Start,
};

/// Milliseconds from the start of a toolkit to its first answer.
const FIRST_ANSWER_MS_MAX: f64 = 30.0;
/// Memory of a toolkit that waits for work.
const IDLE_MIB_MAX: f64 = 15.0;

/// Renders everything that was found.
pub(super) fn render(machine: &str, starts: &[Start], pairs: &[Pair]) -> String {
    let mut text = format!("{machine}\n");
    let _ = writeln!(
        text,
        "| Toolkit | First answer after the start, best | Median | Idle memory | Goal: {FIRST_ANSWER_MS_MAX} ms, \
         {IDLE_MIB_MAX} MiB |\n|---|--:|--:|--:|---|"
    );
    for Start { toolkit, first_answer, idle_bytes } in starts {
        let idle_mib = *idle_bytes as f64 / f64::from(1 << 20);
        let met = met(first_answer.best_ms <= FIRST_ANSWER_MS_MAX && idle_mib <= IDLE_MIB_MAX);
        let (best, median) = (first_answer.best_ms, first_answer.median_ms);
        let _ = writeln!(text, "| `{toolkit}` | {best:.1} ms | {median:.1} ms | {idle_mib:.1} MiB | {met} |");
    }
    let _ = writeln!(
        text,
        "\n| Tool | Best | Median | Native command | Best | Median | Tool to native, less {:.2} ms of protocol | Goal: \
         {RATIO_MAX} × |\n|---|--:|--:|---|--:|--:|--:|---|",
        pairs.iter().map(|pair| pair.hop.best_ms).fold(0.0, f64::max)
    );
    for pair in pairs {
        let Pair { name, native, tool, command, .. } = pair;
        let _ = writeln!(
            text,
            "| {name} | {:.1} ms | {:.1} ms | `{native}` | {:.1} ms | {:.1} ms | {:.2} × | {} |",
            tool.best_ms,
            tool.median_ms,
            command.best_ms,
            command.median_ms,
            pair.ratio(),
            met(pair.ratio() <= RATIO_MAX),
        );
    }
    text
}

fn met(is_met: bool) -> &'static str {
    if is_met { "met" } else { "**missed**" }
}
