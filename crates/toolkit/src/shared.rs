//! The parameters that all tools of a kind share, so that no tool declares them: which marks bring which, their schema,
//! and what the caller gave for them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{connection, declaration::Declaration, failure::Failure, marks::Marks};

/// The longest time that a caller can give a tool, in seconds.
pub const TIMEOUT_S_MAX: u64 = 3_600;
/// Items of a list on one page if the caller does not say.
const LIMIT: usize = 100;
/// Items of a list on one page at most.
const LIMIT_MAX: usize = 1_000;
/// Bytes of an idempotency key: room for two UUIDs and a word.
const KEY_BYTES_MAX: usize = 128;

/// What the caller gave for the shared parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// How long the call may take.
    pub timeout: Duration,
    /// Whether the act is confirmed.
    pub confirm: bool,
    /// Whether only to say what would be done.
    pub dry_run: bool,
    /// Items on a page.
    pub limit: usize,
    /// Items before the page.
    pub offset: usize,
    /// The name under which the call happens only once.
    pub idempotency_key: Option<String>,
    /// The name of the outside system that is meant.
    pub connection: String,
}

/// The shared parameters of a tool with these marks, with their schemas.
pub(crate) fn parameters(marks: Marks, timeout_s: u64) -> Vec<(&'static str, Value)> {
    let mut parameters = vec![(
        "timeout_s",
        json!({"type": "integer", "minimum": 1, "maximum": TIMEOUT_S_MAX, "default": timeout_s,
            "description": "Seconds after which the call is given up."}),
    )];
    if marks.needs_confirmation() {
        let text = "Must be true: the act cannot be undone automatically.";
        parameters.push(("confirm", json!({"type": "boolean", "default": false, "description": text})));
    }
    if !marks.is_read_only() {
        let text = "Only say what would be done; change nothing.";
        parameters.push(("dry_run", json!({"type": "boolean", "default": false, "description": text})));
        let text = "A second call with the same key and arguments within 24 hours returns the first result.";
        parameters
            .push(("idempotency_key", json!({"type": "string", "maxLength": KEY_BYTES_MAX, "description": text})));
    }
    if marks.is_connected() {
        let text = "The outside system that is meant.";
        let schema = json!({"type": "string", "default": connection::DEFAULT, "description": text});
        parameters.push((connection::ARGUMENT, schema));
    }
    if marks.is_list() {
        let text = "Items on one page.";
        parameters.push((
            "limit",
            json!({"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT, "description": text}),
        ));
        let text = "The `next_cursor` of the page before.";
        parameters.push(("cursor", json!({"type": "string", "description": text})));
    }
    parameters
}

/// Takes the shared parameters out of the arguments; those that the tool declares itself stay.
pub(crate) fn take(
    arguments: &mut Map<String, Value>,
    declaration: &Declaration,
    own: &dyn Fn(&str) -> bool,
) -> Result<Shared, Failure> {
    let mut given = Map::new();
    for (name, _) in declaration.shared_parameters() {
        if !own(name)
            && let Some(value) = arguments.remove(name)
        {
            given.insert(name.to_owned(), value);
        }
    }
    let flag = |name: &str| match given.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| wrong(name, "true or false")),
    };
    let text = |name: &str| match given.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(str::to_owned).map(Some).ok_or_else(|| wrong(name, "a string")),
    };
    let number = |name: &str, default: u64, max: u64| match given.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_u64()
            .filter(|number| (1..=max).contains(number))
            .ok_or_else(|| wrong(name, &format!("a whole number from 1 to {max}"))),
    };
    let offset = match text("cursor")? {
        None => 0,
        Some(cursor) => cursor.parse().map_err(|_| wrong("cursor", "the `next_cursor` of the page before"))?,
    };
    let idempotency_key = text("idempotency_key")?;
    if idempotency_key.as_ref().is_some_and(|key| key.is_empty() || key.len() > KEY_BYTES_MAX) {
        return Err(wrong("idempotency_key", &format!("1 to {KEY_BYTES_MAX} bytes long")));
    }
    Ok(Shared {
        timeout: Duration::from_secs(number("timeout_s", declaration.timeout_s, TIMEOUT_S_MAX)?),
        confirm: flag("confirm")?,
        dry_run: flag("dry_run")?,
        limit: number("limit", LIMIT as u64, LIMIT_MAX as u64)? as usize,
        offset,
        idempotency_key,
        connection: text(connection::ARGUMENT)?.unwrap_or_else(|| connection::DEFAULT.to_owned()),
    })
}

fn wrong(name: &str, wanted: &str) -> Failure {
    Failure::invalid(name, format!("`{name}` must be {wanted}"))
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items on it.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: usize,
    /// What to give as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

impl Shared {
    /// The asked page of a whole list.
    pub fn page<T>(&self, list: Vec<T>) -> Page<T> {
        let total = list.len();
        let end = self.offset.saturating_add(self.limit);
        let next_cursor = (end < total).then(|| end.to_string());
        Page { items: list.into_iter().skip(self.offset).take(self.limit).collect(), total, next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_from(arguments: &Value, marks: Marks) -> Result<Shared, Failure> {
        let mut arguments = arguments.as_object().cloned().unwrap();
        take(&mut arguments, &Declaration::new("t", "", marks), &|_| false)
    }

    #[test]
    fn marks_decide_which_parameters_are_shared() {
        let check = |marks: Marks, expected: &[&str]| {
            let names: Vec<_> = parameters(marks, 30).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, expected);
        };
        check(Marks::reads(), &["timeout_s"]);
        check(Marks::reads().lists(), &["timeout_s", "limit", "cursor"]);
        check(Marks::destroys().confirmed(), &["timeout_s", "confirm", "dry_run", "idempotency_key"]);
        check(Marks::reads().connects(), &["timeout_s", "connection"]);
    }

    #[test]
    fn a_shared_parameter_of_the_wrong_kind_is_named() {
        let check = |arguments: Value, field: &str| {
            let failure = take_from(&arguments, Marks::destroys().confirmed().lists()).unwrap_err();
            assert_eq!(failure.field.as_deref(), Some(field), "{arguments}");
        };
        check(json!({"timeout_s": 0}), "timeout_s");
        check(json!({"timeout_s": 1.5}), "timeout_s");
        check(json!({"timeout_s": 3_601}), "timeout_s");
        check(json!({"confirm": "yes"}), "confirm");
        check(json!({"dry_run": 1}), "dry_run");
        check(json!({"limit": 1_001}), "limit");
        check(json!({"cursor": "x"}), "cursor");
        check(json!({"idempotency_key": ""}), "idempotency_key");
    }

    #[test]
    fn a_list_is_read_page_by_page() {
        let marks = Marks::reads().lists();
        let first = take_from(&json!({"limit": 2}), marks).unwrap().page(vec![1, 2, 3]);
        assert_eq!(first, Page { items: vec![1, 2], total: 3, next_cursor: Some("2".to_owned()) });
        let last = take_from(&json!({"limit": 2, "cursor": "2"}), marks).unwrap().page(vec![1, 2, 3]);
        assert_eq!(last, Page { items: vec![3], total: 3, next_cursor: None });
    }
}
