//! Messages as hostile but honest peers might write them: members in any order, spaces anywhere, numbers and strings in
//! every spelling the grammar allows, keys that nobody knows. Shared by the property tests of this crate.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

/// The keys of `_meta` that the gateway routes on, in the order of `mcp::Meta`.
const META_KEYS: [&str; 4] =
    ["io.modelcontextprotocol/protocolVersion", "io.modelcontextprotocol/clientInfo", "progressToken", "traceparent"];

/// The text of one valid message.
pub(crate) fn message() -> impl Strategy<Value = String> {
    prop_oneof![call(), answer()]
}

/// The text of one valid request with `params._meta`.
pub(crate) fn call() -> impl Strategy<Value = String> {
    (id(), params(), unknown_members()).prop_flat_map(|(id, params, unknown)| {
        let known = [("jsonrpc", r#""2.0""#), ("id", &id), ("method", r#""tools/call""#), ("params", &params)];
        object(owned(&known).into_iter().chain(unknown).collect())
    })
}

fn answer() -> impl Strategy<Value = String> {
    let outcome = prop_oneof![
        value().prop_map(|value| ("result".to_owned(), value)),
        value().prop_map(|data| ("error".to_owned(), format!(r#"{{"code":-32000,"message":"","data":{data}}}"#))),
    ];
    (id(), outcome, unknown_members()).prop_flat_map(|(id, outcome, unknown)| {
        let known = owned(&[("jsonrpc", r#""2.0""#), ("id", &id)]);
        object(known.into_iter().chain([outcome]).chain(unknown).collect())
    })
}

fn params() -> impl Strategy<Value = String> {
    (value(), meta(), unknown_members()).prop_flat_map(|(arguments, meta, unknown)| {
        let known = owned(&[("name", r#""git_log""#), ("arguments", &arguments), ("_meta", &meta)]);
        object(known.into_iter().chain(unknown).collect())
    })
}

fn meta() -> impl Strategy<Value = String> {
    let known = subsequence(META_KEYS.to_vec(), 0..=META_KEYS.len());
    (known, value(), unknown_members()).prop_flat_map(|(known, value, unknown)| {
        let known = known.into_iter().map(|key| (key.to_owned(), value.clone()));
        object(known.chain(unknown).collect())
    })
}

fn owned(members: &[(&str, &str)]) -> Vec<(String, String)> {
    members.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Keys that end as no routed key does, so that they are neither routed nor look-alikes.
fn unknown_members() -> impl Strategy<Value = Vec<(String, String)>> {
    vec(("([a-z]|\\\\u00e9|\\\\n|世|/){1,4}x", value()), 0..3)
}

/// An object with these members in any order.
fn object(members: Vec<(String, String)>) -> impl Strategy<Value = String> {
    (Just(members).prop_shuffle(), spaces()).prop_map(|(members, space)| {
        let members: Vec<String> =
            members.iter().map(|(key, value)| format!("{space}\"{key}\"{space}:{space}{value}{space}")).collect();
        format!("{{{space}{}}}{space}", members.join(","))
    })
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop_oneof![Just("null"), Just("true"), Just("false"), Just("{}"), Just("[ ]")].prop_map(str::to_owned),
        number(),
        string(),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let array = (vec(inner.clone(), 0..4), spaces())
            .prop_map(|(items, space)| format!("[{space}{}]", items.join(&format!("{space},{space}"))));
        let members = vec((string(), inner), 0..4).prop_map(|members| {
            let members: Vec<String> = members.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
            format!("{{{}}}", members.join(","))
        });
        prop_oneof![array, members]
    })
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|id| id.to_string()),
        any::<u64>().prop_map(|id| id.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.0{1,3})?",
        string(),
    ]
}

fn number() -> impl Strategy<Value = String> {
    "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?"
}

fn string() -> impl Strategy<Value = String> {
    "\"([ -!#-\\[\\]-~]|\u{7f}|é|世|🦀|\u{2028}|\u{feff}|\\\\[\"\\\\/bfnrt]|\\\\u0000|\\\\u00[eE]9|\\\\ud83d\\\\uDE00){0,8}\""
}

fn spaces() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}
