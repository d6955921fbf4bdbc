//! Reads a document by the generated schema: known keys, types, choices, ranges and formats.
//! What does not fit is reported and left out, so that all problems come at once; rules that concern more
//! than one key stand in `checks/`.

use serde_json::{Map, Number, Value};
use toml::de::{DeArray, DeInteger, DeTable, DeValue};

use crate::layers::Layer;
use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Config, Glob, Listen, Moment, Network, TokenHash, nearest};

/// The parts of `layer` that fit the schema.
pub(crate) fn value(layer: &Layer<'_>, schema: &Value, problems: &mut Problems<'_>) -> Value {
    let Some(root) = layer.document.at(&layer.section) else { return Value::Null };
    Reader { root: schema, problems }.value(schema, root, &KeyPath::default()).unwrap_or_default()
}

/// What fits the schema, as the sections of the configuration.
pub(crate) fn typed(value: Map<String, Value>, problems: &mut Problems<'_>) -> Config {
    serde_json::from_value(Value::Object(value)).unwrap_or_else(|error| {
        problems.add(&KeyPath::default(), error.to_string(), None);
        Config::default()
    })
}

/// Walks a document and its schema side by side.
struct Reader<'s, 'p, 'd> {
    root: &'s Value,
    problems: &'p mut Problems<'d>,
}

impl<'s> Reader<'s, '_, '_> {
    /// `value` as JSON, or nothing where it does not fit `schema`.
    fn value(&mut self, schema: &'s Value, value: &DeValue<'_>, path: &KeyPath) -> Option<Value> {
        let schema = self.resolve(schema);
        if !accepts(schema, value) {
            let message = format!("expected {}, found {}", expected(schema), name_of(value));
            self.problems.add(path, message, None);
            return None;
        }
        match value {
            DeValue::String(text) => self.text(schema, text, path),
            DeValue::Integer(integer) => self.integer(schema, integer, path),
            DeValue::Float(float) => self.float(float.as_str(), path),
            DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
            DeValue::Array(items) => Some(self.list(schema, items, path)),
            DeValue::Table(table) => Some(self.table(schema, table, path)),
            DeValue::Datetime(_) => self.refuse(path, "dates are not used here", "write it as a text, in quotes"),
        }
    }

    fn text(&mut self, schema: &Value, text: &str, path: &KeyPath) -> Option<Value> {
        let choices = choices(schema);
        if !choices.is_empty() && !choices.contains(&text) {
            let hint = nearest::hint(text, choices.into_iter());
            self.problems.add(path, format!("`{text}` is not a choice"), hint);
            return None;
        }
        match schema["format"].as_str() {
            Some("listen") => self.parsed::<Listen>(text, path, Listen::HINT),
            Some("glob") => self.parsed::<Glob>(text, path, Glob::HINT),
            Some("moment") => self.parsed::<Moment>(text, path, Moment::HINT),
            Some("network") => self.parsed::<Network>(text, path, Network::HINT),
            Some("token-hash") => self.parsed::<TokenHash>(text, path, TokenHash::HINT),
            _ => Some(text.into()),
        }
    }

    fn parsed<T>(&mut self, text: &str, path: &KeyPath, hint: &str) -> Option<Value>
    where
        T: std::str::FromStr<Err: std::error::Error>,
    {
        match text.parse::<T>() {
            Ok(_) => Some(text.into()),
            Err(error) => self.refuse(path, &error.to_string(), hint),
        }
    }

    fn integer(&mut self, schema: &Value, integer: &DeInteger<'_>, path: &KeyPath) -> Option<Value> {
        let Ok(number) = i64::from_str_radix(integer.as_str(), integer.radix()) else {
            return self.refuse(path, &format!("{integer} is too large"), "at most 9223372036854775807");
        };
        let least = schema["minimum"].as_i64().unwrap_or(i64::MIN);
        let most = schema["maximum"].as_i64().unwrap_or(i64::MAX);
        if !(least..=most).contains(&number) {
            return self.refuse(path, &format!("{number} is out of range"), &format!("{least} to {most}"));
        }
        Some(number.into())
    }

    fn float(&mut self, text: &str, path: &KeyPath) -> Option<Value> {
        match text.parse().ok().and_then(Number::from_f64) {
            Some(number) => Some(number.into()),
            None => self.refuse(path, &format!("{text} is not a number in JSON"), "give a finite number"),
        }
    }

    fn list(&mut self, schema: &'s Value, items: &DeArray<'_>, path: &KeyPath) -> Value {
        let read = |(index, item): (usize, &toml::Spanned<DeValue<'_>>)| {
            self.value(&schema["items"], item.get_ref(), &path.index(index))
        };
        items.iter().enumerate().filter_map(read).collect()
    }

    fn table(&mut self, schema: &'s Value, table: &DeTable<'_>, path: &KeyPath) -> Value {
        let mut read = Map::new();
        for (key, value) in table {
            let path = path.key(key.get_ref());
            let Some(schema) = self.member(schema, key.get_ref(), &path) else {
                continue;
            };
            if let Some(value) = self.value(schema, value.get_ref(), &path) {
                read.insert(key.get_ref().to_string(), value);
            }
        }
        read.into()
    }

    /// The schema of the member `key`: a known key, or any key of a map.
    fn member(&mut self, schema: &'s Value, key: &str, path: &KeyPath) -> Option<&'s Value> {
        let known = schema["properties"].as_object();
        let member = known.and_then(|known| known.get(key));
        let member = member.or_else(|| schema.get("additionalProperties").filter(|rest| **rest != false));
        if member.is_none() && known.is_some() {
            let hint = nearest::hint(key, known.into_iter().flatten().map(|(known, _)| known.as_str()));
            self.problems.add(path, "unknown key", hint);
            return None;
        }
        Some(member.unwrap_or(&Value::Null))
    }

    fn refuse(&mut self, path: &KeyPath, message: &str, hint: &str) -> Option<Value> {
        self.problems.add(path, message, hint);
        None
    }

    /// `schema`, or the definition it refers to. What may be left out is, where it stands, what it is else.
    fn resolve(&self, schema: &'s Value) -> &'s Value {
        let mut choices = schema["anyOf"].as_array().into_iter().flatten();
        let schema = choices.find(|choice| choice["type"] != "null").unwrap_or(schema);
        let target = schema["$ref"].as_str().and_then(|target| target.strip_prefix('#'));
        target.and_then(|target| self.root.pointer(target)).unwrap_or(schema)
    }
}

/// Whether a value of this type fits `schema`; a schema that names no type takes any.
fn accepts(schema: &Value, value: &DeValue<'_>) -> bool {
    let types = types(schema);
    let accepted: &[&str] = match value {
        DeValue::String(_) => &["string"],
        DeValue::Integer(_) => &["integer", "number"],
        DeValue::Float(_) => &["number"],
        DeValue::Boolean(_) => &["boolean"],
        DeValue::Array(_) => &["array"],
        DeValue::Table(_) => &["object"],
        DeValue::Datetime(_) => &[],
    };
    types.is_empty() || types.iter().any(|name| accepted.contains(name))
}

/// The types `schema` names, without `null`, which TOML does not have.
fn types(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).filter(|name| *name != "null").collect(),
        _ if !choices(schema).is_empty() => vec!["string"],
        _ => Vec::new(),
    }
}

/// The texts a choice may be; empty where `schema` is no choice.
fn choices(schema: &Value) -> Vec<&str> {
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    choices.filter_map(|choice| choice["const"].as_str()).collect()
}

/// What `schema` expects, in the operator's words.
fn expected(schema: &Value) -> &'static str {
    match types(schema).first() {
        Some(&"string") => "a text",
        Some(&"integer") => "a whole number",
        Some(&"number") => "a number",
        Some(&"boolean") => "true or false",
        Some(&"array") => "a list",
        _ => "a table",
    }
}

/// What `value` is, in the operator's words.
fn name_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
        DeValue::Datetime(_) => "a date",
    }
}
