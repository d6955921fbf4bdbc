//! Section `[queue]`: how many calls run at one time, how many wait, how long they may be silent, and how often each class of
//! urgency has its turn.
//! What differs for a server or a tool stands in its own section.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Server, Transport};

/// Calls that a program started by the gateway gets at one time, if nothing else is said: many answer one after the other.
const AT_A_COMMAND: u32 = 5;

/// Calls that any other server gets at one time, if nothing else is said.
const AT_ANY_OTHER: u32 = 64;

/// How many calls run at one time, how many wait, and how long they may be silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Queue {
    /// Calls that run at one time on the node. Default 256.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency_per_node: u32,
    /// Calls that run at one time at each server that does not say otherwise by its own `concurrency`. Default 5 at a
    /// `command`, 64 at any other.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency_per_server: Option<u32>,
    /// Calls of one principal that run at one time, at all servers together. The person at this machine, who calls
    /// without a name, has the whole node. Default 32.
    #[schemars(range(min = 1, max = 100_000))]
    pub concurrency_per_principal: u32,
    /// Calls that wait for one server; more are refused at once. Default 1,000.
    #[schemars(range(max = 100_000))]
    pub max_per_server: u32,
    /// Calls of one principal that wait, for all servers together; more are refused at once. Default 200.
    #[schemars(range(max = 100_000))]
    pub max_per_principal: u32,
    /// Seconds a call may be silent that is known to read at its server only: of a resource or a prompt, or of a tool that says
    /// so with `readOnlyHint` and `openWorldHint = false`. `timeout_s` of the tool or the server goes over it. Default 10.
    #[schemars(range(min = 1, max = 86_400))]
    pub read_timeout_s: u64,
    /// Seconds a call may be silent that is known to act at its server only: of a tool that says `openWorldHint = false`.
    /// `timeout_s` of the tool or the server goes over it. Default 30.
    #[schemars(range(min = 1, max = 86_400))]
    pub act_timeout_s: u64,
    /// The turns that each class has in a cycle, from CRITICAL to BULK, 1 to 1,000 each. Default
    /// `[16, 8, 4, 2, 1]`.
    pub weights: [u32; 5],
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            concurrency_per_node: 256,
            concurrency_per_server: None,
            concurrency_per_principal: 32,
            max_per_server: 1_000,
            max_per_principal: 200,
            read_timeout_s: 10,
            act_timeout_s: 30,
            weights: [16, 8, 4, 2, 1],
        }
    }
}

impl Queue {
    /// How many calls run at one time at a server with these settings; at one with a pool in all its processes together, which
    /// have bounds of their own.
    pub fn concurrency_of(&self, server: &Server) -> u32 {
        if server.pool.is_some() {
            return server.concurrency.unwrap_or(u32::MAX);
        }
        let is_foreign_program = server.transport() == Transport::Stdio && server.toolkit.is_none() && !server.is_api();
        let usual = if is_foreign_program { AT_A_COMMAND } else { AT_ANY_OTHER };
        server.concurrency.or(self.concurrency_per_server).unwrap_or(usual)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_server_goes_over_the_section_and_the_section_over_what_is_usual() {
        let check = |text: &str, expected| {
            let config = crate::parse(text, "switchboard.toml", &|_| None).config;
            assert_eq!(config.queue.concurrency_of(&config.servers["a"]), expected, "{text}");
        };
        check("servers.a.command = \"a\"", 5);
        check("servers.a.url = \"https://a.example/mcp\"", 64);
        check("servers.a.toolkit = \"project\"", 64);
        check("queue.concurrency_per_server = 7\nservers.a.command = \"a\"", 7);
        check("queue.concurrency_per_server = 7\nservers.a.command = \"a\"\nservers.a.concurrency = 2", 2);
        check("servers.a = { command = \"a\", mode = \"shared\", pool = {} }", u32::MAX);
        check("servers.a = { command = \"a\", mode = \"shared\", pool = {}, concurrency = 12 }", 12);
    }
}
