//! The rounds: every cell on every path in turn, several times over, so that a slow minute of the machine
//! spoils all of them alike. The figure of a cell is the median of its rounds.

use std::time::Duration;

use testkit::load::{Load, Report, Until};

use super::Error;
use super::cells::{CELLS, Cell, Path};
use super::stand::Stand;

const WARM_UP: Duration = Duration::from_millis(300);

/// One cell on one path.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) cell: Cell,
    pub(super) path: Path,
    pub(super) calls_per_second: f64,
    pub(super) p50_micros: f64,
    pub(super) p99_micros: f64,
    pub(super) p999_micros: f64,
    pub(super) cpu_micros: f64,
    pub(super) errors: u64,
    pub(super) first_error: Option<String>,
}

/// Measures all cells on all paths.
pub(super) async fn measure(stand: &Stand, rounds: usize, time: Duration) -> Result<Vec<Row>, Error> {
    let lines: Vec<(Cell, Path)> =
        CELLS.into_iter().flat_map(|cell| stand.paths().map(move |path| (cell, path))).collect();
    let mut reports: Vec<Vec<Report>> = vec![Vec::new(); lines.len()];
    for round in 1..=rounds {
        for ((cell, path), reports) in lines.iter().zip(&mut reports) {
            eprintln!("round {round} of {rounds}: {}, {} connections, {}", cell.name, cell.connections, path.name());
            reports.push(ask(stand, cell, *path, time).await?);
        }
    }
    Ok(lines.into_iter().zip(&reports).map(|((cell, path), reports)| Row::from_rounds(cell, path, reports)).collect())
}

async fn ask(stand: &Stand, cell: &Cell, path: Path, time: Duration) -> Result<Report, Error> {
    let (endpoint, prefix, pid) = stand.target(cell, path);
    let load = Load {
        endpoint,
        era: cell.client,
        ask: cell.question.ask(&prefix),
        connections: cell.connections,
        warm_up: Until::Elapsed(WARM_UP),
        measure: Until::Elapsed(time),
        watched: vec![pid],
    };
    let what = || format!("{}, {}", cell.name, path.name());
    load.run().await.map_err(|source| Error::Load { what: what(), source })
}

impl Row {
    fn from_rounds(cell: Cell, path: Path, reports: &[Report]) -> Self {
        let median_of = |figure: &dyn Fn(&Report) -> f64| median(reports.iter().map(figure).collect());
        let percentile = |share| median_of(&|report| report.latencies.percentile(share).as_secs_f64() * 1e6);
        Self {
            cell,
            path,
            calls_per_second: median_of(&Report::calls_per_second),
            p50_micros: percentile(0.5),
            p99_micros: percentile(0.99),
            p999_micros: percentile(0.999),
            cpu_micros: median_of(&|report| report.cpu_micros_per_call(0).unwrap_or(f64::NAN)),
            errors: reports.iter().map(|report| report.errors).sum(),
            first_error: reports.iter().find_map(|report| report.first_error.clone()),
        }
    }
}

/// The value in the middle; not a number when there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_not_moved_by_one_bad_round() {
        assert!((median(vec![3.0, 900.0, 2.0]) - 3.0).abs() < f64::EPSILON);
        assert!(median(Vec::new()).is_nan());
    }
}
