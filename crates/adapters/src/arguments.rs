//! Checks arguments against the schema of a tool before anything is sent: the keywords that documents really use.
//! What it does not know (`pattern`, `format`, `not`, …) is left to the API, which checks its own rules anyway.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Levels of nesting that are checked; deeper values pass to the API as they are.
const DEPTH_MAX: usize = 32;

/// Reports the first thing wrong with `arguments`.
pub(crate) fn check(schema: &Value, arguments: &Map<String, Value>) -> Result<(), Failure> {
    check_object(schema, arguments, "", 0)
}

fn check_value(schema: &Value, value: &Value, path: &str, depth: usize) -> Result<(), Failure> {
    if depth > DEPTH_MAX {
        return Ok(());
    }
    check_type(schema, value, path)?;
    check_choice(schema, value, path)?;
    check_alternatives(schema, value, path, depth)?;
    match value {
        Value::Object(members) => check_object(schema, members, path, depth),
        Value::Array(items) => check_list(schema, items, path, depth),
        Value::String(text) => {
            check_range(schema, ["minLength", "maxLength"], text.chars().count() as f64, path, "letters")
        }
        Value::Number(number) => check_number(schema, number.as_f64().unwrap_or_default(), path),
        Value::Bool(_) | Value::Null => Ok(()),
    }
}

fn check_object(schema: &Value, members: &Map<String, Value>, path: &str, depth: usize) -> Result<(), Failure> {
    let known = schema["properties"].as_object();
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            return Err(Failure::argument(join(path, name), format!("`{}` is missing", join(path, name))));
        }
    }
    for (name, value) in members {
        let path = join(path, name);
        match (known.and_then(|known| known.get(name)), &schema["additionalProperties"]) {
            (Some(schema), _) => check_value(schema, value, &path, depth + 1)?,
            (None, Value::Bool(false)) => return Err(unknown(name, path, known)),
            (None, rest @ Value::Object(_)) => check_value(rest, value, &path, depth + 1)?,
            (None, _) => {}
        }
    }
    Ok(())
}

fn check_list(schema: &Value, items: &[Value], path: &str, depth: usize) -> Result<(), Failure> {
    check_range(schema, ["minItems", "maxItems"], items.len() as f64, path, "items")?;
    for (index, item) in items.iter().enumerate() {
        check_value(&schema["items"], item, &format!("{path}[{index}]"), depth + 1)?;
    }
    Ok(())
}

fn check_type(schema: &Value, value: &Value, path: &str) -> Result<(), Failure> {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if types.iter().any(|name| is_of(value, name)) {
        return Ok(());
    }
    let message = format!("`{path}` must be {}, not {}", types.join(" or "), name_of(value));
    Err(Failure::argument(path, message))
}

fn check_choice(schema: &Value, value: &Value, path: &str) -> Result<(), Failure> {
    let choices: &[Value] = match (&schema["enum"], schema.get("const")) {
        (Value::Array(choices), _) => choices,
        (_, Some(only)) => std::slice::from_ref(only),
        _ => return Ok(()),
    };
    if choices.contains(value) {
        return Ok(());
    }
    let nearest = value.as_str().and_then(|text| config::nearest::hint(text, choices.iter().filter_map(Value::as_str)));
    let listed: Vec<String> = choices.iter().take(20).map(Value::to_string).collect();
    Err(Failure::Argument {
        field: path.to_owned(),
        message: format!("{value} is no choice for `{path}`"),
        hint: nearest.or_else(|| Some(format!("one of {}", listed.join(", ")))),
    })
}

/// At least one of the alternatives has to fit; whether exactly one does is left to the API.
fn check_alternatives(schema: &Value, value: &Value, path: &str, depth: usize) -> Result<(), Failure> {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        check_value(part, value, path, depth + 1)?;
    }
    for keyword in ["anyOf", "oneOf"] {
        let Some(alternatives) = schema[keyword].as_array().filter(|list| !list.is_empty()) else { continue };
        if !alternatives.iter().any(|one| check_value(one, value, path, depth + 1).is_ok()) {
            return Err(Failure::argument(path, format!("`{path}` fits none of its {} forms", alternatives.len())));
        }
    }
    Ok(())
}

fn check_number(schema: &Value, number: f64, path: &str) -> Result<(), Failure> {
    check_range(schema, ["minimum", "maximum"], number, path, "")?;
    let above = schema["exclusiveMinimum"].as_f64().is_none_or(|least| number > least);
    let below = schema["exclusiveMaximum"].as_f64().is_none_or(|most| number < most);
    if above && below {
        return Ok(());
    }
    Err(Failure::argument(path, format!("`{path}` is out of range: {number}")))
}

fn check_range(schema: &Value, keys: [&str; 2], found: f64, path: &str, unit: &str) -> Result<(), Failure> {
    let [least, most] = keys.map(|key| schema[key].as_f64());
    if least.is_none_or(|least| found >= least) && most.is_none_or(|most| found <= most) {
        return Ok(());
    }
    let bound = |bound: Option<f64>| bound.map_or_else(|| "…".to_owned(), |bound| bound.to_string());
    let message = format!("`{path}` is out of range: {found} is not within {} to {} {unit}", bound(least), bound(most));
    Err(Failure::argument(path, message.trim_end().to_owned()))
}

fn unknown(name: &str, path: String, known: Option<&Map<String, Value>>) -> Failure {
    let known = known.into_iter().flatten().map(|(known, _)| known.as_str());
    let hint =
        config::nearest::hint(name, known.clone()).unwrap_or_else(|| match known.collect::<Vec<_>>().join(", ") {
            names if names.is_empty() => "this tool takes no arguments".to_owned(),
            names => format!("the arguments are {names}"),
        });
    Failure::Argument { message: format!("`{path}` is no argument of this tool"), field: path, hint: Some(hint) }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => true,
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Object(_) => "an object",
        Value::Array(_) => "an array",
        Value::String(_) => "a string",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(arguments: &Value) -> Option<String> {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": {
                "id": { "type": "integer", "minimum": 1 },
                "name": { "type": ["string", "null"], "maxLength": 5 },
                "status": { "enum": ["available", "sold"] },
                "tags": { "type": "array", "maxItems": 2, "items": { "type": "string" } },
                "owner": { "type": "object", "required": ["mail"], "properties": { "mail": { "type": "string" } } },
                "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }] },
                "share": { "type": "number", "exclusiveMaximum": 1 },
            },
        });
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        check(&schema, &arguments).err().map(|failure| match failure {
            Failure::Argument { message, hint, .. } => format!("{message}|{}", hint.unwrap_or_default()),
            other => other.to_string(),
        })
    }

    #[test]
    fn fitting_arguments_pass() {
        for arguments in [
            json!({ "id": 7 }),
            json!({ "id": 7.0, "name": null, "status": "sold", "tags": ["a"], "owner": { "mail": "x", "more": 1 } }),
            json!({ "id": 1, "either": 3, "share": 0.5 }),
        ] {
            assert_eq!(problem(&arguments), None, "{arguments}");
        }
    }

    #[test]
    fn arguments_that_do_not_fit_are_named() {
        for (arguments, expected) in [
            (json!({}), "`id` is missing|"),
            (json!({ "id": "7" }), "`id` must be integer, not a string|"),
            (json!({ "id": 0 }), "`id` is out of range: 0 is not within 1 to …|"),
            (json!({ "id": 1, "nam": "x" }), "`nam` is no argument of this tool|did you mean `name`?"),
            (json!({ "id": 1, "name": "longer" }), "`name` is out of range: 6 is not within … to 5 letters|"),
            (json!({ "id": 1, "status": "sol" }), "\"sol\" is no choice for `status`|did you mean `sold`?"),
            (json!({ "id": 1, "tags": ["a", 2] }), "`tags[1]` must be string, not a number|"),
            (json!({ "id": 1, "owner": {} }), "`owner.mail` is missing|"),
            (json!({ "id": 1, "either": true }), "`either` fits none of its 2 forms|"),
            (json!({ "id": 1, "share": 1 }), "`share` is out of range: 1|"),
        ] {
            assert_eq!(problem(&arguments).as_deref(), Some(expected), "{arguments}");
        }
    }
}
