//! What a batch asks for: `{calls: [{id, name, arguments?, after?}], atomic_start?}`. Arguments stay as they were written, and
//! what could be read in two ways is refused.

use bytes::Bytes;
use mcp::array;
use traffic::batch::{CALLS_MAX, Step};

use super::invalid;
use crate::failure::Failure;

/// What a batch asks for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Its calls, as far as their order matters.
    pub(super) steps: Vec<Step>,
    /// The same calls, as far as it does not.
    pub(super) calls: Vec<OneCall>,
    /// Whether nothing is begun unless everything can be.
    pub(super) is_atomic: bool,
}

/// The call of a tool.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OneCall {
    /// The tool, as the endpoint names it.
    pub(super) name: String,
    /// Its arguments, a JSON object.
    pub(super) arguments: Bytes,
}

impl Wanted {
    /// Reads the JSON object that a batch is; `_meta` in it is for others.
    pub(crate) fn read(raw: &[u8]) -> Result<Self, Failure> {
        let [calls, atomic] = members(raw, ["calls", "atomic_start"], "a batch")?;
        let calls = calls.ok_or_else(|| invalid("`calls` is missing: a list of calls".to_owned()))?;
        let items = array::items(calls).map_err(|_| invalid("`calls` must be a list".to_owned()))?;
        // so many that none is worth reading
        if items.len() > CALLS_MAX {
            return Err(invalid(traffic::batch::Unsound::Size(items.len()).to_string()));
        }
        let is_atomic = match atomic {
            None | Some(b"false") => false,
            Some(b"true") => true,
            Some(_) => return Err(invalid("`atomic_start` must be true or false".to_owned())),
        };
        let read = items.iter().map(|item| one(item.of(calls).unwrap_or_default())).collect::<Result<Vec<_>, _>>()?;
        let (steps, calls) = read.into_iter().unzip();
        Ok(Self { steps, calls, is_atomic })
    }
}

fn one(raw: &[u8]) -> Result<(Step, OneCall), Failure> {
    let [id, name, arguments, after] = members(raw, ["id", "name", "arguments", "after"], "a call of a batch")?;
    let id = text(id).ok_or_else(|| invalid("each call needs an `id`, a string".to_owned()))?;
    let name = text(name).ok_or_else(|| invalid(format!("`{id}` needs a `name`: the name of its tool")))?;
    let arguments = match arguments {
        None | Some(b"null") => b"{}",
        Some(object) if object.starts_with(b"{") => object,
        Some(_) => return Err(invalid(format!("the `arguments` of `{id}` must be an object"))),
    };
    let unclear = || invalid(format!("`after` of `{id}` must be a list of ids"));
    let after = match after {
        None | Some(b"null") => Vec::new(),
        Some(list) => {
            let ids = array::items(list).map_err(|_| unclear())?;
            ids.iter().map(|id| text(id.of(list))).collect::<Option<Vec<_>>>().ok_or_else(unclear)?
        }
    };
    Ok((Step { id, after }, OneCall { name, arguments: Bytes::copy_from_slice(arguments) }))
}

/// The members of an object that has no others.
fn members<'r, const COUNT: usize>(
    raw: &'r [u8],
    names: [&str; COUNT],
    what: &str,
) -> Result<[Option<&'r [u8]>; COUNT], Failure> {
    let given = array::members(raw).map_err(|_| invalid(format!("{what} is an object")))?;
    let mut found = [None; COUNT];
    for (key, span) in given.into_iter().filter(|(key, _)| *key != b"_meta") {
        let place = names.iter().position(|name| name.as_bytes() == key);
        let Some(place) = place else {
            let key = String::from_utf8_lossy(key);
            return Err(invalid(format!(
                "{what} has no `{key}`: it has {}",
                names.map(|name| format!("`{name}`")).join(", ")
            )));
        };
        if found[place].replace(span.of(raw).unwrap_or_default()).is_some() {
            return Err(invalid(format!("`{}` stands twice in {what}", names[place])));
        }
    }
    Ok(found)
}

fn text(token: Option<&[u8]>) -> Option<String> {
    serde_json::from_slice(token?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_as_they_are_written() {
        let raw = r#"{"calls":[{"id":"a","name":"git_log","arguments":{"n":1.0}},
            {"after":["a"],"name":"x","id":"b","arguments":null}],"atomic_start":true,"_meta":{}}"#;
        let wanted = Wanted::read(raw.as_bytes()).unwrap();
        assert!(wanted.is_atomic);
        assert_eq!(wanted.steps[1], Step { id: "b".to_owned(), after: vec!["a".to_owned()] });
        let call = |name: &str, arguments: &'static str| OneCall { name: name.to_owned(), arguments: arguments.into() };
        assert_eq!(wanted.calls, [call("git_log", r#"{"n":1.0}"#), call("x", "{}")]);
    }

    #[test]
    fn what_is_no_batch_is_refused_with_what_is_wrong() {
        let check = |raw: &str, part: &str| {
            let refusal = Wanted::read(raw.as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains(part), "{raw}: {refusal}");
        };
        check("[]", "is an object");
        check("{}", "`calls` is missing");
        check(r#"{"calls":{}}"#, "must be a list");
        check(r#"{"calls":[],"calls":[]}"#, "stands twice");
        check(r#"{"calls":[],"atomic":true}"#, "has no `atomic`");
        check(r#"{"calls":[],"atomic_start":"yes"}"#, "true or false");
        check(r#"{"calls":[7]}"#, "is an object");
        check(r#"{"calls":[{"name":"a"}]}"#, "needs an `id`");
        check(r#"{"calls":[{"id":"a"}]}"#, "needs a `name`");
        check(r#"{"calls":[{"id":"a","name":"b","arguments":[]}]}"#, "must be an object");
        check(r#"{"calls":[{"id":"a","name":"b","after":"c"}]}"#, "list of ids");
        check(r#"{"calls":[{"id":"a","name":"b","after":[1]}]}"#, "list of ids");
        check(r#"{"calls":[{"id":"a","name":"b","then":"c"}]}"#, "has no `then`");
        check(&format!(r#"{{"calls":[{}1]}}"#, "1,".repeat(CALLS_MAX)), "1 to 100 calls");
    }
}
