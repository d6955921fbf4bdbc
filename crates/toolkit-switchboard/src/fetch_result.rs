//! `fetch_result`: the rest of a result of which only the start was shown.

use gateway::Current;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool, cut};

/// Bytes of text in one answer: what a model reads in one go.
const PAGE_BYTES: usize = 64 * 1024;

/// Reads kept results page by page.
pub(crate) struct FetchResult(pub(crate) Current);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The `ref` that came with the part that was shown.
    #[serde(rename = "ref")]
    id: String,
    /// Where to begin, in bytes: the `next_offset` of the page before.
    #[serde(default)]
    offset: usize,
    /// Only the lines that contain this text, whatever its case. Offsets then count in what is left.
    query: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The text from `offset` on.
    text: String,
    /// Whether there is more.
    truncated: bool,
    /// Bytes in all.
    total_bytes: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_offset: Option<usize>,
}

impl Tool for FetchResult {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "fetch_result";
    const ABOUT: &'static str = "Reads on in a result that was too long to be shown whole, or finds lines in it. Results are \
        kept for 24 hours.";
    const MARKS: Marks = Marks::reads().idempotent();
    const EXAMPLES: &'static [&'static str] = &[r#"{"ref": "00112233445566778899aabbccddeeff", "query": "error"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let gateway = self.0.now();
        let kept = gateway.results.read(&call.caller.principal, &input.id).await;
        let Some(text) = kept else {
            let failure = Failure::new(Code::NotFound, format!("no result is kept as `{}`", input.id));
            let failure = failure.hint("results are kept for 24 hours: make the call again");
            return Err(Failure { field: Some("ref".to_owned()), ..failure });
        };
        let text = match &input.query {
            Some(query) => lines_with(&text, query),
            None => text,
        };
        let page_bytes = match gateway.tools.max_result_bytes {
            0 => PAGE_BYTES,
            bound => bound.min(PAGE_BYTES),
        };
        page(&text, input.offset, page_bytes)
    }

    fn text(output: &Output) -> Option<String> {
        Some(output.text.clone())
    }
}

fn lines_with(text: &str, query: &str) -> String {
    let query = query.to_lowercase();
    text.split_inclusive('\n').filter(|line| line.to_lowercase().contains(&query)).collect()
}

fn page(text: &str, offset: usize, page_bytes: usize) -> Result<Output, Failure> {
    let Some(rest) = text.get(offset..) else {
        let problem = format!("`offset` must be the start of a page, at most {}", text.len());
        return Err(Failure::invalid("offset", problem).hint("use the `next_offset` of the page before"));
    };
    let shown = cut::at_line(rest, page_bytes);
    let end = offset + shown.len();
    let next_offset = (end < text.len()).then_some(end);
    Ok(Output { text: shown.to_owned(), truncated: next_offset.is_some(), total_bytes: text.len(), next_offset })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        let text = "a line of text\n".repeat(10_000);
        let (mut offset, mut read) = (Some(0), String::new());
        while let Some(at) = offset {
            let page = page(&text, at, PAGE_BYTES).unwrap();
            assert!(page.text.len() <= PAGE_BYTES && page.text.ends_with('\n'));
            read += &page.text;
            offset = page.next_offset;
        }
        assert_eq!(read, text);
    }

    #[test]
    fn an_offset_inside_a_character_or_behind_the_end_is_refused() {
        let check = |offset, expected| assert_eq!(page("aé", offset, PAGE_BYTES).is_ok(), expected, "{offset}");
        check(0, true);
        check(1, true);
        check(2, false);
        check(3, true);
        check(4, false);
    }

    #[test]
    fn a_query_keeps_the_lines_that_contain_it() {
        assert_eq!(lines_with("an Error\nfine\nERROR again", "error"), "an Error\nERROR again");
        assert_eq!(lines_with("fine", "error"), "");
    }
}
