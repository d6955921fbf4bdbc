//! Source without its comments and without what is in its strings: what is left is code. Every byte stays where it was.

use super::language::Language;

/// The code of a text, as long as the text and with the same lines; characters beyond ASCII are written as `_`.
pub(super) fn masked(text: &str, language: Language) -> String {
    let mut mask = Mask { text: text.as_bytes(), language, code: Vec::with_capacity(text.len()) };
    while mask.code.len() < mask.text.len() {
        mask.step();
    }
    // only ASCII was written
    String::from_utf8(mask.code).unwrap_or_default()
}

struct Mask<'a> {
    text: &'a [u8],
    language: Language,
    code: Vec<u8>,
}

impl Mask<'_> {
    fn step(&mut self) {
        if let Some(end) = self.comment() {
            self.blank(end);
        } else if let Some((start, content_end, end)) = self.string() {
            self.copy(start);
            self.blank(content_end);
            self.copy(end);
        } else {
            self.copy(self.at() + 1);
        }
    }

    fn at(&self) -> usize {
        self.code.len()
    }

    fn copy(&mut self, end: usize) {
        let ascii = self.text[self.at()..end].iter().map(|byte| if byte.is_ascii() { *byte } else { b'_' });
        self.code.extend(ascii);
    }

    fn blank(&mut self, end: usize) {
        let blanks = self.text[self.at()..end].iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' });
        self.code.extend(blanks);
    }

    fn begins(&self, at: usize, with: &str) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(with.as_bytes()))
    }

    /// Where this stands next, from there on; the end of the text if nowhere.
    fn find(&self, from: usize, what: &str) -> usize {
        let mut places = from..self.text.len();
        places.find(|at| self.begins(*at, what)).unwrap_or(self.text.len())
    }

    /// The end of the comment that begins here.
    fn comment(&self) -> Option<usize> {
        let at = self.at();
        if self.begins(at, self.language.line_comment()) {
            return Some(self.find(at, "\n"));
        }
        let is_block = self.begins(at, "/*") && !self.language.is_indented();
        is_block.then(|| (self.find(at + 2, "*/") + 2).min(self.text.len()))
    }

    /// The string that begins here: where its content begins, where that ends, and where the string ends.
    fn string(&self) -> Option<(usize, usize, usize)> {
        let at = self.at();
        let whole = |opening: usize, closing: &str| {
            let content_end = self.find(at + opening, closing);
            (at + opening, content_end, (content_end + closing.len()).min(self.text.len()))
        };
        let quote = self.text[at];
        match (self.language, quote) {
            (Language::Python | Language::Java, b'"') if self.begins(at, r#"""""#) => Some(whole(3, r#"""""#)),
            (Language::Python, b'\'') if self.begins(at, "'''") => Some(whole(3, "'''")),
            (Language::Go, b'`') => Some(whole(1, "`")),
            (Language::Sql, b'\'') => Some(whole(1, "'")),
            (Language::Sql, _) => None,
            (Language::Rust, b'r') => self.raw_string(),
            (Language::Rust, b'\'') => self.character(),
            (Language::JavaScript, b'`') => Some(self.template()),
            (Language::JavaScript, b'/') => self.expression(),
            (_, b'"' | b'\'') => Some(self.escaped(quote)),
            _ => None,
        }
    }

    /// A string in which a backslash hides the next character, and that ends with its line unless it is Rust's.
    fn escaped(&self, quote: u8) -> (usize, usize, usize) {
        let start = self.at() + 1;
        let mut at = start;
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\n' if self.language != Language::Rust => return (start, at, at),
                byte if *byte == quote => return (start, at, at + 1),
                _ => {}
            }
            at += 1;
        }
        (start, self.text.len(), self.text.len())
    }

    /// `r#"…"#` of Rust.
    fn raw_string(&self) -> Option<(usize, usize, usize)> {
        let at = self.at();
        let is_word = at > 0 && (self.text[at - 1].is_ascii_alphanumeric() || self.text[at - 1] == b'_');
        let hashes = self.text[at + 1..].iter().take_while(|byte| **byte == b'#').count();
        if is_word && self.text[at - 1] != b'b' || !self.begins(at + 1 + hashes, "\"") {
            return None;
        }
        let start = at + hashes + 2;
        let closing = format!("\"{}", "#".repeat(hashes));
        let content_end = self.find(start, &closing);
        Some((start, content_end, (content_end + closing.len()).min(self.text.len())))
    }

    /// `'x'` of Rust, where `'x` is a lifetime.
    fn character(&self) -> Option<(usize, usize, usize)> {
        let at = self.at();
        if self.begins(at + 1, "\\") {
            return Some(self.escaped(b'\''));
        }
        let length = self.text.get(at + 1..)?.utf8_chunks().next()?.valid().chars().next()?.len_utf8();
        self.begins(at + 1 + length, "'").then_some((at + 1, at + 1 + length, at + 2 + length))
    }

    /// A template of JavaScript with the code in it.
    fn template(&self) -> (usize, usize, usize) {
        let start = self.at() + 1;
        let end = self.template_end(start);
        (start, end.saturating_sub(1).max(start), end)
    }

    fn template_end(&self, mut at: usize) -> usize {
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 1,
                b'`' => return at + 1,
                b'$' if self.begins(at, "${") => at = self.hole_end(at + 2),
                _ => {}
            }
            at += 1;
        }
        self.text.len()
    }

    /// The closing brace of `${…}`.
    fn hole_end(&self, mut at: usize) -> usize {
        let mut depth = 1;
        while let Some(byte) = self.text.get(at) {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b'`' => at = self.template_end(at + 1) - 1,
                _ => {}
            }
            if depth == 0 {
                return at;
            }
            at += 1;
        }
        self.text.len()
    }

    /// `/…/` of JavaScript, where a division cannot stand.
    fn expression(&self) -> Option<(usize, usize, usize)> {
        let before = self.code.trim_ascii_end();
        let can_begin = before.last().is_none_or(|last| b"(=,:[!&|?{};+".contains(last)) || before.ends_with(b"return");
        if !can_begin {
            return None;
        }
        let start = self.at() + 1;
        let mut in_class = false;
        let mut at = start;
        loop {
            match self.text.get(at)? {
                b'\n' => return None,
                b'\\' => at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => return Some((start, at, at + 1)),
                _ => {}
            }
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_blank_and_code_stays() {
        let check = |language, text: &str, expected: &str| {
            let code = masked(text, language);
            assert_eq!((code.as_str(), code.len()), (expected, text.len()), "{language:?}");
        };
        check(Language::Python, "a = 'x#y' # z\nb", "a = '   '    \nb");
        check(Language::Python, "\"\"\"a\n\"b\" \"\"\" c", "\"\"\" \n    \"\"\" c");
        check(Language::Python, "s = 'it\\'s' + t", "s = '     ' + t");
        check(Language::Rust, "f(r#\"a\"b\"#, 'x', '\\'') // é", "f(r#\"   \"#, ' ', '  ')      ");
        check(Language::Rust, "fn f<'a>(x: &'a str) {} /* { */", "fn f<'a>(x: &'a str) {}        ");
        check(Language::JavaScript, "`a ${f(`b`)} }` + c", "`             ` + c");
        check(Language::JavaScript, "x = /[/\"]/g; y = a / b / c", "x = /    /g; y = a / b / c");
        check(Language::Go, "s := `a\nb` + 'c'", "s := ` \n ` + ' '");
        check(Language::Sql, "SELECT 'it''s' -- x", "SELECT '  '' '     ");
    }

    #[test]
    fn what_never_ends_ends_with_the_text() {
        for text in ["'''", "'", "\"a\\", "`${", "/*", "r#\"", "'\\", "/a[", "`${`", "é'", "r", "#"] {
            for language in [Language::Python, Language::Rust, Language::JavaScript, Language::Go, Language::Java] {
                assert_eq!(masked(text, language).len(), text.len(), "{language:?} {text}");
            }
        }
    }
}
