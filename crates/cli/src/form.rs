//! Values that somebody at the terminal has to give, one question for each property of a schema.
//! What a value looks like is decided in `arguments.rs`.

use serde_json::{Map, Value};

use crate::{Error, Terminal, Word, arguments};

/// How often the same question is asked before it counts as unanswered.
const TRIES_MAX: usize = 3;

/// Adds the required arguments that were not given, by asking for them; fails where nobody is there to ask.
pub(crate) fn complete(
    mut given: Map<String, Value>,
    schema: &Value,
    terminal: &mut Terminal,
) -> Result<Map<String, Value>, Error> {
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for name in required {
        if !given.contains_key(name) {
            let missing = || Error::Missing { argument: name.to_owned() };
            let value = ask(name, &schema["properties"][name], terminal)?.ok_or_else(missing)?;
            given.insert(name.to_owned(), value);
        }
    }
    Ok(given)
}

/// Asks for every property of `schema`, first for those it requires, in its order; none if the person ends the input.
pub(crate) fn fill(schema: &Value, terminal: &mut Terminal) -> Result<Option<Map<String, Value>>, Error> {
    let mut filled = Map::new();
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let optional = properties.filter(|name| !required.contains(name)).map(|name| (name, false));
    for (name, is_required) in required.iter().map(|name| (*name, true)).chain(optional) {
        match ask_once_more(name, &schema["properties"][name], is_required, terminal)? {
            Reply::Value(value) => drop(filled.insert(name.to_owned(), value)),
            Reply::Nothing => {}
            Reply::End => return Ok(None),
        }
    }
    Ok(Some(filled))
}

/// What came back to a question.
enum Reply {
    Value(Value),
    /// An empty line, where a value may be left out.
    Nothing,
    /// The end of the input.
    End,
}

fn ask(name: &str, property: &Value, terminal: &mut Terminal) -> Result<Option<Value>, Error> {
    match ask_once_more(name, property, true, terminal)? {
        Reply::Value(value) => Ok(Some(value)),
        Reply::Nothing | Reply::End => Ok(None),
    }
}

fn ask_once_more(name: &str, property: &Value, is_required: bool, terminal: &mut Terminal) -> Result<Reply, Error> {
    for _ in 0..TRIES_MAX {
        let Some(line) = terminal.ask(&question(name, property, is_required))? else { return Ok(Reply::End) };
        let default = property.get("default").filter(|default| !default.is_null());
        match (line.is_empty(), default) {
            (true, Some(default)) => return Ok(Reply::Value(default.clone())),
            (true, None) if !is_required => return Ok(Reply::Nothing),
            _ => {}
        }
        match read(&line, property) {
            Ok(value) => return Ok(Reply::Value(value)),
            Err(reason) => terminal.problem(Word::Warning, &format!("`{name}`: {reason}"), None),
        }
    }
    Ok(Reply::End)
}

/// A line as a value: people also say yes and no, and lists with commas.
fn read(line: &str, property: &Value) -> Result<Value, String> {
    match (property["type"].as_str(), line.to_lowercase().as_str()) {
        (Some("boolean"), "y" | "yes") => Ok(true.into()),
        (Some("boolean"), "n" | "no") => Ok(false.into()),
        (Some("array"), _) if !line.trim_start().starts_with('[') => {
            line.split(',').map(|item| arguments::value(item.trim(), &property["items"])).collect()
        }
        (Some("string"), "") => Err("expected a text".to_owned()),
        _ => arguments::value(line, property),
    }
}

/// `name (a whole number): how many [10] `
fn question(name: &str, property: &Value, is_required: bool) -> String {
    let optional = if is_required { "" } else { ", may be left empty" };
    let described = property["description"].as_str().or_else(|| property["title"].as_str());
    let described = described.map(|text| format!(" {}", text.lines().next().unwrap_or_default()));
    let default = property.get("default").filter(|default| !default.is_null()).map(|default| format!(" [{default}]"));
    format!(
        "{name} ({}{optional}):{}{} ",
        arguments::wanted(property),
        described.unwrap_or_default(),
        default.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{complete, fill, question};
    use crate::Terminal;

    fn terminal(lines: &'static str) -> Terminal {
        Terminal::plain(std::io::sink(), std::io::sink()).answering(lines.as_bytes())
    }

    fn check(lines: &'static str, expected: &Value) {
        let schema = json!({
            "properties": {
                "name": { "type": "string" },
                "age": { "type": "integer", "default": 7 },
                "sure": { "type": "boolean" },
                "tags": { "type": "array", "items": { "type": "string" } },
            },
            "required": ["name"],
        });
        let filled = fill(&schema, &mut terminal(lines)).unwrap().map(Value::Object).unwrap_or_default();
        assert_eq!(&filled, expected, "{lines:?}");
    }

    #[test]
    fn form_is_filled_line_by_line() {
        check("ada\n36\nyes\na, b\n", &json!({ "name": "ada", "age": 36, "sure": true, "tags": ["a", "b"] }));
        check("ada\n\n\n\n", &json!({ "name": "ada", "age": 7 }));
        check("ada\nold\n36\nno\n[\"a\"]\n", &json!({ "name": "ada", "age": 36, "sure": false, "tags": ["a"] }));
    }

    #[test]
    fn end_of_the_input_leaves_the_form_unanswered() {
        check("", &Value::Null);
        check("ada\nx\nx\nx\n", &Value::Null);
    }

    #[test]
    fn only_what_is_missing_is_asked_for() {
        let schema = json!({ "properties": { "a": { "type": "integer" }, "b": {} }, "required": ["a", "b"] });
        let given = Map::from_iter([("b".to_owned(), json!(1))]);
        let completed = complete(given.clone(), &schema, &mut terminal("2\n")).unwrap();
        assert_eq!(Value::Object(completed), json!({ "a": 2, "b": 1 }));
        let mut alone = Terminal::plain(std::io::sink(), std::io::sink());
        assert_eq!(complete(given, &schema, &mut alone).unwrap_err().to_string(), "argument `a` is required");
    }

    #[test]
    fn question_says_what_is_wanted() {
        let property = json!({ "type": "integer", "description": "How many.\nAt most 9.", "default": 3 });
        assert_eq!(question("count", &property, true), "count (a whole number): How many. [3] ");
        assert_eq!(question("x", &json!({}), false), "x (a value, may be left empty): ");
    }
}
