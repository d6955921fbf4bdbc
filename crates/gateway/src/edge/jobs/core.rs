//! Jobs of the gateway as core tasks (2025-11-25): for legacy clients whose call is to be a task, where no server makes one
//! of it. They are begun, asked after, collected, listed and cancelled in a session, and outlive it. Which calls become jobs
//! is decided in `tasks`.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use bytes::Bytes;
use mcp::{Envelope, Era, Method, Param, array, code, message, task};
use tokio::sync::{broadcast, mpsc};

use super::{End, described, end, known, shown};
use crate::{
    edge::{Reply, running::given_up},
    failure::Failure,
    gateway::Gateway,
    jobs::{Changed, Filter, Job, JobId, Refused, State},
    route::Inbound,
    session::Session,
};

/// How long a task is kept after its end at least: a client that asks once a second must still find it.
const KEPT_MIN: Duration = Duration::from_mins(1);

/// Jobs on one page of the list of tasks.
const PAGE: u32 = 100;

/// Makes a call of a session a job, and tells the session of its end.
pub(in crate::edge) async fn begin(gateway: &Gateway, session: &Arc<Session>, inbound: Inbound, id: &[u8]) -> Reply {
    let kept = match kept(&inbound.request) {
        Ok(kept) => kept,
        Err(failure) => return refused(&failure, id),
    };
    let changes = gateway.jobs.changes();
    match gateway.submit_job(inbound, kept).await {
        Ok(job) => {
            let following = follow(gateway.clone(), Arc::downgrade(session), changes, (job.id, job.owner.clone()));
            session.accompany(gateway.limits.subscriptions_per_listen_max, following);
            // a task begins as one that is worked on, even if it has ended by now
            let begun = Job { state: State::Pending, ..job };
            Reply::result(id, format!(r#"{{"task":{}}}"#, task_of(gateway, &begun)).as_bytes())
        }
        Err(why) => refused(&why.into(), id),
    }
}

/// How long the client wants its task to be kept, if it says.
fn kept(request: &Envelope) -> Result<Option<Duration>, Failure> {
    let invalid = |text: &str| Failure::Refused(code::INVALID_PARAMS, text.to_owned());
    let wish = request.param_raw(Param::Task).filter(|wish| wish.starts_with(b"{"));
    let wish = wish.ok_or_else(|| invalid("`task` must be an object"))?;
    let Some(ttl) = array::member(wish, "ttl").and_then(|ttl| ttl.of(wish)) else { return Ok(None) };
    let ttl = serde_json::from_slice(ttl).map(Duration::from_millis);
    ttl.map(|ttl| Some(ttl.max(KEPT_MIN)))
        .map_err(|_| invalid("`task.ttl` must be a whole number of milliseconds, 0 or more"))
}

/// Answers what a session asks of a job.
pub(in crate::edge) async fn answer(
    gateway: &Gateway,
    session: &Arc<Session>,
    method: Method,
    job: JobId,
    id: Bytes,
) -> Reply {
    let principal = session.caller().principal;
    let owner = Some(&*principal.name);
    let told = match method {
        Method::TasksResult => return result(gateway, session, job, id).await,
        Method::TasksCancel => gateway.jobs.cancel(job, owner).await,
        _ => gateway.jobs.get(job, owner).await,
    };
    match told {
        Ok(job) => Reply::result(&id, task_of(gateway, &job).as_bytes()),
        Err(why) => refused(&known(why).into(), &id),
    }
}

/// What became of a job, as the call itself would have been answered; if it has not ended, when it has.
async fn result(gateway: &Gateway, session: &Arc<Session>, job: JobId, id: Bytes) -> Reply {
    let owner = session.caller().principal.name.clone();
    match gateway.jobs.get(job, Some(&owner)).await {
        Ok(job) if job.state.is_end() => return Reply::One(collected(gateway, &job, &id).await, 200),
        Ok(_) => {}
        Err(why) => return refused(&known(why).into(), &id),
    }
    let mut cancelled = session.begin(&id);
    let (gateway, session) = (gateway.clone(), session.clone());
    let (client, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let patience = Duration::from_millis(gateway.limits.call_total_ms_max);
        tokio::select! {
            ended = gateway.jobs.wait(job, Some(&owner), patience) => {
                let told = match ended {
                    Ok(job) => collected(&gateway, &job, &id).await,
                    Err(why) => Failure::from(known(why)).answer(&id, Method::TasksResult, false),
                };
                // nobody has to listen any more
                let _ = client.send(told).await;
            }
            () = given_up(&mut cancelled) => {}
        }
        session.finish(&id);
    });
    Reply::Many(receiver)
}

/// The end of a job in the words of a call, with the name of its task.
async fn collected(gateway: &Gateway, job: &Job, id: &[u8]) -> Bytes {
    let error = |code, text: &str| message::error(Some(id), code, text, None);
    match end(gateway, job, Era::Legacy).await {
        Ok(End::Result(result)) => {
            let name = message::json_string(&shown(gateway, job));
            task::named(&result, &name).map_or_else(
                || error(code::INTERNAL, "the answer of the task cannot be read"),
                |named| message::result(id, &named),
            )
        }
        Ok(End::Error(raw)) => message::error_raw(id, &raw),
        Ok(End::None) if job.state.is_end() => error(code::INTERNAL, "the task was cancelled"),
        Ok(End::None) => error(code::DEADLINE, "the task is still under way: ask for its result again"),
        Err(why) => Failure::from(why).answer(id, Method::TasksResult, false),
    }
}

/// One page of the tasks that are jobs of a principal, the newest first, and the cursor of the next one if there is one.
pub(in crate::edge) async fn page(
    gateway: &Gateway,
    owner: &str,
    after: Option<JobId>,
) -> Result<(Vec<Bytes>, Option<String>), Refused> {
    let filter = Filter { owner: Some(owner.to_owned()), after, count_max: PAGE + 1, ..Filter::default() };
    let mut jobs = gateway.jobs.list(filter).await?;
    let has_more = jobs.len() > PAGE as usize;
    jobs.truncate(PAGE as usize);
    let next = jobs.last().filter(|_| has_more).map(|last| shown(gateway, last));
    Ok((jobs.iter().map(|job| task_of(gateway, job).into()).collect(), next))
}

/// Tells a session of the end of a job that it began.
async fn follow(
    gateway: Gateway,
    session: Weak<Session>,
    mut told: broadcast::Receiver<Changed>,
    (id, owner): (JobId, String),
) {
    loop {
        match told.recv().await {
            Ok(changed) if changed.id != id => continue,
            Err(broadcast::error::RecvError::Closed) => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
        }
        let Ok(job) = gateway.jobs.get(id, Some(&owner)).await else { return };
        if job.state.is_end() {
            let Some(session) = session.upgrade() else { return };
            let status = task_of(&gateway, &job);
            session.reach().tell(message::notification(Method::TaskStatusLegacy.as_str(), status.as_bytes()));
            return;
        }
    }
}

/// A job as the revision describes a task.
fn task_of(gateway: &Gateway, job: &Job) -> String {
    format!("{{{}}}", described(gateway, job, false))
}

/// No task was made, or none is meant: a result of a tool would be taken for something else.
fn refused(failure: &Failure, id: &[u8]) -> Reply {
    Reply::One(failure.answer(id, Method::TasksGet, false), 200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_kept_as_long_as_its_client_says_and_long_enough_to_be_found() {
        let check = |wish: &str, expected: Result<Option<u64>, &str>| {
            let text =
                format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","task":{wish}}}}}"#);
            let request = Envelope::parse(&text.into(), mcp::ScanLimits::default()).unwrap();
            let kept = kept(&request).map(|kept| kept.map(|kept| kept.as_secs())).map_err(|error| error.to_string());
            assert_eq!(kept.as_ref().map_err(String::as_str), expected.as_ref().map_err(|text| *text), "{wish}");
        };
        check("{}", Ok(None));
        check(r#"{"ttl":0}"#, Ok(Some(60)));
        check(r#"{"ttl":3600000}"#, Ok(Some(3_600)));
        let ttl = Err("`task.ttl` must be a whole number of milliseconds, 0 or more");
        for wrong in [r#"{"ttl":-1}"#, r#"{"ttl":"60000"}"#, r#"{"ttl":1.5}"#, r#"{"ttl":null}"#, r#"{"ttl":1e30}"#] {
            check(wrong, ttl);
        }
        for wrong in ["true", "[]", "60000"] {
            check(wrong, Err("`task` must be an object"));
        }
    }
}
