//! Replaces `${env:NAME}`, `${file:PATH}` and `${secret:NAME}` in the settings of servers and in the secrets of `[cache]`. What comes from outside is not
//! looked at again, but secrets may be made of others. Where a value would be shown, only `${env:NAME}` is taken.
//! The outside comes in as functions, so nothing here reads the process or the disk.

use std::collections::BTreeMap;

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Config, Secret, Server};

/// The outside that references lead to. Each gives the value, or says why there is none.
pub(crate) struct Outside<'o> {
    /// The environment variable of this name.
    pub(crate) variable: &'o dyn Fn(&str) -> Option<String>,
    /// The text of this file.
    pub(crate) file: &'o dyn Fn(&str) -> Result<String, String>,
    /// The secret of this name as it is written in the store.
    pub(crate) secret: &'o dyn Fn(&str) -> Result<String, String>,
    /// Whether these are the values; otherwise only what does not depend on them can be told.
    pub(crate) is_known: bool,
}

/// Replaces every reference in `config`; a server that is switched off needs none.
pub(crate) fn resolve(config: &mut Config, outside: &Outside<'_>, problems: &mut Problems<'_>) {
    for (name, server) in config.servers.iter_mut().filter(|(_, server)| server.enabled) {
        Resolver { outside, problems }.server(server, &KeyPath::of(["servers", name]));
    }
    let cache = &mut config.cache;
    for (key, secret) in [("redis_url", &mut cache.redis_url), ("redis_key", &mut cache.redis_key)] {
        let Some(secret) = secret else { continue };
        let is_known = outside.is_known || next_reference(secret.expose()).is_none();
        Resolver { outside, problems }.secret(secret, &KeyPath::of(["cache", key]));
        if !is_known {
            *secret = Secret::unknown();
        }
    }
}

struct Resolver<'r, 'd> {
    outside: &'r Outside<'r>,
    problems: &'r mut Problems<'d>,
}

impl Resolver<'_, '_> {
    fn server(&mut self, server: &mut Server, path: &KeyPath) {
        self.secrets(&mut server.env, &path.key("env"));
        self.secrets(&mut server.headers, &path.key("headers"));
        let auth = path.key("auth");
        self.secrets(&mut server.auth.query, &auth.key("query"));
        for (key, secret) in [("bearer", &mut server.auth.bearer), ("password", &mut server.auth.password)] {
            if let Some(secret) = secret {
                self.secret(secret, &auth.key(key));
            }
        }
        for (name, connection) in &mut server.connections {
            let path = path.key("connections").key(name);
            self.shown(&mut connection.url, &path.key("url"));
            if let Some(secret) = &mut connection.secret {
                self.secret(secret, &path.key("secret"));
            }
        }
        for (place, instance) in server.instances.iter_mut().enumerate() {
            self.shown(&mut instance.url, &path.key("instances").index(place).key("url"));
        }
        let shown = [("command", &mut server.command), ("cwd", &mut server.cwd), ("url", &mut server.url)];
        for (key, text) in shown.into_iter().filter_map(|(key, text)| Some((key, text.as_mut()?))) {
            self.shown(text, &path.key(key));
        }
        for (index, argument) in server.args.iter_mut().enumerate() {
            self.shown(argument, &path.key("args").index(index));
        }
    }

    fn secrets(&mut self, secrets: &mut BTreeMap<String, Secret>, path: &KeyPath) {
        for (name, secret) in secrets {
            self.secret(secret, &path.key(name));
        }
    }

    fn secret(&mut self, secret: &mut Secret, path: &KeyPath) {
        match replace(secret.expose(), self.outside, &mut Vec::new()) {
            Ok(text) => *secret = Secret::new(text),
            Err(error) => self.problems.add(path, error.to_string(), error.hint()),
        }
    }

    /// A text that lists and logs show.
    fn shown(&mut self, text: &mut String, path: &KeyPath) {
        let hidden = |_: &str| Err("its value would be shown here".to_owned());
        let outside = Outside { variable: self.outside.variable, file: &hidden, secret: &hidden, is_known: true };
        match replace(text, &outside, &mut Vec::new()) {
            Ok(replaced) => *text = replaced,
            Err(error) => self.problems.add(path, error.to_string(), error.hint()),
        }
    }
}

/// A reference that cannot be replaced.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum ReferenceError {
    #[error("the environment has no variable `{0}`")]
    Unset(String),
    #[error("`${{{0}:{1}}}` cannot be replaced: {2}")]
    NoValue(&'static str, String, String),
    #[error("the secret refers to itself: {0}")]
    Cycle(String),
    #[error("`${{{0}:` has no closing brace")]
    Open(&'static str),
}

impl ReferenceError {
    fn hint(&self) -> String {
        match self {
            Self::Unset(name) => format!("set `{name}` where switchboard is started"),
            Self::NoValue("file", ..) => "name a readable file, from the folder of the configuration on".to_owned(),
            Self::NoValue(_, name, _) => {
                format!(
                    "write `{name} = \"…\"` into `secrets.toml` beside the configuration, and use it in `env`, `headers`, `auth` or a `secret`"
                )
            }
            Self::Cycle(_) => "give one of them a value".to_owned(),
            Self::Open(kind) => format!("write `${{{kind}:NAME}}`"),
        }
    }
}

/// The kinds of references, as they begin.
const KINDS: [(&str, &str); 3] = [("${env:", "env"), ("${file:", "file"), ("${secret:", "secret")];

/// `text` with each reference replaced; `within` are the secrets that led here.
fn replace(text: &str, outside: &Outside<'_>, within: &mut Vec<String>) -> Result<String, ReferenceError> {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, opening, kind)) = next_reference(rest) {
        replaced.push_str(&rest[..at]);
        let (name, after) = rest[at + opening..].split_once('}').ok_or(ReferenceError::Open(kind))?;
        replaced.push_str(&value(kind, name, outside, within)?);
        rest = after;
    }
    replaced.push_str(rest);
    Ok(replaced)
}

/// Where the next reference begins, how long its opening is, and its kind.
fn next_reference(text: &str) -> Option<(usize, usize, &'static str)> {
    let found = KINDS.iter().filter_map(|(opening, kind)| Some((text.find(opening)?, opening.len(), *kind)));
    found.min_by_key(|(at, ..)| *at)
}

fn value(
    kind: &'static str,
    name: &str,
    outside: &Outside<'_>,
    within: &mut Vec<String>,
) -> Result<String, ReferenceError> {
    let no_value = |why| ReferenceError::NoValue(kind, name.to_owned(), why);
    match kind {
        "env" => (outside.variable)(name).ok_or_else(|| ReferenceError::Unset(name.to_owned())),
        "file" => (outside.file)(name).map_err(no_value),
        _ => {
            if within.iter().any(|known| known == name) {
                within.push(name.to_owned());
                return Err(ReferenceError::Cycle(within.join(" → ")));
            }
            let text = (outside.secret)(name).map_err(no_value)?;
            within.push(name.to_owned());
            let value = replace(&text, outside, within)?;
            within.pop();
            Ok(value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let variable = |name: &str| match name {
            "TOKEN" => Some("t0k3n".to_owned()),
            "TRICK" => Some("${env:TOKEN}".to_owned()),
            _ => None,
        };
        let file = |path: &str| match path {
            "key.pem" => Ok("PEM ${env:TOKEN}".to_owned()),
            _ => Err("it is not there".to_owned()),
        };
        let secret = |name: &str| match name {
            "plain" => Ok("s3cr3t".to_owned()),
            "made" => Ok("${secret:plain}+${env:TOKEN}+${secret:plain}".to_owned()),
            "a" => Ok("${secret:b}".to_owned()),
            "b" => Ok("${secret:a}".to_owned()),
            _ => Err("there is none of this name".to_owned()),
        };
        let outside = Outside { variable: &variable, file: &file, secret: &secret, is_known: true };
        let replaced = replace(text, &outside, &mut Vec::new()).map_err(|error| error.to_string());
        assert_eq!(replaced.as_deref().map_err(String::as_str), expected, "{text}");
    }

    #[test]
    fn references_are_replaced_once() {
        check("plain $HOME ${other}", Ok("plain $HOME ${other}"));
        check("Bearer ${env:TOKEN}", Ok("Bearer t0k3n"));
        check("${env:TOKEN}-${env:TOKEN}.", Ok("t0k3n-t0k3n."));
        check("${env:TRICK}", Ok("${env:TOKEN}"));
        check("${file:key.pem}", Ok("PEM ${env:TOKEN}"));
    }

    #[test]
    fn secrets_may_be_made_of_others_but_not_of_themselves() {
        check("<${secret:plain}>", Ok("<s3cr3t>"));
        check("${secret:made}", Ok("s3cr3t+t0k3n+s3cr3t"));
        check("${secret:a}", Err("the secret refers to itself: a → b → a"));
    }

    #[test]
    fn what_nodes_share_is_reached_and_sealed_with_secrets_from_outside() {
        let text =
            "[cache]\nredis_url = \"redis://:${env:PASSWORD}@cache\"\nredis_key = \"${env:A_KEY_THAT_ALL_NODES_HAVE}\"";
        let key = "0123456789abcdef0123456789abcdef";
        let variable = |name: &str| ["PASSWORD", "A_KEY_THAT_ALL_NODES_HAVE"].contains(&name).then(|| key.to_owned());
        let cache = crate::parse(text, "file", &variable).config.cache;
        let secret = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
        assert_eq!(secret(&cache.redis_url), Some(format!("redis://:{key}@cache")));
        assert_eq!(secret(&cache.redis_key), Some(key.to_owned()));
        let problems = crate::parse(text, "file", &|_| None).problems;
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert_eq!(crate::load::problems_within(text, ""), Vec::new());
    }

    #[test]
    fn missing_or_open_reference_is_refused() {
        check("${env:NOPE}", Err("the environment has no variable `NOPE`"));
        check("${env:TOKEN", Err("`${env:` has no closing brace"));
        check("${file:none}", Err("`${file:none}` cannot be replaced: it is not there"));
        check("${secret:none}", Err("`${secret:none}` cannot be replaced: there is none of this name"));
    }
}
