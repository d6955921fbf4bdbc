//! The arguments of a call before the tool sees them: aliases resolved, unknown keys refused with the nearest known one,
//! missing ones named, the shared parameters taken out.

use mcp::nearest;
use serde_json::{Map, Value};

use crate::{
    declaration::Declaration,
    failure::Failure,
    shared::{self, Shared},
};

/// The arguments of a call by name.
pub type Arguments = Map<String, Value>;

/// Checks the arguments against the declaration and takes the shared ones out. `common` are aliases of the whole toolkit.
pub(crate) fn prepare(
    declaration: &Declaration,
    common: &[(&str, &str)],
    mut arguments: Arguments,
) -> Result<(Arguments, Shared), Failure> {
    let empty = Map::new();
    let own = declaration.input.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let of_the_tool = declaration.argument_aliases.iter().map(|(alias, name)| (alias.as_str(), name.as_str()));
    let of_all = common.iter().copied().filter(|(alias, name)| own.contains_key(*name) && !own.contains_key(*alias));
    for (alias, name) in of_the_tool.chain(of_all) {
        resolve_alias(alias, name, &mut arguments)?;
    }
    let shared = shared::take(&mut arguments, declaration, &|name| own.contains_key(name))?;
    let is_open = declaration.input.get("additionalProperties").is_some_and(|value| value != &Value::Bool(false));
    if let Some(unknown) = arguments.keys().find(|key| !is_open && !own.contains_key(*key)) {
        return Err(refuse_unknown(declaration, own, unknown));
    }
    let required = declaration.input.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        if !arguments.contains_key(name) {
            return Err(Failure::invalid(name, format!("`{name}` is missing")).hint(described(own, name)));
        }
    }
    for (name, value) in &arguments {
        check_type(own, name, value)?;
    }
    Ok((arguments, shared))
}

fn resolve_alias(alias: &str, name: &str, arguments: &mut Arguments) -> Result<(), Failure> {
    let Some(value) = arguments.remove(alias) else { return Ok(()) };
    match arguments.get(name) {
        Some(other) if *other != value => {
            let text = format!("`{alias}` and `{name}` are the same argument and have different values");
            return Err(Failure::invalid(name, text).hint(format!("give only `{name}`")));
        }
        _ => drop(arguments.insert(name.to_owned(), value)),
    }
    Ok(())
}

fn refuse_unknown(declaration: &Declaration, own: &Map<String, Value>, unknown: &str) -> Failure {
    let shared = declaration.shared_parameters();
    let known = own.keys().map(String::as_str).chain(shared.iter().map(|(name, _)| *name));
    let failure = Failure::invalid(unknown, format!("`{unknown}` is not an argument of `{}`", declaration.name));
    match nearest::hint(unknown, known) {
        Some(hint) => failure.hint(hint),
        None => failure.hint("look at the tool's input schema"),
    }
}

fn described(own: &Map<String, Value>, name: &str) -> String {
    let text = own.get(name).and_then(|schema| schema["description"].as_str()).unwrap_or_default();
    if text.is_empty() { format!("give `{name}`") } else { format!("`{name}`: {text}") }
}

/// Checks the outermost type of an argument where the schema says it plainly.
fn check_type(own: &Map<String, Value>, name: &str, value: &Value) -> Result<(), Failure> {
    let Some(schema) = own.get(name) else { return Ok(()) };
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(()),
    };
    if types.iter().any(|wanted| is_of(wanted, value)) {
        return Ok(());
    }
    let wanted = types.into_iter().filter(|wanted| *wanted != "null").collect::<Vec<_>>().join(" or ");
    Err(Failure::invalid(name, format!("`{name}` must be of type {wanted}")).hint(described(own, name)))
}

fn is_of(wanted: &str, value: &Value) -> bool {
    match wanted {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::marks::Marks;

    fn resize() -> Declaration {
        let input = json!({
            "type": "object",
            "properties": {
                "path": {"type": "string", "description": "The image."},
                "width": {"type": ["integer", "null"]},
            },
            "required": ["path"],
        });
        Declaration {
            input: input.as_object().cloned().unwrap(),
            argument_aliases: vec![("file".to_owned(), "path".to_owned())],
            ..Declaration::new("resize_image", "Resizes an image.", Marks::writes())
        }
    }

    fn prepared(arguments: &Value) -> Result<Value, Failure> {
        let arguments = arguments.as_object().cloned().unwrap();
        prepare(&resize(), &[("image", "path"), ("wide", "height"), ("width", "path")], arguments)
            .map(|(arguments, _)| Value::Object(arguments))
    }

    #[test]
    fn what_fits_reaches_the_tool_under_its_own_names() {
        let check = |given: Value, expected: Value| assert_eq!(prepared(&given).unwrap(), expected, "{given}");
        check(json!({"path": "a"}), json!({"path": "a"}));
        check(json!({"file": "a"}), json!({"path": "a"}));
        check(json!({"file": "a", "path": "a"}), json!({"path": "a"}));
        check(json!({"image": "a", "width": 1}), json!({"path": "a", "width": 1}));
        check(
            json!({"path": "a", "width": null, "timeout_s": 5, "dry_run": true}),
            json!({"path": "a", "width": null}),
        );
        check(json!({"path": "a", "width": 3.0}), json!({"path": "a", "width": 3.0}));
    }

    #[test]
    fn what_does_not_fit_is_named_with_what_to_do() {
        let check = |given: Value, field: &str, hint: &str| {
            let failure = prepared(&given).unwrap_err();
            assert_eq!((failure.field.as_deref(), &*failure.hint), (Some(field), hint), "{given}");
        };
        check(json!({}), "path", "`path`: The image.");
        check(json!({"path": "a", "wdth": 1}), "wdth", "did you mean `width`?");
        check(json!({"path": "a", "timeout": 1}), "timeout", "did you mean `timeout_s`?");
        check(json!({"path": "a", "file": "b"}), "path", "give only `path`");
        check(
            json!({"path": "a", "wide": 1}),
            "wide",
            "known are `path`, `width`, `timeout_s`, `dry_run`, `idempotency_key`",
        );
        check(json!({"path": "a", "image": "b"}), "path", "give only `path`");
        check(json!({"path": 7}), "path", "`path`: The image.");
        check(json!({"path": "a", "width": "7"}), "width", "give `width`");
        check(json!({"path": "a", "width": 1.5}), "width", "give `width`");
        check(
            json!({"path": "a", "confirm": true}),
            "confirm",
            "known are `path`, `width`, `timeout_s`, `dry_run`, `idempotency_key`",
        );
    }
}
