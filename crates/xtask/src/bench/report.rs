//! The figures as a Markdown page: machine, table, memory, goals.

use std::fmt::Write as _;

use super::Findings;
use super::cells::Path;
use super::goals::{self, Goal, Rows, mebibytes};
use super::rounds::Row;
use super::{memory, start_up};

/// Renders everything that was found.
pub(super) fn render(machine: &str, findings: &Findings) -> String {
    let sections = [
        machine.to_owned(),
        calls(&findings.rows),
        failures(&findings.rows),
        resources(findings),
        promises(&goals::judge(findings)),
    ];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    sections.join("\n")
}

fn calls(rows: &[Row]) -> String {
    let mut text = String::from(
        "| Call | Connections | Path | Calls/s | p50 µs | p99 µs | p99.9 µs | CPU µs per call | To the floor |\n\
         |---|--:|---|--:|--:|--:|--:|--:|--:|\n",
    );
    let lookup = Rows(rows);
    for row in rows {
        let ratio = match row.path {
            Path::Gateway => format!("{:.2} ×", lookup.to_floor(&row.cell)),
            Path::Direct | Path::Floor => String::new(),
        };
        let Row { cell, path, .. } = row;
        add_line(
            &mut text,
            format_args!(
                "| {} | {} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {ratio} |",
                cell.name,
                cell.connections,
                path.name(),
                row.calls_per_second,
                row.p50_micros,
                row.p99_micros,
                row.p999_micros,
                row.cpu_micros,
            ),
        );
    }
    text
}

fn failures(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| row.errors > 0) {
        let why = row.first_error.as_deref().unwrap_or("unknown");
        let (cell, path) = (row.cell.name, row.path.name());
        add_line(&mut text, format_args!("- **{} wrong answers**, {cell}, {path}: {why}", row.errors));
    }
    text
}

fn resources(findings: &Findings) -> String {
    let mut lines = Vec::new();
    if let Some(memory) = &findings.memory {
        let with_sessions = format!("{} legacy sessions", memory::SESSIONS);
        lines.push(("memory, idle".to_owned(), mib(memory.idle)));
        lines.push(("memory, highest under load".to_owned(), mib(memory.loaded)));
        lines.push((format!("memory, {with_sessions}, connections open"), mib(memory.sessions_connected)));
        lines.push((format!("memory, {with_sessions}, connections closed"), mib(memory.sessions_idle)));
    }
    if let Some(start_up) = &findings.start_up {
        let servers = start_up::LAZY_SERVERS;
        lines.push((format!("start to listening, {servers} lazy servers"), format!("{:.1?}", start_up.listening)));
        lines.push((format!("start to first answer, {servers} lazy servers"), format!("{:.1?}", start_up.first_call)));
    }
    if let Some(allocations) = &findings.allocations {
        lines.push(("allocations per small call, floor".to_owned(), format!("{:.1}", allocations.floor)));
        lines.push(("allocations per small call, switchboard".to_owned(), format!("{:.1}", allocations.gateway)));
    }
    if lines.is_empty() {
        return String::new();
    }
    let mut text = String::from("| Resource | Figure |\n|---|--:|\n");
    for (name, figure) in lines {
        add_line(&mut text, format_args!("| {name} | {figure} |"));
    }
    text
}

fn promises(goals: &[Goal]) -> String {
    if goals.is_empty() {
        return String::new();
    }
    let mut text = String::from("| Goal | At most | Found | |\n|---|--:|--:|---|\n");
    for goal in goals {
        let Goal { promise, limit, found, unit } = goal;
        let verdict = if goal.is_met() { "met" } else { "**missed**" };
        add_line(&mut text, format_args!("| {promise} | {limit} {unit} | {found:.2} {unit} | {verdict} |"));
    }
    text
}

fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", mebibytes(bytes))
}

fn add_line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _strings_take_everything = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::cells::REFERENCE;
    use crate::bench::memory::Memory;

    fn row(path: Path, cpu_micros: f64, errors: u64) -> Row {
        Row {
            cell: REFERENCE,
            path,
            calls_per_second: 1_000.4,
            p50_micros: 10.0,
            p99_micros: 20.0,
            p999_micros: 30.0,
            cpu_micros,
            errors,
            first_error: (errors > 0).then(|| "another id".to_owned()),
        }
    }

    #[test]
    fn the_page_shows_figures_ratios_and_verdicts() {
        let memory = Memory { idle: 10 << 20, loaded: 20 << 20, sessions_connected: 30 << 20, sessions_idle: 50 << 20 };
        let rows = vec![row(Path::Floor, 10.0, 0), row(Path::Gateway, 12.5, 0)];
        let text = render("- commit: abc\n", &Findings { rows, memory: Some(memory), ..Findings::default() });
        for expected in [
            "- commit: abc\n",
            "| small, modern → modern | 16 | switchboard | 1000 | 10 | 20 | 30 | 12.5 | 1.25 × |",
            "| memory, idle | 20 MiB | 10.00 MiB | met |",
            "| memory, 1,000 idle legacy sessions | 45 MiB | 50.00 MiB | **missed** |",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains("wrong answers"));
    }

    #[test]
    fn wrong_answers_are_named() {
        let text = render("", &Findings { rows: vec![row(Path::Floor, 10.0, 3)], ..Findings::default() });
        assert!(text.contains("- **3 wrong answers**, small, modern → modern, floor: another id"), "{text}");
    }
}
