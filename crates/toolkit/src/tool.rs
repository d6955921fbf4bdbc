//! A tool: [`Tool`] for those that are written in Rust, one file each, with typed arguments and result; [`Served`] for
//! what the server sees, which tools that are only known at run time implement themselves.

use std::pin::Pin;

use schemars::{JsonSchema, generate::SchemaSettings, transform::RecursiveTransform};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    arguments::Arguments,
    call::Call,
    declaration::{Declaration, TIMEOUT_S},
    failure::{Code, Failure},
    formats,
    marks::Marks,
    output::Output,
};

/// Bytes of the reason why an argument does not fit: room for every name that would have.
const REASON_BYTES_MAX: usize = 600;

/// A future in a box.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A tool with typed arguments and a typed result.
pub trait Tool: Send + Sync + 'static {
    /// Its arguments; the doc comments of the fields become their descriptions.
    type Input: DeserializeOwned + JsonSchema + Send;
    /// Its structured result: a struct with named fields.
    type Output: Serialize + JsonSchema + Send;

    /// Its bare name: verb and noun in snake case.
    const NAME: &'static str;
    /// What it does, in a sentence or two for the model.
    const ABOUT: &'static str;
    /// What it does to the world.
    const MARKS: Marks;
    /// Other names of its arguments: `(alias, name)`.
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[];
    /// Other names of the tool.
    const ALIASES: &'static [&'static str] = &[];
    /// Seconds it may take if the caller does not say.
    const TIMEOUT_S: u64 = TIMEOUT_S;
    /// The tools whose answers a call makes void, as globs; `TOOLKIT:GLOB` are those of another toolkit. Without, all of its
    /// own toolkit. For tools that do more than read.
    const INVALIDATES: Option<&'static [&'static str]> = None;
    /// Seconds for which an answer is good wherever it is kept, if nothing outside can change it. For tools that only read.
    const GOOD_FOR_S: Option<u64> = None;
    /// Arguments as an example, each a JSON object.
    const EXAMPLES: &'static [&'static str] = &[];

    /// Does it.
    fn run(&self, input: Self::Input, call: &Call) -> impl Future<Output = Result<Self::Output, Failure>> + Send;

    /// Says what it would do, step by step; a tool that only reads is never asked.
    fn plan(&self, _: Self::Input, _: &Call) -> impl Future<Output = Result<Vec<String>, Failure>> + Send {
        let failure = Failure::new(Code::NotSupported, format!("`{}` cannot say ahead what it would do", Self::NAME));
        std::future::ready(Err(failure.hint("call it without `dry_run`")))
    }

    /// The text of its result, for tools whose result is mainly text.
    fn text(_: &Self::Output) -> Option<String> {
        None
    }
}

/// A tool as the server sees it.
pub trait Served: Send + Sync {
    /// What is said of it.
    fn declaration(&self) -> &Declaration;

    /// Does it, with arguments that fit the declaration by name and type.
    fn run<'a>(&'a self, arguments: Arguments, call: &'a Call) -> Running<'a, Result<Output, Failure>>;

    /// Says what it would do.
    fn plan<'a>(&'a self, arguments: Arguments, call: &'a Call) -> Running<'a, Result<Vec<String>, Failure>>;
}

/// A typed tool behind the face that the server sees.
pub(crate) struct Typed<T> {
    tool: T,
    declaration: Declaration,
}

impl<T: Tool> Typed<T> {
    pub(crate) fn new(tool: T) -> Self {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let declaration = Declaration {
            input: schema(&SchemaSettings::draft2020_12().for_deserialize(), |generator| {
                generator.into_root_schema_for::<T::Input>()
            }),
            output: Some(schema(&SchemaSettings::draft2020_12().for_serialize(), |generator| {
                generator.into_root_schema_for::<T::Output>()
            })),
            argument_aliases: T::ARGUMENT_ALIASES
                .iter()
                .map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned()))
                .collect(),
            aliases: owned(T::ALIASES),
            timeout_s: T::TIMEOUT_S,
            invalidates: T::INVALIDATES.map(owned),
            good_for_s: T::GOOD_FOR_S,
            examples: T::EXAMPLES.iter().filter_map(|example| serde_json::from_str(example).ok()).collect(),
            ..Declaration::new(T::NAME, T::ABOUT, T::MARKS)
        };
        Self { tool, declaration }
    }
}

impl<T: Tool> Served for Typed<T> {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn run<'a>(&'a self, arguments: Arguments, call: &'a Call) -> Running<'a, Result<Output, Failure>> {
        Box::pin(async move {
            let output = self.tool.run(read(arguments)?, call).await?;
            let text = T::text(&output);
            match serde_json::to_value(output) {
                Ok(Value::Object(structured)) => Ok(Output { structured: Some(structured), text, blocks: Vec::new() }),
                _ => Err(Failure::new(Code::InternalError, format!("`{}` gave a result that is no object", T::NAME))),
            }
        })
    }

    fn plan<'a>(&'a self, arguments: Arguments, call: &'a Call) -> Running<'a, Result<Vec<String>, Failure>> {
        Box::pin(async move { self.tool.plan(read(arguments)?, call).await })
    }
}

/// The arguments as the tool's own type; what does not fit is named by its path.
fn read<I: DeserializeOwned>(arguments: Arguments) -> Result<I, Failure> {
    serde_path_to_error::deserialize(Value::Object(arguments)).map_err(|error| {
        let path = error.path().to_string();
        let reason = shortened(&error.into_inner().to_string());
        if path == "." {
            return Failure::new(Code::InvalidInput, reason);
        }
        Failure::invalid(&path, format!("`{path}` does not fit: {reason}")).hint("look at the tool's input schema")
    })
}

/// A reason without the middle of what the caller wrote, which may be the longest text that a message can carry.
fn shortened(reason: &str) -> String {
    let half = REASON_BYTES_MAX / 2;
    if reason.len() <= REASON_BYTES_MAX {
        return reason.to_owned();
    }
    let start = &reason[..reason.floor_char_boundary(half)];
    format!("{start}…{}", &reason[reason.ceil_char_boundary(reason.len() - half)..])
}

/// An object schema without what only describes the Rust type.
fn schema(
    settings: &SchemaSettings,
    root: impl FnOnce(schemars::SchemaGenerator) -> schemars::Schema,
) -> Map<String, Value> {
    let settings = settings.clone().with(|settings| settings.inline_subschemas = true);
    let settings = settings.with_transform(RecursiveTransform(formats::only_of_texts));
    let mut schema = root(settings.into_generator());
    let object = schema.ensure_object();
    for noise in ["$schema", "title", "description"] {
        object.remove(noise);
    }
    object.entry("type").or_insert_with(|| "object".into());
    object.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    std::mem::take(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_keeps_its_ends() {
        assert_eq!(shortened("unknown variant `x`, expected `y`"), "unknown variant `x`, expected `y`");
        let long = shortened(&format!("unknown variant `{}`, expected `y`", "é".repeat(100_000)));
        assert!(long.len() < REASON_BYTES_MAX + 10, "{}", long.len());
        assert!(long.starts_with("unknown variant `é") && long.ends_with("é`, expected `y`"), "{long}");
    }
}
