//! What an answer says of who gave it, where that was not the first choice: the member of its `_meta`. Answers of the first
//! choice say nothing.

use mcp::{Envelope, ScanLimits, Splice, array, message};

use crate::call::{Answer, Exchange};

/// The key of the member.
const KEY: &str = "dev.switchboard/answered_by";

/// Who gave an answer in the place of the first choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnsweredBy<'n> {
    /// The name of the server.
    pub server: &'n str,
    /// What was tried last, and led to it.
    pub step: Step,
}

/// The ways to an answer after the first choice, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another instance of the same server: its place among all, from 1.
    Instance(usize),
    /// Another server with the same tool.
    Equivalent,
    /// An answer that was kept and is past its time.
    Kept,
    /// The answer that stands in the configuration.
    Degraded,
}

impl AnsweredBy<'_> {
    /// The answer with what is said of who gave it, over what it may say already. An answer that has no result is left as
    /// it is.
    pub fn mark(&self, answer: Answer) -> Answer {
        let envelope = &answer.envelope;
        if !envelope.result_members().span.is_some() {
            return answer;
        }
        let mut splice = Splice::new(envelope.bytes());
        match member(envelope) {
            Some(former) => splice.replace_owned(former, self.value().into_bytes()),
            None => insert_meta(&mut splice, envelope, &format!(r#""{KEY}":{}"#, self.value())),
        };
        match Envelope::parse(&splice.apply(), ScanLimits { depth_max: 128 }) {
            Ok(envelope) => Answer { envelope, era: answer.era },
            Err(_) => answer,
        }
    }

    /// The same for a call that may not have ended yet.
    pub fn mark_end(&self, exchange: Exchange) -> Exchange {
        match exchange {
            Exchange::Done(end) => Exchange::Done(end.map(|answer| self.mark(answer))),
            Exchange::Running(mut events) => {
                let (server, step) = (self.server.to_owned(), self.step);
                events.at_end(move |end, _| end.map(|answer| AnsweredBy { server: &server, step }.mark(answer)));
                Exchange::Running(events)
            }
        }
    }

    /// The value of the member.
    fn value(&self) -> String {
        let step = match self.step {
            Step::Instance(place) => format!(r#""instance","instance":{place}"#),
            Step::Equivalent => r#""equivalent""#.to_owned(),
            Step::Kept => r#""kept","stale":true"#.to_owned(),
            Step::Degraded => r#""degraded","degraded":true"#.to_owned(),
        };
        format!(r#"{{"server":{},"step":{step}}}"#, String::from_utf8_lossy(&message::json_string(self.server)))
    }
}

/// What an answer says of who gave it, if that was not the first choice: raw JSON.
pub fn of(answer: &Envelope) -> Option<&[u8]> {
    member(answer)?.of(answer.bytes())
}

/// Whether another server gave it than the one that was called.
pub fn another_server(answer: &Envelope) -> bool {
    let step = || {
        let said = of(answer)?;
        array::member(said, "step")?.of(said)
    };
    step() == Some(b"\"equivalent\"")
}

/// Adds a member to the `_meta` of a result, which may have none.
pub fn insert_meta<'s, 'e>(splice: &'s mut Splice<'e>, envelope: &Envelope, member: &str) -> &'s mut Splice<'e> {
    let meta = envelope.meta_members().span;
    if meta.is_some() {
        splice.insert_members(meta, member.into())
    } else {
        splice.insert_members(envelope.result_members().span, format!(r#""_meta":{{{member}}}"#).into_bytes())
    }
}

fn member(answer: &Envelope) -> Option<mcp::Span> {
    let meta = answer.meta_members().span;
    let found = array::member(meta.of(answer.bytes())?, KEY)?;
    Some(mcp::Span { start: found.start + meta.start, end: found.end + meta.start })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answer(text: &str) -> Answer {
        let envelope = Envelope::parse(&text.to_owned().into(), ScanLimits::default()).unwrap();
        Answer { envelope, era: mcp::Era::Modern }
    }

    fn said(answer: &Answer) -> Value {
        let whole: Value = serde_json::from_slice(answer.envelope.bytes()).unwrap();
        whole["result"]["_meta"][KEY].clone()
    }

    #[test]
    fn an_answer_says_who_gave_it_and_the_last_word_counts() {
        let by = |server, step| AnsweredBy { server, step };
        for text in
            [r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, r#"{"jsonrpc":"2.0","id":1,"result":{"_meta":{"a":1}}}"#]
        {
            let first = by("b", Step::Instance(2)).mark(answer(text));
            assert_eq!(said(&first), json!({ "server": "b", "step": "instance", "instance": 2 }));
            assert!(!another_server(&first.envelope));
            let last = by("b", Step::Equivalent).mark(first);
            assert_eq!(said(&last), json!({ "server": "b", "step": "equivalent" }));
            assert!(another_server(&last.envelope));
        }
    }

    #[test]
    fn an_error_is_left_as_it_is() {
        let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}"#;
        let marked = AnsweredBy { server: "b", step: Step::Equivalent }.mark(answer(error));
        assert_eq!(marked.envelope.bytes(), error.as_bytes());
    }
}
