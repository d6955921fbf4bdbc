//! Rules of `[principals.NAME]`: each has a token of its own, and no name that the node itself calls by.

use std::collections::BTreeMap;

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{LOCAL, Principal};

/// Reports what is wrong with `principals`.
pub(super) fn check(principals: &BTreeMap<String, Principal>, problems: &mut Problems<'_>) {
    let mut seen = BTreeMap::new();
    for (name, principal) in principals {
        let path = KeyPath::of(["principals", name]);
        if name == LOCAL {
            let message = format!("`{LOCAL}` is whoever calls from this machine without a token");
            problems.add(&path, message, "give the principal another name");
        }
        if principal.networks.is_empty() {
            let hint = "name a network, or leave the key out for this machine";
            problems.add(&path.key("networks"), "the token is good from nowhere", hint.to_owned());
        }
        let Some(hash) = principal.token_hash else {
            let hint = format!("`switchboard principal rotate {name}` makes a token and writes it");
            problems.add(&path, "`token_hash` is not given", hint);
            continue;
        };
        if let Some(other) = seen.insert(hash.to_string(), name) {
            let hint = format!("`switchboard principal rotate {name}` gives it one of its own");
            problems.add(&path.key("token_hash"), format!("`{other}` has the same token"), hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    const HASH: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

    fn check(text: &str, expected: &[&str]) {
        let text = text.replace("HASH", HASH);
        let loaded = parse(&text, "f", &|_| None);
        let found: Vec<String> = loaded.problems.into_iter().map(|problem| problem.to_string()).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn principal_has_a_token_of_its_own() {
        check("principals.ada.token_hash = \"HASH\"", &[]);
        check(
            "principals.ada.expires = \"2027-01-31T12:00:00Z\"",
            &["f:1:12: principals.ada: `token_hash` is not given"],
        );
        check(
            "[principals]\nada.token_hash = \"HASH\"\nbob.token_hash = \"HASH\"",
            &["f:3:5: principals.bob.token_hash: `ada` has the same token"],
        );
    }

    #[test]
    fn values_are_checked_where_they_stand() {
        check(
            "[principals.ada]\ntoken_hash = \"secret\"\nnetworks = [\"10.0.0.1/8\"]\nexpires = \"tomorrow\"",
            &[
                "f:1:13: principals.ada: `token_hash` is not given",
                "f:2:1: principals.ada.token_hash: this is no hash of a token",
                "f:3:1: principals.ada.networks: the token is good from nowhere",
                "f:3:13: principals.ada.networks[0]: `10.0.0.1/8` has bits set behind its prefix",
                "f:4:1: principals.ada.expires: `tomorrow` is no moment in UTC",
            ],
        );
        check(
            "principals.local.token_hash = \"HASH\"",
            &["f:1:12: principals.local: `local` is whoever calls from this machine without a token"],
        );
    }

    #[test]
    fn with_a_principal_other_machines_may_connect() {
        check("gateway.listen = [\"0.0.0.0:3100\"]\nprincipals.ada.token_hash = \"HASH\"", &[]);
        check("grpc.listen = \"0.0.0.0:3101\"\nprincipals.ada.token_hash = \"HASH\"", &[]);
        check(
            "gateway.listen = [\"0.0.0.0:3100\"]",
            &[
                "f:1:19: gateway.listen[0]: `0.0.0.0:3100` is open to other machines, but authentication is not configured",
            ],
        );
    }
}
