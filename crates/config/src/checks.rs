//! Rules that concern more than one key, or more of a value than its type: one file per section.

mod api;
mod breaker;
mod bundle;
mod cache;
mod fallback;
mod gateway;
mod grpc;
mod jobs;
mod limits;
mod names;
mod node;
mod pool;
mod principal;
mod queue;
mod server;

use crate::Config;
use crate::path::KeyPath;
use crate::problem::Problems;

/// Reports everything in `config` that the schema cannot see.
pub(crate) fn check(config: &Config, problems: &mut Problems<'_>) {
    let has_principals = !config.principals.is_empty();
    gateway::check(&config.gateway, has_principals, problems);
    grpc::check(&config.grpc, &config.gateway, has_principals, problems);
    names::check("principals", config.principals.keys(), problems);
    principal::check(&config.principals, &config.servers, problems);
    jobs::check(&config.jobs, problems);
    node::check(&config.node, problems);
    limits::check(&config.limits, problems);
    queue::check(&config.queue, problems);
    pool::check(config, problems);
    breaker::check(&config.breaker, &config.retry, problems);
    cache::check(config, problems);
    fallback::check(config, problems);
    names::check("servers", config.servers.keys(), problems);
    names::check("bundles", config.bundles.keys(), problems);
    server::check_prefixes(&config.servers, problems);
    for (name, server) in &config.servers {
        server::check(name, server, problems);
        queue::check_concurrency(server, &config.queue, &KeyPath::of(["servers", name]), problems);
    }
    for (name, bundle) in &config.bundles {
        bundle::check(name, bundle, &config.servers, problems);
    }
}
