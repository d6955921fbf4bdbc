//! Changes of the configuration, made by verbs: which keys are set, where they go, and what is said of it afterwards.
//! The files themselves are changed by the crate `config`.

use std::io::ErrorKind;
use std::path::PathBuf;

use config::store::{self, Edited};
use config::{Edit, nearest};
use serde::Serialize;
use serde_json::Value;

use crate::text::{Text, Tone};
use crate::{Context, Error, Report, Settings, arguments};

/// A change that took place.
#[derive(Serialize)]
pub(crate) struct Changed {
    /// What was done: `added`, `removed`.
    did: &'static str,
    /// `server` or `bundle`.
    kind: &'static str,
    name: String,
    file: PathBuf,
    /// The configuration file, where it cannot be written and `file` is what is laid over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    instead_of: Option<PathBuf>,
    /// Whether the file had said so before.
    as_before: bool,
}

/// Changes the configuration as a whole, or not at all: its file, or, where that cannot be written, the stored
/// configuration that is laid over it. The second value is the file that could not be written.
pub(crate) fn edit(
    settings: &Settings,
    mut change: impl FnMut(&mut Edit) -> Result<(), Error>,
) -> Result<(Edited, Option<PathBuf>), Error> {
    let file = settings.file()?;
    let error = match store::edit(&file, &mut change) {
        Err(error) if cannot_be_written(&error) => error,
        edited => return Ok((edited?, None)),
    };
    let Some(stored) = settings.source().stored() else { return Err(error) };
    Ok((store::edit_stored(&stored, &file, change)?, Some(file)))
}

/// Whether it is not for us to change the file.
fn cannot_be_written(error: &Error) -> bool {
    let Error::Config(config::Error::Write { source, .. }) = error else { return false };
    matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Changes the configuration as a whole, or not at all.
pub(crate) fn change(
    (did, kind, name): (&'static str, &'static str, &str),
    context: &Context<'_>,
    change: impl FnMut(&mut Edit) -> Result<(), Error>,
) -> Result<Changed, Error> {
    let (Edited { path, before, after }, instead_of) = edit(&context.options.settings, change)?;
    Ok(Changed { did, kind, name: name.to_owned(), file: path, instead_of, as_before: before == after })
}

impl Report for Changed {
    fn text(&self) -> Text {
        let Self { did, kind, name, file, instead_of, as_before } = self;
        let nothing = if *as_before { ", as it was" } else { "" };
        let over = instead_of.iter().map(|file| format!(", laid over {}, which cannot be written", file.display()));
        let over: String = over.collect();
        Text::plain(format!("{did} the {kind} "))
            .and(Tone::Strong, name)
            .and(Tone::Faint, format!(" in {}{over}{nothing}", file.display()))
    }
}

/// Sets the keys that `words` give, such as `era=legacy`, in the entry `name` of `section`; `KEY=` takes one away.
pub(crate) fn set(edit: &mut Edit, section: &'static str, name: &str, words: &[String]) -> Result<(), Error> {
    for word in words {
        let (path, value) = assignment(section, word)?;
        edit.set(&format!("{section}.{}.{path}", quoted(name)), &value)?;
    }
    Ok(())
}

/// Puts the keys that `words` give into the settings of an entry that is not in the file yet.
pub(crate) fn settle(settings: &mut Value, section: &'static str, words: &[String]) -> Result<(), Error> {
    for word in words {
        let (path, value) = assignment(section, word)?;
        let mut place = &mut *settings;
        for key in path.split('.') {
            place = &mut place[key];
        }
        *place = value;
    }
    Ok(())
}

/// The key and the value that a word gives, typed by the schema of the configuration.
fn assignment<'w>(section: &'static str, word: &'w str) -> Result<(&'w str, Value), Error> {
    let fail = |reason: String, hint| Error::Argument { argument: word.to_owned(), reason, hint };
    let Some((path, text)) = word.split_once('=') else {
        return Err(fail("has no `=`".to_owned(), Some(format!("write `{word}=VALUE`"))));
    };
    let schema = config::schema();
    let (path, is_json) = path.strip_suffix(':').map_or((path, false), |path| (path, true));
    let key = schema_of(&schema, section, path).map_err(|hint| fail("there is no such key".to_owned(), hint))?;
    let read = match (text, is_json) {
        ("", _) => Ok(Value::Null),
        (text, true) => serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}")),
        (text, false) => arguments::value(text, key),
    };
    Ok((path, read.map_err(|reason| fail(reason, None))?))
}

/// The schema of a key of an entry of `section`, or a hint where there is no such key.
fn schema_of<'s>(schema: &'s Value, section: &str, path: &str) -> Result<&'s Value, Option<String>> {
    let resolve = |part: &'s Value| {
        let pointer = part["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
        pointer.and_then(|pointer| schema.pointer(pointer)).unwrap_or(part)
    };
    let mut part = resolve(&schema["properties"][section]["additionalProperties"]);
    for key in path.split('.') {
        let known = part["properties"].as_object();
        let member = known.and_then(|known| known.get(key)).or_else(|| part.get("additionalProperties"));
        let hint = || nearest::hint(key, known.into_iter().flatten().map(|(key, _)| key.as_str()));
        part = resolve(member.filter(|member| **member != false).ok_or_else(hint)?);
    }
    Ok(part)
}

/// A name as it stands in the path of a key.
pub(crate) fn quoted(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if is_bare { name.to_owned() } else { Value::from(name).to_string() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::settle;

    fn check(words: &[&str], expected: &Value) {
        let mut settings = json!({});
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        settle(&mut settings, "servers", &words).unwrap();
        assert_eq!(&settings, expected, "{words:?}");
    }

    fn refuse(word: &str, expected: &str) {
        let error = settle(&mut json!({}), "servers", &[word.to_owned()]).unwrap_err();
        assert_eq!(format!("{error} ({})", error.hint().unwrap_or_default()), expected);
    }

    #[test]
    fn keys_are_typed_by_the_schema() {
        check(&["era=legacy", "idle_stop_s=60"], &json!({ "era": "legacy", "idle_stop_s": 60 }));
        check(&["enabled=false", "prefix=7"], &json!({ "enabled": false, "prefix": "7" }));
        check(&["env.PORT=8080", "env.HOST=a"], &json!({ "env": { "PORT": "8080", "HOST": "a" } }));
        check(&["args=[\"-v\"]", "hide:=[\"x_*\"]"], &json!({ "args": ["-v"], "hide": ["x_*"] }));
        check(&["cwd="], &json!({ "cwd": null }));
    }

    #[test]
    fn mistyped_key_is_refused_with_the_nearest() {
        refuse("eraa=legacy", "argument `eraa=legacy`: there is no such key (did you mean `era`?)");
        refuse("idle_stop_s=x", "argument `idle_stop_s=x`: expected a whole number ()");
        refuse("era", "argument `era`: has no `=` (write `era=VALUE`)");
    }
}
