//! A line over the limit that was an answer: its middle is gone, but its id stands near its start or near its end, and
//! so the one call that waits for it can be told.

use serde_json::{Map, Value};

/// The id of the answer whose line begins with `head` and ends with `tail`, if it is one that we gave out.
pub(super) fn answered_id(head: &str, tail: &str) -> Option<u64> {
    from_head(head).or_else(|| from_tail(tail.trim_end()))
}

/// Before the long member: `{"jsonrpc":"2.0","id":7,"result":…`.
fn from_head(head: &str) -> Option<u64> {
    head.match_indices(',').find_map(|(comma, _)| id_of(&format!("{}}}", &head[..comma])))
}

/// Behind it: `…,"id":7}`.
fn from_tail(tail: &str) -> Option<u64> {
    tail.match_indices(',').find_map(|(comma, _)| id_of(&format!("{{{}", &tail[comma + 1..])))
}

/// The id in an object without objects and lists in it: the outermost members of a message.
fn id_of(text: &str) -> Option<u64> {
    let members: Map<String, Value> = serde_json::from_str(text).ok()?;
    let is_flat = members.values().all(|value| !value.is_object() && !value.is_array());
    match members.get("id").filter(|_| is_flat)? {
        Value::String(text) => text.parse().ok(),
        id => id.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &str, tail: &str, expected: Option<u64>) {
        assert_eq!(answered_id(head, tail), expected, "{head} … {tail}");
    }

    #[test]
    fn the_id_is_found_before_and_behind_the_long_member() {
        check(r#"{"jsonrpc":"2.0","id":7,"result":{"content":[{"ty"#, "xxxx", Some(7));
        check(r#"{"id":"7","jsonrpc":"2.0","result":{"con"#, "xxxx", Some(7));
        check(r#"{"result":{"content":[{"text":"xx"#, r#"xxx"}]},"jsonrpc":"2.0","id":7}"#, Some(7));
        check(r#"{"result":{"content":[{"text":"xx"#, "xxx\"}]},\"id\":7,\"jsonrpc\":\"2.0\"}\r", Some(7));
    }

    #[test]
    fn an_id_inside_the_result_is_not_the_id_of_the_answer() {
        check(r#"{"result":{"kind":"x","id":3,"text":"#, r#"xx","id":4}}"#, None);
        check(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"#, r#""id":4}}"#, None);
        check("no JSON at all, not even near", "none here, either", None);
    }
}
