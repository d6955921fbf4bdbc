//! What is said of a tool before it is called. Typed tools derive it; tools that are only known at run time build it.

use serde_json::{Map, Value, json};

use crate::{marks::Marks, shared};

/// How long a tool may take if it does not say otherwise, in seconds.
pub const TIMEOUT_S: u64 = 30;

/// The member of `_meta` that says which answers a call makes void.
const INVALIDATES_KEY: &str = "dev.switchboard/invalidates";
/// The member of `_meta` that says how many seconds an answer is good.
const GOOD_FOR_KEY: &str = "dev.switchboard/good_for_s";

/// One tool, declared.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its bare name: `list_containers`.
    pub name: String,
    /// What it does, in a sentence or two for the model.
    pub description: String,
    /// What it does to the world.
    pub marks: Marks,
    /// The schema of its own arguments: an object schema of JSON Schema 2020-12.
    pub input: Map<String, Value>,
    /// The schema of its structured result, if it has one.
    pub output: Option<Map<String, Value>>,
    /// Other names of its arguments: `(alias, name)`.
    pub argument_aliases: Vec<(String, String)>,
    /// Other names of the tool.
    pub aliases: Vec<String>,
    /// Whether it takes the parameters that tools of its kind share.
    pub takes_shared: bool,
    /// Seconds it may take if the caller does not say.
    pub timeout_s: u64,
    /// The tools whose answers a call makes void, as globs; `TOOLKIT:GLOB` are those of another toolkit. Without, all of its
    /// own.
    pub invalidates: Option<Vec<String>>,
    /// Seconds for which an answer is good, if nothing outside can change it.
    pub good_for_s: Option<u64>,
    /// Arguments as an example, each a JSON object.
    pub examples: Vec<Value>,
    /// `_meta`: what is said of it to those who know the keys.
    pub meta: Map<String, Value>,
}

impl Declaration {
    /// A tool without arguments that says nothing of its result.
    pub fn new(name: impl Into<String>, description: impl Into<String>, marks: Marks) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
            marks,
            input: Map::from_iter([("type".to_owned(), json!("object"))]),
            output: None,
            argument_aliases: Vec::new(),
            aliases: Vec::new(),
            takes_shared: true,
            timeout_s: TIMEOUT_S,
            invalidates: None,
            good_for_s: None,
            examples: Vec::new(),
            meta: Map::new(),
        }
    }

    /// As it stands in `tools/list`.
    pub fn to_tool(&self) -> Value {
        let mut tool = json!({
            "name": self.name,
            "description": self.description,
            "inputSchema": self.input_schema(),
            "annotations": self.marks.annotations(),
        });
        if let Some(output) = self.output_schema() {
            tool["outputSchema"] = output;
        }
        let meta = self.meta();
        if !meta.is_empty() {
            tool["_meta"] = Value::Object(meta);
        }
        tool
    }

    /// What is said of it to those who know the keys, with what is said to whoever keeps answers.
    fn meta(&self) -> Map<String, Value> {
        let mut meta = self.meta.clone();
        if let Some(invalidates) = &self.invalidates {
            meta.insert(INVALIDATES_KEY.to_owned(), invalidates.as_slice().into());
        }
        if let Some(good_for_s) = self.good_for_s {
            meta.insert(GOOD_FOR_KEY.to_owned(), good_for_s.into());
        }
        meta
    }

    /// The schema of everything that it takes: its own arguments and the shared ones.
    pub fn input_schema(&self) -> Value {
        let mut schema = self.input.clone();
        let own = schema.entry("properties").or_insert_with(|| json!({}));
        if let Some(own) = own.as_object_mut() {
            for (name, shared) in self.shared_parameters() {
                own.entry(name).or_insert(shared);
            }
        }
        schema.entry("additionalProperties").or_insert(json!(false));
        if !self.examples.is_empty() {
            schema.insert("examples".to_owned(), Value::from(self.examples.clone()));
        }
        Value::Object(schema)
    }

    /// The shared parameters that it takes, with their schemas.
    pub(crate) fn shared_parameters(&self) -> Vec<(&'static str, Value)> {
        if self.takes_shared { shared::parameters(self.marks, self.timeout_s) } else { Vec::new() }
    }

    /// The schema of its structured result. A tool that can plan instead of act may give a plan in its place.
    fn output_schema(&self) -> Option<Value> {
        let output = self.output.clone()?;
        if self.marks.is_read_only() {
            return Some(Value::Object(output));
        }
        let plan = json!({
            "type": "object",
            "description": "What would be done, given instead for `dry_run`.",
            "properties": {"plan": {"type": "array", "items": {"type": "string"}}},
            "required": ["plan"],
        });
        Some(json!({"type": "object", "anyOf": [output, plan]}))
    }
}
