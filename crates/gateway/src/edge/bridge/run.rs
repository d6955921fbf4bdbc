//! One request of a program that can be told nothing but the end: no progress, no log lines, no questions. A server that
//! has to ask something is told that nobody answers, and the caller which tool of it was too curious.

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Param, ResultKey, ScanLimits, code, translate};

use crate::{
    call::Answer,
    catalogue::wrapping::wrapped_answer,
    failure::Failure,
    gateway::Gateway,
    pipeline::carry,
    route::{Inbound, route},
};

/// Levels of nesting of an answer: as deep as any message may be.
const DEPTH_MAX: u32 = 128;

/// Makes a call and waits for its end: the answer in the words of 2025-11-25, under the id of the request.
pub(super) async fn to_its_end(gateway: &Gateway, inbound: Inbound) -> Result<Envelope, Failure> {
    if inbound.request.param(Param::Task).is_some() {
        let text = "plain HTTP has no tasks: leave out `task`";
        return Err(Failure::Refused(code::INVALID_PARAMS, text.to_owned()));
    }
    let (id, method) = (inbound.request.slice(inbound.request.id_span()), inbound.request.known_method());
    let text_max = gateway.result_text_max(&inbound.endpoint, method);
    let (upstream, call) = route(&gateway.catalogue, &gateway.seals, inbound).await?;
    let wrapped = call.is_wrapped();
    let answer = carry(gateway, &upstream, &call).await.finish().await.and_then(Answer::of_a_known_kind)?;
    if asks(&answer) {
        let text =
            "the server has a question before it goes on, and plain HTTP cannot put it: use an MCP client at /mcp";
        return Err(Failure::Refused(code::MISSING_CAPABILITY, text.to_owned()));
    }
    let answer = gateway.shaped(answer, &upstream, &call.caller.principal.name, text_max);
    let message = match answer.era {
        Era::Modern => translate::answer_for_legacy(&answer.envelope, &id),
        Era::Legacy => translate::answer_unchanged(&answer.envelope, &id),
    };
    parse(&if wrapped { wrapped_answer(message, &upstream.name) } else { message })
}

/// Whether a modern server wants something of the client, or refuses because the client cannot be asked.
fn asks(answer: &Answer) -> bool {
    match answer.envelope.kind() {
        Kind::Result => answer.envelope.result_text(ResultKey::ResultType) == Some("input_required"),
        _ => answer.envelope.error_code() == Some(i64::from(code::MISSING_CAPABILITY)),
    }
}

/// A message that is an answer already.
pub(super) fn parse(message: &Bytes) -> Result<Envelope, Failure> {
    Envelope::parse(message, ScanLimits { depth_max: DEPTH_MAX })
        .map_err(|invalid| Failure::Garbage(invalid.to_string()))
}
