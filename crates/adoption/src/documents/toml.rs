//! TOML: each entry is a table of its own.

use serde_json::{Map, Value as Json};
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Entries;
use crate::error::Error;

/// All entries in the table at `place`, in their order.
pub(super) fn entries(text: &str, place: &[&str]) -> Result<Entries, Error> {
    let document = parse(text)?;
    let Some(servers) = servers(&document, place)? else { return Ok(Vec::new()) };
    let entry = |(name, item): (&str, &Item)| Some((name.to_owned(), json_table(item.as_table_like()?)));
    Ok(servers.iter().filter_map(entry).collect())
}

/// The text with one more table at its end.
pub(super) fn add(text: &str, place: &[&str], name: &str, entry: &Map<String, Json>) -> Result<String, Error> {
    let mut document = parse(text)?;
    servers(&document, place)?;
    let mut table = document.as_table_mut();
    for key in place {
        let item = table.entry(key).or_insert_with(|| {
            let mut between = Table::new();
            between.set_implicit(true);
            Item::Table(between)
        });
        table = item.as_table_mut().ok_or_else(|| Error::Form((*key).to_owned()))?;
    }
    let mut fresh = Table::new();
    for (key, value) in entry {
        fresh.insert(key, Item::Value(value_of(value)));
    }
    if !text.is_empty() {
        fresh.decor_mut().set_prefix("\n");
    }
    table.insert(name, Item::Table(fresh));
    Ok(with_line_ends(text, &document.to_string()))
}

/// The text without a table at `place`.
pub(super) fn remove(text: &str, place: &[&str], name: &str) -> Result<String, Error> {
    let mut document = parse(text)?;
    let mut table = document.as_table_mut();
    for key in place {
        let item = table.get_mut(key).ok_or_else(|| Error::Missing(name.to_owned()))?;
        table = item.as_table_mut().ok_or_else(|| Error::Form((*key).to_owned()))?;
    }
    table.remove(name).ok_or_else(|| Error::Missing(name.to_owned()))?;
    Ok(with_line_ends(text, &document.to_string()))
}

fn parse(text: &str) -> Result<DocumentMut, Error> {
    text.parse::<DocumentMut>().map_err(|error| {
        let before = &text[..error.span().map_or(0, |span| span.start.min(text.len()))];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Error::Syntax {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what: error.message().trim().replace('\n', ", "),
        }
    })
}

fn servers<'a>(document: &'a DocumentMut, place: &[&str]) -> Result<Option<&'a dyn TableLike>, Error> {
    let mut table: &dyn TableLike = document.as_table();
    for key in place {
        let Some(item) = table.get(key) else { return Ok(None) };
        table = item.as_table_like().ok_or_else(|| Error::Shape((*key).to_owned()))?;
    }
    Ok(Some(table))
}

/// `toml_edit` writes `\n` where it writes anew; a file of `\r\n` stays one.
fn with_line_ends(before: &str, after: &str) -> String {
    if before.contains("\r\n") { after.replace("\r\n", "\n").replace('\n', "\r\n") } else { after.to_owned() }
}

fn json_table(table: &dyn TableLike) -> Map<String, Json> {
    table.iter().filter_map(|(key, item)| Some((key.to_owned(), json_of(item)?))).collect()
}

fn json_of(item: &Item) -> Option<Json> {
    match item {
        Item::Value(value) => json_value(value),
        item => item.as_table_like().map(|table| Json::Object(json_table(table))),
    }
}

fn json_value(value: &Value) -> Option<Json> {
    Some(match value {
        Value::String(text) => Json::from(text.value().as_str()),
        Value::Integer(number) => Json::from(*number.value()),
        Value::Float(number) => Json::from(*number.value()),
        Value::Boolean(flag) => Json::from(*flag.value()),
        Value::Array(values) => Json::Array(values.iter().filter_map(json_value).collect()),
        Value::InlineTable(table) => Json::Object(json_table(table)),
        Value::Datetime(_) => return None,
    })
}

fn value_of(value: &Json) -> Value {
    match value {
        Json::Null => Value::from(""),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::from(number.to_string()), Value::from),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(values) => Value::Array(values.iter().map(value_of).collect::<Array>()),
        Json::Object(members) => {
            Value::InlineTable(members.iter().map(|(key, value)| (key, value_of(value))).collect::<InlineTable>())
        }
    }
}
