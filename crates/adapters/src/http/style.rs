//! How a value becomes text in a path, a query, a header or a cookie: the styles of OpenAPI.
//! Every piece that came from a caller is percent-encoded on its own; only delimiters of the style stand bare.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Everything but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a value stands in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PathStyle {
    /// `a,b`
    Simple,
    /// `.a.b`
    Label,
    /// `;name=a;name=b`
    Matrix,
    /// JSON text.
    Json,
}

/// How a value stands in a query, or in a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryStyle {
    /// `name=a&name=b`, or `name=a,b` where it is not exploded.
    Form,
    /// `name=a%20b`
    Space,
    /// `name=a|b`
    Pipe,
    /// `name[key]=a`
    Deep,
    /// JSON text.
    Json,
}

/// `text` with everything encoded that could mean something in a URL.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// `value` in a path.
pub(crate) fn in_path(style: PathStyle, explode: bool, name: &str, value: &Value) -> String {
    let encoded = |value: &Value| encode(&plain(value));
    match (style, value) {
        (PathStyle::Json, value) => encode(&value.to_string()),
        (PathStyle::Simple, Value::Array(items)) => joined(items.iter().map(encoded), ","),
        (PathStyle::Simple, Value::Object(members)) => joined(pairs(members, explode), ","),
        (PathStyle::Simple, value) => encoded(value),
        (PathStyle::Label, Value::Array(items)) => {
            format!(".{}", joined(items.iter().map(encoded), if explode { "." } else { "," }))
        }
        (PathStyle::Label, Value::Object(members)) => {
            format!(".{}", joined(pairs(members, explode), if explode { "." } else { "," }))
        }
        (PathStyle::Label, value) => format!(".{}", encoded(value)),
        (PathStyle::Matrix, Value::Array(items)) if explode => {
            joined(items.iter().map(|item| format!(";{}={}", encode(name), encoded(item))), "")
        }
        (PathStyle::Matrix, Value::Array(items)) => {
            format!(";{}={}", encode(name), joined(items.iter().map(encoded), ","))
        }
        (PathStyle::Matrix, Value::Object(members)) if explode => {
            joined(pairs(members, true).map(|pair| format!(";{pair}")), "")
        }
        (PathStyle::Matrix, Value::Object(members)) => {
            format!(";{}={}", encode(name), joined(pairs(members, false), ","))
        }
        (PathStyle::Matrix, value) => format!(";{}={}", encode(name), encoded(value)),
    }
}

/// `value` as pairs of a query, encoded.
pub(crate) fn in_query(style: QueryStyle, explode: bool, name: &str, value: &Value) -> Vec<String> {
    let pair = |name: &str, text: &str| format!("{}={text}", encode(name));
    let encoded = |value: &Value| encode(&plain(value));
    match (style, value) {
        (QueryStyle::Json, value) => vec![pair(name, &encode(&value.to_string()))],
        (QueryStyle::Deep, Value::Object(members)) => {
            members.iter().map(|(key, value)| pair(&format!("{name}[{key}]"), &encoded(value))).collect()
        }
        (_, Value::Array(items)) if explode => items.iter().map(|item| pair(name, &encoded(item))).collect(),
        (_, Value::Object(members)) if explode => {
            members.iter().map(|(key, value)| pair(key, &encoded(value))).collect()
        }
        (style, Value::Array(items)) => vec![pair(name, &joined(items.iter().map(encoded), delimiter(style)))],
        (style, Value::Object(members)) => vec![pair(name, &joined(pairs(members, false), delimiter(style)))],
        (_, value) => vec![pair(name, &encoded(value))],
    }
}

/// `value` in a header: style `simple`, nothing encoded.
pub(crate) fn in_header(explode: bool, value: &Value) -> String {
    match value {
        Value::Array(items) => joined(items.iter().map(plain), ","),
        Value::Object(members) => {
            let between = if explode { "=" } else { "," };
            joined(members.iter().map(|(key, value)| format!("{key}{between}{}", plain(value))), ",")
        }
        value => plain(value),
    }
}

/// `value` as text: a string as it is, anything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn delimiter(style: QueryStyle) -> &'static str {
    match style {
        QueryStyle::Space => "%20",
        QueryStyle::Pipe => "%7C",
        QueryStyle::Form | QueryStyle::Deep | QueryStyle::Json => ",",
    }
}

fn pairs(members: &Map<String, Value>, explode: bool) -> impl Iterator<Item = String> {
    let between = if explode { "=" } else { "," };
    members.iter().map(move |(key, value)| format!("{}{between}{}", encode(key), encode(&plain(value))))
}

fn joined(parts: impl Iterator<Item = String>, between: &str) -> String {
    parts.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_follow_their_style() {
        let (list, object) = (json!([3, "a b"]), json!({ "x": 1, "y": "z" }));
        for (style, explode, value, expected) in [
            (PathStyle::Simple, false, &json!("a/b"), "a%2Fb"),
            (PathStyle::Simple, false, &list, "3,a%20b"),
            (PathStyle::Simple, false, &object, "x,1,y,z"),
            (PathStyle::Simple, true, &object, "x=1,y=z"),
            (PathStyle::Label, false, &json!(5), ".5"),
            (PathStyle::Label, true, &list, ".3.a%20b"),
            (PathStyle::Matrix, false, &json!(5), ";id=5"),
            (PathStyle::Matrix, true, &list, ";id=3;id=a%20b"),
            (PathStyle::Matrix, false, &list, ";id=3,a%20b"),
            (PathStyle::Matrix, true, &object, ";x=1;y=z"),
            (PathStyle::Json, false, &object, "%7B%22x%22%3A1%2C%22y%22%3A%22z%22%7D"),
        ] {
            assert_eq!(in_path(style, explode, "id", value), expected, "{style:?} {explode} {value}");
        }
    }

    #[test]
    fn queries_follow_their_style() {
        let (list, object) = (json!(["a", "b&c"]), json!({ "x": 1, "y": "=" }));
        for (style, explode, value, expected) in [
            (QueryStyle::Form, true, &json!("a&b=c#d"), "q=a%26b%3Dc%23d"),
            (QueryStyle::Form, true, &list, "q=a&q=b%26c"),
            (QueryStyle::Form, false, &list, "q=a,b%26c"),
            (QueryStyle::Form, true, &object, "x=1&y=%3D"),
            (QueryStyle::Form, false, &object, "q=x,1,y,%3D"),
            (QueryStyle::Space, false, &list, "q=a%20b%26c"),
            (QueryStyle::Pipe, false, &list, "q=a%7Cb%26c"),
            (QueryStyle::Deep, true, &object, "q%5Bx%5D=1&q%5By%5D=%3D"),
            (QueryStyle::Json, false, &json!([1]), "q=%5B1%5D"),
            (QueryStyle::Form, true, &json!(true), "q=true"),
        ] {
            assert_eq!(in_query(style, explode, "q", value).join("&"), expected, "{style:?} {explode} {value}");
        }
    }
}
