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
        found.extend(self.cache.redis_url.iter().chain(&self.cache.redis_key));
        for server in self.servers.values() {
            let auth = &server.auth;
            found.extend(auth.bearer.iter().chain(&auth.password).chain(auth.query.values()));
            found.extend(server.connections.values().filter_map(|connection| connection.secret.as_ref()));
            found.extend(telling(&server.env).chain(telling(&server.headers)));
        }
        let with_part = |secret: &Secret| {
            let whole = secret.expose();
            [Some(whole), whole.split_once(' ').map(|(_, part)| part), password(whole)]
                .into_iter()
                .flatten()
                .map(str::to_owned)
                .collect()
        };
        found.into_iter().flat_map::<Vec<String>, _>(with_part).collect()
    }
}

/// The password in an address.
fn password(text: &str) -> Option<&str> {
    let (login, _) = text.split_once("://")?.1.rsplit_once('@')?;
    login.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
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
        let text = "cache.redis_url = \"redis://:p1@cache\"
            servers.a = { command = \"a\", env = { API_KEY = \"k1\", HOST = \"localhost\" } }
            servers.b = { url = \"http://b.example\", headers = { Authorization = \"Bearer t1\", Accept = \"text/plain\" } }
            servers.d = { toolkit = \"server\", connections.default = { url = \"tcp://d.example\", secret = \"s1\" } }
            servers.c = { graphql = \"http://c.example\", auth = { bearer = \"b1\" } }";
        let mut found = parse(text, "file", &|_| None).config.confidential();
        found.sort();
        assert_eq!(found, ["Bearer t1", "b1", "k1", "p1", "redis://:p1@cache", "s1", "t1"]);
    }
}
