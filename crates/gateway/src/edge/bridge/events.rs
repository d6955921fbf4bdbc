//! `GET /mcp/events` and `/mcp/ws?events=true`: what changes, as it changes, for the session that asks. Lists that changed, and servers and jobs that
//! are in another state; all are notifications, as MCP has them.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use mcp::message;
use tokio::{
    sync::{broadcast, mpsc},
    task::JoinSet,
};

use crate::{
    catalogue::Endpoint,
    edge::{STREAM_QUEUE, legacy},
    gateway::Gateway,
    jobs::Changed,
    principal::Principal,
    session::Session,
    upstream::{Upstream, changes::Change},
};

/// The method of what is told when a server is in another state.
const SERVER_STATE: &str = "notifications/dev.switchboard/server_state";

/// The method of what is told when a job is in another state.
const JOB_STATE: &str = "notifications/dev.switchboard/job_state";

/// Sent at once, so that the caller sees that it is heard.
pub(super) const OPENING: Bytes = Bytes::from_static(b": from now on\n\n");

/// What is told to a session from now on.
pub(in crate::edge) fn follow(gateway: &Gateway, session: &Arc<Session>) -> mpsc::Receiver<Bytes> {
    let (client, events) = mpsc::channel(STREAM_QUEUE);
    let heard = (legacy::stand(gateway, session), gateway.jobs.changes());
    tokio::spawn(tell(gateway.clone(), session.caller().principal, session.endpoint.clone(), heard, client));
    events
}

/// Tells of lists, servers and jobs until nobody listens. A list that changed may mean a new server.
async fn tell(
    gateway: Gateway,
    principal: Arc<Principal>,
    endpoint: Endpoint,
    (mut lists, of_jobs): (mpsc::Receiver<Bytes>, broadcast::Receiver<Changed>),
    client: mpsc::Sender<Bytes>,
) {
    let (mut known, mut others) = (HashSet::new(), JoinSet::new());
    others.spawn(jobs(of_jobs, principal.name.clone(), client.clone()));
    loop {
        for upstream in gateway.newest().catalogue.seen_by(&principal).members(&endpoint) {
            if known.insert(upstream.name.clone()) {
                let (name, changes) = (upstream.name.clone(), upstream.changes.subscribe());
                others.spawn(states(gateway.clone(), endpoint.clone(), name, changes, client.clone()));
            }
        }
        let list = tokio::select! {
            list = lists.recv() => list,
            () = client.closed() => return,
        };
        let Some(list) = list else { return };
        if client.send(list).await.is_err() {
            return;
        }
    }
}

/// Tells of the states of one server. The broadcast outlives the server: what takes its place is told of, too.
async fn states(
    gateway: Gateway,
    endpoint: Endpoint,
    name: Arc<str>,
    mut changes: broadcast::Receiver<Change>,
    client: mpsc::Sender<Bytes>,
) {
    let mut told = String::new();
    loop {
        match changes.recv().await {
            Ok(Change::State) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Ok(_) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        }
        let gateway = gateway.newest();
        let Some(upstream) = gateway.catalogue.members(&endpoint).find(|upstream| upstream.name == name) else {
            return;
        };
        let params = state(upstream);
        if params != told {
            let notification = message::notification(SERVER_STATE, params.as_bytes());
            if client.send(notification).await.is_err() {
                return;
            }
            told = params;
        }
    }
}

/// Tells of the jobs of one principal. Whoever does not keep up misses some, and looks at `/jobs`.
async fn jobs(mut heard: broadcast::Receiver<Changed>, owner: Arc<str>, client: mpsc::Sender<Bytes>) {
    loop {
        let changed = match heard.recv().await {
            Ok(changed) if changed.owner == owner => changed,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let params = serde_json::json!({
            "id": changed.id.to_string(), "tool": &*changed.tool, "state": changed.state.as_str(),
        });
        if client.send(message::notification(JOB_STATE, params.to_string().as_bytes())).await.is_err() {
            return;
        }
    }
}

fn state(upstream: &Upstream) -> String {
    let status = upstream.status();
    serde_json::json!({ "server": &*upstream.name, "state": status.state.to_string(), "reason": status.state.reason() })
        .to_string()
}
