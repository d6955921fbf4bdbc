//! Work that grows with the square of what there is: texts, lists and tables that are copied or searched each time round.

use super::{PLAIN, Rule, Where};
use crate::performance::{
    finding::Gain,
    language::Language::{Go, Java, JavaScript, Python, Rust},
};

const TEXT: Rule = Rule {
    kind: "string_building",
    proposal: "each step copies all that was there before: gather the pieces and join them once",
    gain: Gain::High,
    ..PLAIN
};

const SEARCH: Rule = Rule {
    kind: "linear_search_in_loop",
    proposal: "each step looks through the whole list: keep a set beside it, or instead of it",
    gain: Gain::High,
    ..PLAIN
};

const COPY: Rule = Rule {
    kind: "copy_in_loop",
    proposal: "each step copies all that was gathered before: add to it in place",
    gain: Gain::High,
    ..PLAIN
};

/// What grows with the square.
pub(super) const RULES: &[Rule] = &[
    Rule {
        languages: &[Python],
        pattern: r"(?m)^[ \t]*(?P<name>\w+)[ \t]*\+=",
        since: r#"(?m)^[ \t]*NAME\s*(?::\s*str\s*)?=\s*[rbf]?["']"#,
        proposal: "each step may copy all that was there before: gather the pieces in a list and `join` them once",
        gain: Gain::Medium,
        ..TEXT
    },
    Rule {
        languages: &[Java],
        pattern: r"(?m)^\s*(?P<name>\w+)\s*\+=",
        since: r"\bString\s+NAME\s*=",
        proposal: "each step copies all that was there before: append to a `StringBuilder`",
        ..TEXT
    },
    Rule {
        languages: &[Go],
        pattern: r"(?m)^\s*(?P<name>\w+)\s*\+=",
        since: r#"\bvar\s+NAME\s+string\b|\bNAME\s*:=\s*["`]"#,
        proposal: "each step copies all that was there before: write to a `strings.Builder`",
        ..TEXT
    },
    Rule {
        languages: &[Rust],
        pattern: r#"\b(?P<name>\w+)\s*=\s*format!\s*\(\s*"[^"]*"\s*,\s*&?(?P<again>\w+)"#,
        since: r"\blet\s+mut\s+NAME\b",
        proposal: "each step copies all that was there before: `push_str` or `write!` into it",
        ..TEXT
    },
    Rule {
        languages: &[Python],
        pattern: r"(?m)\bin\s+(?P<name>\w+)\s*(?::|\band\b|\bor\b|\)|$)",
        since: r"(?m)^[ \t]*NAME\s*(?::[^=\n]*)?=\s*(?:\[\s*\]|list\(|\[[^\]\n]*\bfor\b|\w[\w.]*\.(?:split|splitlines|readlines)\()",
        unless: r"^\s*(?:async\s+)?for\b|\bfor\s+\w+\s+in\b",
        ..SEARCH
    },
    Rule {
        languages: &[JavaScript],
        pattern: r"\b(?P<name>\w+)\.(?:includes|indexOf)\s*\(",
        since: r"\b(?:const|let|var)\s+NAME\s*(?::[^=\n]*)?=\s*(?:\[\s*\]|new\s+Array\b|Array\.from|Object\.(?:keys|values)|[\w.]+\.(?:map|filter)\s*\()",
        ..SEARCH
    },
    Rule {
        languages: &[Rust],
        pattern: r"\b(?P<name>\w+)\.contains\s*\(\s*&",
        since: r"\blet\s+(?:mut\s+)?NAME\s*(?::\s*Vec<[^=\n]*)?=\s*(?:Vec::new\(|Vec::with_capacity\(|vec!\[\s*\])",
        ..SEARCH
    },
    Rule {
        languages: &[Java],
        pattern: r"\b(?P<name>\w+)\.(?:contains|indexOf)\s*\(",
        since: r"\bNAME\s*=\s*new\s+(?:ArrayList|LinkedList)\b",
        ..SEARCH
    },
    Rule {
        languages: &[JavaScript],
        pattern: r"\b(?P<name>\w+)\s*=\s*(?:[\[{]\s*\.\.\.\s*)?(?P<again>\w+)\s*(?:,|\.concat\s*\()",
        since: r"\b(?:let|var)\s+NAME\s*(?::[^=\n]*)?=\s*[\[{]",
        ..COPY
    },
    Rule {
        languages: &[JavaScript],
        place: Where::Anywhere,
        pattern: r"\.reduce\s*(?:<[^>]*>)?\(\s*\(?\s*(?:acc|result|prev|memo|all)\b[^;]{0,120}?=>\s*\(?\s*[\[{]\s*\.\.\.\s*(?:acc|result|prev|memo|all)\b",
        ..COPY
    },
    Rule {
        languages: &[Python],
        pattern: r"\b(?P<name>\w+)\s*=\s*(?:np\.append\s*\(|pd\.concat\s*\(\s*[\[(]|np\.(?:concatenate|vstack|hstack)\s*\(\s*[\[(])\s*(?P<again>\w+)",
        since: r"\bNAME\s*=\s*(?:None|pd\.DataFrame|np\.(?:array|empty|zeros)|\[)",
        proposal: "each step copies all that was gathered before: gather in a list and concatenate once",
        ..COPY
    },
];
