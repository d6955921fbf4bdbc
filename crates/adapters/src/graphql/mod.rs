//! GraphQL: the fields of `Query` become tools that read, those of `Mutation` tools that change.
//! The server is asked once what it offers; subscriptions are left out, because a tool has one result.

mod call;
mod selection;
mod types;
mod variables;

use config::{Operations, Traits};
use serde_json::{Value, json};

pub(crate) use self::call::Action;
use self::types::{Field, Schema};
use crate::names::{self, Names};
use crate::tool::{self, Effect, Tool};

/// Tools of one schema. More than this is no help to any model, and `include` chooses.
const TOOLS_MAX: usize = 2_000;

/// The name of the argument that selects parts of the result, unless the field has one of this name.
const SELECT: &str = "select";

/// A query or a mutation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Root {
    Query,
    Mutation,
}

impl Root {
    fn keyword(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
        }
    }

    fn effect(self) -> Effect {
        match self {
            Self::Query => Effect::Reads,
            Self::Mutation => Effect::Changes,
        }
    }
}

/// The tools of a schema, each with the field that it asks for.
fn tools(schema: &Schema, include: &Operations, exclude: &Operations, depth: usize) -> Vec<(Tool, Root, Field)> {
    let mut names = Names::default();
    let mut tools = Vec::new();
    for (root, on) in [(Root::Query, &schema.query), (Root::Mutation, &schema.mutation)] {
        let Some(of) = on.as_deref().and_then(|on| schema.of(on)) else { continue };
        for field in &of.fields {
            let traits = Traits { method: root.keyword(), name: &field.name, ..Traits::default() };
            if include.take(&traits) && !exclude.name(&traits) && tools.len() < TOOLS_MAX {
                let name = names.give(&names::snake_case(&field.name));
                tools.push((described(schema, name, root, field, depth), root, field.clone()));
            }
        }
    }
    tools
}

fn described(schema: &Schema, name: String, root: Root, field: &Field, depth: usize) -> Tool {
    let mut properties = variables::properties(schema, &field.arguments);
    if let Some(select) = select_argument(schema, field) {
        let made = selection::generated(schema, field, depth).to_string();
        let note = format!("What to select of the result: names and braces. Default `{}`.", tool::cut(&made, 300));
        properties.insert(select, json!({ "type": "string", "description": note }));
    }
    let otherwise = format!("{} {}: {}", root.keyword(), field.name, field.of);
    let text = tool::description("", field.description.as_deref().unwrap_or_default(), &otherwise);
    Tool {
        name,
        description: if field.is_deprecated { format!("Deprecated. {text}") } else { text },
        input_schema: json!({
            "type": "object",
            "properties": properties,
            "required": variables::required(&field.arguments),
            "additionalProperties": false,
        }),
        // What comes back depends on the selection of each call.
        output_schema: None,
        effect: root.effect(),
        meta: serde_json::Map::new(),
    }
}

/// The name of the argument that selects, where there is something to select.
fn select_argument(schema: &Schema, field: &Field) -> Option<String> {
    if schema.is_leaf(field.of.bare()) {
        return None;
    }
    let is_taken = field.arguments.iter().any(|argument| argument.name == SELECT);
    Some(if is_taken { format!("{SELECT}_fields") } else { SELECT.to_owned() })
}

/// The schema in the answer to an introspection.
fn schema_of(answer: &Value) -> Result<Schema, String> {
    match answer.pointer("/data/__schema") {
        Some(introspected) => Schema::read(introspected),
        None => Err("it does not answer introspections; they may be switched off".to_owned()),
    }
}

#[cfg(test)]
mod tests;
