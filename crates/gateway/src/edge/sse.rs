//! HTTP+SSE (2024-11-05): a stream of events on which all is said, and an address to post to. The session outlives the stream:
//! its id goes with the events, so that a client which opens another stream with the last of them goes on in it, also at the
//! process that has followed this one. What is posted meanwhile waits for that.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use mcp::sse;
use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, timeout_at},
};

use super::{
    Reply, STREAM_QUEUE,
    body::COME_BACK,
    duplex::Duplex,
    http::{Answered, read, refuse, respond, resumable},
};
use crate::{
    catalogue::Endpoint,
    gateway::Gateway,
    principal::{Principal, Visitor},
    session::SessionId,
    streams::{Heard, Purpose},
};

/// How long a message waits for a stream that has not come back after a restart: it does once the process before has answered what
/// its client asked there, and whoever does not come back is to know that soon.
const COMES_BACK_WITHIN: Duration = Duration::from_secs(10);

/// The HTTP+SSE connections of a node, by the secret in their address.
#[derive(Default)]
pub struct SseConnections {
    open: Mutex<HashMap<String, Arc<Duplex>>>,
    opened: Notify,
}

impl SseConnections {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Duplex>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, secret: String, duplex: Arc<Duplex>) {
        self.lock().insert(secret, duplex);
        self.opened.notify_waiters();
    }

    /// Forgets a connection, unless another has taken its place.
    fn remove(&self, secret: &str, duplex: &Arc<Duplex>) {
        let mut open = self.lock();
        if open.get(secret).is_some_and(|known| Arc::ptr_eq(known, duplex)) {
            open.remove(secret);
        }
    }

    /// The connection of this principal with this secret, waited for this long; that of another looks like none.
    async fn find(&self, secret: &str, principal: &Principal, wait: Duration) -> Option<Arc<Duplex>> {
        let end = Instant::now() + wait;
        loop {
            let opened = self.opened.notified();
            let known = self.lock().get(secret).cloned();
            if known.is_some() {
                return known.filter(|duplex| *duplex.owner() == *principal.name);
            }
            timeout_at(end, opened).await.ok()?;
        }
    }
}

/// Opens the event stream of a client, or goes on in the session of the last event that it has seen. The first event names the
/// address to post to.
pub(super) fn open(gateway: &Gateway, visitor: Visitor, endpoint: &Endpoint, last_event_id: Option<&str>) -> Answered {
    let known = last_event_id.and_then(|sealed| {
        let session = gateway.sessions.find(&gateway.seals, &visitor.principal, endpoint, sealed).ok()?;
        Some((session.sealed?, session, sealed))
    });
    let id = known.as_ref().map_or_else(SessionId::random, |(id, ..)| *id);
    let secret = String::from(id);
    let (out, said) = mpsc::channel(STREAM_QUEUE);
    let duplex = Duplex::lasting(id, gateway, visitor, endpoint.clone(), out);
    if let Some((_, session, sealed)) = known {
        duplex.go_on(session, sealed);
    }
    let mut opening = Vec::new();
    let address = format!("{}/messages?session={secret}", endpoint.path());
    sse::encode_event(&mut opening, Some("endpoint"), duplex.sealed(), address.as_bytes());
    let (client, events) = mpsc::channel(STREAM_QUEUE);
    gateway.sse.insert(secret.clone(), duplex.clone());
    let gateway = gateway.clone();
    tokio::spawn(async move {
        tell(&duplex, said, &client).await;
        gateway.sse.remove(&secret, &duplex);
    });
    resumable(Heard { purpose: Purpose::Standing, opening: Some(opening.into()), events })
}

/// Tells a client all that is said to it, until it leaves or the node does.
async fn tell(duplex: &Arc<Duplex>, mut said: mpsc::Receiver<Bytes>, client: &mpsc::Sender<Bytes>) {
    let leaves = duplex.leaves();
    tokio::pin!(leaves);
    loop {
        tokio::select! {
            Some(message) = said.recv() => drop(client.send(event(duplex, &message)).await),
            () = client.closed() => return duplex.close(),
            () = &mut leaves => break,
        }
    }
    while let Ok(message) = said.try_recv() {
        let _ = client.send(event(duplex, &message)).await;
    }
    // the session goes on at the process that has followed
    let _ = client.send(Bytes::from_static(COME_BACK)).await;
}

/// A message as an event, with the id of the session once there is one.
fn event(duplex: &Duplex, message: &[u8]) -> Bytes {
    let mut event = Vec::with_capacity(message.len() + 64);
    sse::encode_event(&mut event, Some("message"), duplex.sealed(), message);
    duplex.held().count(event.into())
}

/// Takes a message of a client; its answer comes on the event stream.
pub(super) async fn message(gateway: &Gateway, principal: &Principal, request: Request<Incoming>) -> Answered {
    let secret = request.uri().query().and_then(|query| query.strip_prefix("session=")).unwrap_or_default().to_owned();
    let wait = if gateway.kin.is_following() { COMES_BACK_WITHIN } else { Duration::ZERO };
    let Some(duplex) = gateway.sse.find(&secret, principal, wait).await else {
        return refuse(StatusCode::NOT_FOUND, "there is no such event stream: open /sse first");
    };
    match read(request.into_body(), gateway).await {
        Ok(body) => {
            duplex.receive(body).await;
            respond(Reply::Accepted)
        }
        Err((status, why)) => refuse(status, why),
    }
}
