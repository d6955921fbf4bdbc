//! Whether all calls of a batch can begin: each tool is there for its caller, no server is held back, and the queues have
//! room for all of them at this moment. It holds nothing for them: who comes in between may take it.

use std::collections::HashMap;

use super::{Behalf, Wanted, invalid};
use crate::{
    catalogue::listing::ListKind, failure::Failure, gateway::Gateway, pipeline::breaker::Passes, upstream::Upstream,
};

/// Refuses a batch of which some call could not begin.
pub(super) async fn check(gateway: &Gateway, behalf: &Behalf, wanted: &Wanted) -> Result<(), Failure> {
    let seen = gateway.catalogue.seen_by(&behalf.caller.principal);
    let view = seen.view(&behalf.endpoint).await.ok_or_else(|| invalid("no such endpoint".to_owned()))?;
    let mut calls: HashMap<&str, u32> = HashMap::new();
    for (step, call) in wanted.steps.iter().zip(&wanted.calls) {
        let route = view.route(ListKind::Tools, &call.name).ok_or_else(|| {
            let nearest = view.nearest(ListKind::Tools, &call.name);
            let hint =
                if nearest.is_empty() { String::new() } else { format!("; did you mean {}?", nearest.join(", ")) };
            Failure::UnknownName(format!("nothing was begun: `{}` names an unknown tool, {}{hint}", step.id, call.name))
        })?;
        is_let_through(&route.upstream)?;
        *calls.entry(&route.upstream.name).or_default() += 1;
    }
    let full = calls.into_iter().find(|(server, count)| gateway.traffic.queues.load_of(server).vacant() < *count);
    match full {
        None => Ok(()),
        Some(_) => Err(Failure::Overloaded),
    }
}

fn is_let_through(upstream: &Upstream) -> Result<(), Failure> {
    let report = upstream.breakers.report();
    match report.state {
        Passes::Closed => Ok(()),
        Passes::Open { .. } | Passes::HalfOpen => {
            let reason = report.reason.unwrap_or_else(|| "it failed".to_owned());
            Err(Failure::Unavailable(format!(
                "nothing was begun: {} is left alone for a while: {reason}",
                upstream.name
            )))
        }
    }
}
