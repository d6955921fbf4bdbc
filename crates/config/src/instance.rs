//! Sections `[[servers.NAME.instances]]`: the addresses at which one and the same server answers, and how calls are spread
//! over them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Server;

/// One address of a server that answers at several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Instance {
    /// Where it answers, as in `url` of the server. Default none: give it.
    pub url: String,
    /// Its share of the calls beside the others. Default 1.
    #[schemars(range(min = 1, max = 1_000))]
    pub weight: u32,
    /// Its group: one of a higher number serves only while no lower one can. Default 0.
    #[schemars(range(max = 100))]
    pub group: u32,
    /// Calls that it has at one time before others are preferred. Default 64.
    #[schemars(range(min = 1, max = 100_000))]
    pub calls_max: u32,
    /// The region where it stands. Default none.
    pub region: String,
    /// The zone in its region. Default none.
    pub zone: String,
}

/// How one of several equal instances is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// The one with the fewest calls under way for its weight.
    #[default]
    LeastOutstanding,
    /// Each in turn.
    RoundRobin,
    /// Each in turn, the heavier ones more often.
    Weighted,
    /// The faster of two that are drawn.
    Fastest,
    /// Calls of one client session to the same one.
    Session,
    /// Calls of one principal to the same one.
    Principal,
}

impl Default for Instance {
    fn default() -> Self {
        Self { url: String::new(), weight: 1, group: 0, calls_max: 64, region: String::new(), zone: String::new() }
    }
}

impl Server {
    /// All addresses at which it answers: its `url`, then its `instances`.
    pub fn addresses(&self) -> impl Iterator<Item = Instance> {
        let first = self.url.iter().map(|url| Instance { url: url.clone(), ..Instance::default() });
        first.chain(self.instances.iter().cloned())
    }

    /// The first of its addresses.
    pub fn address(&self) -> Option<&str> {
        self.url.as_deref().or_else(|| self.instances.first().map(|instance| instance.url.as_str()))
    }

    /// The server as if it answered at this address only.
    pub fn at(&self, address: &Instance) -> Self {
        Self { url: Some(address.url.clone()), instances: Vec::new(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_is_the_first_address() {
        let instance = |url: &str| Instance { url: url.to_owned(), ..Instance::default() };
        let mut server = Server { instances: vec![instance("http://b"), instance("http://c")], ..Server::default() };
        assert_eq!(server.address(), Some("http://b"));
        server.url = Some("http://a".to_owned());
        assert_eq!(server.addresses().map(|at| at.url).collect::<Vec<_>>(), ["http://a", "http://b", "http://c"]);
        assert_eq!(server.at(&instance("http://c")).address(), Some("http://c"));
    }
}
