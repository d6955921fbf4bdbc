//! `switchboard status`: how the running node is, and each of its servers.

use clap::Args;
use client::{NodeStatus, Server};
use serde::Serialize;

use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, control, live};

/// Say how the running node and its servers are.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard status
  switchboard status --url http://127.0.0.1:4000 --json")]
pub struct Status {}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(NodeStatus);

impl Status {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        context.terminal.show(&Shown(control::node(context)?.status().await?))?;
        Ok(Exit::Done)
    }
}

impl Report for Shown {
    fn text(&self) -> Text {
        let node = &self.0;
        let file = node.config_file.as_ref().map_or("the defaults".to_owned(), |file| file.display().to_string());
        let mut lines = vec![
            Text::default()
                .and(Tone::Strong, "node")
                .and(Tone::Plain, format!(" at {}", node.listen.join(", ")))
                .and(Tone::Faint, format!(", version {}, process {}", node.version, node.pid)),
            Text::plain(format!("up for {}, {} sessions", duration(node.uptime_s), node.sessions)),
            Text::plain(format!("configuration {} of {}, from {file}", node.config.number, node.config.applied_at)),
        ];
        let wrong = node.config.problems.iter().map(|problem| format!("not in force: {problem}"));
        let dropped = (node.log_lines_dropped > 0).then(|| {
            format!("{} lines of the log were dropped: who reads stderr did not keep up", node.log_lines_dropped)
        });
        let waiting = node.config.at_restart.iter().map(|key| format!("`{key}` waits for a restart of the node"));
        lines.extend(wrong.chain(waiting).chain(dropped).map(|text| Text::default().and(Tone::Doubtful, text)));
        lines.push(Text::table(&node.servers.iter().map(row).collect::<Vec<_>>()));
        Text::lines(lines)
    }
}

fn row(server: &Server) -> Vec<Text> {
    let running = match (server.instances, server.calls_running, &server.pool) {
        (0, 0, _) => String::new(),
        (instances, calls, None) => format!("{instances} open, {calls} calls"),
        (instances, calls, Some(pool)) => format!("{instances} of {} to {} open, {calls} calls", pool.min, pool.max),
    };
    vec![
        Text::default().and(Tone::Strong, &server.name),
        live::state(server),
        Text::plain(&server.transport),
        Text::plain(running),
        Text::plain(remark(server)),
    ]
}

/// What is wrong with a server, and whether its lists are old.
fn remark(server: &Server) -> String {
    let stale = server.stale_lists.then_some("its lists are from before the start");
    let said: Vec<&str> = server.reason.as_deref().into_iter().chain(stale).collect();
    said.join("; ")
}

/// The two largest units of a time.
fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn time_is_said_in_its_two_largest_units() {
        let check = |seconds, expected| assert_eq!(duration(seconds), expected);
        check(59, "59 s");
        check(61, "1 min 1 s");
        check(3_700, "1 h 1 min");
        check(90_000, "1 d 1 h");
    }
}
