//! `read_file`: a file, or some of its lines, as text or in base64.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool, moment};
use workbench::{Bench, aside};

use super::content::{Encoding, FILE_BYTES_MAX, mime_type};

/// Reads a file.
pub(crate) struct ReadFile(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The file.
    path: String,
    /// How to give its content.
    #[serde(default)]
    encoding: Encoding,
    /// The most bytes to read; a longer file is refused.
    #[serde(default = "max_size")]
    #[schemars(range(min = 1, max = 10_485_760))]
    max_size: u64,
    /// The first line to give, counted from 1.
    #[schemars(range(min = 1))]
    start_line: Option<usize>,
    /// The last line to give.
    #[schemars(range(min = 1))]
    end_line: Option<usize>,
}

fn max_size() -> u64 {
    FILE_BYTES_MAX
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The file.
    path: String,
    /// What is in it.
    content: String,
    /// Its length in bytes.
    size: u64,
    /// How the content is written here.
    encoding: Encoding,
    /// What its name says that it is.
    mime_type: &'static str,
    /// When it changed last, as RFC 3339 in UTC.
    modified: String,
    /// Name of the whole content: `sha256:` and hex. Give it as `expect_digest` to write only if nobody else did.
    digest: String,
}

impl Tool for ReadFile {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "read_file";
    const ABOUT: &'static str = "Reads a file, or some of its lines, as text; other files as base64.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[("maxSize", "max_size")];
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"path": "README.md"}"#, r#"{"path": "src/main.rs", "start_line": 10, "end_line": 20}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        if !(1..=FILE_BYTES_MAX).contains(&input.max_size) {
            return Err(Failure::invalid(
                "max_size",
                format!("`max_size` must be a whole number from 1 to {FILE_BYTES_MAX}"),
            ));
        }
        let lines = Lines::new(&input)?;
        let place = self.0.roots.place("path", &input.path)?;
        aside(move |_| {
            let stat = place.stat()?;
            let bytes = place.read(input.max_size)?;
            let (size, digest) = (bytes.len() as u64, workbench::digest(&bytes));
            let content = input.encoding.encode(bytes, &place.display())?;
            Ok(Output {
                path: place.display(),
                content: lines.map_or(Ok(content.clone()), |lines| lines.of(&content))?,
                size,
                encoding: input.encoding,
                mime_type: mime_type(place.path(), input.encoding == Encoding::Utf8),
                modified: moment::rfc3339(stat.modified),
                digest,
            })
        })
        .await
    }

    fn text(output: &Output) -> Option<String> {
        Some(output.content.clone())
    }
}

/// Some of the lines of a text.
#[derive(Clone, Copy, Debug)]
struct Lines {
    start: usize,
    end: usize,
}

impl Lines {
    fn new(input: &Input) -> Result<Option<Self>, Failure> {
        if input.start_line.is_none() && input.end_line.is_none() {
            return Ok(None);
        }
        if input.encoding == Encoding::Base64 {
            let text = "lines are only given of text";
            return Err(Failure::invalid("start_line", text).hint("leave out `encoding`, or the lines"));
        }
        let (start, end) = (input.start_line.unwrap_or(1), input.end_line.unwrap_or(usize::MAX));
        if start == 0 || end < start {
            let text = "`start_line` must be at least 1, and `end_line` not before it";
            return Err(Failure::invalid("start_line", text).hint("lines are counted from 1"));
        }
        Ok(Some(Self { start, end }))
    }

    fn of(self, text: &str) -> Result<String, Failure> {
        let lines = text.split_inclusive('\n').skip(self.start - 1).take(self.end - self.start + 1);
        let part: String = lines.collect();
        if part.is_empty() && self.start > 1 {
            let count = text.lines().count();
            let text = format!("the file has {count} lines, so line {} is not there", self.start);
            return Err(Failure::invalid("start_line", text).hint("lines are counted from 1"));
        }
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one_and_keep_their_ends() {
        let check = |start, end, expected: Option<&str>| {
            assert_eq!(Lines { start, end }.of("a\nb\r\nc").ok().as_deref(), expected, "{start}..{end}");
        };
        check(1, 1, Some("a\n"));
        check(2, 3, Some("b\r\nc"));
        check(3, usize::MAX, Some("c"));
        check(1, usize::MAX - 1, Some("a\nb\r\nc"));
        check(4, 4, None);
    }
}
