//! Batches: several calls of tools in one, some of them after others. Each is a call like any other, on behalf of the same
//! caller, and has an answer of its own. Which may start when is said by `traffic::batch`.
//!
//! In reading order: `wanted` (what a batch asks for), this file (the calls made), `atomic` (whether all can begin), `told`
//! (what became of them), `tool` (the gateway's own tool).

mod atomic;
mod told;
mod tool;
mod wanted;

use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt, stream::FuturesUnordered};
use mcp::{Envelope, Meta, Method, ScanLimits, Splice, code, message};
use traffic::batch::Batch;
pub use traffic::batch::CALLS_MAX;

pub use self::tool::BATCH;
use self::{told::Told, wanted::OneCall};
pub(crate) use self::{
    tool::{carry, is_meant},
    wanted::Wanted,
};
use crate::{
    call::Caller,
    catalogue::Endpoint,
    failure::Failure,
    gateway::Gateway,
    pipeline::wishes::Wishes,
    route::{Inbound, route},
    unasked,
};

/// For whom the calls of a batch are made, and how.
pub(crate) struct Behalf {
    /// Who calls.
    pub(crate) caller: Caller,
    /// Through which endpoint.
    pub(crate) endpoint: Endpoint,
    /// What is wished for all of them together.
    pub(crate) wishes: Wishes,
    /// The `_meta` that each of them has; empty for none.
    pub(crate) meta: Bytes,
    /// When the batch came.
    pub(crate) began: Instant,
}

/// Makes the calls of a batch, and gives what became of them as a JSON object. An error means that none was begun.
/// `progress` hears how many are over, of how many. Dropped, it gives up the calls that run.
pub(crate) async fn run(
    gateway: &Gateway,
    behalf: &Behalf,
    wanted: &Wanted,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<u8>, Failure> {
    let mut batch = Batch::of(&wanted.steps).map_err(|unsound| invalid(unsound.to_string()))?;
    if wanted.is_atomic {
        atomic::check(gateway, behalf, wanted).await?;
    }
    let make = |place: usize| async move { (place, made(gateway, behalf, wanted, place).await) };
    let mut told = Told::new(wanted, gateway.limits.result_bytes_max);
    let mut running: FuturesUnordered<_> = batch.start().into_iter().map(make).collect();
    while let Some((place, end)) = running.next().await {
        let has_succeeded = told.ended(place, end);
        let next = batch.ended(place, has_succeeded);
        told.skipped(&next.skipped, place);
        running.extend(next.starts.into_iter().map(make));
        progress(wanted.steps.len() - batch.left(), wanted.steps.len());
    }
    Ok(told.written())
}

/// What one call of a batch is answered.
async fn made(gateway: &Gateway, behalf: &Behalf, wanted: &Wanted, place: usize) -> Result<Envelope, Failure> {
    let inbound = Inbound {
        caller: behalf.caller.clone(),
        endpoint: behalf.endpoint.clone(),
        request: request(&wanted.calls[place], &behalf.meta)?,
        param_headers: None,
        wishes: behalf.wishes_of(&wanted.steps[place].id),
    };
    let text_max = gateway.result_text_max(&inbound.endpoint, Method::ToolsCall);
    let (upstream, call) = route(&gateway.catalogue, &gateway.seals, inbound).await?;
    if is_meant(&upstream, &call) {
        return Err(invalid("a batch in a batch is not made: put its calls into this one".to_owned()));
    }
    unasked::end_of(gateway, &upstream, &call, text_max).await
}

impl Behalf {
    /// What is wished for the call with this id: the time that is left, and under a key of the batch a key of its own.
    fn wishes_of(&self, id: &str) -> Wishes {
        let wishes = &self.wishes;
        Wishes {
            timeout: wishes.timeout.map(|timeout| timeout.saturating_sub(self.began.elapsed())),
            idempotency_key: wishes.idempotency_key.as_ref().map(|key| format!("{key} {id}").into()),
            // the head of the one answer can speak of no single call
            ..wishes.clone().untold()
        }
    }
}

fn request(call: &OneCall, meta: &[u8]) -> Result<Envelope, Failure> {
    let mut params = br#"{"name":"#.to_vec();
    message::push_string(&mut params, &call.name);
    params.extend_from_slice(br#","arguments":"#);
    params.extend_from_slice(&call.arguments);
    if !meta.is_empty() {
        params.extend_from_slice(br#","_meta":"#);
        params.extend_from_slice(meta);
    }
    params.push(b'}');
    let request = message::request(0, Method::ToolsCall.as_str(), &params);
    Envelope::parse(&request, ScanLimits { depth_max: 128 }).map_err(|wrong| invalid(wrong.to_string()))
}

/// The `_meta` of a batch as each of its calls has it: without what is said of the batch as a whole, from a client that can
/// be asked nothing.
pub(crate) fn inherited(request: &Envelope) -> Bytes {
    const OF_THE_BATCH: [Meta; 8] = [
        Meta::Async,
        Meta::Cache,
        Meta::Caller,
        Meta::IdempotencyKey,
        Meta::Priority,
        Meta::ProgressToken,
        Meta::Region,
        Meta::TimeoutS,
    ];
    let meta = request.meta_members();
    if meta.span.is_none() {
        return Bytes::new();
    }
    let mut splice = Splice::new(request.bytes());
    splice.remove_members(&OF_THE_BATCH.map(|key| meta.get(key)));
    let capabilities = meta.get(Meta::ClientCapabilities);
    if capabilities.is_some() {
        splice.replace(capabilities.value, b"{}");
    }
    splice.apply_to(meta.span)
}

fn invalid(text: String) -> Failure {
    Failure::Refused(code::INVALID_PARAMS, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_what_the_batch_has_but_for_what_is_said_of_the_whole() {
        let check = |meta: &str, expected: &str| {
            let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"b"{meta}}}}}"#);
            let parsed = Envelope::parse(&text.into(), ScanLimits::default()).unwrap();
            let call = OneCall { name: "a".to_owned(), arguments: r#"{"n":1.0}"#.into() };
            let made = request(&call, &inherited(&parsed)).unwrap();
            let made = String::from_utf8_lossy(made.params().unwrap()).into_owned();
            assert_eq!(made, format!(r#"{{"name":"a","arguments":{{"n":1.0}}{expected}}}"#));
        };
        check("", "");
        check(r#","_meta":{"progressToken":7,"x":1,"dev.switchboard/timeout_s":9}"#, r#","_meta":{"x":1}"#);
        check(
            r#","_meta":{"io.modelcontextprotocol/clientCapabilities":{"sampling":{}},"dev.switchboard/caller":{}}"#,
            r#","_meta":{"io.modelcontextprotocol/clientCapabilities":{}}"#,
        );
    }
}
