//! What became of the calls of a batch, in their order: of each the answer that it would have had alone, or that it was not
//! made. Together the answers have a bound.

use mcp::{Envelope, Kind, Method, ResultKey, code, message};

use super::wanted::Wanted;
use crate::{failure::Failure, unasked::parse};

/// What became of one call.
#[derive(Clone, Debug)]
enum State {
    /// It is not known yet.
    Open,
    /// It was answered, or could not be made.
    Over(Answered),
    /// It was not made because the call at this place did not succeed.
    Skipped(usize),
}

/// The answer to one call: a raw result, or a raw error.
#[derive(Clone, Debug)]
struct Answered {
    has_succeeded: bool,
    member: &'static str,
    raw: Vec<u8>,
}

/// What became of all.
#[derive(Debug)]
pub(super) struct Told<'w> {
    wanted: &'w Wanted,
    states: Vec<State>,
    /// Bytes that the answers may still have.
    room: usize,
}

impl<'w> Told<'w> {
    /// Nothing has become of them yet; their answers may have so many bytes.
    pub(super) fn new(wanted: &'w Wanted, bytes_max: usize) -> Self {
        Self { wanted, states: vec![State::Open; wanted.steps.len()], room: bytes_max }
    }

    /// The call at `place` has ended. Says whether it has succeeded, and its answer is told.
    pub(super) fn ended(&mut self, place: usize, end: Result<Envelope, Failure>) -> bool {
        let answered = match end {
            Ok(answer) if answer.bytes().len() > self.room => Answered::failure(&Failure::TooLarge(self.room)),
            Ok(answer) => Answered::of(&answer),
            Err(failure) => Answered::failure(&failure),
        };
        self.room = self.room.saturating_sub(answered.raw.len());
        let has_succeeded = answered.has_succeeded;
        self.states[place] = State::Over(answered);
        has_succeeded
    }

    /// These calls are not made because the one at `cause` did not succeed.
    pub(super) fn skipped(&mut self, places: &[usize], cause: usize) {
        for place in places {
            self.states[*place] = State::Skipped(cause);
        }
    }

    /// All of it: `{results: […], succeeded, failed, skipped}`.
    pub(super) fn written(&self) -> Vec<u8> {
        let mut out = br#"{"results":["#.to_vec();
        let mut counts = [0; 3];
        for (place, (state, step)) in self.states.iter().zip(&self.wanted.steps).enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend_from_slice(br#"{"id":"#);
            message::push_string(&mut out, &step.id);
            match state {
                State::Over(answered) => {
                    counts[usize::from(!answered.has_succeeded)] += 1;
                    answered.write(&mut out);
                }
                State::Skipped(cause) => {
                    counts[2] += 1;
                    self.write_skipped(&mut out, *cause);
                }
                State::Open => {}
            }
            out.push(b'}');
        }
        let [succeeded, failed, skipped] = counts;
        out.extend_from_slice(
            format!(r#"],"succeeded":{succeeded},"failed":{failed},"skipped":{skipped}}}"#).as_bytes(),
        );
        out
    }

    fn write_skipped(&self, out: &mut Vec<u8>, cause: usize) {
        let cause = &self.wanted.steps[cause].id;
        let error = serde_json::json!({
            "code": code::UNAVAILABLE,
            "message": format!("not made: `{cause}` did not succeed, and this call comes after it"),
            "data": { "code": "SKIPPED", "because_of": cause, "retryable": true },
        });
        out.extend_from_slice(format!(r#","status":"skipped","error":{error}"#).as_bytes());
    }
}

impl Answered {
    fn of(answer: &Envelope) -> Self {
        if answer.kind() == Kind::Error {
            let raw = answer.error().unwrap_or(b"{}").to_vec();
            return Self { has_succeeded: false, member: "error", raw };
        }
        let has_succeeded = answer.result_raw(ResultKey::IsError) != Some(b"true");
        Self { has_succeeded, member: "result", raw: answer.result().unwrap_or(b"{}").to_vec() }
    }

    /// What a caller of this tool alone would have been told.
    fn failure(failure: &Failure) -> Self {
        match parse(&failure.answer(b"0", Method::ToolsCall, false)) {
            Ok(answer) => Self { has_succeeded: false, ..Self::of(&answer) },
            Err(unclear) => Self { has_succeeded: false, member: "error", raw: unclear.details() },
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let status = if self.has_succeeded { "succeeded" } else { "failed" };
        out.extend_from_slice(format!(r#","status":"{status}","{}":"#, self.member).as_bytes());
        out.extend_from_slice(&self.raw);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::*;

    fn wanted(ids: &str) -> Wanted {
        let calls: Vec<Value> = ids.chars().map(|id| json!({ "id": id.to_string(), "name": "t" })).collect();
        Wanted::read(json!({ "calls": calls }).to_string().as_bytes()).unwrap()
    }

    fn answer(body: &str) -> Result<Envelope, Failure> {
        parse(&Bytes::from(format!(r#"{{"jsonrpc":"2.0","id":0,{body}}}"#)))
    }

    #[test]
    fn each_call_is_told_as_if_it_had_been_made_alone() {
        let wanted = wanted("abcde");
        let mut told = Told::new(&wanted, 10_000);
        assert!(!told.ended(3, Err(Failure::Lost)));
        assert!(told.ended(0, answer(r#""result":{"n":1.0}"#)));
        assert!(!told.ended(1, answer(r#""result":{"isError":true}"#)));
        assert!(!told.ended(2, answer(r#""error":{"code":-32602,"message":"no"}"#)));
        told.skipped(&[4], 1);
        let text = String::from_utf8(told.written()).unwrap();
        assert!(
            text.starts_with(r#"{"results":[{"id":"a","status":"succeeded","result":{"n":1.0}},{"id":"b","#),
            "{text}"
        );
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["results"][1], json!({ "id": "b", "status": "failed", "result": { "isError": true } }));
        assert_eq!(told["results"][2]["error"]["code"], -32602);
        assert_eq!(told["results"][3]["result"]["_meta"]["dev.switchboard/error"]["code"], "OUTCOME_UNKNOWN", "{told}");
        assert_eq!(told["results"][4]["error"]["data"]["because_of"], "b", "{told}");
        assert_eq!([&told["succeeded"], &told["failed"], &told["skipped"]], [&json!(1), &json!(3), &json!(1)]);
    }

    #[test]
    fn answers_have_a_bound_together() {
        let wanted = wanted("ab");
        let mut told = Told::new(&wanted, 150);
        let long = format!(r#""result":{{"text":"{}"}}"#, "x".repeat(80));
        assert!(told.ended(1, answer(&long)));
        assert!(!told.ended(0, answer(&long)), "there is no room for a second one");
        let told: Value = serde_json::from_slice(&told.written()).unwrap();
        assert_eq!(told["results"][0]["result"]["_meta"]["dev.switchboard/error"]["code"], "TOO_LARGE", "{told}");
        assert_eq!(told["results"][1]["status"], "succeeded");
    }
}
