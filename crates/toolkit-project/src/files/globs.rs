//! Patterns of names that callers give.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use toolkit::Failure;

/// Patterns in one argument.
const GLOBS_MAX: usize = 64;
/// Bytes of one pattern.
const GLOB_BYTES_MAX: usize = 1_024;

/// What matches one of these patterns. One without a `/` is meant at any depth.
pub(super) fn set(field: &str, patterns: &[String]) -> Result<GlobSet, Failure> {
    if patterns.len() > GLOBS_MAX {
        return Err(Failure::invalid(field, format!("`{field}` has more than {GLOBS_MAX} patterns")));
    }
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        if pattern.len() > GLOB_BYTES_MAX {
            return Err(Failure::invalid(
                field,
                format!("a pattern of `{field}` is longer than {GLOB_BYTES_MAX} bytes"),
            ));
        }
        let whole = if pattern.contains('/') { pattern.clone() } else { format!("**/{pattern}") };
        let glob = GlobBuilder::new(&whole).literal_separator(true).build();
        set.add(glob.map_err(|error| unfit(field, pattern, &error))?);
    }
    set.build().map_err(|error| unfit(field, &patterns.join(" "), &error))
}

fn unfit(field: &str, pattern: &str, error: &globset::Error) -> Failure {
    let failure = Failure::invalid(field, format!("`{pattern}` is no pattern: {}", error.kind()));
    failure.hint("`*` stands for any part of a name, `**` for any folders, `{a,b}` for either")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_without_a_slash_is_meant_at_any_depth() {
        let check = |pattern: &str, path: &str, expected| {
            let set = set("pattern", &[pattern.to_owned()]).unwrap();
            assert_eq!(set.is_match(path), expected, "{pattern} {path}");
        };
        check("*.rs", "main.rs", true);
        check("*.rs", "src/deep/main.rs", true);
        check("src/*.rs", "src/main.rs", true);
        check("src/*.rs", "src/deep/main.rs", false);
        check("{a,b}.txt", "b.txt", true);
        check("*.rs", "main.rsx", false);
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for pattern in ["[", "{a", "a\\"] {
            assert_eq!(
                set("include", &[pattern.to_owned()]).unwrap_err().field.as_deref(),
                Some("include"),
                "{pattern}"
            );
        }
        assert!(set("include", &["x".repeat(2_000)]).is_err());
        assert!(set("include", &vec!["x".to_owned(); 65]).is_err());
    }
}
