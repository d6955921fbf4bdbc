//! OpenAPI 3.0 and 3.1 documents: every operation becomes a tool, or is left out for a reason that is told.
//! Pure: the document comes in as a value; where it comes from is the business of [`source`](crate::source).

mod base;
mod input;
mod reference;
mod schema;

use config::{Operations, Traits};
use http::Method;
use serde_json::{Map, Value};

pub(crate) use self::base::{BaseError, base};
use self::input::Input;
use self::reference::{ReferenceError, resolve};
use crate::http::{Operation, Template, TemplateError};
use crate::names::{self, Names};
use crate::tool::{self, Effect, Tool};

/// Tools of one document. More than this is no help to any model, and `include` chooses.
const TOOLS_MAX: usize = 2_000;

/// The methods that become tools, as documents write them.
const METHODS: [(&str, Method, Effect); 5] = [
    ("get", Method::GET, Effect::Reads),
    ("post", Method::POST, Effect::Adds),
    ("put", Method::PUT, Effect::Overwrites),
    ("patch", Method::PATCH, Effect::Changes),
    ("delete", Method::DELETE, Effect::Overwrites),
];

/// The operations of a document.
#[derive(Debug, Default)]
pub(crate) struct Described {
    /// The tools, each with the operation behind it.
    pub(crate) tools: Vec<(Tool, Operation)>,
    /// What did not become a tool.
    pub(crate) left_out: Vec<LeftOut>,
}

/// An operation that did not become a tool.
#[derive(Debug)]
pub(crate) struct LeftOut {
    /// Its method and path.
    pub(crate) operation: String,
    /// Why not.
    pub(crate) reason: Reason,
}

/// Why an operation does not become a tool.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Template(#[from] TemplateError),
    #[error("`{0}` in its path is no parameter")]
    Unfilled(String),
    #[error("a parameter has no name")]
    Nameless,
    #[error("its body has no media type")]
    NoBody,
    #[error("it is answered by another server")]
    OtherServer,
    #[error("the document has more than {TOOLS_MAX} operations; choose with `include`")]
    TooMany,
}

/// Why a document is none of ours.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VersionError {
    #[error("it is Swagger 2.0, which has to be converted to OpenAPI 3 first")]
    Swagger,
    #[error("it is OpenAPI {0}, and 3.0 to 3.2 are understood")]
    Other(String),
    #[error("it has no key `openapi`")]
    None,
}

/// Reads every operation of `document` that is chosen.
pub(crate) fn read(document: &Value, include: &Operations, exclude: &Operations) -> Result<Described, VersionError> {
    check_version(document)?;
    let mut described = Described::default();
    let mut names = Names::default();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let item = match resolve(document, item) {
            Ok(item) => item,
            Err(reason) => {
                described.left_out.push(LeftOut { operation: path.clone(), reason: reason.into() });
                continue;
            }
        };
        for (word, method, effect) in METHODS {
            let Some(operation) = item.get(word).filter(|operation| operation.is_object()) else { continue };
            let place = Spot { document, path, item, operation, word, method, effect };
            if !place.is_chosen(include, exclude) {
                continue;
            }
            let read = if described.tools.len() < TOOLS_MAX { place.read(&mut names) } else { Err(Reason::TooMany) };
            match read {
                Ok(tool) => described.tools.push(tool),
                Err(reason) => described.left_out.push(LeftOut { operation: format!("{word} {path}"), reason }),
            }
        }
    }
    Ok(described)
}

fn check_version(document: &Value) -> Result<(), VersionError> {
    match (document["openapi"].as_str(), document["swagger"].as_str()) {
        (Some(version), _) if ["3.0", "3.1", "3.2"].iter().any(|known| version.starts_with(known)) => Ok(()),
        (Some(version), _) => Err(VersionError::Other(version.to_owned())),
        (None, Some(_)) => Err(VersionError::Swagger),
        (None, None) => Err(VersionError::None),
    }
}

/// One operation where it stands in its document.
struct Spot<'d> {
    document: &'d Value,
    path: &'d str,
    item: &'d Value,
    operation: &'d Value,
    word: &'static str,
    method: Method,
    effect: Effect,
}

impl Spot<'_> {
    fn is_chosen(&self, include: &Operations, exclude: &Operations) -> bool {
        let tags: Vec<&str> =
            self.operation["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let traits = Traits { tags: &tags, path: self.path, method: self.word, name: self.text("operationId") };
        include.take(&traits) && !exclude.name(&traits)
    }

    fn read(self, names: &mut Names) -> Result<(Tool, Operation), Reason> {
        let own_servers = self.operation.get("servers").or(self.item.get("servers"));
        if own_servers.is_some_and(|servers| *servers != self.document["servers"]) {
            return Err(Reason::OtherServer);
        }
        let path = Template::parse(self.path)?;
        let of_path = self.item["parameters"].as_array().into_iter().flatten();
        let of_operation = self.operation["parameters"].as_array().into_iter().flatten();
        let input = Input::read(self.document, of_path.chain(of_operation), &self.operation["requestBody"])?;
        check_slots(&path, &input)?;
        let tool = Tool {
            name: self.name(names),
            description: self.description(),
            input_schema: input.schema(),
            output_schema: self.output(),
            effect: self.effect,
            meta: serde_json::Map::new(),
        };
        Ok((tool, Operation { method: self.method, path, parameters: input.parameters, body: input.body }))
    }

    fn name(&self, names: &mut Names) -> String {
        let by_id = names::snake_case(self.text("operationId"));
        let wished = if by_id.is_empty() { names::snake_case(&format!("{} {}", self.word, self.path)) } else { by_id };
        names.give(&wished)
    }

    fn description(&self) -> String {
        let otherwise = format!("{} {}", self.method, self.path);
        let text = tool::description(self.text("summary"), self.text("description"), &otherwise);
        if self.operation["deprecated"] == true { format!("Deprecated. {text}") } else { text }
    }

    /// The schema of the JSON that a success answers with: of an object, or of anything else under `result`.
    fn output(&self) -> Option<Value> {
        let responses = self.operation["responses"].as_object()?;
        let (_, success) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
        let content = resolve(self.document, success).ok()?["content"].as_object()?;
        let json = content.iter().find(|(media, _)| media.contains("json"))?.1;
        let described = json.get("schema")?;
        let shown = schema::joined(schema::output(self.document, described)?);
        Some(result_schema(shown))
    }

    fn text(&self, key: &str) -> &str {
        self.operation[key].as_str().unwrap_or_default()
    }
}

/// The schema of a structured result, which is always an object.
fn result_schema(schema: Value) -> Value {
    let is_object = match &schema["type"] {
        Value::String(only) => only == "object",
        Value::Array(types) => types.contains(&"object".into()),
        _ => schema["properties"].is_object(),
    };
    let mut root = Map::from_iter([("type".to_owned(), Value::from("object"))]);
    if is_object {
        root.extend(schema.as_object().cloned().into_iter().flatten().filter(|(keyword, _)| keyword != "type"));
    } else if !schema["type"].is_null() {
        // An array or a text stands under `result`; what has no type may also be an object, and is not described.
        root.insert("properties".to_owned(), Map::from_iter([("result".to_owned(), schema)]).into());
    }
    root.into()
}

fn check_slots(path: &Template, input: &Input) -> Result<(), Reason> {
    let fills = |slot: &str| {
        let mut parameters = input.parameters.iter();
        parameters.any(|parameter| parameter.name == slot && matches!(parameter.place, crate::http::Place::Path { .. }))
    };
    match path.slots().find(|slot| !fills(slot)) {
        Some(slot) => Err(Reason::Unfilled(slot.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
