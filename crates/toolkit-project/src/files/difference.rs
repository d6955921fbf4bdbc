//! What changed between two texts, as people and `patch` read it.

use std::time::Duration;

use similar::TextDiff;

/// How long the shortest difference is looked for; then a longer one is taken.
const SEARCH_MAX: Duration = Duration::from_millis(500);
/// Bytes of a difference in a result.
const BYTES_MAX: usize = 64 << 10;

/// The unified diff of two texts of the file that is shown so.
pub(super) fn unified(old: &str, new: &str, shown: &str) -> String {
    let difference = TextDiff::configure().timeout(SEARCH_MAX).diff_lines(old, new);
    let text = difference.unified_diff().context_radius(3).header(shown, shown).to_string();
    let kept = toolkit::cut::at_line(&text, BYTES_MAX);
    if kept.len() == text.len() { text } else { format!("{kept}[cut: {} of {} bytes shown]\n", kept.len(), text.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_a_unified_diff() {
        let diff = unified("a\nb\nc\n", "a\nB\nc\n", "f.txt");
        assert_eq!(diff, "--- f.txt\n+++ f.txt\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
        assert_eq!(unified("a\n", "a\n", "f"), "");
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let diff = unified("", &"line\n".repeat(100_000), "f");
        assert!(diff.len() < BYTES_MAX + 100 && diff.contains("[cut: "), "{}", diff.len());
    }
}
