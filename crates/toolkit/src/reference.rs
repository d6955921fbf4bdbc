//! What a toolkit is, written from its declarations: the reference page for people, and the catalogue, a line for each
//! tool, which tests compare so that nothing changes unseen.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::{declaration::Declaration, toolkit::Toolkit};

/// The reference page in Markdown; `about` says in a few words what the toolkit is for.
pub fn page(toolkit: &Toolkit, about: &str) -> String {
    let mut page = format!("# Toolkit `{}`\n\nIt gives {about}.", toolkit.name);
    if let Some(instructions) = &toolkit.instructions {
        let _ = write!(page, " {instructions}");
    }
    page.push_str("\n\n| Tool | Marks | What it does |\n|---|---|---|\n");
    for tool in toolkit.declarations() {
        let (name, marks) = (&tool.name, tool.marks.letters());
        let _ = writeln!(page, "| [`{name}`](#{name}) | {marks} | {} |", cell(&tool.description));
    }
    page.push_str(
        "\n**R** only reads · **W** changes what can be undone · **D** may overwrite · **I** is safe to repeat · **O** reaches \
         other systems · **C** wants `confirm: true` · **L** may run long.\n",
    );
    for tool in toolkit.declarations() {
        section(&mut page, tool);
    }
    if !toolkit.argument_aliases.is_empty() {
        page.push_str("\n## Other names of arguments\n\nThey are understood by every tool that has the argument, and are not listed to clients.\n\n");
        page.push_str("| Accepted | Means |\n|---|---|\n");
        for (alias, name) in toolkit.argument_aliases {
            let _ = writeln!(page, "| `{alias}` | `{name}` |");
        }
    }
    page
}

fn section(page: &mut String, tool: &Declaration) {
    let _ = write!(page, "\n## {}\n\n{}\n\n", tool.name, tool.description);
    let _ = writeln!(
        page,
        "Marks: {}. It may take {} s unless `timeout_s` says otherwise.\n",
        tool.marks.letters(),
        tool.timeout_s
    );
    kept_answers(page, tool);
    page.push_str("| Argument | Type | Meaning |\n|---|---|---|\n");
    let schema = tool.input_schema();
    let required = required(&schema);
    for (name, argument) in properties(&schema) {
        let mut kind = kind(argument);
        if required.contains(&name.as_str()) {
            kind.push_str(", required");
        } else if let Some(default) = argument.get("default").filter(|default| !default.is_null()) {
            let _ = write!(kind, " = `{default}`");
        }
        let _ = writeln!(page, "| `{name}` | {kind} | {} |", meaning(argument));
    }
    if let Some(output) = &tool.output {
        page.push_str("\n| Result | Type | Meaning |\n|---|---|---|\n");
        for (name, field) in output.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let _ = writeln!(page, "| `{name}` | {} | {} |", kind(field), meaning(field));
        }
    }
    for example in &tool.examples {
        let _ = write!(page, "\n```json\n{example}\n```\n");
    }
    let aliases: Vec<String> =
        tool.argument_aliases.iter().map(|(alias, name)| format!("`{alias}` for `{name}`")).collect();
    if !aliases.is_empty() {
        let _ = writeln!(page, "\nAlso understood: {}.", aliases.join(", "));
    }
    if !tool.aliases.is_empty() {
        let _ = writeln!(page, "\nAlso called `{}`.", tool.aliases.join("`, `"));
    }
}

/// What a tool has to do with answers that are kept.
fn kept_answers(page: &mut String, tool: &Declaration) {
    if let Some(good_for_s) = tool.good_for_s {
        let _ = writeln!(page, "Its answers are kept for {good_for_s} s.\n");
    }
    let voids = tool.invalidates.iter().flatten().map(|glob| format!("`{glob}`")).collect::<Vec<_>>();
    if !voids.is_empty() {
        let _ = writeln!(page, "Makes kept answers void of {}.\n", voids.join(", "));
    }
}

/// One line for each tool: name, marks, arguments with types and defaults, and the fields of the result.
pub fn catalogue(toolkit: &Toolkit) -> String {
    let line = |tool: &Declaration| {
        let schema = Value::Object(tool.input.clone());
        let required = required(&schema);
        let argument = |(name, schema): (&String, &Value)| {
            let mark = if required.contains(&name.as_str()) { "!" } else { "" };
            let default = schema.get("default").filter(|default| !default.is_null());
            let default = default.map_or(String::new(), |default| format!("={default}"));
            format!("{name}{mark} {}{default}", kind(schema).replace(" or nothing", ""))
        };
        let arguments: Vec<String> = properties(&schema).map(argument).collect();
        let output = tool.output.as_ref().and_then(|output| output.get("properties")?.as_object());
        let fields: Vec<&str> = output.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        format!("{} · {} · {} → {}\n", tool.name, tool.marks.letters(), arguments.join(", "), fields.join(", "))
    };
    toolkit.declarations().map(line).collect()
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flat_map(Map::iter)
}

fn required(schema: &Value) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The type of a value in words.
fn kind(schema: &Value) -> String {
    if let Some(words) = words(schema) {
        return words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
    }
    let name = |kind: &str| match kind {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "null" => "nothing".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("list of {}", self::kind(items)),
            None => "list".to_owned(),
        },
        other => other.to_owned(),
    };
    match &schema["type"] {
        Value::String(one) => name(one),
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(name).collect::<Vec<_>>().join(" or "),
        _ => either(schema).unwrap_or_else(|| "any".to_owned()),
    }
}

/// The types of a value that may be of several.
fn either(schema: &Value) -> Option<String> {
    let kinds: Vec<String> = schema.get("anyOf")?.as_array()?.iter().map(kind).collect();
    Some(kinds.join(" or "))
}

/// The words that a value may be, where these are all.
fn words(schema: &Value) -> Option<Vec<&str>> {
    if let Some(words) = schema["enum"].as_array() {
        return Some(words.iter().filter_map(Value::as_str).collect());
    }
    let variants = schema["oneOf"].as_array()?;
    variants.iter().map(|variant| variant["const"].as_str()).collect()
}

fn meaning(schema: &Value) -> String {
    cell(schema["description"].as_str().unwrap_or_default())
}

/// A text as it can stand in a table.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_said_in_words() {
        let check = |schema: Value, expected: &str| assert_eq!(kind(&schema), expected, "{schema}");
        check(json!({"type": "string"}), "text");
        check(json!({"type": ["integer", "null"]}), "whole number or nothing");
        check(json!({"type": "array", "items": {"type": "string"}}), "list of text");
        check(json!({"enum": ["a", "b"], "type": "string"}), "`a` or `b`");
        check(json!({"oneOf": [{"const": "a"}, {"const": "b"}]}), "`a` or `b`");
        check(json!({"anyOf": [{"type": "object"}, {"type": "null"}]}), "object or nothing");
        check(json!({}), "any");
    }
}
