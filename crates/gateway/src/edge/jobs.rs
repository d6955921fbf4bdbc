//! Jobs of the gateway as tasks: of the extension for modern clients here, of revision 2025-11-25 for legacy ones in `core`.
//! To a client they look like the tasks of a server named as the gateway itself. Tasks of real servers are `modern` and
//! `tasks`.

pub(super) mod core;

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use mcp::{Envelope, Era, Kind, Meta, Method, Param, code, message, task::TaskId, translate};
use toolkit::moment;

use super::{Reply, modern};
use crate::{
    call::Answer,
    catalogue::Endpoint,
    failure::Failure,
    gateway::Gateway,
    jobs::{self, Job, JobId, Refused, State, parsed},
    route::Inbound,
};

/// How often a client may ask after a job.
const POLL_MS: u64 = 1_000;

/// Whether a modern client wishes this call to be a job.
pub(super) fn is_wished(request: &Envelope) -> bool {
    request.meta_raw(Meta::Async) == Some(b"true")
}

/// The job that a request about a task means, if it is a job of ours.
pub(super) fn meant(gateway: &Gateway, request: &Envelope, principal: &str) -> Option<JobId> {
    named(gateway, request.param_text(Param::TaskId)?, principal)
}

/// The job that this principal knows under this name, if it is one of ours.
pub(super) fn named(gateway: &Gateway, shown: &str, principal: &str) -> Option<JobId> {
    let task = TaskId::reveal(&gateway.seals.ring(), principal, shown).ok()?;
    (task.server == config::Server::OWN).then(|| task.id.parse().ok())?
}

/// What a stream is told of a job that is in another state; `more` is further members.
pub(super) async fn status(gateway: &Gateway, id: JobId, owner: &str, more: &str) -> Option<Bytes> {
    let mut params = b"{".to_vec();
    params.extend_from_slice(&members(gateway, id, owner).await.ok()?);
    params.extend_from_slice(format!(",{more}}}").as_bytes());
    Some(message::notification(Method::TaskStatus.as_str(), &params))
}

/// Makes a call of a modern client a job.
pub(super) async fn begin(gateway: &Gateway, inbound: Inbound, id: &[u8]) -> Reply {
    if !modern::declares_tasks(&inbound.request) {
        return modern::failed(&Failure::MissingCapability(modern::TASKS), id, Method::ToolsCall);
    }
    match gateway.submit_job(inbound, None).await {
        Ok(job) => {
            Reply::result(id, format!(r#"{{"resultType":"task",{}}}"#, described(gateway, &job, true)).as_bytes())
        }
        Err(refused) => modern::failed(&refused.into(), id, Method::ToolsCall),
    }
}

/// Answers what a modern client asks of a job.
pub(super) async fn answer(gateway: &Gateway, inbound: &Inbound, job: JobId, id: &[u8]) -> Reply {
    let (method, owner) = (inbound.request.known_method(), &*inbound.caller.principal.name);
    let told = match method {
        Method::TasksCancel => match gateway.jobs.cancel(job, Some(owner)).await {
            // the wish may come late, or again
            Ok(_) | Err(Refused::Over(_)) => Ok(r#"{"resultType":"complete"}"#.to_owned().into_bytes()),
            Err(refused) => Err(refused),
        },
        Method::TasksGet => detailed(gateway, job, owner).await,
        // a job asks nothing, so there is nothing to answer
        _ => gateway.jobs.get(job, Some(owner)).await.map(|_| br#"{"resultType":"complete"}"#.to_vec()),
    };
    match told {
        Ok(result) => Reply::result(id, &result),
        Err(refused) => modern::failed(&known(refused).into(), id, method),
    }
}

/// A job with its end, as the extension describes tasks.
async fn detailed(gateway: &Gateway, id: JobId, owner: &str) -> Result<Vec<u8>, Refused> {
    let mut result = br#"{"resultType":"complete","#.to_vec();
    result.extend_from_slice(&members(gateway, id, owner).await?);
    result.push(b'}');
    Ok(result)
}

/// The members that describe a job and its end.
async fn members(gateway: &Gateway, id: JobId, owner: &str) -> Result<Vec<u8>, Refused> {
    let job = gateway.jobs.get(id, Some(owner)).await?;
    let mut result = described(gateway, &job, true).into_bytes();
    match end(gateway, &job, Era::Modern).await? {
        End::None => {}
        End::Result(raw) => {
            result.extend_from_slice(br#","result":"#);
            result.extend_from_slice(&raw);
        }
        End::Error(raw) => {
            result.extend_from_slice(br#","error":"#);
            result.extend_from_slice(&raw);
        }
    }
    Ok(result)
}

/// The end of a job in the words of a client.
pub(super) enum End {
    /// There is none, or nothing to say of it.
    None,
    /// A raw result.
    Result(Bytes),
    /// A raw error object.
    Error(Bytes),
}

/// The end of a job for a client of this era, as the endpoint shows it through which the job came.
pub(super) async fn end(gateway: &Gateway, job: &Job, era: Era) -> Result<End, Refused> {
    let code = match job.state {
        State::Pending | State::Running | State::Cancelled => return Ok(End::None),
        State::OutcomeUnknown => code::OUTCOME_UNKNOWN,
        State::Completed | State::Failed => code::INTERNAL,
    };
    let Some(ended) = gateway.jobs.answer(job.id).await? else {
        return Ok(End::Error(jobs::error_object(code, job.reason.as_deref().unwrap_or("it failed"))));
    };
    let envelope = parsed(&ended).map_err(Refused::Call)?;
    let answer = Answer { envelope, era: if ended.modern { Era::Modern } else { Era::Legacy } };
    let text_max = gateway.result_text_max(&Endpoint::of_path(&job.endpoint), Method::ToolsCall);
    let server = gateway.members().iter().find(|member| *member.upstream.name == *ended.server);
    let Answer { envelope, era: given } = match server {
        Some(member) => gateway.shaped(answer, &member.upstream, &job.owner, text_max),
        None => answer,
    };
    if envelope.kind() == Kind::Error {
        return Ok(End::Error(envelope.slice(envelope.error_members().span)));
    }
    let shown = match (given, era) {
        (Era::Legacy, Era::Modern) => translate::answer_for_modern(&envelope, b"0", Method::ToolsCall),
        (Era::Modern, Era::Legacy) => translate::answer_for_legacy(&envelope, b"0"),
        _ => envelope.bytes().clone(),
    };
    let shown = Envelope::parse(&shown, mcp::ScanLimits { depth_max: 128 });
    Ok(shown.ok().and_then(|shown| shown.result().map(Bytes::copy_from_slice)).map_or(End::None, End::Result))
}

/// The members that describe a job as a task.
fn described(gateway: &Gateway, job: &Job, is_modern: bool) -> String {
    let status = match job.state {
        State::Pending | State::Running => "working",
        // in the legacy era a tool that says it did not succeed has failed
        State::Completed if is_modern || job.reason.is_none() => "completed",
        State::Completed | State::Failed | State::OutcomeUnknown => "failed",
        State::Cancelled => "cancelled",
    };
    let said = match &job.reason {
        Some(reason) => format!(r#","statusMessage":{}"#, String::from_utf8_lossy(&message::json_string(reason))),
        None => String::new(),
    };
    let (ttl, poll) = if is_modern { ("ttlMs", "pollIntervalMs") } else { ("ttl", "pollInterval") };
    // it may have begun before the clock was set back
    let took_ms = if job.state.is_end() { job.updated_ms.saturating_sub(job.created_ms) } else { 0 };
    let last_ms = took_ms.saturating_add(job.kept_ms);
    format!(
        r#""taskId":"{}","status":"{status}"{said},"createdAt":"{}","lastUpdatedAt":"{}","{ttl}":{last_ms},"{poll}":{POLL_MS}"#,
        shown(gateway, job),
        at(job.created_ms),
        at(job.updated_ms),
    )
}

/// The id under which its owner knows a job.
fn shown(gateway: &Gateway, job: &Job) -> String {
    TaskId { server: config::Server::OWN.to_owned(), id: job.id.to_string() }.conceal(&gateway.seals.ring(), &job.owner)
}

fn at(ms: u64) -> String {
    moment::rfc3339(UNIX_EPOCH + Duration::from_millis(ms))
}

/// What is said of a job in the words for tasks.
fn known(refused: Refused) -> Refused {
    match refused {
        Refused::Unknown => Refused::Call(Failure::Refused(code::INVALID_PARAMS, "unknown task".to_owned())),
        refused => refused,
    }
}
