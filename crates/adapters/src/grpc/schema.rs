//! Protobuf messages as JSON Schemas, in the JSON mapping of protobuf.

use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

/// Levels of messages within messages.
const DEPTH_MAX: usize = 8;

/// Which way the values go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Arguments: enumerations by name.
    Input,
    /// Results: a newer server may know values that its description does not.
    Output,
}

/// The schema of `message`.
pub(super) fn of_message(message: &MessageDescriptor, side: Side) -> Value {
    Walk { side, trail: Vec::new() }.message(message)
}

struct Walk {
    side: Side,
    /// The messages that lead here.
    trail: Vec<String>,
}

impl Walk {
    fn message(&mut self, message: &MessageDescriptor) -> Value {
        if let Some(schema) = well_known(message.full_name()) {
            return schema;
        }
        if self.trail.len() >= DEPTH_MAX || self.trail.iter().any(|name| name == message.full_name()) {
            let note = format!("another {}, left out of this description", message.name());
            return json!({ "type": "object", "description": note });
        }
        self.trail.push(message.full_name().to_owned());
        let properties: Map<String, Value> =
            message.fields().map(|field| (field.json_name().to_owned(), self.field(&field))).collect();
        self.trail.pop();
        let mut schema = json!({ "type": "object", "properties": properties });
        if self.side == Side::Input {
            let required = message.fields().filter(|field| field.cardinality() == Cardinality::Required);
            schema["required"] = required.map(|field| field.json_name().to_owned()).collect();
            schema["additionalProperties"] = false.into();
        }
        schema
    }

    fn field(&mut self, field: &FieldDescriptor) -> Value {
        if field.is_map()
            && let Kind::Message(entry) = field.kind()
        {
            return json!({ "type": "object", "additionalProperties": self.kind(&entry.map_entry_value_field().kind()) });
        }
        let mut schema = self.kind(&field.kind());
        if field.is_list() {
            schema = json!({ "type": "array", "items": schema });
        }
        if let Some(choice) = field.containing_oneof().filter(|choice| choice.fields().count() > 1) {
            let names: Vec<String> = choice.fields().map(|field| field.json_name().to_owned()).collect();
            schema["description"] = format!("at most one of {}", names.join(", ")).into();
        }
        schema
    }

    fn kind(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Double | Kind::Float if self.side == Side::Input => json!({ "type": "number" }),
            // NaN and the infinities are texts.
            Kind::Double | Kind::Float => json!({ "type": ["number", "string"] }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX })
            }
            Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
                json!({ "type": ["integer", "string"] })
            }
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Enum(choices) if self.side == Side::Input => {
                let names: Vec<String> = choices.values().map(|value| value.name().to_owned()).collect();
                json!({ "type": "string", "enum": names })
            }
            Kind::Enum(_) => json!({ "type": ["string", "integer"] }),
            Kind::Message(message) => self.message(message),
        }
    }
}

/// Messages with a JSON form of their own.
fn well_known(name: &str) -> Option<Value> {
    Some(match name.strip_prefix("google.protobuf.")? {
        "Timestamp" => json!({ "type": "string", "format": "date-time" }),
        "Duration" => json!({ "type": "string", "description": "seconds, such as 1.5s" }),
        "FieldMask" => json!({ "type": "string", "description": "field names, joined by commas" }),
        "Struct" | "Any" => json!({ "type": "object" }),
        "Value" => json!({}),
        "ListValue" => json!({ "type": "array" }),
        "BoolValue" => json!({ "type": ["boolean", "null"] }),
        "StringValue" | "BytesValue" => json!({ "type": ["string", "null"] }),
        "Int32Value" | "UInt32Value" => json!({ "type": ["integer", "null"] }),
        "Int64Value" | "UInt64Value" => json!({ "type": ["integer", "string", "null"] }),
        "FloatValue" | "DoubleValue" => json!({ "type": ["number", "string", "null"] }),
        _ => return None,
    })
}
