//! What a GraphQL server says of itself: the types of its schema, read from an introspection.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// The question that is asked. Eight levels of wrapping are more than any schema has.
pub(super) const INTROSPECTION: &str = "query Introspection { __schema { queryType { name } mutationType { name } \
types { kind name possibleTypes { name } enumValues(includeDeprecated: true) { name } \
inputFields { name description defaultValue type { ...Ref } } \
fields(includeDeprecated: true) { name description isDeprecated \
args { name description defaultValue type { ...Ref } } type { ...Ref } } } } } \
fragment Ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name \
ofType { kind name ofType { kind name ofType { kind name } } } } } } } }";

/// A schema.
#[derive(Debug)]
pub(super) struct Schema {
    /// The type whose fields are queries.
    pub(super) query: Option<String>,
    /// The type whose fields are mutations.
    pub(super) mutation: Option<String>,
    types: BTreeMap<String, Type>,
}

/// A type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Type {
    pub(super) kind: Kind,
    name: String,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) fields: Vec<Field>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) input_fields: Vec<Argument>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) enum_values: Vec<Named>,
    #[serde(default, deserialize_with = "or_empty")]
    pub(super) possible_types: Vec<Named>,
}

/// The kinds of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
    List,
    NonNull,
}

/// A field of a type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) is_deprecated: bool,
    #[serde(default, rename = "args")]
    pub(super) arguments: Vec<Argument>,
    #[serde(rename = "type")]
    pub(super) of: Reference,
}

/// An argument of a field, or a field of an input object.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) default_value: Option<String>,
    #[serde(rename = "type")]
    pub(super) of: Reference,
}

/// A type by name alone.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

/// A use of a type: bare, in a list, or never null.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    kind: Kind,
    name: Option<String>,
    of_type: Option<Box<Reference>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Introspected {
    query_type: Option<Named>,
    mutation_type: Option<Named>,
    types: Vec<Type>,
}

impl Schema {
    /// Reads `__schema`. Names that are no GraphQL names are refused, for they will stand in queries.
    pub(super) fn read(introspected: &serde_json::Value) -> Result<Self, String> {
        let read = Introspected::deserialize(introspected).map_err(|error| error.to_string())?;
        if let Some(wrong) = read.types.iter().flat_map(Type::names).find(|name| !is_name(name)) {
            return Err(format!("`{}` is no name of GraphQL", crate::tool::cut(wrong, 80)));
        }
        let types = read.types.into_iter().map(|of| (of.name.clone(), of)).collect();
        let name = |root: Option<Named>| root.map(|root| root.name);
        Ok(Self { query: name(read.query_type), mutation: name(read.mutation_type), types })
    }

    /// The type of this name.
    pub(super) fn of(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    /// The field `name` of the type `on`.
    pub(super) fn field(&self, on: &str, name: &str) -> Option<&Field> {
        self.of(on)?.fields.iter().find(|field| field.name == name)
    }

    /// Whether the type has no fields to select from.
    pub(super) fn is_leaf(&self, name: &str) -> bool {
        self.of(name).is_none_or(|of| matches!(of.kind, Kind::Scalar | Kind::Enum))
    }
}

impl Type {
    fn names(&self) -> impl Iterator<Item = &str> {
        let fields = self.fields.iter().flat_map(|field| {
            let arguments = field.arguments.iter().flat_map(|argument| [argument.name.as_str(), argument.of.bare()]);
            arguments.chain([field.name.as_str(), field.of.bare()])
        });
        let inputs = self.input_fields.iter().flat_map(|input| [input.name.as_str(), input.of.bare()]);
        let named = self.enum_values.iter().chain(&self.possible_types).map(|named| named.name.as_str());
        std::iter::once(self.name.as_str()).chain(fields).chain(inputs).chain(named)
    }
}

impl Field {
    /// Whether it can be selected without arguments.
    pub(super) fn is_free(&self) -> bool {
        !self.arguments.iter().any(Argument::is_required)
    }
}

impl Argument {
    /// Whether a value has to be given.
    pub(super) fn is_required(&self) -> bool {
        self.of.is_never_null() && self.default_value.is_none()
    }
}

impl Reference {
    /// The name of the type without its wrappings.
    pub(super) fn bare(&self) -> &str {
        match &self.of_type {
            Some(inner) => inner.bare(),
            None => self.name.as_deref().unwrap_or_default(),
        }
    }

    /// Whether it is never null.
    pub(super) fn is_never_null(&self) -> bool {
        self.kind == Kind::NonNull
    }

    /// What is inside the list, if it is one.
    pub(super) fn item(&self) -> Option<&Reference> {
        match self.kind {
            Kind::NonNull => self.of_type.as_deref()?.item(),
            Kind::List => self.of_type.as_deref(),
            _ => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.kind, &self.of_type) {
            (Kind::NonNull, Some(inner)) => write!(out, "{inner}!"),
            (Kind::List, Some(inner)) => write!(out, "[{inner}]"),
            _ => out.write_str(self.bare()),
        }
    }
}

/// Whether `name` is a name in GraphQL.
pub(super) fn is_name(name: &str) -> bool {
    name.starts_with(|letter: char| letter == '_' || letter.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

fn or_empty<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
