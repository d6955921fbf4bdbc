//! `GET /status`: the node at one glance.

use client::NodeStatus;
use gateway::moment;

use crate::reply::{Outcome, json};
use crate::{Api, servers};

pub(crate) fn get(api: &Api) -> Outcome {
    let configuration = &api.configuration;
    let source = configuration.source();
    json(&NodeStatus {
        version: api.version.clone(),
        pid: std::process::id(),
        started_at: moment::rfc3339(api.started),
        uptime_s: api.started.elapsed().map_or(0, |uptime| uptime.as_secs()),
        listen: api.listen.clone(),
        config_file: source.path().filter(|path| path.exists()),
        profile: source.profile.clone(),
        config: configuration.health(),
        sessions: configuration.current().now().sessions.all().len(),
        log_lines_dropped: configuration.log().dropped(),
        servers: servers::all(api).into_iter().map(|report| report.server).collect(),
    })
}
