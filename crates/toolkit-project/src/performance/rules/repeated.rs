//! Work that is done each time round although its result is always the same, or that one step could do for all.

use super::{PLAIN, Rule, Where};
use crate::performance::{
    finding::Gain,
    language::Language::{Go, Java, JavaScript, Python, Rust},
};

const EXPRESSION: Rule = Rule {
    kind: "regex_in_loop",
    proposal: "compile the expression once, before the loop or as a constant",
    gain: Gain::High,
    ..PLAIN
};

const READ: Rule = Rule {
    kind: "read_in_loop",
    place: Where::Each,
    proposal: "the same file is read each time round: read it once before the loop",
    gain: Gain::High,
    ..PLAIN
};

const SORT: Rule = Rule {
    kind: "sort_in_loop",
    place: Where::Each,
    proposal: "sort once behind the loop, or keep the things in a heap or an ordered map",
    gain: Gain::High,
    ..PLAIN
};

/// What is done again and again.
pub(super) const RULES: &[Rule] = &[
    Rule { languages: &[Python], pattern: r"\bre\.compile\s*\((?P<fixed>[^(),]+)[,)]", gain: Gain::Low, ..EXPRESSION },
    Rule { languages: &[JavaScript], pattern: r"\bnew\s+RegExp\s*\((?P<fixed>[^(),]+)[,)]", ..EXPRESSION },
    Rule {
        languages: &[Rust],
        pattern: r"\b(?:Regex|RegexSet|Glob)(?:Builder)?::new\s*\((?P<fixed>[^(),]+)\)",
        ..EXPRESSION
    },
    Rule {
        languages: &[Go],
        pattern: r"\bregexp\.(?:(?:Must)?Compile|Match|MatchString)\s*\((?P<fixed>[^(),]+)[,)]",
        ..EXPRESSION
    },
    Rule { languages: &[Java], pattern: r"\bPattern\.compile\s*\((?P<fixed>[^(),]+)[,)]", ..EXPRESSION },
    Rule {
        languages: &[Java],
        pattern: r#"\.(?:matches|replaceAll|replaceFirst)\s*\((?P<fixed>\s*"[^"]*"\s*)[,)]"#,
        proposal: "this compiles its expression each time: compile a `Pattern` once, before the loop or as a constant",
        ..EXPRESSION
    },
    Rule { languages: &[Python], pattern: r"(?m)(?:^|[^.\w])open\s*\((?P<fixed>[^(),]+)\)", ..READ },
    Rule { languages: &[Python], pattern: r"\bPath\s*\((?P<fixed>[^(),]+)\)\.read_(?:text|bytes)\s*\(", ..READ },
    Rule { languages: &[JavaScript], pattern: r"\breadFile(?:Sync)?\s*\((?P<fixed>[^(),]+)[,)]", ..READ },
    Rule { languages: &[Rust], pattern: r"\bfs::read(?:_to_string)?\s*\((?P<fixed>[^(),]+)\)", ..READ },
    Rule { languages: &[Go], pattern: r"\b(?:os|ioutil)\.ReadFile\s*\((?P<fixed>[^(),]+)\)", ..READ },
    Rule {
        languages: &[Java],
        pattern: r"\bFiles\.(?:readString|readAllLines|readAllBytes)\s*\(\s*(?:Path\.of|Paths\.get)?\s*\(?(?P<fixed>[^(),]+)[,)]",
        ..READ
    },
    Rule { languages: &[Python], pattern: r"\bsorted\s*\((?P<fixed>[\w.]+)[,)]", ..SORT },
    Rule { languages: &[Python], pattern: r"\b(?P<fixed>[A-Za-z_][\w.]*)\.sort\s*\(", ..SORT },
    Rule { languages: &[JavaScript], pattern: r"(?m)(?:^|[;{=]\s*)\s*(?P<fixed>[A-Za-z_][\w.]*)\.sort\s*\(", ..SORT },
    Rule {
        languages: &[Rust],
        pattern: r"(?m)^\s*(?P<fixed>[A-Za-z_][\w.]*)\.sort(?:_unstable)?(?:_by|_by_key|_by_cached_key)?\s*\(",
        ..SORT
    },
    Rule {
        languages: &[Go],
        pattern: r"\b(?:sort\.(?:Slice|SliceStable|Sort|Strings|Ints)|slices\.Sort(?:Func)?)\s*\((?P<fixed>[\w.]+)[,)]",
        ..SORT
    },
    Rule { languages: &[Java], pattern: r"\bCollections\.sort\s*\((?P<fixed>[\w.]+)[,)]", ..SORT },
    Rule {
        kind: "deep_copy_in_loop",
        languages: &[Python],
        pattern: r"\b(?:copy\.)?deepcopy\s*\((?P<fixed>[^(),]+)[,)]",
        proposal: "copy only what the step changes, or build a new value from what differs",
        ..PLAIN
    },
    Rule {
        kind: "deep_copy_in_loop",
        languages: &[JavaScript],
        pattern: r"\bJSON\.parse\s*\(\s*JSON\.stringify\s*\((?P<fixed>[^()]+)\)",
        proposal: "copy only what the step changes, or use `structuredClone` once before the loop",
        ..PLAIN
    },
    Rule {
        kind: "defer_in_loop",
        languages: &[Go],
        pattern: r"(?m)^\s*defer\s+",
        proposal: "what is deferred waits for the end of the function and piles up: close it in the loop, or move the body into a function",
        ..PLAIN
    },
    Rule {
        kind: "row_by_row",
        languages: &[Python],
        place: Where::Anywhere,
        pattern: r"\bfor\b[^\n]*\bin\s+\w[\w.]*\.iterrows\s*\(",
        proposal: "work on whole columns, or go through `itertuples()`: a row is made into an object each time",
        gain: Gain::High,
        ..PLAIN
    },
];
