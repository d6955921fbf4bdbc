//! Which values of a configuration the program never says: those whose name tells that they open something. Other
//! variables and headers are not shown either, but they may be ordinary words that occur in any text.

use std::collections::BTreeMap;

use crate::{Config, Secret};

/// What the names of secret variables and headers have in them.
const TELLING: [&str; 8] = ["auth", "cookie", "credential", "key", "pass", "secret", "token", "pwd"];

impl Config {
    /// Every secret value, and the part of a header after its scheme alone.
    pub fn confidential(&self) -> Vec<String> {
        let mut found: Vec<&Secret> = Vec::new();
        for server in self.servers.values() {
            let auth = &server.auth;
            found.extend(auth.bearer.iter().chain(&auth.password).chain(auth.query.values()));
            found.extend(server.connections.values().filter_map(|connection| connection.secret.as_ref()));
            found.extend(telling(&server.env).chain(telling(&server.headers)));
        }
        let with_part = |secret: &Secret| {
            let whole = secret.expose();
            [Some(whole), whole.split_once(' ').map(|(_, part)| part)]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect()
        };
        found.into_iter().flat_map::<Vec<String>, _>(with_part).collect()
    }
}

fn telling(values: &BTreeMap<String, Secret>) -> impl Iterator<Item = &Secret> {
    let tells = |name: &String| TELLING.iter().any(|word| name.to_ascii_lowercase().contains(word));
    values.iter().filter(move |(name, _)| tells(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn values_are_secret_by_their_names() {
        let text = "servers.a = { command = \"a\", env = { API_KEY = \"k1\", HOST = \"localhost\" } }
            servers.b = { url = \"http://b.example\", headers = { Authorization = \"Bearer t1\", Accept = \"text/plain\" } }
            servers.d = { toolkit = \"server\", connections.default = { url = \"tcp://d.example\", secret = \"s1\" } }
            servers.c = { graphql = \"http://c.example\", auth = { bearer = \"b1\" } }";
        let mut found = parse(text, "file", &|_| None).config.confidential();
        found.sort();
        assert_eq!(found, ["Bearer t1", "b1", "k1", "s1", "t1"]);
    }
}
