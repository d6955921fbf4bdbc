//! The configuration: what is wrong in it, and what is right but will hurt.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use config::Mode;
use serde_json::Value;

use super::{Finding, Mend, Patient, State};

const AREA: &str = "configuration";

/// Words in the name of a variable or header whose value is better a reference.
const SECRET_WORDS: [&str; 7] = ["token", "secret", "password", "passwd", "api_key", "apikey", "authorization"];

pub(super) fn look(patient: &Patient) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(file) = &patient.file else {
        let none =
            Finding::new(AREA, State::Doubtful, "no configuration file: the defaults hold, and there is no server");
        return vec![none.hint("switchboard init, or switchboard server add")];
    };
    for problem in &patient.loaded.problems {
        let finding = Finding::new(AREA, State::Bad, problem.to_string());
        findings.push(match &problem.hint {
            Some(hint) => finding.hint(hint.clone()),
            None => finding,
        });
    }
    findings.extend(open_secrets(file));
    findings.extend(shared_programs(patient));
    let config = &patient.loaded.config;
    let enabled = config.servers.values().filter(|server| server.enabled).count();
    if findings.is_empty() {
        let what = format!("{}: no problems, {enabled} of {} servers enabled", file.display(), config.servers.len());
        findings.push(Finding::new(AREA, State::Good, what));
    }
    findings
}

/// Secrets that stand in the file as they are: worse if others can read it.
fn open_secrets(file: &Path) -> Vec<Finding> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let Ok(edit) = config::Edit::of(&text) else { return Vec::new() };
    let names = edit.names("servers");
    let literal = names.iter().flat_map(|name| {
        let server = edit.entry("servers", name).unwrap_or_default();
        ["env", "headers"].into_iter().flat_map(move |part| secrets_in(name, part, &server[part]))
    });
    let mut findings: Vec<Finding> = literal.collect();
    let is_open = fs::metadata(file).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0);
    if is_open && !findings.is_empty() {
        let what = format!("{} can be read by others, and secrets stand in it", file.display());
        findings.push(Finding::new(AREA, State::Bad, what).mend(Mend::Private(file.to_owned())));
    }
    findings
}

fn secrets_in(server: &str, part: &str, values: &Value) -> Vec<Finding> {
    let literal = |(key, value): (&String, &Value)| {
        let name = key.to_lowercase().replace('-', "_");
        let is_secret = SECRET_WORDS.iter().any(|word| name.contains(word));
        let is_reference = value.as_str().is_none_or(|text| text.is_empty() || text.contains("${"));
        (is_secret && !is_reference).then(|| {
            let what = format!("servers.{server}.{part}.{key}: a secret stands in the file");
            Finding::new(AREA, State::Doubtful, what).hint("write `${env:NAME}` or `${secret:NAME}` instead")
        })
    };
    values.as_object().into_iter().flatten().filter_map(literal).collect()
}

/// A program that many share keeps what each of them said.
fn shared_programs(patient: &Patient) -> Vec<Finding> {
    let servers = patient.loaded.config.servers.iter();
    let shared =
        servers.filter(|(_, server)| server.enabled && server.mode == Mode::Shared && server.command.is_some());
    let finding = |name: &String| {
        let what = format!("servers.{name}: `mode = \"shared\"` gives all callers one process");
        Finding::new(AREA, State::Doubtful, what).hint("right only for a server that remembers nothing")
    };
    shared.map(|(name, _)| finding(name)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn literal_secrets_are_found_and_references_are_not() {
        let check = |key: &str, value: &str, expected| {
            assert_eq!(secrets_in("s", "env", &json!({ (key): value })).len(), expected, "{key}={value}");
        };
        check("GITHUB_TOKEN", "abc", 1);
        check("X-Api-Key", "abc", 1);
        check("GITHUB_TOKEN", "${env:GITHUB_TOKEN}", 0);
        check("GITHUB_TOKEN", "", 0);
        check("LOG_LEVEL", "debug", 0);
    }

    #[test]
    fn a_finding_never_shows_the_secret() {
        let findings = secrets_in("s", "env", &json!({ "TOKEN": "hunter2" }));
        assert!(findings.iter().all(|finding| !format!("{finding:?}").contains("hunter2")));
    }
}
