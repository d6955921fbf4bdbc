//! What the gateway promises, each promise beside its figure. A goal that is missed is said, never hidden.

use super::Findings;
use super::cells::{BRIDGED_DOWN, BRIDGED_UP, Cell, LARGE, LIST, Path, REFERENCE, STDIO};
use super::rounds::Row;

/// One promise and what became of it.
#[derive(Debug, PartialEq)]
pub(super) struct Goal {
    pub(super) promise: &'static str,
    pub(super) limit: f64,
    pub(super) found: f64,
    pub(super) unit: &'static str,
}

impl Goal {
    /// Whether it is kept; a figure that is missing keeps nothing.
    pub(super) fn is_met(&self) -> bool {
        self.found <= self.limit
    }
}

/// All promises that this run can speak about.
pub(super) fn judge(findings: &Findings) -> Vec<Goal> {
    let rows = Rows(&findings.rows);
    let mut goals = Vec::new();
    if findings.rows.iter().any(|row| row.path == Path::Gateway) {
        goals.extend(rows.goals());
    }
    if let Some(allocations) = findings.allocations {
        let own = allocations.gateway - allocations.floor;
        goals.push(goal("allocations of a small call beyond plain HTTP", 12.0, own, ""));
    }
    if let Some(memory) = findings.memory {
        goals.push(goal("memory, idle", 20.0, mebibytes(memory.idle), "MiB"));
        goals.push(goal("memory, 1,000 idle legacy sessions", 45.0, mebibytes(memory.sessions_idle), "MiB"));
    }
    if let Some(start_up) = findings.start_up {
        let found = start_up.first_call.as_secs_f64() * 1e3;
        goals.push(goal("first call answered after the start, ten lazy servers", 25.0, found, "ms"));
    }
    goals
}

fn goal(promise: &'static str, limit: f64, found: f64, unit: &'static str) -> Goal {
    Goal { promise, limit, found, unit }
}

/// Bytes as mebibytes.
pub(super) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The measured rows, to be looked up.
pub(super) struct Rows<'a>(pub(super) &'a [Row]);

impl Rows<'_> {
    fn goals(&self) -> [Goal; 7] {
        let stdio_to_http = self.figure(&STDIO, Path::Gateway, cpu) / self.figure(&REFERENCE, Path::Gateway, cpu);
        let added_millis =
            (self.figure(&REFERENCE, Path::Gateway, p99) - self.figure(&REFERENCE, Path::Direct, p99)) / 1e3;
        [
            goal("processor time of a small call, to the floor", 1.35, self.to_floor(&REFERENCE), "×"),
            goal("processor time of a stdio server's call, to HTTP", 1.0, stdio_to_http, "×"),
            goal(
                "processor time, modern client on legacy server, to the floor",
                2.0,
                self.to_floor(&BRIDGED_DOWN),
                "×",
            ),
            goal("processor time, legacy client on modern server, to the floor", 2.0, self.to_floor(&BRIDGED_UP), "×"),
            goal("processor time of a 64 KiB result, to the floor", 1.3, self.to_floor(&LARGE), "×"),
            goal("processor time of a list of 1,000 tools, to the floor", 1.2, self.to_floor(&LIST), "×"),
            goal("p99 added at 16 connections", 1.0, added_millis, "ms"),
        ]
    }

    /// Processor time of the gateway in a cell by that of the floor proxy; not a number when one is missing.
    pub(super) fn to_floor(&self, cell: &Cell) -> f64 {
        self.figure(cell, Path::Gateway, cpu) / self.figure(cell, Path::Floor, cpu)
    }

    fn figure(&self, cell: &Cell, path: Path, of: fn(&Row) -> f64) -> f64 {
        self.0.iter().find(|row| row.cell == *cell && row.path == path).map_or(f64::NAN, of)
    }
}

fn cpu(row: &Row) -> f64 {
    row.cpu_micros
}

fn p99(row: &Row) -> f64 {
    row.p99_micros
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cell: Cell, path: Path, cpu_micros: f64) -> Row {
        Row {
            cell,
            path,
            calls_per_second: 1.0,
            p50_micros: 1.0,
            p99_micros: cpu_micros,
            p999_micros: 1.0,
            cpu_micros,
            errors: 0,
            first_error: None,
        }
    }

    fn found(findings: &Findings, promise: &str) -> f64 {
        judge(findings).iter().find(|goal| goal.promise == promise).unwrap().found
    }

    #[test]
    fn a_goal_compares_the_gateway_with_the_floor_of_the_same_cell() {
        let rows = vec![
            row(REFERENCE, Path::Floor, 10.0),
            row(REFERENCE, Path::Gateway, 15.0),
            row(LARGE, Path::Floor, 100.0),
            row(LARGE, Path::Gateway, 120.0),
        ];
        let findings = Findings { rows, ..Findings::default() };
        assert!((found(&findings, "processor time of a small call, to the floor") - 1.5).abs() < 1e-9);
        assert!((found(&findings, "processor time of a 64 KiB result, to the floor") - 1.2).abs() < 1e-9);
    }

    #[test]
    fn a_missing_figure_is_not_a_kept_promise() {
        let findings = Findings { rows: vec![row(REFERENCE, Path::Gateway, 15.0)], ..Findings::default() };
        assert!(judge(&findings).iter().all(|goal| !goal.is_met()));
    }

    #[test]
    fn without_the_gateway_nothing_is_judged() {
        let findings = Findings { rows: vec![row(REFERENCE, Path::Floor, 10.0)], ..Findings::default() };
        assert_eq!(judge(&findings), Vec::new());
    }
}
