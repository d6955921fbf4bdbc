//! Tool arguments mirrored into `Mcp-Param-*` headers (`x-mcp-header` in a tool's input schema).
//! Owns the rules of the annotation, the values a client has to send, and a server's comparison of
//! received headers with the body. Headers that no annotation names are none of its business.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::header::{self, HeaderError, Integer, PARAM_PREFIX};
use crate::members::Members;

const ANNOTATION: &str = "x-mcp-header";

/// Deeper annotations than any real schema has are refused, so that no schema exhausts the stack.
const SCHEMA_DEPTH_MAX: usize = 64;

/// Keywords whose value is a schema or a list of schemas.
const SCHEMA_KEYWORDS: [&str; 16] = [
    "items",
    "prefixItems",
    "additionalItems",
    "contains",
    "additionalProperties",
    "unevaluatedItems",
    "unevaluatedProperties",
    "propertyNames",
    "contentSchema",
    "not",
    "if",
    "then",
    "else",
    "allOf",
    "anyOf",
    "oneOf",
];

/// Keywords whose value is an object of schemas by free names.
const SCHEMA_MAP_KEYWORDS: [&str; 5] =
    ["$defs", "definitions", "patternProperties", "dependentSchemas", "dependencies"];

/// One argument that travels in a header as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The whole header name, as annotated: `Mcp-Param-Region`.
    pub header: String,
    /// Where the argument stands, from the arguments inwards.
    pub path: Vec<String>,
    /// The type the schema declares.
    pub kind: MirrorKind,
}

/// The types that can be mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorKind {
    /// Text, as it is.
    String,
    /// An integer within ±(2^53 − 1), in decimal.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// The rule that an annotation breaks. A tool with such a schema must not be offered over HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MirrorRule {
    /// The schema cannot be read at all.
    #[error("input schema is not a json object")]
    NotASchema,
    /// The schema nests deeper than we follow it.
    #[error("input schema is nested deeper than {limit} levels")]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
    /// The annotation is not a header name.
    #[error("x-mcp-header {given} of {path:?} is not a header name")]
    NotAToken {
        /// What the annotation says.
        given: String,
        /// The property that carries it.
        path: String,
    },
    /// Two properties claim one header.
    #[error("x-mcp-header {header:?} is given twice")]
    Duplicate {
        /// The header, as annotated the second time.
        header: String,
    },
    /// The property is not declared as string, integer or boolean.
    #[error("x-mcp-header {header:?} stands on a property that is no string, integer or boolean")]
    NotPrimitive {
        /// The header, as annotated.
        header: String,
    },
    /// The annotation stands where a value cannot be found by following `properties` alone.
    #[error("x-mcp-header stands under {keyword:?}, where no chain of properties leads")]
    Unreachable {
        /// The keyword that leads there; empty for the schema itself.
        keyword: String,
    },
}

/// Why headers and arguments do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MirrorError {
    /// The argument is there and its header is not.
    #[error("header {header} is missing")]
    Missing {
        /// The header concerned.
        header: String,
    },
    /// Header and argument differ, or the header has no argument.
    #[error("header {header} does not match the arguments")]
    Mismatch {
        /// The header concerned.
        header: String,
    },
    /// The header was sent more than once.
    #[error("header {header} is given twice")]
    Duplicate {
        /// The header concerned.
        header: String,
    },
    /// The header says nothing readable.
    #[error("header {header} cannot be read")]
    Unreadable {
        /// The header concerned.
        header: String,
        /// What is wrong with its value.
        source: HeaderError,
    },
}

/// The mirrors that an input schema declares, ordered by path, or the rule it breaks.
pub fn from_schema(input_schema: &[u8]) -> Result<Vec<Mirror>, MirrorRule> {
    let Ok(Value::Object(schema)) = serde_json::from_slice(input_schema) else {
        return Err(MirrorRule::NotASchema);
    };
    let mut survey = Survey::default();
    survey.walk_root(&schema)?;
    Ok(survey.mirrors)
}

/// The headers that mirror `arguments`, values encoded as headers need it.
///
/// Absent and null arguments have none, nor have values that are of no mirrored type: those are the
/// server's to refuse.
pub fn values(mirrors: &[Mirror], arguments: &[u8]) -> Vec<(String, String)> {
    let arguments = std::str::from_utf8(arguments).unwrap_or_default();
    mirrors
        .iter()
        .filter_map(|mirror| {
            let value = Argument::find(arguments, &mirror.path)?.into_text();
            Some((mirror.header.clone(), header::encode(&value).into_owned()))
        })
        .collect()
}

/// Checks received headers (names in any case, values undecoded) against the arguments in the body.
pub fn check(mirrors: &[Mirror], received: &[(&str, &str)], arguments: &[u8]) -> Result<(), MirrorError> {
    let arguments = std::str::from_utf8(arguments).unwrap_or_default();
    mirrors.iter().try_for_each(|mirror| check_one(mirror, received, arguments))
}

fn check_one(mirror: &Mirror, received: &[(&str, &str)], arguments: &str) -> Result<(), MirrorError> {
    let header = || mirror.header.clone();
    let argument = Argument::find(arguments, &mirror.path);
    let mut values = received.iter().filter(|(name, _)| name.eq_ignore_ascii_case(&mirror.header));
    let (value, argument) = match (values.next(), argument) {
        (None, None) => return Ok(()),
        (None, Some(_)) => return Err(MirrorError::Missing { header: header() }),
        (Some(_), None) => return Err(MirrorError::Mismatch { header: header() }),
        (Some((_, value)), Some(argument)) => (value, argument),
    };
    if values.next().is_some() {
        return Err(MirrorError::Duplicate { header: header() });
    }
    let value = header::decode(value).map_err(|source| MirrorError::Unreadable { header: header(), source })?;
    if argument.equals(&value) { Ok(()) } else { Err(MirrorError::Mismatch { header: header() }) }
}

/// An argument of a type that headers can mirror, whatever its schema says it should be.
#[derive(Debug)]
enum Argument<'json> {
    String(String),
    /// The number as written, and its value.
    Integer(&'json str, i64),
    Boolean(bool),
}

impl<'json> Argument<'json> {
    fn find(arguments: &'json str, path: &[String]) -> Option<Self> {
        let value = path.iter().try_fold(arguments, |json, name| Some(Members::parse(json)?.get(name)?.get()))?;
        Self::read(value)
    }

    fn read(value: &'json str) -> Option<Self> {
        match value {
            "true" => Some(Self::Boolean(true)),
            "false" => Some(Self::Boolean(false)),
            text if text.starts_with('"') => serde_json::from_str(text).ok().map(Self::String),
            number => Some(Self::Integer(number, Integer::parse(number)?.to_safe()?)),
        }
    }

    fn into_text(self) -> Cow<'static, str> {
        match self {
            Self::String(text) => Cow::Owned(text),
            Self::Integer(_, value) => Cow::Owned(value.to_string()),
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
        }
    }

    fn equals(&self, header: &str) -> bool {
        match self {
            Self::String(text) => text == header,
            Self::Integer(number, _) => header::integer_equal(number, header),
            Self::Boolean(value) => header == if *value { "true" } else { "false" },
        }
    }
}

/// The walk over one schema.
#[derive(Debug, Default)]
struct Survey {
    mirrors: Vec<Mirror>,
    claimed: HashSet<String>,
    path: Vec<String>,
}

impl Survey {
    fn walk_root(&mut self, schema: &Map<String, Value>) -> Result<(), MirrorRule> {
        if schema.contains_key(ANNOTATION) {
            return Err(MirrorRule::Unreachable { keyword: String::new() });
        }
        self.walk(schema)
    }

    /// Walks a schema that a chain of `properties` leads to.
    fn walk(&mut self, schema: &Map<String, Value>) -> Result<(), MirrorRule> {
        refuse_too_deep(self.path.len())?;
        refuse_unreachable(schema, self.path.len())?;
        let Some(Value::Object(properties)) = schema.get("properties") else {
            return Ok(());
        };
        for (name, property) in properties {
            if let Value::Object(property) = property {
                self.path.push(name.clone());
                self.note(property)?;
                self.walk(property)?;
                self.path.pop();
            }
        }
        Ok(())
    }

    fn note(&mut self, property: &Map<String, Value>) -> Result<(), MirrorRule> {
        let Some(annotation) = property.get(ANNOTATION) else {
            return Ok(());
        };
        let header = self.header_name(annotation)?;
        let kind = kind_of(property).ok_or_else(|| MirrorRule::NotPrimitive { header: header.to_owned() })?;
        if !self.claimed.insert(header.to_ascii_lowercase()) {
            return Err(MirrorRule::Duplicate { header: header.to_owned() });
        }
        let header = format!("Mcp-Param-{header}");
        self.mirrors.push(Mirror { header, path: self.path.clone(), kind });
        Ok(())
    }

    fn header_name<'schema>(&self, annotation: &'schema Value) -> Result<&'schema str, MirrorRule> {
        annotation
            .as_str()
            .filter(|name| is_token(name))
            .ok_or_else(|| MirrorRule::NotAToken { given: annotation.to_string(), path: self.path.join(".") })
    }
}

/// Refuses annotations in every subschema that is not one of the `properties`.
fn refuse_unreachable(schema: &Map<String, Value>, depth: usize) -> Result<(), MirrorRule> {
    for (keyword, subschemas) in schema {
        if SCHEMA_KEYWORDS.contains(&keyword.as_str()) {
            refuse_annotated(keyword, subschemas, depth + 1)?;
        } else if SCHEMA_MAP_KEYWORDS.contains(&keyword.as_str()) {
            refuse_annotated_members(keyword, subschemas, depth + 1)?;
        }
    }
    Ok(())
}

/// Refuses annotations in a schema, or in a list of them, and everywhere below.
fn refuse_annotated(keyword: &str, subschemas: &Value, depth: usize) -> Result<(), MirrorRule> {
    refuse_too_deep(depth)?;
    match subschemas {
        Value::Array(schemas) => schemas.iter().try_for_each(|schema| refuse_annotated(keyword, schema, depth + 1)),
        Value::Object(schema) if schema.contains_key(ANNOTATION) => {
            Err(MirrorRule::Unreachable { keyword: keyword.to_owned() })
        }
        Value::Object(schema) => {
            refuse_unreachable(schema, depth)?;
            let properties = schema.get("properties").unwrap_or(&Value::Null);
            refuse_annotated_members(keyword, properties, depth + 1)
        }
        _ => Ok(()),
    }
}

fn refuse_annotated_members(keyword: &str, schemas: &Value, depth: usize) -> Result<(), MirrorRule> {
    let Value::Object(schemas) = schemas else {
        return Ok(());
    };
    schemas.values().try_for_each(|schema| refuse_annotated(keyword, schema, depth))
}

fn refuse_too_deep(depth: usize) -> Result<(), MirrorRule> {
    if depth > SCHEMA_DEPTH_MAX {
        return Err(MirrorRule::TooDeep { limit: SCHEMA_DEPTH_MAX });
    }
    Ok(())
}

fn kind_of(property: &Map<String, Value>) -> Option<MirrorKind> {
    match property.get("type")?.as_str()? {
        "string" => Some(MirrorKind::String),
        "integer" => Some(MirrorKind::Integer),
        "boolean" => Some(MirrorKind::Boolean),
        _ => None,
    }
}

/// A token of RFC 9110 §5.6.2.
fn is_token(name: &str) -> bool {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_token_byte)
}

/// Whether a header of this name is, or may be, a mirrored argument.
pub fn is_param_header(name: &str) -> bool {
    name.get(..PARAM_PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PARAM_PREFIX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn survey(schema: &Value) -> Result<Vec<Mirror>, MirrorRule> {
        from_schema(schema.to_string().as_bytes())
    }

    fn weather() -> Vec<Mirror> {
        survey(&json!({
            "type": "object",
            "properties": {
                "region": {"type": "string", "x-mcp-header": "Region"},
                "limit": {"type": "integer", "x-mcp-header": "Limit"},
                "filter": {"type": "object", "properties": {
                    "archived": {"type": "boolean", "x-mcp-header": "Archived"},
                }},
                "query": {"type": "string"},
            },
        }))
        .expect("valid annotations")
    }

    #[test]
    fn annotations_on_properties_at_any_depth_are_found() {
        let mirrors = weather();
        let found: Vec<_> =
            mirrors.iter().map(|mirror| (mirror.header.as_str(), mirror.path.join("."), mirror.kind)).collect();
        for expected in [
            ("Mcp-Param-Region", "region".to_owned(), MirrorKind::String),
            ("Mcp-Param-Limit", "limit".to_owned(), MirrorKind::Integer),
            ("Mcp-Param-Archived", "filter.archived".to_owned(), MirrorKind::Boolean),
        ] {
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_property_and_data_of_the_annotations_name_are_no_annotations() {
        let schema = json!({
            "properties": {
                "x-mcp-header": {"type": "string"},
                "a": {"type": "object", "default": {"x-mcp-header": 1}, "enum": [{"x-mcp-header": 1}]},
            },
            "examples": [{"x-mcp-header": "X"}],
        });
        assert_eq!(survey(&schema), Ok(Vec::new()));
    }

    #[test]
    fn only_tokens_name_headers() {
        for name in [
            json!(""),
            json!("My Region"),
            json!("Region:Primary"),
            json!("Région"),
            json!("a\r\nb"),
            json!("\t"),
            json!(7),
            json!(null),
        ] {
            let schema = json!({"properties": {"p": {"type": "string", "x-mcp-header": name}}});
            let rule = MirrorRule::NotAToken { given: name.to_string(), path: "p".to_owned() };
            assert_eq!(survey(&schema), Err(rule));
        }
    }

    #[test]
    fn only_strings_integers_and_booleans_are_mirrored() {
        for kind in
            [json!("number"), json!("object"), json!("array"), json!("null"), json!(["string", "null"]), json!(null)]
        {
            let schema = json!({"properties": {"p": {"type": kind, "x-mcp-header": "P"}}});
            assert_eq!(survey(&schema), Err(MirrorRule::NotPrimitive { header: "P".to_owned() }), "{kind}");
        }
    }

    #[test]
    fn one_header_has_one_property() {
        let schema = json!({"properties": {
            "a": {"type": "string", "x-mcp-header": "MyField"},
            "b": {"type": "object", "properties": {"c": {"type": "string", "x-mcp-header": "myfield"}}},
        }});
        assert!(matches!(survey(&schema), Err(MirrorRule::Duplicate { .. })));
    }

    #[test]
    fn annotations_off_the_chain_of_properties_are_refused() {
        let annotated = json!({"type": "string", "x-mcp-header": "X"});
        for (keyword, subschema) in [
            ("items", annotated.clone()),
            ("prefixItems", json!([annotated])),
            ("oneOf", json!([{}, {"properties": {"a": annotated}}])),
            ("allOf", json!([{"not": {"anyOf": [annotated]}}])),
            ("if", json!({"properties": {"a": annotated}})),
            ("additionalProperties", annotated.clone()),
            ("$defs", json!({"a": annotated})),
            ("patternProperties", json!({"^x": {"items": annotated}})),
        ] {
            let property = json!({"type": "object", keyword: subschema});
            for schema in [property.clone(), json!({"properties": {"p": property}})] {
                assert!(matches!(survey(&schema), Err(MirrorRule::Unreachable { .. })), "{schema}");
            }
        }
        assert!(matches!(survey(&annotated), Err(MirrorRule::Unreachable { .. })));
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        for text in ["", "[]", "true", "{", "\u{feff}{}"] {
            assert_eq!(from_schema(text.as_bytes()), Err(MirrorRule::NotASchema), "{text:?}");
        }
    }

    #[test]
    fn a_schema_too_deep_is_refused_and_not_followed() {
        let deep = |levels: usize| (0..levels).fold(json!({}), |inner, _| json!({"properties": {"p": inner}}));
        let is_too_deep =
            |levels| matches!(survey(&deep(levels)), Err(MirrorRule::TooDeep { .. } | MirrorRule::NotASchema));
        assert!(!is_too_deep(50));
        assert!(is_too_deep(70));
        let nested = (0..100).fold(json!({}), |inner, _| json!({"not": inner}));
        assert!(matches!(survey(&nested), Err(MirrorRule::TooDeep { .. })));
        assert_eq!(from_schema("{\"not\":".repeat(100_000).as_bytes()), Err(MirrorRule::NotASchema));
    }

    #[test]
    fn values_are_written_as_headers_carry_them() {
        let arguments = br#"{"region":"Z\u00fcrich","limit":4.2e1,"filter":{"archived":false},"query":"x"}"#;
        let mut sent = values(&weather(), arguments);
        sent.sort();
        let expected = [
            ("Mcp-Param-Archived", "false"),
            ("Mcp-Param-Limit", "42"),
            ("Mcp-Param-Region", "=?base64?WsO8cmljaA==?="),
        ];
        assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_cannot_be_mirrored_has_no_header() {
        for arguments in [
            "{}",
            r#"{"region":null,"limit":null,"filter":null}"#,
            r#"{"region":["x"],"limit":1.5,"filter":{"archived":{}}}"#,
            r#"{"limit":9007199254740992,"filter":[]}"#,
            r#"{"region":"a","region":"b"}"#,
            "[]",
            "",
            "{",
        ] {
            assert_eq!(values(&weather(), arguments.as_bytes()), [], "{arguments}");
        }
    }

    #[track_caller]
    fn check_received(arguments: &str, received: &[(&str, &str)], expected: Result<(), &str>) {
        let message = check(&weather(), received, arguments.as_bytes()).map_err(|error| error.to_string());
        assert_eq!(message, expected.map_err(str::to_owned), "{arguments} {received:?}");
    }

    #[test]
    fn headers_that_say_what_the_body_says_pass() {
        check_received(r#"{"region":"us"}"#, &[("mcp-param-REGION", "us")], Ok(()));
        check_received(r#"{"region":"Z\u00fcrich"}"#, &[("Mcp-Param-Region", "=?base64?WsO8cmljaA==?=")], Ok(()));
        check_received(r#"{"region":"us"}"#, &[("Mcp-Param-Region", "=?base64?dXM=?=")], Ok(()));
        check_received(r#"{"limit":42}"#, &[("Mcp-Param-Limit", "42.0")], Ok(()));
        check_received(r#"{"limit":42.0}"#, &[("Mcp-Param-Limit", "42")], Ok(()));
        check_received(r#"{"filter":{"archived":true}}"#, &[("Mcp-Param-Archived", "true")], Ok(()));
        check_received(r#"{"region":""}"#, &[("Mcp-Param-Region", "")], Ok(()));
        check_received(r#"{"region":null}"#, &[], Ok(()));
        check_received("{}", &[("Mcp-Param-Other", "x"), ("Mcp-Method", "tools/call")], Ok(()));
    }

    #[test]
    fn headers_that_say_other_than_the_body_are_refused_by_name() {
        let mismatch = Err("header Mcp-Param-Region does not match the arguments");
        check_received(r#"{"region":"us"}"#, &[("Mcp-Param-Region", "US")], mismatch);
        check_received(r#"{"region":"us"}"#, &[("Mcp-Param-Region", "=?BASE64?dXM=?=")], mismatch);
        check_received(r#"{"region":null}"#, &[("Mcp-Param-Region", "us")], mismatch);
        check_received("{}", &[("Mcp-Param-Region", "")], mismatch);
        check_received(r#"{"region":"42"}"#, &[("Mcp-Param-Region", "42.0")], mismatch);
        check_received(r#"{"region":"a","region":"us"}"#, &[("Mcp-Param-Region", "us")], mismatch);
        check_received(r#"{"region":"us"}"#, &[], Err("header Mcp-Param-Region is missing"));
        check_received(
            r#"{"region":"us"}"#,
            &[("Mcp-Param-Region", "us"), ("mcp-param-region", "us")],
            Err("header Mcp-Param-Region is given twice"),
        );
        check_received(
            r#"{"region":"Hello"}"#,
            &[("Mcp-Param-Region", "=?base64?SGVsbG8?=")],
            Err("header Mcp-Param-Region cannot be read"),
        );
        check_received(
            r#"{"limit":42}"#,
            &[("Mcp-Param-Limit", "")],
            Err("header Mcp-Param-Limit does not match the arguments"),
        );
        check_received(
            r#"{"filter":{"archived":true}}"#,
            &[("Mcp-Param-Archived", "True")],
            Err("header Mcp-Param-Archived does not match the arguments"),
        );
    }

    #[test]
    fn param_headers_are_known_in_any_case() {
        assert!(is_param_header("mcp-param-x") && is_param_header("MCP-Param-X"));
        assert!(!is_param_header("mcp-name") && !is_param_header("mcp-para\u{e9}-x"));
    }

    proptest! {
        #[test]
        fn what_we_send_passes_our_own_check(region in ".{0,20}", limit in any::<i64>(), archived in any::<bool>()) {
            let arguments = json!({"region": region, "limit": limit, "filter": {"archived": archived}}).to_string();
            let sent = values(&weather(), arguments.as_bytes());
            let received: Vec<_> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            prop_assert_eq!(check(&weather(), &received, arguments.as_bytes()), Ok(()));
        }
    }
}
