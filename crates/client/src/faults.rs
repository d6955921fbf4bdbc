//! The words of the control API about faults that are made on purpose.

use serde::{Deserialize, Serialize};

use crate::query;

/// A rule by which faults are made. `GET /faults`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    /// Its number.
    pub id: u64,
    /// A glob over the servers whose calls it is about.
    pub server: String,
    /// A glob over the tools, by their own names.
    pub tool: String,
    /// Who makes the calls; without it, everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// How many of a hundred of them meet a fault.
    pub percent: u32,
    /// What they meet: `delay`, `error` or `drop`.
    pub effect: String,
    /// How late they are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Who made it.
    pub by: String,
    /// When it was made, as RFC 3339 in UTC.
    pub since: String,
    /// How long it is in force yet.
    pub left_ms: u64,
    /// How many calls have met it.
    pub met: u64,
}

/// A rule that is to be made. `POST /faults`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewFault {
    /// A glob over the servers.
    pub server: String,
    /// A glob over the tools; without it, all that is sent to the servers.
    pub tool: Option<String>,
    /// Who makes the calls; without it, everybody.
    pub principal: Option<String>,
    /// How many of a hundred; without it, all.
    pub percent: Option<u32>,
    /// `delay`, `error` or `drop`.
    pub effect: String,
    /// How late calls are sent, for `delay`.
    pub delay_ms: Option<u64>,
    /// For how many seconds.
    pub for_s: u64,
}

impl NewFault {
    /// As the query of a request.
    pub(crate) fn query(&self) -> String {
        let (percent, delay) = (self.percent.map(|share| share.to_string()), self.delay_ms.map(|ms| ms.to_string()));
        query::of([
            ("server", Some(&self.server)),
            ("effect", Some(&self.effect)),
            ("for_s", Some(&self.for_s.to_string())),
            ("tool", self.tool.as_deref()),
            ("principal", self.principal.as_deref()),
            ("percent", percent.as_deref()),
            ("delay_ms", delay.as_deref()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_is_asked_for_and_a_name_becomes_nothing_else() {
        let fault = NewFault {
            server: "git&effect=drop".to_owned(),
            effect: "delay".to_owned(),
            delay_ms: Some(20),
            for_s: 60,
            ..NewFault::default()
        };
        assert_eq!(fault.query(), "server=git%26effect%3Ddrop&effect=delay&for_s=60&delay_ms=20");
    }
}
