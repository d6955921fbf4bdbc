//! Replaces `${env:NAME}` in the environment, the headers and the credentials of servers.
//! The environment comes in as a function, so nothing here reads the process.

use std::collections::BTreeMap;

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Config, Secret};

/// Looks an environment variable up.
pub(crate) type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// Replaces every reference in `config`; a server that is switched off needs none.
pub(crate) fn resolve(config: &mut Config, environment: Environment<'_>, problems: &mut Problems<'_>) {
    for (name, server) in config.servers.iter_mut().filter(|(_, server)| server.enabled) {
        let path = KeyPath::of(["servers", name]);
        resolve_map(&mut server.env, &path.key("env"), environment, problems);
        resolve_map(&mut server.headers, &path.key("headers"), environment, problems);
        let auth = path.key("auth");
        resolve_map(&mut server.auth.query, &auth.key("query"), environment, problems);
        for (key, secret) in [("bearer", &mut server.auth.bearer), ("password", &mut server.auth.password)] {
            if let Some(secret) = secret {
                resolve_one(secret, &auth.key(key), environment, problems);
            }
        }
    }
}

fn resolve_map(
    secrets: &mut BTreeMap<String, Secret>,
    path: &KeyPath,
    environment: Environment<'_>,
    problems: &mut Problems<'_>,
) {
    for (name, secret) in secrets {
        resolve_one(secret, &path.key(name), environment, problems);
    }
}

fn resolve_one(secret: &mut Secret, path: &KeyPath, environment: Environment<'_>, problems: &mut Problems<'_>) {
    match replace(secret.expose(), environment) {
        Ok(text) => *secret = Secret::new(text),
        Err(error) => problems.add(path, error.to_string(), error.hint()),
    }
}

/// A reference that cannot be replaced.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum ReferenceError {
    #[error("the environment has no variable `{0}`")]
    Unset(String),
    #[error("`${{env:` has no closing brace")]
    Open,
}

impl ReferenceError {
    fn hint(&self) -> String {
        match self {
            Self::Unset(name) => format!("set `{name}` where switchboard is started"),
            Self::Open => "write `${env:NAME}`".to_owned(),
        }
    }
}

/// `text` with each `${env:NAME}` replaced; what comes from the environment is not looked at again.
fn replace(text: &str, environment: Environment<'_>) -> Result<String, ReferenceError> {
    let mut pieces = text.split("${env:");
    let mut replaced = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once('}').ok_or(ReferenceError::Open)?;
        let value = environment(name).ok_or_else(|| ReferenceError::Unset(name.to_owned()))?;
        replaced.push_str(&value);
        replaced.push_str(rest);
    }
    Ok(replaced)
}

#[cfg(test)]
mod tests {
    use super::{ReferenceError, replace};

    fn check(text: &str, expected: Result<&str, ReferenceError>) {
        let environment = |name: &str| match name {
            "TOKEN" => Some("t0k3n".to_owned()),
            "TRICK" => Some("${env:TOKEN}".to_owned()),
            _ => None,
        };
        assert_eq!(replace(text, &environment), expected.map(str::to_owned), "{text}");
    }

    #[test]
    fn references_are_replaced_once() {
        check("plain $HOME ${other}", Ok("plain $HOME ${other}"));
        check("Bearer ${env:TOKEN}", Ok("Bearer t0k3n"));
        check("${env:TOKEN}-${env:TOKEN}.", Ok("t0k3n-t0k3n."));
        check("${env:TRICK}", Ok("${env:TOKEN}"));
    }

    #[test]
    fn unset_or_open_reference_is_refused() {
        check("${env:NOPE}", Err(ReferenceError::Unset("NOPE".to_owned())));
        check("${env:TOKEN", Err(ReferenceError::Open));
    }
}
