//! The list form of a tool: another tool of the same server that does for a list of arguments what the first does for one.
//! A server says so in `_meta` of the tool; how the one call is written and its answer split stands here.

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Param, ResultKey, Splice, array, message};
use traffic::gather::GATHERED_MAX;

use crate::{call::Answer, failure::Failure, unasked::parse};

/// The member of a tool's `_meta` that names its list form.
const KEY: &str = "dev.switchboard/batch";

/// The list form of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListForm {
    /// The tool that takes the list.
    pub tool: String,
    /// Its argument that is the list.
    pub argument: String,
    /// How long the list may be.
    pub most: usize,
}

impl ListForm {
    /// What the definition of a tool says of it. One that takes fewer than two is none.
    pub fn of_tool(tool: &[u8]) -> Option<Self> {
        let meta = array::member(tool, "_meta")?.of(tool)?;
        let form = array::member(meta, KEY)?.of(meta)?;
        let text = |name| serde_json::from_slice::<String>(array::member(form, name)?.of(form)?).ok();
        let most = match array::member(form, "max") {
            None => GATHERED_MAX,
            Some(span) => serde_json::from_slice::<usize>(span.of(form)?).ok()?,
        };
        Some(Self { tool: text("tool")?, argument: text("argument")?, most }).filter(|form| form.most > 1)
    }

    /// The call of the list form with the arguments of all of these; the rest is as in the first.
    pub fn request(&self, calls: &[Envelope]) -> Result<Envelope, Failure> {
        let Some(first) = calls.first() else { return Err(Failure::Garbage("a list of no calls".to_owned())) };
        let arguments: Vec<&[u8]> =
            calls.iter().map(|call| call.param_raw(Param::Arguments).unwrap_or(b"{}")).collect();
        let mut list = b"{".to_vec();
        message::push_string(&mut list, &self.argument);
        list.extend_from_slice(b":[");
        list.extend_from_slice(&arguments.join(&b','));
        list.extend_from_slice(b"]}");
        let mut splice = Splice::new(first.bytes());
        splice.replace_owned(first.param(Param::Name), message::json_string(&self.tool));
        let given = first.param(Param::Arguments);
        if given.is_some() {
            splice.replace_owned(given, list);
        } else {
            splice.insert_members(first.params_members().span, [br#""arguments":"#, &list[..]].concat());
        }
        parse(&splice.apply())
    }
}

/// The answers in the answer of a list form: `structuredContent.results`, each as the tool alone would have answered.
/// Nothing, if they are not as many as the calls.
pub fn split(answer: &Answer, count: usize) -> Option<Vec<Answer>> {
    let envelope = &answer.envelope;
    if envelope.kind() != Kind::Result || envelope.result_raw(ResultKey::IsError) == Some(b"true") {
        return None;
    }
    let result = envelope.result()?;
    let structured = array::member(result, "structuredContent")?.of(result)?;
    let list = array::member(structured, "results")?.of(structured)?;
    let items = array::items(list).ok().filter(|items| items.len() == count)?;
    items.into_iter().map(|item| one(item.of(list)?, answer.era)).collect()
}

fn one(result: &[u8], era: Era) -> Option<Answer> {
    array::member(result, "content")?;
    let is_said = array::member(result, "resultType").is_some();
    let result = if era == Era::Modern && !is_said {
        [br#"{"resultType":"complete","#, result.strip_prefix(b"{")?].concat().into()
    } else {
        Bytes::copy_from_slice(result)
    };
    Some(Answer { envelope: parse(&message::result(b"0", &result)).ok()?, era })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(most: usize) -> ListForm {
        ListForm { tool: "get_many".to_owned(), argument: "calls".to_owned(), most }
    }

    #[test]
    fn a_server_says_which_tool_takes_a_list() {
        let check = |meta: &str, expected| {
            let tool = format!(r#"{{"name":"get","_meta":{meta}}}"#);
            assert_eq!(ListForm::of_tool(tool.as_bytes()), expected, "{tool}");
        };
        check(r#"{"dev.switchboard/batch":{"tool":"get_many","argument":"calls","max":8}}"#, Some(form(8)));
        check(r#"{"dev.switchboard/batch":{"tool":"get_many","argument":"calls"}}"#, Some(form(GATHERED_MAX)));
        check(r#"{"dev.switchboard/batch":{"tool":"get_many","argument":"calls","max":1}}"#, None);
        check(r#"{"dev.switchboard/batch":{"tool":"get_many","argument":"calls","max":"8"}}"#, None);
        check(r#"{"dev.switchboard/batch":{"tool":"get_many"}}"#, None);
        check(r#"{"dev.switchboard/batch":true}"#, None);
        check("{}", None);
    }

    #[test]
    fn arguments_stand_in_the_list_as_they_came() {
        let call = |params: &str| {
            let text = format!(r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}"#);
            parse(&text.into()).unwrap()
        };
        let check = |first: &str, expected: &str| {
            let request = form(8).request(&[call(first), call(r#"{"name":"get","arguments":{"n":2.0}}"#)]).unwrap();
            assert_eq!(request.params().unwrap(), expected.as_bytes());
        };
        check(
            r#"{"name":"get","arguments":{"n":1e0},"_meta":{"x":1}}"#,
            r#"{"name":"get_many","arguments":{"calls":[{"n":1e0},{"n":2.0}]},"_meta":{"x":1}}"#,
        );
        check(r#"{"name":"get"}"#, r#"{"arguments":{"calls":[{},{"n":2.0}]},"name":"get_many"}"#);
    }

    #[test]
    fn an_answer_is_split_only_if_each_call_has_its_own() {
        let answer = |result: &str, era| {
            let text = format!(r#"{{"jsonrpc":"2.0","id":0,"result":{result}}}"#);
            Answer { envelope: parse(&text.into()).unwrap(), era }
        };
        let results =
            r#"{"content":[],"structuredContent":{"results":[{"content":[],"n":1.0},{"content":[],"isError":true}]}}"#;
        let raw = |answers: Vec<Answer>| -> Vec<String> {
            let text = |answer: &Answer| String::from_utf8_lossy(answer.envelope.result().unwrap()).into_owned();
            answers.iter().map(text).collect()
        };
        let legacy = split(&answer(results, Era::Legacy), 2).unwrap();
        assert_eq!(raw(legacy), [r#"{"content":[],"n":1.0}"#, r#"{"content":[],"isError":true}"#]);
        let modern = split(&answer(results, Era::Modern), 2).unwrap();
        assert_eq!(raw(modern)[0], r#"{"resultType":"complete","content":[],"n":1.0}"#);
        let none = |result: &str, count| assert!(split(&answer(result, Era::Legacy), count).is_none(), "{result}");
        none(results, 3);
        none(r#"{"content":[],"isError":true,"structuredContent":{"results":[]}}"#, 0);
        none(r#"{"content":[],"structuredContent":{"results":[1]}}"#, 1);
        none(r#"{"content":[]}"#, 1);
    }
}
