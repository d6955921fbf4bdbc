//! Rules of `[grpc]`: an address that others reach only where callers are known, and what TLS needs given together.

use crate::path::KeyPath;
use crate::problem::Problems;
use crate::{Gateway, Grpc, Listen};

/// Reports what is wrong with `grpc`, beside what `gateway` listens on.
pub(super) fn check(grpc: &Grpc, gateway: &Gateway, has_principals: bool, problems: &mut Problems<'_>) {
    let path = KeyPath::of(["grpc"]);
    if let Some(address) = &grpc.listen {
        let path = path.key("listen");
        if let Err(error) = address.guarded(has_principals) {
            problems.add(&path, error.to_string(), Listen::HINT_OPEN);
        }
        if gateway.listen.contains(address) && !super::gateway::is_any_port(address) {
            problems.add(&path, format!("`{address}` stands in `gateway.listen` too"), "give gRPC one of its own");
        }
    }
    let given = [("certificate", grpc.certificate.is_some()), ("key", grpc.key.is_some())];
    for (needed, _) in given.into_iter().filter(|(_, is_given)| !is_given) {
        for (key, needs) in given.into_iter().chain([("client_authorities", grpc.client_authorities.is_some())]) {
            if needs && key != needed {
                let hint = "TLS needs both `certificate` and `key`";
                problems.add(&path.key(key), format!("`{key}` is given, `{needed}` is not"), hint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> =
            parse(text, "f", &|_| None).problems.into_iter().map(|problem| problem.message).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn address_is_of_this_machine_and_of_grpc_alone() {
        check("grpc.listen = \"127.0.0.1:3101\"", &[]);
        check("grpc.listen = \"unix:/run/switchboard-grpc.sock\"", &[]);
        check(
            "grpc.listen = \"0.0.0.0:3101\"",
            &["`0.0.0.0:3101` is open to other machines, but authentication is not configured"],
        );
        check("grpc.listen = \"127.0.0.1:3100\"", &["`127.0.0.1:3100` stands in `gateway.listen` too"]);
    }

    #[test]
    fn tls_needs_certificate_and_key() {
        check("grpc.certificate = \"a\"\ngrpc.key = \"b\"\ngrpc.client_authorities = \"c\"", &[]);
        check("grpc.certificate = \"a\"", &["`certificate` is given, `key` is not"]);
        check(
            "grpc.client_authorities = \"c\"",
            &["`client_authorities` is given, `certificate` is not", "`client_authorities` is given, `key` is not"],
        );
    }
}
