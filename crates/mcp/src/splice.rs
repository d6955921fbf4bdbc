//! Edits of a message: named places get new bytes, everything else is copied as it stands.

use bytes::Bytes;

use crate::span::{Member, Span};

/// What takes the place of a span.
#[derive(Debug)]
enum With<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
    /// Members at the front of an object; whether a comma has to follow shows when all edits are known.
    Members(Vec<u8>),
}

impl With<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) | Self::Members(bytes) => bytes,
        }
    }

    /// How many bytes it needs at most.
    fn room(&self) -> usize {
        self.bytes().len() + usize::from(matches!(self, Self::Members(_)))
    }
}

/// A list of edits of one message, applied in one copy.
#[derive(Debug)]
pub struct Splice<'a> {
    source: &'a [u8],
    edits: Vec<(Span, With<'a>)>,
}

/// `source` with `bytes` in the place of what stands at `span`: a single edit needs no list.
pub fn replaced(source: &[u8], span: Span, bytes: &[u8]) -> Bytes {
    let span = span.range();
    [&source[..span.start], bytes, &source[span.end..]].concat().into()
}

impl<'a> Splice<'a> {
    /// No edits yet of `source`.
    pub fn new(source: &'a [u8]) -> Self {
        Self { source, edits: Vec::with_capacity(8) }
    }

    /// Puts `bytes` in the place of what stands at `span`.
    pub fn replace(&mut self, span: Span, bytes: &'a [u8]) -> &mut Self {
        self.edits.push((span, With::Borrowed(bytes)));
        self
    }

    /// As [`Self::replace`], with bytes made for this edit.
    pub fn replace_owned(&mut self, span: Span, bytes: Vec<u8>) -> &mut Self {
        self.edits.push((span, With::Owned(bytes)));
        self
    }

    /// Adds members, given as `"key":value` joined by commas, at the front of the object at `object`.
    pub fn insert_members(&mut self, object: Span, members: Vec<u8>) -> &mut Self {
        if !members.is_empty() {
            let inside = object.start as usize + 1;
            self.edits.push((Span::new(inside, inside), With::Members(members)));
        }
        self
    }

    /// Takes members out of one object together with the commas that they leave over.
    pub fn remove_members(&mut self, members: &[Member]) -> &mut Self {
        let mut present: Vec<Span> =
            members.iter().filter(|member| member.is_some()).map(|member| member.whole()).collect();
        present.sort_unstable();
        for (index, span) in present.iter().enumerate() {
            let after = skip_space(self.source, span.end as usize);
            if self.source[after] == b',' {
                self.replace(Span::new(span.start as usize, after + 1), b"");
                continue;
            }
            let first = self.first_of_run(&present[..=index]);
            let before = skip_space_back(self.source, first as usize);
            let start = if self.source[before - 1] == b',' { before - 1 } else { first as usize };
            self.edits.retain(|(edit, with)| !(with.bytes().is_empty() && edit.start >= first && edit.end <= span.end));
            self.replace(Span::new(start, span.end as usize), b"");
        }
        self
    }

    /// The start of the unbroken run of removed members that ends with the last one given.
    fn first_of_run(&self, run: &[Span]) -> u32 {
        let mut first = run[run.len() - 1].start;
        for span in run[..run.len() - 1].iter().rev() {
            let comma = skip_space(self.source, span.end as usize);
            if skip_space(self.source, comma + 1) != first as usize {
                break;
            }
            first = span.start;
        }
        first
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// The edited part of the message that stands at `window`; every edit must lie inside of it.
    pub fn apply_to(&mut self, window: Span) -> Bytes {
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let window = window.range();
        let added: usize = self.edits.iter().map(|(_, with)| with.room()).sum();
        let removed: usize = self.edits.iter().map(|(span, _)| span.range().len()).sum();
        let mut out = Output { bytes: Vec::with_capacity(window.len() + added - removed), owes_comma: false };
        let mut at = window.start;
        for (span, with) in &self.edits {
            debug_assert!(span.start as usize >= at, "edits must not overlap");
            out.put(&self.source[at..span.start as usize]);
            out.put(with.bytes());
            out.owes_comma |= matches!(with, With::Members(_));
            at = span.end as usize;
        }
        out.put(&self.source[at..window.end]);
        out.bytes.into()
    }

    /// The whole edited message.
    pub fn apply(&mut self) -> Bytes {
        self.apply_to(Span::new(0, self.source.len()))
    }
}

/// The edited bytes as they grow.
struct Output {
    bytes: Vec<u8>,
    /// Members were added and nothing but space has followed them yet.
    owes_comma: bool,
}

impl Output {
    fn put(&mut self, piece: &[u8]) {
        let space = if self.owes_comma { skip_space(piece, 0) } else { piece.len() };
        let (space, piece) = piece.split_at(space);
        self.bytes.extend_from_slice(space);
        if let Some(next) = piece.first() {
            self.owes_comma = false;
            if *next != b'}' {
                self.bytes.push(b',');
            }
            self.bytes.extend_from_slice(piece);
        }
    }
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

fn skip_space_back(bytes: &[u8], mut at: usize) -> usize {
    while at > 0 && matches!(bytes[at - 1], b' ' | b'\n' | b'\r' | b'\t') {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Envelope, ScanLimits, keys::Meta};

    const VERSION: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;

    fn removal(meta: &str, expected: &str) {
        let wrap = |meta: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"_meta":{meta}}}}}"#);
        let source = Bytes::from(wrap(&meta.replace('V', VERSION)));
        let message = Envelope::parse(&source, ScanLimits::default()).unwrap();
        let doomed =
            [Meta::ProtocolVersion, Meta::ClientInfo, Meta::ProgressToken].map(|key| message.meta_members().get(key));
        let edited = Splice::new(&source).remove_members(&doomed).apply();
        assert_eq!(std::str::from_utf8(&edited).unwrap(), wrap(expected));
    }

    #[test]
    fn removed_members_take_their_commas_along() {
        removal(r"{V}", "{}");
        removal(r#"{V,"a":1}"#, r#"{"a":1}"#);
        removal(r#"{"a":1,V}"#, r#"{"a":1}"#);
        removal(r#"{"a":1 , V , "progressToken":1}"#, r#"{"a":1 }"#);
        removal(r#"{V,"progressToken":1,"a":1}"#, r#"{"a":1}"#);
        removal(r#"{V,"a":1,"progressToken":1}"#, r#"{"a":1}"#);
        removal(r#"{ V ,"progressToken":1 }"#, "{  }");
        removal(r#"{"a":1}"#, r#"{"a":1}"#);
    }

    #[test]
    fn members_added_to_an_object_that_loses_all_others_have_no_comma() {
        let source =
            Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"_meta":{{ {VERSION} }}}}}}"#));
        let message = Envelope::parse(&source, ScanLimits::default()).unwrap();
        let meta = message.meta_members();
        let edited = Splice::new(&source)
            .insert_members(meta.span, br#""a":1"#.to_vec())
            .remove_members(&[meta.get(Meta::ProtocolVersion)])
            .insert_members(meta.span, br#""b":2"#.to_vec())
            .apply_to(meta.span);
        assert_eq!(&edited[..], br#"{"a":1,"b":2  }"#);
    }

    #[test]
    fn members_are_added_to_full_and_empty_objects() {
        for (object, expected) in [("{}", r#"{"k":1}"#), ("{ }", r#"{"k":1 }"#), (r#"{"a":2}"#, r#"{"k":1,"a":2}"#)] {
            let edited =
                Splice::new(object.as_bytes()).insert_members(Span::new(0, object.len()), br#""k":1"#.to_vec()).apply();
            assert_eq!(std::str::from_utf8(&edited).unwrap(), expected);
        }
    }
}
