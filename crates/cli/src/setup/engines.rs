//! Container engines: Docker and Podman, by their sockets. They answer with what they are and their version.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{Access, access};
use serde_json::Value;

use super::{Found, Surroundings, probe};

/// The engines whose sockets are there, each once.
pub(super) async fn look(around: &Surroundings) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for socket in &around.sockets {
        let engine = engine(socket).await;
        let is_new = |engine: &Found| !found.iter().any(|known| known.title == engine.title);
        found.extend(engine.filter(is_new));
    }
    found
}

async fn engine(socket: &Path) -> Option<Found> {
    let is_socket = socket.metadata().is_ok_and(|facts| facts.file_type().is_socket());
    if !is_socket {
        return None;
    }
    let place = socket.display().to_string();
    if access(socket, Access::READ_OK | Access::WRITE_OK).is_err() {
        let title = if place.contains("podman") { "Podman" } else { "Docker" };
        return Some(Found { title: title.to_owned(), about: "you may not use it".to_owned(), place });
    }
    let answer = probe::socket(socket, "/version").await?;
    let about = answer["Version"].as_str()?.to_owned();
    Some(Found { title: title(&answer).to_owned(), about, place })
}

/// Podman answers like Docker, and names itself among its parts.
fn title(answer: &Value) -> &'static str {
    let parts = answer["Components"].as_array();
    let is_podman = |part: &Value| part["Name"].as_str().is_some_and(|name| name.starts_with("Podman"));
    if parts.is_some_and(|parts| parts.iter().any(is_podman)) { "Podman" } else { "Docker" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::title;

    #[test]
    fn podman_is_told_from_docker_by_its_parts() {
        let answer = |part: &str| json!({ "Version": "5.4.2", "Components": [{ "Name": part }, { "Name": "Conmon" }] });
        assert_eq!(title(&answer("Podman Engine")), "Podman");
        assert_eq!(title(&answer("Engine")), "Docker");
        assert_eq!(title(&json!({ "Version": "1" })), "Docker");
    }
}
