//! Rules of keeping answers: invalidations name servers that are there, and what is said is of some use.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Act, Config, Invalidation, Server, ToolSettings, nearest};

/// Reports what is wrong with what is said of keeping answers.
pub(super) fn check(config: &Config, problems: &mut Problems<'_>) {
    for (name, server) in &config.servers {
        for (glob, settings) in &server.tool {
            let path = KeyPath::of(["servers", name, "tool", glob]);
            check_servers(settings, config, &path.key("invalidates"), problems);
            check_act(settings, &path, problems);
        }
    }
}

/// Reports servers of invalidations that do not exist.
fn check_servers(settings: &ToolSettings, config: &Config, path: &KeyPath, problems: &mut Problems<'_>) {
    let is_there = |server: &str| server == Server::OWN || config.servers.contains_key(server);
    for invalidation in settings.invalidates.iter().flatten() {
        if let Invalidation::Tools { server: Some(server), .. } = invalidation
            && !is_there(server)
        {
            let hint = nearest::hint(server, config.servers.keys().map(String::as_str));
            problems.add(path, format!("there is no server `{server}`"), hint);
        }
    }
}

/// Reports answers that are to be kept of a tool that is said to act: they never are.
fn check_act(settings: &ToolSettings, path: &KeyPath, problems: &mut Problems<'_>) {
    if settings.keep() && settings.act.is_some_and(|act| act != Act::Reads) {
        let message = "answers of a tool that does more than read are not kept".to_owned();
        problems.add(&path.key("cache_s"), message, "remove it, or say `act = \"reads\"`");
    }
}
