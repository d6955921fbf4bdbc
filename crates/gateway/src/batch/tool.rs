//! The gateway's own tool `batch`: a call of it is not sent to a server, its calls are made here. Its caller hears how many
//! are over, and takes all of them back by cancelling the one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use mcp::{Era, Meta, Method, Param, array, message};
use tokio::sync::Notify;

use super::{Behalf, Wanted, inherited, invalid, run};
use crate::{
    call::{Answer, Call, Event, Exchange},
    catalogue::Endpoint,
    events::{Patience, Sender, channel},
    failure::Failure,
    gateway::Gateway,
    unasked::parse,
    upstream::Upstream,
};

/// What the tool is called at its server.
pub const BATCH: &str = "batch";

/// Whether a call is one of the tool.
pub(crate) fn is_meant(upstream: &Upstream, call: &Call) -> bool {
    upstream.is_own() && call.method == Method::ToolsCall && &*call.own_name == BATCH
}

/// Makes the calls that a call of the tool asks for.
pub(crate) fn carry(gateway: &Gateway, call: &Call) -> Exchange {
    if call.request.param(Param::Task).is_some() {
        return Exchange::Done(Err(invalid("a batch is no task of this kind: leave out `task`".to_owned())));
    }
    let wanted = match Wanted::read(call.request.param_raw(Param::Arguments).unwrap_or(b"{}")) {
        Ok(wanted) => wanted,
        Err(refusal) => return Exchange::Done(Err(refusal)),
    };
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    // each of its calls has a patience of its own
    let total = Duration::from_millis(gateway.limits.call_total_ms_max);
    let (sender, events) = channel(true, Patience { idle: total, total }, move || stop.notify_one());
    let (gateway, call) = (gateway.clone(), call.clone());
    tokio::spawn(async move {
        let end = tokio::select! {
            end = answer(&gateway, &call, &wanted, &sender) => Some(end),
            () = stopped.notified() => None,
        };
        if let Some(end) = end {
            sender.finish(end);
        }
    });
    Exchange::Running(events)
}

async fn answer(gateway: &Gateway, call: &Call, wanted: &Wanted, client: &Sender) -> Result<Answer, Failure> {
    let behalf = Behalf {
        caller: call.caller.clone(),
        endpoint: endpoint(call),
        wishes: call.wishes.clone(),
        meta: inherited(&call.request),
        began: Instant::now(),
    };
    let token = call.progress_token();
    let told = run(gateway, &behalf, wanted, |over, of| {
        if let Some(token) = &token {
            // what a slow client does not take is dropped
            let _ = client.offer(Event::Notification(progress(token, over, of)));
        }
    });
    let structured = told.await?;
    let mut result = br#"{"content":[{"type":"text","text":"#.to_vec();
    message::push_string(&mut result, &String::from_utf8_lossy(&structured));
    result.extend_from_slice(br#"}],"structuredContent":"#);
    result.extend_from_slice(&structured);
    result.push(b'}');
    Ok(Answer { envelope: parse(&message::result(b"0", &result))?, era: Era::Legacy })
}

/// The endpoint whose tools the calls name: the one that the call came through. Through the gateway's own every tool can be
/// called.
fn endpoint(call: &Call) -> Endpoint {
    let told = call.request.meta_raw(Meta::Caller).unwrap_or(b"{}");
    let path = array::member(told, "endpoint").and_then(|span| serde_json::from_slice::<String>(span.of(told)?).ok());
    match Endpoint::of_path(&path.unwrap_or_default()) {
        Endpoint::Server(_) => Endpoint::All,
        endpoint => endpoint,
    }
}

fn progress(token: &[u8], over: usize, of: usize) -> Bytes {
    let mut params = br#"{"progressToken":"#.to_vec();
    params.extend_from_slice(token);
    params.extend_from_slice(
        format!(r#","progress":{over},"total":{of},"message":"{over} of {of} calls are over"}}"#).as_bytes(),
    );
    message::notification(Method::Progress.as_str(), &params)
}
