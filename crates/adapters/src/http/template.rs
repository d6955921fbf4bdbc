//! Path templates such as `/pets/{id}/photos/{name}.png`, and their safe filling.
//!
//! A filled path has exactly the segments of its template: what a caller gives can neither add one, nor leave one
//! empty, nor climb out of one, however it is spelled. Values that try are refused, not mended.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::failure::Failure;

/// What must be encoded in the fixed text of a template; `%` stays, for documents encode such text themselves.
const FIXED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'\\').add(b'^').add(b'|');

/// A path with places for arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    segments: Vec<Vec<Piece>>,
}

/// A part of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Fixed(String),
    Slot(String),
}

/// Why a text is no path template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TemplateError {
    #[error("its path does not begin with `/`")]
    Relative,
    #[error("its path has an opening brace without a closing one, or the other way round")]
    Braces,
    #[error("its path holds `?` or `#`")]
    NotPath,
    #[error("its path holds `.` or `..`")]
    Dots,
}

impl Template {
    /// Reads a template.
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let path = text.strip_prefix('/').ok_or(TemplateError::Relative)?;
        let segments = path.split('/').map(segment).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { segments })
    }

    /// The names of its slots, in their order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().flatten().filter_map(|piece| match piece {
            Piece::Slot(name) => Some(name.as_str()),
            Piece::Fixed(_) => None,
        })
    }

    /// The path with `value` asked for each slot: the encoded text, which is checked here once more.
    pub(crate) fn fill(&self, value: impl Fn(&str) -> Result<String, Failure>) -> Result<String, Failure> {
        let mut path = String::new();
        for segment in &self.segments {
            path.push('/');
            let start = path.len();
            let mut last_slot = None;
            for piece in segment {
                match piece {
                    Piece::Fixed(text) => path.push_str(text),
                    Piece::Slot(name) => {
                        path.push_str(&value(name)?);
                        last_slot = Some(name);
                    }
                }
            }
            if let Some(name) = last_slot {
                check_segment(&path[start..], name)?;
            }
        }
        Ok(path)
    }
}

/// Refuses a value that a server, a proxy or a framework could take for more than one segment.
pub(crate) fn check_value(name: &str, text: &str) -> Result<(), Failure> {
    if text.is_empty() {
        return Err(refused(name, "is empty", "a part of a path needs a value"));
    }
    let mut seen = text.to_owned();
    // Twice, because some servers decode once more than they should.
    for _ in 0..=2 {
        if seen.chars().any(char::is_control) {
            return Err(refused(name, "holds a control character", "remove it"));
        }
        if seen.split(['/', '\\']).any(|part| matches!(part.split(';').next(), Some("." | ".."))) {
            return Err(refused(name, "holds `.` or `..` as a part of a path", "give the plain name or id"));
        }
        let decoded = percent_decode_str(&seen).decode_utf8_lossy().into_owned();
        if decoded == seen {
            break;
        }
        seen = decoded;
    }
    Ok(())
}

/// The last line of defence: whatever the parts were, the whole is one ordinary segment.
fn check_segment(segment: &str, name: &str) -> Result<(), Failure> {
    let decoded = percent_decode_str(segment).decode_utf8_lossy();
    let is_ordinary =
        !segment.is_empty() && !segment.contains(['/', '?', '#', '\\']) && !matches!(&*decoded, "." | "..");
    if is_ordinary {
        return Ok(());
    }
    Err(refused(name, "does not make a part of a path", "give the plain name or id"))
}

fn refused(name: &str, what: &str, hint: &str) -> Failure {
    Failure::Argument { field: name.to_owned(), message: format!("`{name}` {what}"), hint: Some(hint.to_owned()) }
}

fn segment(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((fixed, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or(TemplateError::Braces)?;
        push_fixed(fixed, &mut pieces)?;
        pieces.push(Piece::Slot(name.to_owned()));
        rest = after;
    }
    push_fixed(rest, &mut pieces)?;
    if matches!(pieces.as_slice(), [Piece::Fixed(only)] if only == "." || only == "..") {
        return Err(TemplateError::Dots);
    }
    Ok(pieces)
}

fn push_fixed(text: &str, pieces: &mut Vec<Piece>) -> Result<(), TemplateError> {
    if text.contains('}') {
        return Err(TemplateError::Braces);
    }
    if text.contains(['?', '#']) {
        return Err(TemplateError::NotPath);
    }
    if !text.is_empty() {
        pieces.push(Piece::Fixed(utf8_percent_encode(text, FIXED).to_string()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::style::encode;

    fn filled(template: &str, value: &str) -> Result<String, Failure> {
        let template = Template::parse(template).expect("the template is right");
        template.fill(|name| check_value(name, value).map(|()| encode(value)))
    }

    #[test]
    fn value_becomes_one_encoded_segment() {
        for (value, expected) in [
            ("7", "/pets/7/photo"),
            ("a b", "/pets/a%20b/photo"),
            ("a/b", "/pets/a%2Fb/photo"),
            ("a?b#c", "/pets/a%3Fb%23c/photo"),
            ("a;b=c", "/pets/a%3Bb%3Dc/photo"),
            ("@host", "/pets/%40host/photo"),
            ("100%", "/pets/100%25/photo"),
            ("ünï", "/pets/%C3%BCn%C3%AF/photo"),
            ("v1.2..3", "/pets/v1.2..3/photo"),
            ("...", "/pets/.../photo"),
        ] {
            assert_eq!(filled("/pets/{id}/photo", value).expect(value), expected);
        }
    }

    #[test]
    fn value_that_could_leave_its_segment_is_refused() {
        for value in [
            "",
            ".",
            "..",
            "../admin",
            "..\\admin",
            "a/../b",
            "..%2fadmin",
            "%2e%2e",
            "%2E%2E%2Fadmin",
            "%252e%252e",
            "..%5cadmin",
            "a\0b",
            "a%00b",
            "a\r\nHost: evil",
            "a%0d%0ab",
            "\u{7f}",
            "..;/admin",
            "a/./b",
        ] {
            assert!(filled("/pets/{id}/photo", value).is_err(), "{value:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_one_segment_or_refused(text in "\\PC{0,12}|[./\\\\%a-f0-9;?#]{0,9}") {
            if let Ok(path) = filled("/pets/{id}/photo", &text) {
                let segments: Vec<&str> = path.split('/').collect();
                proptest::prop_assert_eq!(segments.len(), 4, "{}", path);
                let back = percent_decode_str(segments[2]).decode_utf8_lossy();
                proptest::prop_assert_eq!(&*back, &*text);
                proptest::prop_assert!(!path.contains(['?', '#', '\\']) && back != "." && back != "..");
            }
        }
    }

    #[test]
    fn pieces_that_together_make_dots_are_refused() {
        let template = Template::parse("/{a}{b}").expect("the template is right");
        assert!(template.fill(|_| Ok("%2E".to_owned())).is_err());
        let template = Template::parse("/.{a}/x").expect("the template is right");
        assert!(template.fill(|_| Ok(".".to_owned())).is_err());
    }

    #[test]
    fn filled_path_has_the_segments_of_its_template() {
        let template = Template::parse("/a/{b}/{c}.json").expect("the template is right");
        assert_eq!(template.slots().collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(template.fill(|name| Ok(format!("{name}{name}"))).expect("plain values fit"), "/a/bb/cc.json");
        assert!(template.fill(|_| Ok("x/y".to_owned())).is_err());
    }

    #[test]
    fn text_that_is_no_path_is_refused() {
        for (text, expected) in [
            ("pets", TemplateError::Relative),
            ("/pets/{id", TemplateError::Braces),
            ("/pets/id}", TemplateError::Braces),
            ("/pets?x={y}", TemplateError::NotPath),
            ("/pets#x", TemplateError::NotPath),
            ("/a/../b", TemplateError::Dots),
        ] {
            assert_eq!(Template::parse(text), Err(expected), "{text}");
        }
    }
}
