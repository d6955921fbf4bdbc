//! JSON as people write it: with comments, trailing commas and their own indentation.

use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstRootNode},
};
use serde_json::{Map, Value};

use super::Entries;
use crate::error::Error;

/// Comments and trailing commas are what editors allow in their files; anything looser is a mistake of the writer.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// All entries in the object at `place`, in their order.
pub(super) fn entries(text: &str, place: &[&str]) -> Result<Entries, Error> {
    let root = parse(text)?;
    let Some(servers) = servers(&root, place)? else { return Ok(Vec::new()) };
    let entry = |property: jsonc_parser::cst::CstObjectProp| {
        let name = property.decoded_name()?;
        let Some(Value::Object(entry)) = property.value()?.to_serde_value() else { return None };
        Some((name, entry))
    };
    Ok(servers.properties().into_iter().filter_map(entry).collect())
}

/// The text with one more property in the object at `place`, which is made if it is not there.
pub(super) fn add(text: &str, place: &[&str], name: &str, entry: Map<String, Value>) -> Result<String, Error> {
    let root = parse(text)?;
    servers(&root, place)?;
    let mut object = root.object_value_or_create().ok_or_else(|| Error::Shape("the file".to_owned()))?;
    for key in place {
        object = object.object_value_or_create(key).ok_or_else(|| Error::Shape((*key).to_owned()))?;
    }
    object.append(name, input(Value::Object(entry)));
    let mut changed = root.to_string();
    if text.is_empty() {
        changed.push('\n');
    }
    Ok(changed)
}

/// The text without a property of the object at `place`.
pub(super) fn remove(text: &str, place: &[&str], name: &str) -> Result<String, Error> {
    let root = parse(text)?;
    let missing = || Error::Missing(name.to_owned());
    servers(&root, place)?.and_then(|servers| servers.get(name)).ok_or_else(missing)?.remove();
    Ok(root.to_string())
}

fn parse(text: &str) -> Result<CstRootNode, Error> {
    CstRootNode::parse(text, &OPTIONS).map_err(|error| Error::Syntax {
        line: error.line_display(),
        column: error.column_display(),
        what: error.kind().to_string().to_lowercase(),
    })
}

/// The object at `place`; `None` if a key on the way is absent.
fn servers(root: &CstRootNode, place: &[&str]) -> Result<Option<CstObject>, Error> {
    let Some(value) = root.value() else { return Ok(None) };
    let mut object = value.as_object().ok_or_else(|| Error::Shape("the file".to_owned()))?;
    for key in place {
        let properties = object.properties();
        let mut named = properties.iter().filter(|property| property.decoded_name().as_deref() == Some(*key));
        let (first, second) = (named.next(), named.next());
        if second.is_some() {
            return Err(Error::Twice((*key).to_owned()));
        }
        let Some(property) = first else { return Ok(None) };
        object = property.object_value().ok_or_else(|| Error::Shape((*key).to_owned()))?;
    }
    Ok(Some(object))
}

fn input(value: Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(value),
        Value::Number(value) => CstInputValue::Number(value.to_string()),
        Value::String(value) => CstInputValue::String(value),
        Value::Array(values) => CstInputValue::Array(values.into_iter().map(input).collect()),
        Value::Object(members) => {
            CstInputValue::Object(members.into_iter().map(|(key, value)| (key, input(value))).collect())
        }
    }
}
