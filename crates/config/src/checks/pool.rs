//! Rules of `[pool]` and `[servers.NAME.pool]`: numbers that rise from the fewest to the most, and a program that may run as
//! several processes.

use super::server::unused;
use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Config, Mode, Pool, Server};

/// Reports what is wrong with `pool` and the pools of servers.
pub(super) fn check(config: &Config, problems: &mut Problems<'_>) {
    check_order(&config.pool, &KeyPath::of(["pool"]), problems);
    for (name, server) in &config.servers {
        let path = KeyPath::of(["servers", name]);
        if server.pool.is_some() && server.command.is_none() {
            unused(true, "pool", "command", &path, problems);
        } else if let Some(own) = &server.pool {
            let pool = config.pool.of(own);
            check_order(&pool, &path.key("pool"), problems);
            check_program(server, &pool, &path, problems);
        }
    }
}

fn check_order(pool: &Pool, path: &KeyPath, problems: &mut Problems<'_>) {
    for ((low, fewer), (high, more)) in
        [(("min", pool.min), ("target", pool.target)), (("target", pool.target), ("max", pool.max))]
    {
        if fewer > more {
            let message = format!("{fewer} is more than `{high}`, which is {more}");
            problems.add(&path.key(low), message, format!("lower it, or raise `{high}`"));
        }
    }
}

/// Reports several processes of a program that is not for everybody, and more than there may be.
fn check_program(server: &Server, pool: &Pool, path: &KeyPath, problems: &mut Problems<'_>) {
    if server.mode != Mode::Shared {
        let message = "calls are spread over processes only where everybody shares them";
        let hint = "say `mode = \"shared\"` if it remembers nothing between calls, or remove it";
        problems.add(&path.key("pool"), message, hint);
    }
    if usize::try_from(pool.max).is_ok_and(|max| max > server.instances_max) {
        let message = format!("{} is more than `instances_max`, which is {}", pool.max, server.instances_max);
        problems.add(&path.key("pool").key("max"), message, "lower it, or raise `instances_max`");
    }
    if server.concurrency_min.is_some() {
        let message = "the calls of a pool follow its processes, not how quickly they are answered";
        problems.add(&path.key("concurrency_min"), message, "remove it, or remove `pool`");
    }
}

#[cfg(test)]
mod tests {
    fn check(text: &str, expected: &[&str]) {
        let found = crate::parse(text, "f", &|_| None).problems;
        let found: Vec<_> = found.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn the_numbers_of_a_pool_rise() {
        check("[pool]\nmin = 1\ntarget = 1\nmax = 1", &[]);
        check("[pool]\nmin = 6", &["6 is more than `target`, which is 5"]);
        check("[pool]\nmax = 4", &["5 is more than `max`, which is 4"]);
        let shared = "[servers.a]\ncommand = \"a\"\nmode = \"shared\"\n";
        check(&format!("{shared}pool = {{}}"), &[]);
        check(&format!("{shared}pool = {{ max = 3 }}"), &[]);
        check(&format!("{shared}pool = {{ min = 4, max = 3 }}"), &["4 is more than `max`, which is 3"]);
    }

    #[test]
    fn several_processes_are_of_a_shared_command() {
        let shared = "calls are spread over processes only where everybody shares them";
        check("[servers.a]\ncommand = \"a\"\npool = {}", &[shared]);
        check("[servers.a]\nurl = \"http://a\"\npool = {}", &["`pool` has no effect without `command`"]);
        let shared = "[servers.a]\ncommand = \"a\"\nmode = \"shared\"\n";
        let most = "10 is more than `instances_max`, which is 2";
        check(&format!("{shared}instances_max = 2\npool = {{}}"), &[most]);
        let follows = "the calls of a pool follow its processes, not how quickly they are answered";
        check(&format!("{shared}concurrency_min = 1\npool = {{}}"), &[follows]);
    }
}
