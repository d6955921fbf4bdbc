//! Servers that are put in while a client listens: an ear is opened at each, so that the client hears of their lists too.
//! What is said is passed on by whoever serves the client; here the servers are only made to say it.

use std::sync::Arc;

use tokio::sync::broadcast::error::RecvError;

use crate::{
    call::Caller,
    catalogue::Endpoint,
    gateway::Gateway,
    upstream::{Upstream, watch::Watching},
};

/// Listens to the newcomers of an endpoint until it is dropped or the node ends.
pub(crate) async fn hear(gateway: Gateway, caller: Caller, endpoint: Endpoint) {
    let mut changes = gateway.catalogue.changes();
    let mut heard: Vec<(Arc<Upstream>, Option<Watching>)> =
        members(&gateway, &caller, &endpoint).into_iter().map(|upstream| (upstream, None)).collect();
    loop {
        match changes.recv().await {
            Ok(change) if change.concerns(&endpoint) => {}
            Ok(_) | Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        }
        let members = members(&gateway.newest(), &caller, &endpoint);
        heard.retain(|(known, _)| members.iter().any(|member| Arc::ptr_eq(member, known)));
        for member in members {
            let is_known = heard.iter().any(|(known, _)| Arc::ptr_eq(known, &member));
            // Legacy servers tell without being asked.
            if !is_known && member.peer().is_some_and(|peer| peer.era == mcp::Era::Modern) {
                let ear = Watching::start(member.clone(), caller.clone(), Vec::new()).await.ok();
                heard.push((member, ear));
            }
        }
    }
}

fn members(gateway: &Gateway, caller: &Caller, endpoint: &Endpoint) -> Vec<Arc<Upstream>> {
    gateway.catalogue.seen_by(&caller.principal).members(endpoint).cloned().collect()
}
