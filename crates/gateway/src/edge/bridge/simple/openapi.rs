//! `GET /tools/openapi.json`: the tools of an endpoint as an OpenAPI 3.1 document, one operation for each, for programs that
//! make their own tools from such a document.

use serde_json::{Map, Value, json};

use super::list;
use crate::{
    catalogue::toolbox::KnownTool,
    edge::bridge::{refusal::Refusal, unavailable, visit::Visit},
};

/// The document of an endpoint.
pub(super) async fn document(visit: &Visit<'_>) -> Result<Value, Refusal> {
    let view = list::view(visit).await?;
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for tool in view.toolbox().tools() {
        let Ok(definition) = serde_json::from_slice::<Value>(tool.raw()) else { continue };
        paths.insert(format!("/tools/{}", tool.name), json!({ "post": operation(tool, &definition, &mut schemas) }));
    }
    schemas.insert(FAILURE.to_owned(), failure_schema());
    let base = visit.endpoint.path();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": { "title": visit.gateway.settings.name, "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": if base.is_empty() { "/" } else { &base } }],
        "paths": paths,
        "components": { "schemas": schemas },
    });
    if let Some(unavailable) = unavailable::listed(view.missing.as_bytes()) {
        document["x-unavailable"] = unavailable;
    }
    Ok(document)
}

/// The name of the schema of what went wrong. No tool's schema can be called that: theirs have a dot in front of their end.
const FAILURE: &str = "failure";

/// What a failed call answers with.
fn failure_schema() -> Value {
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": { "type": "string" }, "message": { "type": "string" },
                "hint": { "type": "string" }, "retryable": { "type": "boolean" },
            },
        } },
    })
}

/// One tool as an operation. Its schemas move to where references within them can lead.
fn operation(tool: &KnownTool, definition: &Value, schemas: &mut Map<String, Value>) -> Value {
    let mut moved = |part: &str, schema: &Value| {
        let name = format!("{}.{part}", tool.name);
        let reference = format!("#/components/schemas/{name}");
        schemas.insert(name, rerooted(schema.clone(), &reference));
        json!({ "application/json": { "schema": { "$ref": reference } } })
    };
    let input = moved("input", &definition["inputSchema"]);
    let output = match &definition["outputSchema"] {
        Value::Null => json!({ "application/json": { "schema": {} } }),
        schema => moved("output", schema),
    };
    let failed = |description: &str| {
        let schema = json!({ "$ref": format!("#/components/schemas/{FAILURE}") });
        json!({ "description": description, "content": { "application/json": { "schema": schema } } })
    };
    let title = definition["title"].as_str().or(definition["annotations"]["title"].as_str());
    json!({
        "operationId": tool.name,
        "summary": title.unwrap_or(&tool.name),
        "description": definition["description"].as_str().unwrap_or_default(),
        "tags": [&*tool.server],
        "requestBody": { "required": true, "content": input },
        "responses": {
            "200": { "description": "what the tool answers", "content": output },
            "400": failed("the arguments do not fit"),
            "422": failed("the tool failed"),
            "default": failed("the tool was not called, or its fate is not known"),
        },
    })
}

/// A schema whose references to itself lead to its new place.
fn rerooted(schema: Value, root: &str) -> Value {
    match schema {
        Value::Object(members) => {
            let member = |(key, value): (String, Value)| match (&*key, value) {
                ("$ref", Value::String(to)) => {
                    let to = to.strip_prefix('#').map_or(to.clone(), |rest| format!("{root}{rest}"));
                    (key, Value::String(to))
                }
                (_, value) => (key, rerooted(value, root)),
            };
            Value::Object(members.into_iter().filter(|(key, _)| key != "$schema").map(member).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(|item| rerooted(item, root)).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_to_the_new_place() {
        let schema = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "properties": { "a": { "$ref": "#/$defs/A" }, "self": { "$ref": "#" }, "$ref": { "type": "string" } },
            "anyOf": [{ "$ref": "https://example.com/other" }],
        });
        let expected = json!({
            "properties": { "a": { "$ref": "#/x/$defs/A" }, "self": { "$ref": "#/x" }, "$ref": { "type": "string" } },
            "anyOf": [{ "$ref": "https://example.com/other" }],
        });
        assert_eq!(rerooted(schema, "#/x"), expected);
    }
}
