//! Task ids as clients see them: the server and its own id for the task, sealed for one principal.
//! Owns their form, and where ids of core tasks (2025-11-25) stand in messages. They come out alike each time, as
//! clients compare them, and never expire: the server that owns a task ends it.

use bytes::Bytes;

use crate::keys::{Meta, Param, ResultKey};
use crate::pack::{Packer, Unpacker};
use crate::seal::{KeyRing, NEVER, Purpose, SealError, Sealable, derived_nonce};
use crate::{Envelope, Method, ScanLimits, Span, Splice, array, message};

/// What a task id of ours begins with.
pub const PREFIX: &str = "gw.";

/// Which task of which server is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskId {
    /// The server that runs the task.
    pub server: String,
    /// The id that server gave it.
    pub id: String,
}

impl TaskId {
    /// The id to show to one principal. It changes when the current key does; older ones still open.
    pub fn conceal(&self, ring: &KeyRing, principal: &str) -> String {
        let nonce = derived_nonce(ring, Self::PURPOSE, principal, &self.payload());
        format!("{PREFIX}{}", self.seal(ring, principal, NEVER, nonce))
    }

    /// The task that a shown id means.
    pub fn reveal(ring: &KeyRing, principal: &str, shown: &str) -> Result<Self, SealError> {
        let sealed = shown.strip_prefix(PREFIX).ok_or(SealError::Invalid)?;
        Self::open(ring, principal, 0, sealed)
    }
}

impl Sealable for TaskId {
    const PURPOSE: Purpose = Purpose::Task;

    fn pack(&self, packer: &mut Packer) {
        packer.put_bytes(self.server.as_bytes());
        packer.put_bytes(self.id.as_bytes());
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self { server: unpacker.take_string()?, id: unpacker.take_string()? })
    }
}

/// Where ids of core tasks stand in a message that a legacy server sends: in the answer to `method`, or in a request or
/// notification of that name.
pub fn places(message: &Envelope, method: Method) -> impl Iterator<Item = Span> {
    let within = |object: Span| object.of(message.bytes()).and_then(|raw| place(raw, object.start));
    let own = match method {
        Method::ToolsCall => within(message.result_members().get(ResultKey::Task).value),
        Method::TasksGet | Method::TasksCancel => Some(message.result_members().get(ResultKey::TaskId).value),
        Method::TaskStatusLegacy => Some(message.param(Param::TaskId)),
        _ => None,
    };
    let related = within(message.meta_members().get(Meta::RelatedTask).value);
    [own, related].into_iter().flatten().filter(|span| span.is_some())
}

/// The id, a raw JSON string, of the core task that an answer to `tools/call` says was made.
pub fn made(answer: &Envelope) -> Option<Bytes> {
    let place = places(answer, Method::ToolsCall).next().filter(|_| answer.result_raw(ResultKey::Task).is_some())?;
    Some(answer.slice(place))
}

/// A raw result with the name of the core task that it belongs to, `id` as a raw JSON string. A name that it has gives way.
pub fn named(result: &Bytes, id: &[u8]) -> Option<Bytes> {
    let whole = Envelope::parse(&message::result(b"0", result), ScanLimits { depth_max: 128 }).ok()?;
    let related = [br#""io.modelcontextprotocol/related-task":{"taskId":"#, id, b"}"].concat();
    let meta = whole.meta_members();
    let mut splice = Splice::new(whole.bytes());
    if meta.span.is_some() {
        splice.remove_members(&[meta.get(Meta::RelatedTask)]).insert_members(meta.span, related);
    } else {
        splice.insert_members(whole.result_span(), [br#""_meta":{"#, &related[..], b"}"].concat());
    }
    Some(splice.apply_to(whole.result_span()))
}

/// Where the id stands in an object that describes a task and begins at `start`.
fn place(object: &[u8], start: u32) -> Option<Span> {
    let found = array::member(object, "taskId")?;
    Some(Span { start: found.start + start, end: found.end + start })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seal::tests::ring;

    fn task(server: &str, id: &str) -> TaskId {
        TaskId { server: server.to_owned(), id: id.to_owned() }
    }

    #[test]
    fn ids_are_found_where_the_legacy_era_puts_them() {
        let check = |message: &str, method, expected: &[&str]| {
            let message = message.as_bytes().to_vec().into();
            let message = Envelope::parse(&message, crate::ScanLimits::default()).unwrap();
            let found: Vec<&[u8]> = places(&message, method).filter_map(|span| span.of(message.bytes())).collect();
            assert_eq!(found, expected.iter().map(|text| text.as_bytes()).collect::<Vec<_>>());
        };
        let related = r#""_meta":{"io.modelcontextprotocol/related-task":{"taskId":"r"}}"#;
        let answer = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{{result}}}}}"#);
        check(&answer(r#""task":{"taskId":"a","ttl":null}"#), Method::ToolsCall, &[r#""a""#]);
        check(&answer(r#""taskId":"a","status":"working""#), Method::TasksGet, &[r#""a""#]);
        check(&answer(&format!(r#""content":[],{related}"#)), Method::TasksResult, &[r#""r""#]);
        check(&answer(r#""content":[],"taskId":"not ours""#), Method::ToolsCall, &[]);
        let told = r#"{"jsonrpc":"2.0","method":"notifications/tasks/status","params":{"taskId":"a"}}"#;
        check(told, Method::TaskStatusLegacy, &[r#""a""#]);
        let asked = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{{{related}}}}}"#);
        check(&asked, Method::ElicitationCreate, &[r#""r""#]);
    }

    #[test]
    fn a_result_names_its_task_once() {
        let check = |result: &'static str, expected: &str| {
            let named = named(&Bytes::from_static(result.as_bytes()), br#""a""#).unwrap();
            assert_eq!(named, expected.as_bytes());
        };
        let related = r#""io.modelcontextprotocol/related-task":{"taskId":"a"}"#;
        check("{}", &format!(r#"{{"_meta":{{{related}}}}}"#));
        check(r#"{"action":"accept"}"#, &format!(r#"{{"_meta":{{{related}}},"action":"accept"}}"#));
        check(r#"{"_meta":{"b":1}}"#, &format!(r#"{{"_meta":{{{related},"b":1}}}}"#));
        check(r#"{"_meta":{"io.modelcontextprotocol/related-task":5}}"#, &format!(r#"{{"_meta":{{{related}}}}}"#));
        assert_eq!(named(&Bytes::from_static(b"not JSON"), br#""a""#), None);
    }

    #[test]
    fn a_task_is_shown_alike_each_time_and_differently_to_each() {
        let shown = task("files", "1").conceal(&ring(), "ada");
        assert_eq!(task("files", "1").conceal(&ring(), "ada"), shown);
        for other in [
            task("files", "1").conceal(&ring(), "bob"),
            task("files", "2").conceal(&ring(), "ada"),
            task("file", "s1").conceal(&ring(), "ada"),
        ] {
            assert_ne!(other[..40], shown[..40], "nonces differ");
        }
    }

    #[test]
    fn ids_that_are_not_ours_or_of_another_principal_mean_nothing() {
        let shown = task("files", "1").conceal(&ring(), "ada");
        for foreign in ["", "gw.", "gw.files.1", &shown[PREFIX.len()..], &shown[..shown.len() - 1]] {
            assert_eq!(TaskId::reveal(&ring(), "ada", foreign), Err(SealError::Invalid), "{foreign}");
        }
        assert_eq!(TaskId::reveal(&ring(), "bob", &shown), Err(SealError::Invalid));
    }

    proptest! {
        #[test]
        fn a_shown_task_is_found_again(server in "[a-z]{1,20}", id in ".{0,80}") {
            let task = task(&server, &id);
            let shown = task.conceal(&ring(), "ada");
            prop_assert_eq!(TaskId::reveal(&ring(), "ada", &shown), Ok(task));
        }
    }
}
