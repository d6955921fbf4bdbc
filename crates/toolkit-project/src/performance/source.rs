//! The source of one file as rules look at it: its code without comments and strings, and the loops and functions around
//! each place in it.

use std::collections::BTreeSet;

use super::{
    blocks::{self, Block, Function, Repeats},
    finding::shown,
    language::Language,
    mask::masked,
};

/// The source of one file.
pub(super) struct Source<'a> {
    /// The language that it is written in.
    pub(super) language: Language,
    /// It as it was written.
    pub(super) text: &'a str,
    /// Its code; each byte stands where it stands in the text.
    pub(super) code: String,
    blocks: Vec<Block>,
    lines: Vec<usize>,
}

impl<'a> Source<'a> {
    /// Reads source; the tests at the end of a file of Rust are left out.
    pub(super) fn read(text: &'a str, language: Language) -> Result<Self, regex::Error> {
        let text = without_tests(text, language);
        let code = masked(text, language);
        let blocks = blocks::of(&code, language)?;
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Ok(Self { language, text, code, blocks, lines })
    }

    /// The number of the line of this place, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// The line of this place in code.
    pub(super) fn code_line(&self, at: usize) -> &str {
        let line = self.line(at);
        let end = self.lines.get(line).copied().unwrap_or(self.code.len());
        &self.code[self.lines[line - 1]..end]
    }

    /// The line of this place as it was written, as evidence shows it.
    pub(super) fn shown(&self, at: usize) -> String {
        shown(self.text.lines().nth(self.line(at) - 1).unwrap_or_default())
    }

    /// The innermost loop around this place, if no function lies between.
    pub(super) fn loop_around(&self, at: usize) -> Option<&Block> {
        let mut around = self.around(at);
        around
            .find(|block| block.repeats != Repeats::No || block.function.is_some())
            .filter(|it| it.repeats != Repeats::No)
    }

    /// The innermost function around this place.
    pub(super) fn function_around(&self, at: usize) -> Option<&Block> {
        self.around(at).find(|block| block.function.is_some())
    }

    /// The first and the last line of the function that begins in this line.
    pub(super) fn lines_of_function(&self, line: usize) -> Option<(usize, usize)> {
        let functions = self.blocks.iter().filter(|block| block.function.is_some());
        let mut here = functions.filter(|block| (self.line(block.head_at)..=self.line(block.start)).contains(&line));
        here.next().map(|block| (line, self.line(block.end.saturating_sub(1))))
    }

    /// Whether this place is run by a function that must not wait.
    pub(super) fn is_async(&self, at: usize) -> bool {
        self.function_around(at).is_some_and(|function| function.function == Some(Function::Async))
    }

    /// The blocks around this place, the innermost first.
    fn around(&self, at: usize) -> impl Iterator<Item = &Block> {
        let begun = self.blocks.partition_point(|block| block.start <= at);
        self.blocks[..begun].iter().rev().filter(move |block| at < block.end)
    }

    /// Whether an expression in a loop means the same each time round: it calls nothing, and none of its names is given a
    /// value in the loop.
    pub(super) fn is_fixed(&self, start: usize, end: usize, around: &Block) -> bool {
        let (code, text) = (&self.code[start..end], &self.text[start..end]);
        let has_holes = text.contains("${") || ["f\"", "f'"].iter().any(|start| code.trim_start().starts_with(start));
        let changing = self.changing(around);
        !code.trim().is_empty() && !code.contains('(') && !has_holes && words(code).all(|word| !changing.contains(word))
    }

    /// The names that a loop gives values to.
    fn changing(&self, around: &Block) -> BTreeSet<&str> {
        let body = &self.code[around.start..around.end];
        let assigned = body.split(['\n', ';']).filter_map(target);
        self.items(around).into_iter().chain(assigned.flat_map(words)).collect()
    }

    /// The names that a loop gives to what it goes through.
    pub(super) fn items(&self, around: &Block) -> BTreeSet<&str> {
        let head = &self.code[around.head_at..around.start];
        let end = [" in ", " of ", ":=", " : ", "="].iter().filter_map(|word| head.find(word)).min();
        let pattern = match (around.function, end) {
            // what stands behind the last method: the parameters of the function that is called back
            (Some(_), _) => head.rfind('.').map_or("", |method| &head[method..]),
            (None, end) => end.map_or("", |end| &head[..end]),
        };
        words(pattern).collect()
    }
}

/// The text before its tests.
fn without_tests(text: &str, language: Language) -> &str {
    let tests = text.find("\n#[cfg(test)]\nmod ").filter(|_| language == Language::Rust);
    &text[..tests.map_or(text.len(), |at| at + 1)]
}

/// What a line gives a value to: what stands left of `=`, of `+=` and its like, of `in`, or right of `as`.
fn target(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("for ").or_else(|| line.strip_prefix("for (")) {
        return rest.split([':', '=']).next()?.split(" in ").next()?.split(" of ").next();
    }
    if let Some((_, name)) = line.split_once(" as ").filter(|_| line.starts_with("with ")) {
        return Some(name);
    }
    let bytes = line.as_bytes();
    let is_assignment = |at: &usize| {
        let before = if *at == 0 { b' ' } else { bytes[at - 1] };
        bytes[*at] == b'='
            && !b"=!<>".contains(&before)
            && !bytes.get(at + 1).is_some_and(|after| b"=>".contains(after))
    };
    let end = (0..bytes.len()).find(is_assignment).or_else(|| line.find("++"))?;
    let left = &line[..end];
    Some(left.rsplit(['(', '{']).next().unwrap_or(left))
}

/// The names in a piece of code.
pub(super) fn words(code: &str) -> impl Iterator<Item = &str> {
    let words = code.split(|one: char| !one.is_ascii_alphanumeric() && one != '_');
    words.filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && *word != "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_in_a_loop_is_not_fixed() {
        let check = |language, text: &str, expected| {
            let source = Source::read(text, language).unwrap();
            let start = text.find("HERE(").unwrap() + 5;
            let end = start + text[start..].find(')').unwrap();
            let around = source.loop_around(start).unwrap();
            assert_eq!(source.is_fixed(start, end, around), expected, "{text}");
        };
        let (python, js, rust) = (Language::Python, Language::JavaScript, Language::Rust);
        check(python, "for x in xs:\n    HERE('a')\n", true);
        check(python, "for x in xs:\n    HERE(x)\n", false);
        check(python, "for x in xs:\n    HERE(f'{x}')\n", false);
        check(python, "for x in xs:\n    HERE(self.path)\n", true);
        check(python, "for x in xs:\n    p = x + 1\n    HERE(p)\n", false);
        check(python, "for x in xs:\n    with x as p:\n        HERE(p)\n", false);
        check(js, "for (const x of xs) { HERE(y) }", true);
        check(js, "for (const [a, b] of xs) { HERE(b) }", false);
        check(js, "for (const x of xs) { HERE(`a${x}`) }", false);
        check(js, "xs.forEach((x) => { HERE(x) })", false);
        check(js, "xs.forEach((x) => { HERE(xs) })", true);
        check(rust, "fn f() { for (a, b) in c { let d = a; HERE(d); } }", false);
        check(rust, "fn f() { while let Some(a) = b.next() { HERE(a); } }", false);
        check(rust, "fn f() { for a in b { HERE(PATTERN); } }", true);
    }

    #[test]
    fn a_function_in_a_loop_is_not_the_loop() {
        let source = Source::read("for x in xs:\n    def f():\n        HERE\n", Language::Python).unwrap();
        assert!(source.loop_around(source.code.find("HERE").unwrap()).is_none());
    }

    #[test]
    fn a_place_has_its_line() {
        let source = Source::read("a\n  bc\n\nd", Language::Python).unwrap();
        let check = |at, line, shown: &str| assert_eq!((source.line(at), source.shown(at).as_str()), (line, shown));
        check(0, 1, "`a`");
        check(4, 2, "`bc`");
        check(8, 4, "`d`");
    }
}
