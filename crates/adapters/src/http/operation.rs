//! One operation of an HTTP API: where each argument goes, and the request that comes of it.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value};

use super::style::{self, PathStyle, QueryStyle, encode};
use super::template::{self, Template};
use super::{Ask, BodyPlan};
use crate::failure::Failure;

/// Headers that belong to the connection or to the gateway: no argument ever sets them.
const OWN_HEADERS: [&str; 22] = [
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Operation {
    /// The method.
    pub(crate) method: Method,
    /// The path, below the base of the API.
    pub(crate) path: Template,
    /// Where the arguments go.
    pub(crate) parameters: Vec<Parameter>,
    /// What the request carries, if anything.
    pub(crate) body: Option<BodyPlan>,
}

/// One argument and its place in the request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Parameter {
    /// The argument's name.
    pub(crate) argument: String,
    /// The name the API knows it by.
    pub(crate) name: String,
    /// Where it goes.
    pub(crate) place: Place,
}

/// A place in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A slot of the path.
    Path {
        /// Its style.
        style: PathStyle,
        /// Whether lists and objects are taken apart.
        explode: bool,
    },
    /// The query.
    Query {
        /// Its style.
        style: QueryStyle,
        /// Whether lists and objects are taken apart.
        explode: bool,
    },
    /// A header.
    Header {
        /// Whether objects are written as `key=value`.
        explode: bool,
    },
    /// A cookie.
    Cookie,
    /// A member of the body.
    Member,
    /// The body as a whole.
    Body,
}

impl Operation {
    /// The request for `arguments`, which fit the tool's schema.
    pub(crate) fn ask(&self, arguments: &Map<String, Value>) -> Result<Ask, Failure> {
        let mut headers = self.headers(arguments)?;
        let body = self.body(arguments, &mut headers)?;
        let mut path = self.path(arguments)?;
        let query = self.query(arguments).join("&");
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        Ok(Ask { method: self.method.clone(), path, headers, body })
    }

    fn path(&self, arguments: &Map<String, Value>) -> Result<String, Failure> {
        self.path.fill(|name| {
            let found = self.parameters.iter().find_map(|parameter| match parameter.place {
                Place::Path { style, explode } if parameter.name == name => Some((parameter, style, explode)),
                _ => None,
            });
            let (parameter, style, explode) =
                found.ok_or_else(|| Failure::argument(name, format!("nothing fills `{name}` in the path")))?;
            let value = arguments.get(&parameter.argument).ok_or_else(|| {
                Failure::argument(&parameter.argument, format!("`{}` is missing", parameter.argument))
            })?;
            check_path_value(&parameter.argument, value)?;
            Ok(style::in_path(style, explode, name, value))
        })
    }

    fn query(&self, arguments: &Map<String, Value>) -> Vec<String> {
        let given = self.parameters.iter().filter_map(|parameter| match parameter.place {
            Place::Query { style, explode } => {
                Some(style::in_query(style, explode, &parameter.name, arguments.get(&parameter.argument)?))
            }
            _ => None,
        });
        given.flatten().collect()
    }

    fn headers(&self, arguments: &Map<String, Value>) -> Result<HeaderMap, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/*;q=0.9, */*;q=0.5"));
        let mut cookies = Vec::new();
        for parameter in &self.parameters {
            let Some(value) = arguments.get(&parameter.argument) else { continue };
            match parameter.place {
                Place::Header { explode } => {
                    let name = HeaderName::try_from(parameter.name.as_str());
                    let name = name.map_err(|_| unsendable(&parameter.argument))?;
                    headers.insert(name, header_value(&parameter.argument, &style::in_header(explode, value))?);
                }
                Place::Cookie => {
                    cookies.push(format!("{}={}", encode(&parameter.name), encode(&style::plain(value))));
                }
                _ => {}
            }
        }
        if !cookies.is_empty() {
            headers.insert(COOKIE, header_value("cookie", &cookies.join("; "))?);
        }
        Ok(headers)
    }

    fn body(&self, arguments: &Map<String, Value>, headers: &mut HeaderMap) -> Result<Bytes, Failure> {
        let Some(plan) = &self.body else { return Ok(Bytes::new()) };
        let Some(value) = self.body_value(arguments) else { return Ok(Bytes::new()) };
        let (media, bytes) = plan.write("body", &value)?;
        headers.insert(CONTENT_TYPE, header_value("body", &media)?);
        Ok(bytes)
    }

    /// The body as a value: the argument that is the whole of it, or an object of its members.
    fn body_value(&self, arguments: &Map<String, Value>) -> Option<Value> {
        let mut members = Map::new();
        for parameter in &self.parameters {
            let value = arguments.get(&parameter.argument).cloned();
            match (parameter.place, value) {
                (Place::Body, value) => return value,
                (Place::Member, Some(value)) => drop(members.insert(parameter.name.clone(), value)),
                _ => {}
            }
        }
        (!members.is_empty()).then(|| members.into())
    }
}

/// Whether an argument may set the header `name`.
pub(crate) fn may_be_sent(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    HeaderName::try_from(name.as_str()).is_ok() && !OWN_HEADERS.contains(&name.as_str())
}

/// Looks into lists and objects, for each of their texts stands in the path.
fn check_path_value(argument: &str, value: &Value) -> Result<(), Failure> {
    match value {
        Value::Array(items) if !items.is_empty() => items.iter().try_for_each(|item| check_path_value(argument, item)),
        Value::Object(members) if !members.is_empty() => members.iter().try_for_each(|(key, value)| {
            template::check_value(argument, key)?;
            check_path_value(argument, value)
        }),
        Value::Array(_) | Value::Object(_) | Value::Null => template::check_value(argument, ""),
        value => template::check_value(argument, &style::plain(value)),
    }
}

fn header_value(argument: &str, text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::from_str(text).map_err(|_| unsendable(argument))
}

fn unsendable(argument: &str) -> Failure {
    Failure::Argument {
        field: argument.to_owned(),
        message: format!("`{argument}` cannot be sent as a header"),
        hint: Some("use visible ASCII letters only, without line ends".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parameter(argument: &str, name: &str, place: Place) -> Parameter {
        Parameter { argument: argument.to_owned(), name: name.to_owned(), place }
    }

    fn operation() -> Operation {
        Operation {
            method: Method::PUT,
            path: Template::parse("/pets/{petId}").expect("the template is right"),
            parameters: vec![
                parameter("petId", "petId", Place::Path { style: PathStyle::Simple, explode: false }),
                parameter("tag", "tag", Place::Query { style: QueryStyle::Form, explode: true }),
                parameter("X-Trace", "X-Trace", Place::Header { explode: false }),
                parameter("sid", "sid", Place::Cookie),
                parameter("tag_body", "tag", Place::Member),
            ],
            body: Some(BodyPlan::Json("application/json".to_owned())),
        }
    }

    fn asked(arguments: &Value) -> Result<Ask, Failure> {
        operation().ask(&arguments.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn every_argument_goes_to_its_place() {
        let ask = asked(&json!({ "petId": 7, "tag": ["a", "b"], "X-Trace": "t1", "sid": "s;1", "tag_body": "c" }));
        let ask = ask.expect("the arguments fit");
        assert_eq!(ask.path, "/pets/7?tag=a&tag=b");
        assert_eq!(ask.headers["x-trace"], "t1");
        assert_eq!(ask.headers["cookie"], "sid=s%3B1");
        assert_eq!(ask.headers["content-type"], "application/json");
        assert_eq!(ask.body, r#"{"tag":"c"}"#);
    }

    #[test]
    fn body_without_arguments_is_not_sent() {
        let ask = asked(&json!({ "petId": 7 })).expect("the arguments fit");
        assert!(ask.body.is_empty() && !ask.headers.contains_key(CONTENT_TYPE));
    }

    #[test]
    fn header_with_a_line_end_is_refused() {
        for value in ["a\r\nEvil: 1", "a\nb", "a\0b", "ü\u{0}"] {
            assert!(asked(&json!({ "petId": 7, "X-Trace": value })).is_err(), "{value:?}");
        }
    }

    #[test]
    fn lists_in_paths_are_checked_item_by_item() {
        assert!(asked(&json!({ "petId": ["a", ".."] })).is_err());
        assert!(asked(&json!({ "petId": [] })).is_err());
        assert!(asked(&json!({ "petId": null })).is_err());
        assert_eq!(asked(&json!({ "petId": ["a", "b"] })).expect("plain items fit").path, "/pets/a,b");
    }

    #[test]
    fn headers_of_the_connection_are_not_arguments() {
        for (name, expected) in
            [("X-Trace", true), ("Host", false), ("authorization", false), ("a b", false), ("TE", false)]
        {
            assert_eq!(may_be_sent(name), expected, "{name}");
        }
    }
}
