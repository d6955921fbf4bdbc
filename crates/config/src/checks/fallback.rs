//! Rules of `equivalent`, `degraded` and `hedge`: other servers that are there, and what is only for tools that read.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Act, Config, Server, ToolSettings, nearest};

/// Reports what is wrong with what is said of other ways to an answer.
pub(super) fn check(config: &Config, problems: &mut Problems<'_>) {
    for (name, server) in &config.servers {
        let path = KeyPath::of(["servers", name]);
        check_servers(&server.equivalent, name, config, &path.key("equivalent"), problems);
        for (glob, settings) in &server.tool {
            let path = path.key("tool").key(glob);
            let servers = settings.equivalent.as_deref().unwrap_or_default();
            check_servers(servers, name, config, &path.key("equivalent"), problems);
            check_degraded(settings, &path.key("degraded"), problems);
            if settings.hedge == Some(true) && does_more_than_read(settings) {
                let hint = "remove it, or say `act = \"reads\"`";
                problems.add(&path.key("hedge"), "no copy is sent of a call that does more than read", hint);
            }
        }
    }
}

/// Reports servers that cannot stand in for the server `name`.
fn check_servers(servers: &[String], name: &str, config: &Config, path: &KeyPath, problems: &mut Problems<'_>) {
    for (place, other) in servers.iter().enumerate() {
        let path = path.index(place);
        if other == name {
            problems.add(&path, "a server does not stand in for itself", "remove it");
        } else if other == Server::OWN {
            problems.add(&path, "the gateway's own tools stand in for nobody", "remove it");
        } else if servers[..place].contains(other) {
            problems.add(&path, format!("`{other}` stands twice in the list"), "remove one");
        } else if !config.servers.contains_key(other) {
            let hint = nearest::hint(other, config.servers.keys().map(String::as_str));
            problems.add(&path, format!("there is no server `{other}`"), hint);
        }
    }
}

/// Reports answers that say nothing, and those in the place of a tool that does more than read.
fn check_degraded(settings: &ToolSettings, path: &KeyPath, problems: &mut Problems<'_>) {
    let Some(degraded) = &settings.degraded else { return };
    if !degraded.says_something() {
        problems.add(path, "the answer says nothing", "give it a `text`, or `structured` content");
    }
    if does_more_than_read(settings) {
        let hint = "remove it, or say `act = \"reads\"`";
        problems.add(path, "nothing is answered in the place of a tool that does more than read", hint);
    }
}

fn does_more_than_read(settings: &ToolSettings) -> bool {
    settings.act.is_some_and(|act| act != Act::Reads)
}

#[cfg(test)]
mod tests {
    fn problems(text: &str) -> Vec<String> {
        let text = format!("servers.a.command = \"a\"\nservers.b.command = \"b\"\n{text}");
        let loaded = crate::parse(&text, "f", &|_| None);
        loaded.problems.into_iter().map(|problem| problem.to_string()).collect()
    }

    #[test]
    fn servers_may_stand_in_for_each_other() {
        assert_eq!(problems("servers.a.equivalent = [\"b\"]\nservers.b.equivalent = [\"a\"]"), [""; 0]);
    }

    #[test]
    fn who_cannot_stand_in_is_reported() {
        let check = |servers: &str, expected: &str| {
            let found = problems(&format!("servers.a.equivalent = {servers}"));
            assert!(found.len() == 1 && found[0].ends_with(expected), "{servers}: {found:?}");
        };
        check("[\"c\"]", "servers.a.equivalent[0]: there is no server `c`");
        check("[\"a\"]", "servers.a.equivalent[0]: a server does not stand in for itself");
        check("[\"b\", \"b\"]", "servers.a.equivalent[1]: `b` stands twice in the list");
        check("[\"switchboard\"]", "servers.a.equivalent[0]: the gateway's own tools stand in for nobody");
    }

    #[test]
    fn an_answer_for_nothing_or_of_nothing_is_reported() {
        let check = |settings: &str, expected: &str| {
            let found = problems(&format!("[servers.a.tool.get]\n{settings}"));
            assert!(found.len() == 1 && found[0].contains(expected), "{settings}: {found:?}");
        };
        check("degraded = {}", "the answer says nothing");
        check("degraded = { text = \"t\" }\nact = \"acts\"", "does more than read");
        check("hedge = true\nact = \"acts\"", "no copy is sent of a call that does more than read");
        check("degraded = { text = \"t\", txt = \"u\" }", "unknown key");
        assert_eq!(problems("[servers.a.tool.get]\ndegraded = { structured = { items = [1, \"a\"] } }"), [""; 0]);
    }
}
