//! What is in a file as an argument or a result can hold it: text, or bytes in base64; and its media type by its name.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Code, Failure};

/// The most bytes of a file that are read or written.
pub(super) const FILE_BYTES_MAX: u64 = 10 << 20;

/// How the content of a file is written in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) enum Encoding {
    /// As text.
    #[default]
    #[serde(rename = "utf-8", alias = "utf8", alias = "UTF-8")]
    Utf8,
    /// As base64, for files that are no text.
    #[serde(rename = "base64")]
    Base64,
}

impl Encoding {
    /// The bytes of a content that came as an argument.
    pub(super) fn decode(self, content: String) -> Result<Vec<u8>, Failure> {
        let bytes = match self {
            Self::Utf8 => content.into_bytes(),
            Self::Base64 => STANDARD.decode(content.trim()).map_err(|error| {
                let failure = Failure::invalid("content", format!("`content` is no base64: {error}"));
                failure.hint("use the standard alphabet with padding, without line breaks")
            })?,
        };
        if bytes.len() as u64 > FILE_BYTES_MAX {
            let text = format!("`content` has {} bytes; at most {FILE_BYTES_MAX} are written", bytes.len());
            let failure = Failure::new(Code::TooLarge, text).hint("write it in parts with `append: true`");
            return Err(Failure { field: Some("content".to_owned()), ..failure });
        }
        Ok(bytes)
    }

    /// The content of a file as a result has it.
    pub(super) fn encode(self, bytes: Vec<u8>, shown: &str) -> Result<String, Failure> {
        match self {
            Self::Base64 => Ok(STANDARD.encode(bytes)),
            Self::Utf8 => text(bytes, shown),
        }
    }
}

/// A file as text, if it is text.
pub(super) fn text(bytes: Vec<u8>, shown: &str) -> Result<String, Failure> {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(|| {
        let failure = Failure::invalid("encoding", format!("`{shown}` is no text in UTF-8"));
        failure.hint("read it with `encoding: \"base64\"`")
    })
}

/// The media type that the name of a file tells.
pub(super) fn mime_type(path: &Path, is_text: bool) -> &'static str {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_ascii_lowercase();
    let known = MIME_TYPES.iter().find(|(known, _)| *known == extension).map(|(_, mime)| *mime);
    known.unwrap_or(if is_text { "text/plain" } else { "application/octet-stream" })
}

/// Media types by extension; what is missing is plain text or plain bytes.
const MIME_TYPES: [(&str, &str); 32] = [
    ("avif", "image/avif"),
    ("c", "text/x-c"),
    ("css", "text/css"),
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("go", "text/x-go"),
    ("gz", "application/gzip"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("java", "text/x-java"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("mjs", "text/javascript"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("py", "text/x-python"),
    ("rb", "text/x-ruby"),
    ("rs", "text/x-rust"),
    ("sh", "text/x-shellscript"),
    ("sql", "application/sql"),
    ("svg", "image/svg+xml"),
    ("tar", "application/x-tar"),
    ("toml", "application/toml"),
    ("ts", "text/x-typescript"),
    ("webp", "image/webp"),
    ("xml", "application/xml"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
    ("zip", "application/zip"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_back_as_it_went() {
        for bytes in [&b""[..], b"text", "\u{1f600}".as_bytes(), &[0, 255, 10]] {
            let there = Encoding::Base64.encode(bytes.to_vec(), "f").unwrap();
            assert_eq!(Encoding::Base64.decode(there).unwrap(), bytes);
        }
        assert_eq!(Encoding::Utf8.decode("a\n".to_owned()).unwrap(), b"a\n");
    }

    #[test]
    fn what_is_no_text_says_how_to_read_it() {
        for bytes in [&[0, 1, 2][..], &[0xff, 0xfe, b'a']] {
            let failure = Encoding::Utf8.encode(bytes.to_vec(), "f").unwrap_err();
            assert!(failure.hint.contains("base64"), "{failure}");
        }
        assert_eq!(Encoding::Base64.decode("no base64!".to_owned()).unwrap_err().field.as_deref(), Some("content"));
    }

    #[test]
    fn a_media_type_follows_the_name() {
        let check = |name: &str, is_text, expected| assert_eq!(mime_type(Path::new(name), is_text), expected, "{name}");
        check("a.rs", true, "text/x-rust");
        check("a.PNG", false, "image/png");
        check("Makefile", true, "text/plain");
        check("core", false, "application/octet-stream");
    }
}
