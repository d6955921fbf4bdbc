//! Sections `[pool]` and `[servers.NAME.pool]`: how many processes there are of a program that everybody shares. They are used
//! for the servers that have a section of their own, which may be empty.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many processes there are of one program, where a server says nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pool {
    /// Processes as long as there are any. Default 2.
    #[schemars(range(min = 1, max = 64))]
    pub min: u32,
    /// Processes as soon as calls wait for them, if there is work for so many. Default 5.
    #[schemars(range(min = 1, max = 64))]
    pub target: u32,
    /// Processes at the most, if calls wait for longer than a second. Default 10.
    #[schemars(range(min = 1, max = 64))]
    pub max: u32,
    /// Seconds after which processes that were not needed are ended, down to `min`. Default 60.
    #[schemars(range(min = 1, max = 86_400))]
    pub idle_s: u64,
    /// Calls that each process gets at one time. Default 5.
    #[schemars(range(min = 1, max = 10_000))]
    pub calls_per_process: u32,
}

/// What one server says of its own pool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServerPool {
    /// Processes as long as there are any. Default that of `[pool]`.
    #[schemars(range(min = 1, max = 64))]
    pub min: Option<u32>,
    /// Processes as soon as calls wait for them, if there is work for so many. Default that of `[pool]`.
    #[schemars(range(min = 1, max = 64))]
    pub target: Option<u32>,
    /// Processes at the most, if calls wait for longer than a second. Default that of `[pool]`.
    #[schemars(range(min = 1, max = 64))]
    pub max: Option<u32>,
    /// Seconds after which processes that were not needed are ended, down to `min`. Default that of `[pool]`.
    #[schemars(range(min = 1, max = 86_400))]
    pub idle_s: Option<u64>,
    /// Calls that each process gets at one time. Default that of `[pool]`.
    #[schemars(range(min = 1, max = 10_000))]
    pub calls_per_process: Option<u32>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { min: 2, target: 5, max: 10, idle_s: 60, calls_per_process: 5 }
    }
}

impl Pool {
    /// The pool of a server that says this of it. What is not said makes way for what is.
    pub fn of(&self, own: &ServerPool) -> Self {
        let said = [own.min, own.target, own.max];
        let (least, most) = (said.into_iter().flatten().min(), said.into_iter().flatten().max());
        let max = own.max.unwrap_or_else(|| self.max.max(most.unwrap_or(0)));
        let min = own.min.unwrap_or_else(|| self.min.min(least.unwrap_or(u32::MAX)));
        Self {
            min,
            target: own.target.unwrap_or_else(|| self.target.clamp(min, max.max(min))),
            max,
            idle_s: own.idle_s.unwrap_or(self.idle_s),
            calls_per_process: own.calls_per_process.unwrap_or(self.calls_per_process),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_goes_over_the_section_and_moves_the_rest_aside() {
        let check = |min, target, max, expected| {
            let pool = Pool::default().of(&ServerPool { min, target, max, ..ServerPool::default() });
            assert_eq!((pool.min, pool.target, pool.max), expected);
        };
        check(None, None, None, (2, 5, 10));
        check(Some(3), None, None, (3, 5, 10));
        check(None, None, Some(3), (2, 3, 3));
        check(None, None, Some(1), (1, 1, 1));
        check(Some(12), None, None, (12, 12, 12));
        check(None, Some(20), None, (2, 20, 20));
        check(Some(1), Some(2), Some(4), (1, 2, 4));
    }
}
