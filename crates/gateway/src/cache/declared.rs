//! What a tool itself says of answers that are kept, in `_meta` of its definition: which ones its calls make void, and how long
//! its own are good. A toolkit of ours is believed both, and speaks of other toolkits too; another server is believed only
//! that its acts leave some of its own answers as they are.

use std::time::Duration;

use config::Invalidation;
use mcp::array;

/// The member of `_meta` that says which answers calls make void: a list of globs.
const INVALIDATES: &str = "dev.switchboard/invalidates";
/// The member of `_meta` that says how many seconds an answer is good.
const GOOD_FOR: &str = "dev.switchboard/good_for_s";
/// What one tool may name; more is as good as everything, which is what counts then.
const INVALIDATIONS_MAX: usize = 64;
/// Characters of all that it names together, for globs are compiled.
const INVALIDATIONS_BYTES_MAX: usize = 4_096;

/// What a tool says of kept answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// What its calls make void. In place of a server stands a toolkit.
    pub invalidates: Option<Vec<Invalidation>>,
    /// How long its answers are good.
    pub good_for: Option<Duration>,
}

impl Declared {
    /// What the definition of a tool says, as far as its server is believed.
    pub fn of_tool(tool: &[u8], is_ours: bool) -> Self {
        let meta = array::member(tool, "_meta").and_then(|span| span.of(tool));
        let member = |name| meta.and_then(|meta| array::member(meta, name)?.of(meta));
        let good_for = member(GOOD_FOR).filter(|_| is_ours);
        let good_for = good_for.and_then(|raw| serde_json::from_slice(raw).ok().map(Duration::from_secs));
        let invalidates = member(INVALIDATES).and_then(invalidations);
        let invalidates = invalidates.filter(|named| is_ours || !named.iter().any(is_of_others));
        Self { invalidates, good_for }
    }
}

/// A list of invalidations, if all of it can be understood.
fn invalidations(raw: &[u8]) -> Option<Vec<Invalidation>> {
    let texts = serde_json::from_slice::<Vec<String>>(raw).ok().filter(|_| raw.len() <= INVALIDATIONS_BYTES_MAX)?;
    let named = texts.iter().map(|text| text.parse().ok()).collect::<Option<Vec<Invalidation>>>()?;
    (named.len() <= INVALIDATIONS_MAX).then_some(named)
}

fn is_of_others(invalidation: &Invalidation) -> bool {
    matches!(invalidation, Invalidation::Tools { server: Some(_), .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(meta: &str, is_ours: bool) -> Declared {
        Declared::of_tool(format!(r#"{{"name":"set","_meta":{meta}}}"#).as_bytes(), is_ours)
    }

    fn invalidates(named: &str, is_ours: bool) -> Option<Vec<String>> {
        let declared = of(&format!(r#"{{"dev.switchboard/invalidates":{named}}}"#), is_ours);
        declared.invalidates.map(|named| named.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_server_speaks_of_its_own_answers_and_only_a_toolkit_of_ours_of_others() {
        let check = |named: &str, is_ours, expected: Option<&[&str]>| {
            let expected = expected.map(|named| named.iter().map(ToString::to_string).collect());
            assert_eq!(invalidates(named, is_ours), expected, "{named}");
        };
        check("[]", false, Some(&[]));
        check(r#"["get_*","arg:room"]"#, false, Some(&["get_*", "arg:room"]));
        check(r#"["get_*","project:*"]"#, false, None);
        check(r#"["get_*","project:*"]"#, true, Some(&["get_*", "project:*"]));
    }

    #[test]
    fn what_cannot_be_understood_as_a_whole_says_nothing() {
        for named in [r#""get_*""#, r#"["get_["]"#, r#"["get_*",1]"#, "null"] {
            assert_eq!(invalidates(named, true), None, "{named}");
        }
        let many = serde_json::to_string(&vec!["a"; INVALIDATIONS_MAX + 1]).unwrap();
        assert_eq!(invalidates(&many, true), None);
        let long = serde_json::to_string(&["a".repeat(INVALIDATIONS_BYTES_MAX)]).unwrap();
        assert_eq!(invalidates(&long, true), None);
    }

    #[test]
    fn how_long_answers_are_good_is_believed_of_toolkits_of_ours() {
        let check = |meta: &str, is_ours, expected: Option<u64>| {
            assert_eq!(of(meta, is_ours).good_for, expected.map(Duration::from_secs), "{meta}");
        };
        check(r#"{"dev.switchboard/good_for_s":60}"#, true, Some(60));
        check(r#"{"dev.switchboard/good_for_s":60}"#, false, None);
        check(r#"{"dev.switchboard/good_for_s":"60"}"#, true, None);
        check("{}", true, None);
    }
}
