//! The blocks of source: where a loop or a function begins and ends, by braces or by indentation. It reads what stands
//! before a block, not the whole grammar; what it does not recognise is a block of no kind.

use regex::Regex;

use super::language::Language;

/// Blocks of one file: more are no source that a person wrote.
const BLOCKS_MAX: usize = 20_000;

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// What stands before it.
    pub(super) head: String,
    /// Where that stands.
    pub(super) head_at: usize,
    /// Where its body begins.
    pub(super) start: usize,
    /// Where its body ends.
    pub(super) end: usize,
    /// Whether its body is repeated.
    pub(super) repeats: Repeats,
    /// Whether it is the body of a function.
    pub(super) function: Option<Function>,
}

/// How a body is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeats {
    No,
    /// As long as something holds.
    While,
    /// Once for each of many.
    Each,
}

/// A kind of function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Plain,
    Async,
}

/// What tells the kind of a block by what stands before it.
pub(super) struct Heads {
    begins: Regex,
    label: Regex,
    counts: Regex,
    callback: Regex,
    is_async: Regex,
    function: Regex,
}

impl Heads {
    /// The heads of blocks of a language.
    pub(super) fn of(language: Language) -> Result<Self, regex::Error> {
        let function = match language {
            Language::Rust => r"\bfn\s+\w+|\|[^|]*\|\s*(?:->[^{]*)?$|\basync(?:\s+move)?\s*$",
            Language::Go => r"\bfunc\b",
            Language::Python => r"^(?:async\s+)?def\b|^class\b",
            _ => r"=>\s*$|->\s*$|\bfunction\b|\)\s*(?::[^{;]*)?(?:throws\s[\w\s.,]+)?\s*$",
        };
        Ok(Self {
            begins: Regex::new(
                r"^(?:\}\s*)?(?:'?\w+:\s*)?(?:for|while|loop|do|if|else|switch|match|try|catch|with|finally|select|unsafe)\b",
            )?,
            label: Regex::new(r"^(?:\}\s*)?(?:'?\w+:\s*)?")?,
            counts: Regex::new(r"\b(?:in|of|range)\b|;|:")?,
            callback: Regex::new(
                r"\.\s*(?:forEach|for_each|map|flatMap|flat_map|filter|reduce|some|every)\s*\([^;]*$",
            )?,
            is_async: Regex::new(r"\basync\b[^;{]*$")?,
            function: Regex::new(function)?,
        })
    }

    /// A block that begins at `start` behind this head.
    fn block(&self, language: Language, head: &str, head_at: usize, start: usize) -> Block {
        let (head, head_at) = self.last_statement(language, head, head_at);
        let (repeats, function) = self.kind(language, &head);
        Block { head, head_at, start, end: start, repeats, function }
    }

    fn kind(&self, language: Language, head: &str) -> (Repeats, Option<Function>) {
        if self.begins.is_match(head) {
            let bare = self.label.replace(head, "");
            let word = bare.split(|one: char| !one.is_alphanumeric()).next().unwrap_or_default();
            return match word {
                "for" if self.is_counted(language, &bare) => (Repeats::Each, None),
                "for" | "while" | "loop" | "do" => (Repeats::While, None),
                _ => (Repeats::No, None),
            };
        }
        if head.starts_with("async for") {
            return (Repeats::While, None);
        }
        if !self.function.is_match(head) {
            return (Repeats::No, None);
        }
        let function = if self.is_async.is_match(head) { Function::Async } else { Function::Plain };
        let is_called_back = !head.contains(" fn ") && self.callback.is_match(head);
        (if is_called_back { Repeats::Each } else { Repeats::No }, Some(function))
    }

    /// Whether a loop that begins with `for` goes through something.
    fn is_counted(&self, language: Language, head: &str) -> bool {
        let forever = head.replace(' ', "").contains("(;;)") || head.starts_with("for await");
        !forever && (language == Language::Python || self.counts.is_match(head))
    }

    /// The last statement of what stands before a block: lines without a semicolon may stand before it.
    fn last_statement(&self, language: Language, head: &str, head_at: usize) -> (String, usize) {
        let mut depth = 0_i32;
        let mut last = None;
        let mut begins_word = None;
        let mut at = 0;
        for line in head.split_inclusive('\n') {
            let inset = line.len() - line.trim_start().len();
            if depth <= 0 && !line.trim().is_empty() {
                last = Some(at + inset);
                if self.begins.is_match(line.trim())
                    || language != Language::Rust && self.function.is_match(line.trim())
                {
                    begins_word = last;
                }
            }
            depth += line
                .bytes()
                .map(|byte| i32::from(b"([".contains(&byte)) - i32::from(b")]".contains(&byte)))
                .sum::<i32>();
            at += line.len();
        }
        let is_rust_function = language == Language::Rust && head.contains("fn ");
        let start = begins_word.or(last.filter(|_| !is_rust_function)).unwrap_or(0);
        (head[start..].trim().to_owned(), head_at + start)
    }
}

/// The blocks of this code, in the order in which they begin.
pub(super) fn of(code: &str, language: Language) -> Result<Vec<Block>, regex::Error> {
    let heads = Heads::of(language)?;
    Ok(if language.is_indented() { indented(code, &heads) } else { braced(code, language, &heads) })
}

/// What is open while code with braces is read.
enum Open {
    Bracket,
    Brace(Option<usize>),
}

fn braced(code: &str, language: Language, heads: &Heads) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut statement = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => open.push(Open::Bracket),
            b')' | b']' => {
                if matches!(open.last(), Some(Open::Bracket)) {
                    open.pop();
                }
            }
            b'{' => {
                let is_room = blocks.len() < BLOCKS_MAX;
                open.push(Open::Brace(is_room.then_some(blocks.len())));
                if is_room {
                    blocks.push(heads.block(language, &code[statement..at], statement, at + 1));
                }
                statement = at + 1;
            }
            b'}' => {
                while let Some(closed) = open.pop() {
                    if let Open::Brace(block) = closed {
                        if let Some(block) = block {
                            blocks[block].end = at;
                        }
                        break;
                    }
                }
                statement = at + 1;
            }
            // where Go has a semicolon, it stands in a head
            b';' if language != Language::Go && !matches!(open.last(), Some(Open::Bracket)) => statement = at + 1,
            _ => {}
        }
    }
    for open in open {
        if let Open::Brace(Some(block)) = open {
            blocks[block].end = code.len();
        }
    }
    blocks
}

fn indented(code: &str, heads: &Heads) -> Vec<Block> {
    const BEGINNINGS: [&str; 6] = ["for ", "async for ", "while ", "def ", "async def ", "class "];
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (at, line) in statements(code) {
        let inset = line.len() - line.trim_start().len();
        while let Some((_, block)) = open.pop_if(|(outer, _)| *outer >= inset) {
            blocks[block].end = at;
        }
        let statement = line.trim();
        let begins = BEGINNINGS.iter().any(|word| statement.starts_with(word));
        if begins && blocks.len() < BLOCKS_MAX {
            let body = colon(statement).map_or(statement.len(), |colon| colon + 1);
            open.push((inset, blocks.len()));
            let (head_at, start) = (at + inset, at + inset + body);
            blocks.push(heads.block(Language::Python, &statement[..body], head_at, start));
        }
    }
    for (_, block) in open {
        blocks[block].end = code.len();
    }
    blocks
}

/// The statements of Python that are not blank, each with where its first line begins.
fn statements(code: &str) -> Vec<(usize, &str)> {
    let mut statements = Vec::new();
    let (mut start, mut at, mut depth) = (0, 0, 0_usize);
    for line in code.split_inclusive('\n') {
        for byte in line.bytes() {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        at += line.len();
        if depth == 0 && !line.trim_end().ends_with('\\') || at == code.len() {
            let statement = &code[start..at];
            if !statement.trim().is_empty() {
                statements.push((start, statement));
            }
            start = at;
        }
    }
    statements
}

/// The colon that ends the head of a statement.
fn colon(statement: &str) -> Option<usize> {
    let mut depth = 0_i32;
    statement.bytes().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        byte == b':' && depth == 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks what is known of the place of the word `HERE`: how the innermost blocks around it repeat, and the functions.
    fn check(language: Language, code: &str, expected: &[&str]) {
        let here = code.find("HERE").unwrap();
        let blocks = of(code, language).unwrap();
        let around = blocks.iter().filter(|block| (block.start..block.end).contains(&here));
        let shown: Vec<String> = around
            .filter(|block| block.repeats != Repeats::No || block.function.is_some())
            .map(|block| match (block.repeats, block.function) {
                (Repeats::Each, Some(function)) => format!("Each {function:?}"),
                (Repeats::No, Some(function)) => format!("{function:?}"),
                (repeats, _) => format!("{repeats:?}"),
            })
            .collect();
        assert_eq!(shown, expected, "{code}\n{blocks:#?}");
    }

    #[test]
    fn python_is_read_by_its_indentation() {
        let python = Language::Python;
        check(python, "def f(a,\n  b):\n    for x in y:\n        HERE\n", &["Plain", "Each"]);
        check(python, "async def f():\n    while True:\n        pass\n    HERE\n", &["Async"]);
        check(python, "for x in y:\n    z = [\n1, 2]\n    HERE\n", &["Each"]);
        check(python, "for x in y: HERE\n", &["Each"]);
        check(python, "for x in y:\n    pass\n\nHERE\n", &[]);
        check(python, "for x in {1: 2}:\n\n    HERE", &["Each"]);
    }

    #[test]
    fn other_languages_are_read_by_their_braces() {
        let (js, rust, go, java) = (Language::JavaScript, Language::Rust, Language::Go, Language::Java);
        check(js, "async function f() {\n  const a = 1\n  for (const x of xs) {\n    HERE\n  }\n}", &["Async", "Each"]);
        check(js, "xs.forEach(async (x) => {\n  HERE\n});", &["Each Async"]);
        check(js, "const f = async (a) => { if (a) { HERE } }", &["Async"]);
        check(js, "class A {\n  async go(x) {\n    while (x) { HERE }\n  }\n}", &["Async", "While"]);
        check(js, "for (let i = 0; i < n; i++) { HERE }", &["Each"]);
        check(js, "for (;;) { HERE }", &["While"]);
        check(js, "const o = { a: 1 }\nfor await (const x of xs) { HERE }", &["While"]);
        check(
            rust,
            "pub async fn f(a: A) -> Result<B, C>\nwhere A: D {\n    for x in a\n        .b() {\n HERE }\n}",
            &["Async", "Each"],
        );
        check(rust, "fn f() { xs.iter().for_each(|x| { HERE }); }", &["Plain", "Each Plain"]);
        check(rust, "fn f() { spawn(async move { 'a: loop { HERE } }) }", &["Plain", "Async", "While"]);
        check(rust, "impl A for B { fn f(&self) { HERE } }", &["Plain"]);
        check(go, "func f(a int) error {\n\tfor _, x := range a {\n\t\tHERE\n\t}\n}", &["Plain", "Each"]);
        check(go, "func f() {\n\tfor {\n\t\tHERE\n\t}\n}", &["Plain", "While"]);
        check(go, "func f() {\n\tfor i := 0; i < n; i++ {\n\t\tHERE\n\t}\n}", &["Plain", "Each"]);
        check(
            java,
            "class A {\n  void f(int a) throws B {\n    for (String x : a) {\n      HERE\n    }\n  }\n}",
            &["Plain", "Each"],
        );
        check(java, "void f() { a.forEach(x -> { HERE }); }", &["Plain", "Each Plain"]);
    }

    #[test]
    fn what_is_never_closed_ends_with_the_file() {
        for code in ["for (;;) {", "}}}", "f((", "{ ( }", "for x in [", "def f(:\n"] {
            for language in [Language::JavaScript, Language::Python] {
                assert!(of(code, language).unwrap().iter().all(|block| block.end <= code.len()), "{code}");
            }
        }
    }
}
