//! What the container files of a project tell: services and ports.

use serde_json::Value;

use crate::{
    findings::{Findings, Service},
    survey::Survey,
};

/// Names of compose files.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/// Looks for containers.
pub(crate) fn look(survey: &Survey, findings: &mut Findings) {
    for (file, text) in ["Dockerfile", "Containerfile"].iter().flat_map(|name| survey.named(name)) {
        findings.tell(file, "it is built as a container");
        findings.ports.extend(exposed(text));
    }
    for (file, text) in COMPOSE.iter().flat_map(|name| survey.named(name)) {
        let Ok(compose) = serde_saphyr::from_str::<Value>(text) else { continue };
        findings.tell(file, "it is started with its services by compose");
        for (name, service) in compose["services"].as_object().into_iter().flatten() {
            let image = service["image"].as_str().map(str::to_owned);
            findings.services.insert(Service { name: name.clone(), image });
            findings.ports.extend(service["ports"].as_array().into_iter().flatten().filter_map(published));
        }
    }
    for (_, text) in survey.named(".env.example") {
        let ports = text.lines().filter_map(|line| line.trim().strip_prefix("PORT=")?.trim_matches('"').parse().ok());
        findings.ports.extend(ports.collect::<Vec<u16>>());
    }
}

/// The ports of lines such as `EXPOSE 8080/tcp 9090`.
fn exposed(text: &str) -> Vec<u16> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("EXPOSE "));
    lines.flat_map(str::split_whitespace).filter_map(|port| port.split('/').next()?.parse().ok()).collect()
}

/// The port of this machine in `8080:80`, `127.0.0.1:8080:80/tcp`, `80` or `{published: 8080, target: 80}`.
fn published(port: &Value) -> Option<u16> {
    match port {
        Value::Number(port) => u16::try_from(port.as_u64()?).ok(),
        Value::String(text) => {
            let text = text.split('/').next()?;
            let parts: Vec<&str> = text.rsplit(':').collect();
            parts.get(1).or(parts.first())?.parse().ok()
        }
        Value::Object(long) => {
            let port = long.get("published").or_else(|| long.get("target"))?;
            port.as_u64().and_then(|port| u16::try_from(port).ok()).or_else(|| port.as_str()?.parse().ok())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_tell_services_and_ports() {
        let compose = "services:\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\n  web:\n    build: .\n\
            \x20   ports:\n      - 127.0.0.1:8080:80/tcp\n      - 9000\n      - target: 70\n        published: '7070'\n";
        let survey = Survey::with(&[
            ("compose.yaml", compose),
            ("Dockerfile", "FROM a\nEXPOSE 3000/tcp 3001\n"),
            (".env.example", "PORT=4000\n"),
        ]);
        let mut findings = Findings::default();
        look(&survey, &mut findings);
        assert_eq!(findings.ports.into_iter().collect::<Vec<_>>(), [3000, 3001, 4000, 5432, 7070, 8080, 9000]);
        let services: Vec<_> = findings.services.iter().map(|it| (&*it.name, it.image.as_deref())).collect();
        assert_eq!(services, [("db", Some("postgres:17")), ("web", None)]);
    }
}
