//! One request whose caller can be told nothing but the end: no progress, no log lines, no questions. A server that has to
//! ask something is told that nobody answers, and the caller what to do instead.

use std::sync::Arc;

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Param, ResultKey, ScanLimits, code, translate};

use crate::{
    call::{Answer, Call},
    catalogue::wrapping::wrapped_answer,
    failure::Failure,
    gateway::Gateway,
    pipeline::carry,
    route::{Inbound, route},
    upstream::Upstream,
};

/// Levels of nesting of an answer: as deep as any message may be.
const DEPTH_MAX: u32 = 128;

/// Makes a call and waits for its end: the answer in the words of 2025-11-25, under the id of the request.
pub(crate) async fn to_its_end(gateway: &Gateway, inbound: Inbound) -> Result<Envelope, Failure> {
    if inbound.request.param(Param::Task).is_some() {
        let text = "plain HTTP has no tasks: leave out `task`";
        return Err(Failure::Refused(code::INVALID_PARAMS, text.to_owned()));
    }
    let text_max = gateway.result_text_max(&inbound.endpoint, inbound.request.known_method());
    let (upstream, call) = route(&gateway.catalogue, &gateway.seals, inbound).await?;
    end_of(gateway, &upstream, &call, text_max).await
}

/// The end of a call whose way is known.
pub(crate) async fn end_of(
    gateway: &Gateway,
    upstream: &Arc<Upstream>,
    call: &Call,
    text_max: usize,
) -> Result<Envelope, Failure> {
    let id = call.request.slice(call.request.id_span());
    let answer =
        carry(gateway, upstream, call).await.finish().await.and_then(|answer| answer.understood(call.method))?;
    if asks(&answer) {
        let text = "the server has a question before it goes on, and nobody can be asked here: use an MCP client at /mcp, and \
            call the tool by itself";
        return Err(Failure::Refused(code::MISSING_CAPABILITY, text.to_owned()));
    }
    let answer = gateway.shaped(answer, upstream, &call.caller.principal.name, text_max);
    let message = match answer.era {
        Era::Modern => translate::answer_for_legacy(&answer.envelope, &id),
        Era::Legacy => translate::answer_unchanged(&answer.envelope, &id),
    };
    parse(&if call.is_wrapped() { wrapped_answer(message, &upstream.name) } else { message })
}

/// Whether a modern server wants something of the client, or refuses because the client cannot be asked.
fn asks(answer: &Answer) -> bool {
    match answer.envelope.kind() {
        Kind::Result => answer.envelope.result_text(ResultKey::ResultType) == Some("input_required"),
        _ => answer.envelope.error_code() == Some(i64::from(code::MISSING_CAPABILITY)),
    }
}

/// A message that is an answer already.
pub(crate) fn parse(message: &Bytes) -> Result<Envelope, Failure> {
    Envelope::parse(message, ScanLimits { depth_max: DEPTH_MAX })
        .map_err(|invalid| Failure::Garbage(invalid.to_string()))
}
