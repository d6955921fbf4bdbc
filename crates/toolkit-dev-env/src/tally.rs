//! How many tests passed and failed, as test programs print it. A program whose words are not known here tells nothing.

use schemars::JsonSchema;
use serde::Serialize;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Tally {
    /// What a run has printed, if it was one of tests.
    pub(crate) fn of(printed: &str) -> Option<Self> {
        let ways: [fn(&str) -> Option<Self>; 7] = [cargo, node, maven, minitest, go, unittest, counted_words];
        ways.iter().find_map(|way| way(printed))
    }

    fn add(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }
}

/// `test result: ok. 3 passed; 1 failed; 0 ignored`, once for each program.
fn cargo(printed: &str) -> Option<Tally> {
    let lines = printed.lines().filter_map(|line| line.trim().strip_prefix("test result: "));
    let tallies = lines
        .map(|line| Tally { passed: before(line, "passed").unwrap_or(0), failed: before(line, "failed").unwrap_or(0) });
    tallies.reduce(Tally::add)
}

/// `# pass 3` and `# fail 1`, or the same with a sign for people.
fn node(printed: &str) -> Option<Tally> {
    let last = |word: &str| {
        let mut lines = printed.lines().rev().map(|line| line.trim_start_matches(['#', 'ℹ', ' ']));
        lines.find_map(|line| line.strip_prefix(word)?.strip_prefix(' ')?.trim().parse().ok())
    };
    Some(Tally { passed: last("pass")?, failed: last("fail")? })
}

/// `Tests run: 5, Failures: 1, Errors: 0, Skipped: 0`; the last line counts them all.
fn maven(printed: &str) -> Option<Tally> {
    let line = printed.lines().rev().find(|line| line.contains("Tests run:") && line.contains("Failures:"))?;
    let number = |word: &str| line.split(word).nth(1)?.trim_start().split(',').next()?.trim().parse::<u64>().ok();
    let failed = number("Failures:")? + number("Errors:")?;
    let skipped = number("Skipped:").unwrap_or(0);
    Some(Tally { passed: number("Tests run:")?.saturating_sub(failed + skipped), failed })
}

/// `5 runs, 7 assertions, 1 failures, 0 errors, 0 skips`.
fn minitest(printed: &str) -> Option<Tally> {
    let line = printed.lines().rev().find(|line| line.contains(" runs, ") && line.contains(" assertions, "))?;
    let failed = before(line, "failures")? + before(line, "errors")?;
    let skipped = before(line, "skips").unwrap_or(0);
    Some(Tally { passed: before(line, "runs")?.saturating_sub(failed + skipped), failed })
}

/// `--- PASS: TestName` and `--- FAIL: TestName`, which Go prints on request.
fn go(printed: &str) -> Option<Tally> {
    let count = |start: &str| printed.lines().filter(|line| line.trim_start().starts_with(start)).count() as u64;
    let tally = Tally { passed: count("--- PASS:"), failed: count("--- FAIL:") };
    (tally != Tally::default()).then_some(tally)
}

/// `Ran 3 tests in 0.001s`, and behind it `OK` or `FAILED (failures=1, errors=1, skipped=1)`.
fn unittest(printed: &str) -> Option<Tally> {
    let (_, rest) = printed.rsplit_once("\nRan ")?;
    let ran: u64 = rest.split(' ').next()?.parse().ok().filter(|_| rest.contains(" in "))?;
    let number = |word: &str| {
        let digits = rest.split(word).nth(1).unwrap_or_default();
        digits.split(|one: char| !one.is_ascii_digit()).next().and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let failed = number("failures=") + number("errors=");
    Some(Tally { passed: ran.saturating_sub(failed + number("skipped=")), failed })
}

/// `2 failed, 3 passed in 0.1s` of pytest, and its like of Jest and Vitest: the last such line.
fn counted_words(printed: &str) -> Option<Tally> {
    printed.lines().rev().find_map(|line| {
        let (passed, failed) = (before(line, "passed"), before(line, "failed"));
        let errors = before(line, "errors").or_else(|| before(line, "error"));
        (passed.is_some() || failed.is_some())
            .then(|| Tally { passed: passed.unwrap_or(0), failed: failed.unwrap_or(0) + errors.unwrap_or(0) })
    })
}

/// The number before a word.
fn before(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line.split(|one: char| one.is_whitespace() || ",;=()".contains(one)).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_counted_as_each_program_prints_them() {
        let check = |printed: &str, passed, failed| {
            assert_eq!(Tally::of(printed), Some(Tally { passed, failed }), "{printed}");
        };
        check("===== 3 passed, 1 skipped in 0.02s =====", 3, 0);
        check("FAILED tests/a.py::b\n1 failed, 2 passed, 1 error in 0.10s\n", 2, 2);
        check("..                      [100%]\n2 passed in 0.01s\n", 2, 0);
        check(
            "test a ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\n\
             test result: FAILED. 4 passed; 2 failed; 0 ignored\n",
            5,
            2,
        );
        check("# tests 4\n# suites 0\n# pass 3\n# fail 1\n# cancelled 0\n", 3, 1);
        check("ℹ tests 2\nℹ pass 2\nℹ fail 0\n", 2, 0);
        check("Tests run: 1, Failures: 0\n[INFO] Tests run: 5, Failures: 1, Errors: 1, Skipped: 1\n", 2, 2);
        check("2 runs, 3 assertions, 1 failures, 0 errors, 0 skips\n", 1, 1);
        check("--- PASS: TestA (0.00s)\n    --- FAIL: TestB/x (0.00s)\nFAIL\n", 1, 1);
        check(".\n-----\nRan 1 test in 0.006s\n\nOK\n", 1, 0);
        check("FE.\n-----\nRan 4 tests in 0.1s\n\nFAILED (failures=1, errors=1, skipped=1)\n", 1, 2);
        check("Tests:       1 failed, 4 passed, 5 total\n", 4, 1);
        check(" Test Files  1 passed (1)\n      Tests  4 passed (4)\n", 4, 0);
    }

    #[test]
    fn what_is_no_test_run_is_not_counted() {
        for printed in ["", "ok  \texample.com/a\t0.003s\n", "all passed\n", "built in 3 s\n"] {
            assert_eq!(Tally::of(printed), None, "{printed}");
        }
    }
}
