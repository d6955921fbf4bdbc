//! What a request carries: one media type, and how arguments become its bytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::style::{encode, plain};
use crate::failure::Failure;

/// How the body of an operation is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BodyPlan {
    /// JSON, under its exact media type.
    Json(String),
    /// `application/x-www-form-urlencoded`
    Form,
    /// `multipart/form-data`; these members are files, given as base64.
    Multipart {
        /// The members that are files.
        files: Vec<String>,
    },
    /// Text as it is.
    Text(String),
    /// Bytes, given as base64.
    Bytes(String),
}

impl BodyPlan {
    /// The media type and bytes of `value`.
    pub(crate) fn write(&self, argument: &str, value: &Value) -> Result<(String, Bytes), Failure> {
        match self {
            Self::Json(media) => Ok((media.clone(), value.to_string().into())),
            Self::Form => Ok(("application/x-www-form-urlencoded".to_owned(), form(value).into())),
            Self::Multipart { files } => multipart(files, value),
            Self::Text(media) => Ok((media.clone(), plain(value).into())),
            Self::Bytes(media) => Ok((media.clone(), decoded(argument, value)?.into())),
        }
    }
}

fn form(value: &Value) -> String {
    let members = value.as_object().into_iter().flatten();
    let pairs: Vec<String> = members
        .flat_map(|(name, value)| match value {
            Value::Array(items) => items.iter().map(|item| (name, plain(item))).collect(),
            value => vec![(name, plain(value))],
        })
        .map(|(name, text)| format!("{}={}", encode(name), encode(&text)))
        .collect();
    pairs.join("&")
}

/// The boundary is a digest of the parts, so it cannot be among them by anyone's design.
fn multipart(files: &[String], value: &Value) -> Result<(String, Bytes), Failure> {
    let members = value.as_object().cloned().unwrap_or_default();
    let boundary = boundary(&members);
    let mut body = Vec::new();
    for (name, value) in &members {
        let is_file = files.contains(name);
        let content = if is_file { decoded(name, value)? } else { plain(value).into_bytes() };
        let label = encode(name);
        let file = if is_file {
            format!("; filename=\"{label}\"\r\nContent-Type: application/octet-stream")
        } else {
            String::new()
        };
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{label}\"{file}\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((format!("multipart/form-data; boundary={boundary}"), body.into()))
}

fn boundary(members: &Map<String, Value>) -> String {
    let text = Value::from(members.clone()).to_string();
    let [high, low, ..] = *Sha256::digest(text.as_bytes()).as_chunks::<8>().0 else { return String::new() };
    format!("{:016x}{:016x}", u64::from_be_bytes(high), u64::from_be_bytes(low))
}

fn decoded(argument: &str, value: &Value) -> Result<Vec<u8>, Failure> {
    STANDARD.decode(plain(value)).map_err(|_| Failure::Argument {
        field: argument.to_owned(),
        message: format!("`{argument}` is not base64"),
        hint: Some("encode the bytes as standard base64 with padding".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_written_in_their_media_type() {
        let value = json!({ "a": "x&y", "b": [1, 2] });
        for (plan, value, media, expected) in [
            (BodyPlan::Json("application/json".to_owned()), &value, "application/json", r#"{"a":"x&y","b":[1,2]}"#),
            (BodyPlan::Form, &value, "application/x-www-form-urlencoded", "a=x%26y&b=1&b=2"),
            (BodyPlan::Text("text/plain".to_owned()), &json!("hi\n"), "text/plain", "hi\n"),
            (BodyPlan::Bytes("image/png".to_owned()), &json!("aGk="), "image/png", "hi"),
        ] {
            let (written_as, bytes) = plan.write("body", value).expect("the value fits");
            assert_eq!((written_as.as_str(), &bytes[..]), (media, expected.as_bytes()));
        }
    }

    #[test]
    fn multipart_carries_fields_and_files() {
        let plan = BodyPlan::Multipart { files: vec!["photo".to_owned()] };
        let (media, bytes) = plan.write("body", &json!({ "photo": "aGk=", "title": "a\"b" })).expect("the value fits");
        let boundary = media.strip_prefix("multipart/form-data; boundary=").expect("a boundary is named");
        let text = String::from_utf8(bytes.to_vec()).expect("the parts are text");
        let file = "name=\"photo\"; filename=\"photo\"\r\nContent-Type: application/octet-stream\r\n\r\nhi\r\n";
        assert!(text.contains(file), "{text}");
        assert!(text.contains("name=\"title\"\r\n\r\na\"b\r\n"), "{text}");
        assert!(text.ends_with(&format!("--{boundary}--\r\n")), "{text}");
    }

    #[test]
    fn bytes_that_are_no_base64_are_refused() {
        assert!(BodyPlan::Bytes("image/png".to_owned()).write("body", &json!("%%%")).is_err());
    }
}
