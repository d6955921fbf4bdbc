//! The tests of Rust, whose programs tell how long each of them took.

use toolkit::Failure;
use workbench::{Packages, Program};

use super::{
    Run,
    hot::{Hot, Measured},
    unmeasured,
};

static BUILD: Program = Program::new("cargo").first(&["test", "--no-run"]).packages(PACKAGES);
static TEST: Program = Program::new("cargo").first(&["test", "--no-fail-fast"]).packages(PACKAGES);
const PACKAGES: Packages = Packages { arch: "rust", ..Packages::same("cargo") };

/// Measures the tests, without building them.
pub(super) async fn tests(run: &Run<'_>) -> Result<Measured, Failure> {
    let build = BUILD.command();
    let shown = build.shown();
    let outcome = run.run(build).await?;
    if outcome.exit_code != Some(0) {
        return Err(unmeasured(&outcome, &shown));
    }
    let test = TEST.command();
    let shown = test.shown();
    let outcome = run.run(test).await?;
    let hot = programs(&outcome.stderr, &outcome.stdout);
    if hot.is_empty() {
        return Err(unmeasured(&outcome, &shown));
    }
    run.shelf.keep("tests.txt", &format!("{}\n{}", outcome.stderr, outcome.stdout))?;
    let total_s = hot.iter().map(|it| it.seconds).sum();
    Ok(Measured { total_s, hot, message: format!("`{shown}` was measured, one program of tests beside the other") })
}

/// The programs as cargo names them, and what they say of their time, which comes in the same order.
fn programs(stderr: &str, stdout: &str) -> Vec<Hot> {
    let named = stderr.lines().filter_map(|line| {
        let line = line.trim();
        let program = line.strip_prefix("Running ").and_then(|rest| Some(rest.split_once(" (")?.0));
        program.or_else(|| line.strip_prefix("Doc-tests "))
    });
    let times = stdout.lines().filter_map(|line| {
        let (_, time) = line.strip_prefix("test result: ")?.rsplit_once("finished in ")?;
        time.trim_end_matches('s').parse::<f64>().ok()
    });
    let hot = |(name, seconds): (&str, f64)| {
        let file = name.strip_prefix("unittests ").unwrap_or(name).to_owned();
        Hot { kind: "slow_test", file, line: 1, name: name.to_owned(), seconds, calls: None }
    };
    named.zip(times).map(hot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_program_of_tests_has_its_time() {
        let stderr = "   Compiling a v0.1.0\n    Finished `test` profile\n     Running unittests src/lib.rs (target/debug/deps/a-1)\n     Running tests/slow.rs (target/debug/deps/slow-2)\n   Doc-tests a\n";
        let stdout = "running 1 test\ntest result: ok. 1 passed; 0 failed; finished in 0.01s\n\ntest result: FAILED. 0 passed; 1 failed; finished in 2.50s\n\ntest result: ok. 0 passed; finished in 0.00s\n";
        let shown: Vec<_> = programs(stderr, stdout).into_iter().map(|it| (it.file, it.seconds)).collect();
        assert_eq!(shown, [("src/lib.rs".to_owned(), 0.01), ("tests/slow.rs".to_owned(), 2.5), ("a".to_owned(), 0.0)]);
    }
}
