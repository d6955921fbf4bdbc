//! What a tool gives back, and how it is written as the result of `tools/call`: structure for programs, text for models,
//! cut where it is too long, without the secrets that the server knows.

use serde_json::{Map, Value, json};

use crate::{
    commands::{self, Command},
    cut,
    failure::Failure,
    keep::Keep,
    redact::Secrets,
};

/// What a tool that succeeded gives back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Output {
    /// For programs: what the output schema promises.
    pub structured: Option<Map<String, Value>>,
    /// For models; the structure as JSON where there is no text.
    pub text: Option<String>,
    /// More content blocks: images, embedded resources, links.
    pub blocks: Vec<Value>,
}

impl Output {
    /// A result that is an object and nothing else.
    pub fn structured(structured: Map<String, Value>) -> Self {
        Self { structured: Some(structured), ..Self::default() }
    }

    /// A result that is a text and nothing else.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }
}

/// What has to be known to write a result.
pub(crate) struct Writer<'a> {
    /// The most bytes of text in one result.
    pub(crate) bytes_max: usize,
    /// Where the whole of a cut text is kept, and for whom.
    pub(crate) keep: Option<(&'a dyn Keep, &'a str)>,
    /// What must not be said.
    pub(crate) secrets: &'a Secrets,
    /// The value of `_meta["dev.switchboard/call"]`.
    pub(crate) about: Value,
    /// The commands that the caller wants to see.
    pub(crate) commands: Vec<Command>,
}

impl Writer<'_> {
    /// The result object of a tool that succeeded.
    pub(crate) fn success(self, output: Output) -> Map<String, Value> {
        let structured = output.structured.map(|structured| self.secrets.hide_in(Value::Object(structured)));
        let text = match (output.text, &structured) {
            (Some(text), _) => Some(self.secrets.hide(text)),
            (None, Some(structured)) => Some(structured.to_string()),
            (None, None) => None,
        };
        let mut meta = Map::new();
        let mut content = Vec::new();
        if let Some(text) = text {
            let kept = self.keep.and_then(
                |(keep, principal)| {
                    if text.len() > self.bytes_max { keep.keep(principal, &text) } else { None }
                },
            );
            let (shown, cut) = cut::shown(text, self.bytes_max, kept.as_ref());
            content.push(json!({"type": "text", "text": shown}));
            if let Some(cut) = cut {
                content.extend(kept.map(|kept| kept.link(cut.total_bytes)));
                meta.insert("dev.switchboard/result".to_owned(), cut.to_value());
            }
        }
        content.extend(output.blocks.into_iter().map(|block| self.secrets.hide_in(block)));
        self.show_commands(&mut content, &mut meta);
        let mut result = Map::from_iter([("content".to_owned(), Value::from(content))]);
        if let Some(structured) = structured {
            result.insert("structuredContent".to_owned(), structured);
        }
        meta.insert("dev.switchboard/call".to_owned(), self.about);
        result.insert("_meta".to_owned(), Value::Object(meta));
        result
    }

    /// The result object of a tool that failed.
    pub(crate) fn failure(self, failure: &Failure) -> Map<String, Value> {
        let text = self.secrets.hide(failure.text());
        let text = cut::at_line(&text, self.bytes_max).to_owned();
        let error = self.secrets.hide_in(failure.envelope());
        let mut content = vec![json!({"type": "text", "text": text})];
        let mut meta = Map::from_iter([("dev.switchboard/error".to_owned(), error)]);
        self.show_commands(&mut content, &mut meta);
        meta.insert("dev.switchboard/call".to_owned(), self.about);
        Map::from_iter([
            ("content".to_owned(), content.into()),
            ("isError".to_owned(), true.into()),
            ("_meta".to_owned(), meta.into()),
        ])
    }

    /// Adds the commands, for people and for programs.
    fn show_commands(&self, content: &mut Vec<Value>, meta: &mut Map<String, Value>) {
        if !self.commands.is_empty() {
            content.push(self.secrets.hide_in(commands::block(&self.commands)));
            meta.insert(commands::KEY.to_owned(), self.secrets.hide_in(json!(self.commands)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{failure::Code, keep::Kept};

    /// Keeps nothing but says that it does.
    struct Shelf;

    impl Keep for Shelf {
        fn keep(&self, principal: &str, text: &str) -> Option<Kept> {
            let id = format!("{principal}-{}", text.len());
            Some(Kept { uri: format!("sw://shelf/{id}"), id })
        }
    }

    fn writer(secrets: &Secrets) -> Writer<'_> {
        Writer {
            bytes_max: 20,
            keep: Some((&Shelf, "ada")),
            secrets,
            about: json!({"tool": "t"}),
            commands: Vec::new(),
        }
    }

    #[test]
    fn structure_comes_with_the_same_as_text() {
        let output = Output::structured(Map::from_iter([("a".to_owned(), json!(1))]));
        let result = Value::Object(writer(&Secrets::default()).success(output));
        assert_eq!(
            result,
            json!({"content": [{"type": "text", "text": r#"{"a":1}"#}], "structuredContent": {"a": 1},
                "_meta": {"dev.switchboard/call": {"tool": "t"}}})
        );
    }

    #[test]
    fn long_text_is_cut_at_a_line_and_kept() {
        let result = writer(&Secrets::default()).success(Output::text("first line\nsecond line\nthird line"));
        let shown = result["content"][0]["text"].as_str().unwrap();
        assert!(shown.starts_with("first line\n[cut: 11 of 33 bytes shown"), "{shown}");
        assert!(shown.contains("ada-33"), "{shown}");
        assert_eq!(result["content"][1]["type"], "resource_link");
        assert_eq!(result["content"][1]["uri"], "sw://shelf/ada-33");
        assert_eq!(result["_meta"]["dev.switchboard/result"]["truncated"], true);
    }

    #[test]
    fn a_secret_is_hidden_wherever_it_stands() {
        let secrets = Secrets::new(["hunter2-hunter2".to_owned()]);
        let output = Output {
            structured: Some(Map::from_iter([("url".to_owned(), json!(["x?key=hunter2-hunter2"]))])),
            ..Output::default()
        };
        let result = Value::Object(Writer { bytes_max: 1_000, ..writer(&secrets) }.success(output));
        assert!(!result.to_string().contains("hunter2"), "{result}");
        let failure =
            Failure::new(Code::UpstreamError, "no: hunter2-hunter2").details(json!({"was": "hunter2-hunter2"}));
        let result = Value::Object(writer(&secrets).failure(&failure));
        assert!(!result.to_string().contains("hunter2"), "{result}");
    }

    #[test]
    fn a_failure_has_no_structure_and_says_what_to_do() {
        let secrets = Secrets::default();
        let failure = Failure::invalid("path", "no").hint("give it");
        let result = Value::Object(Writer { bytes_max: 1_000, ..writer(&secrets) }.failure(&failure));
        assert_eq!(result["isError"], true);
        assert_eq!(result["content"][0]["text"], "[INVALID_INPUT] no\nhint: give it");
        assert_eq!(result["_meta"]["dev.switchboard/error"]["field"], "path");
        assert!(result.get("structuredContent").is_none());
    }
}
