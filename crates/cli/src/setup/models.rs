//! Model servers on this machine. All of them list their models and answer chats in the words of one API, so each is
//! proposed as a REST server with two tools; who it is, it says itself where its port could be anybody's.

use std::net::SocketAddr;

use serde_json::Value;

use super::surroundings::loopback;
use super::{Found, Proposal, Surroundings, count, probe};

/// Models that are named; of more only the number is said.
const MODELS_NAMED_MAX: usize = 3;

/// Where the models are listed.
const LIST: &str = "/v1/models";

/// A server that may be there.
#[derive(Clone, Debug)]
pub(crate) struct ModelServer {
    /// The name of its section.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) title: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The owner it gives its models, where others may listen at its port.
    pub(crate) owner: Option<&'static str>,
}

/// Those that are known, at their usual ports.
pub(super) fn servers(ollama: Option<SocketAddr>) -> Vec<ModelServer> {
    let server = |name, title, address, owner| ModelServer { name, title, address, owner };
    let ollama = ollama.map(|address| server("ollama", "Ollama", address, None));
    let others = [
        server("lm-studio", "LM Studio", loopback(1234), None),
        server("llama-cpp", "llama.cpp", loopback(8080), Some("llamacpp")),
        server("vllm", "vLLM", loopback(8000), Some("vllm")),
    ];
    ollama.into_iter().chain(others).collect()
}

/// Those that answer, each with its proposal.
pub(super) async fn look(around: &Surroundings) -> Vec<(Found, Proposal)> {
    let asked: Vec<_> = around.models.iter().cloned().map(|server| tokio::spawn(ask(server))).collect();
    let mut answered = Vec::new();
    for answer in asked {
        answered.extend(answer.await.ok().flatten());
    }
    answered
}

async fn ask(server: ModelServer) -> Option<(Found, Proposal)> {
    let answer = probe::address(server.address, LIST).await?;
    let models = models(&answer, server.owner)?;
    let place = format!("http://{}", server.address);
    let about = about(&models);
    let found = Found { title: server.title.to_owned(), about, place: place.clone() };
    Some((found, proposal(&server, place)))
}

/// The names of the models, where the answer is of the server that is meant.
fn models<'a>(answer: &'a Value, owner: Option<&str>) -> Option<Vec<&'a str>> {
    // a server without models may say `null` in the place of an empty list
    let list = match &answer["data"] {
        Value::Null if answer["object"] == "list" => &[][..],
        data => data.as_array()?,
    };
    let is_own = |model: &Value| owner.is_none_or(|owner| model["owned_by"] == owner);
    if owner.is_some() && list.is_empty() || !list.iter().all(is_own) {
        return None;
    }
    list.iter().map(|model| model["id"].as_str()).collect()
}

fn about(models: &[&str]) -> String {
    match models {
        [] => "no models yet".to_owned(),
        models if models.len() <= MODELS_NAMED_MAX => models.join(", "),
        models => count(models.len(), "model"),
    }
}

fn proposal(server: &ModelServer, place: String) -> Proposal {
    let ModelServer { name, title, .. } = server;
    let text = format!(
        r#"[servers.{name}]
base_url = "{place}"
# models take their time
deadline_s = 300

[servers.{name}.rest.tools.list_models]
description = "The models that {title} has on this machine."
path = "{LIST}"

[servers.{name}.rest.tools.chat]
description = "Lets a model of this machine answer."
method = "post"
path = "/v1/chat/completions"

[servers.{name}.rest.tools.chat.arguments]
model = {{ required = true, description = "The id of a model, as list_models gives it." }}
messages = {{ type = "array", required = true, description = "Objects with `role` (system, user, assistant) and `content`." }}
max_tokens = {{ type = "integer", description = "The longest answer, in tokens." }}
temperature = {{ type = "number", description = "0 for the same answer each time, more for variety." }}
"#
    );
    Proposal {
        section: format!("servers.{name}"),
        what: place,
        reason: format!("{title} answers there: its models become the tools `list_models` and `chat`"),
        note: None,
        text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_is_taken_for_what_it_says_it_is() {
        let check = |answer: &Value, owner, expected: Option<&[&str]>| {
            assert_eq!(models(answer, owner).as_deref(), expected, "{answer}");
        };
        let list = |owner: &str| json!({ "object": "list", "data": [{ "id": "a", "owned_by": owner }] });
        check(&list("library"), None, Some(&["a"]));
        check(&list("vllm"), Some("vllm"), Some(&["a"]));
        check(&list("somebody"), Some("vllm"), None);
        check(&json!({ "object": "list", "data": [] }), None, Some(&[]));
        check(&json!({ "object": "list", "data": null }), None, Some(&[]));
        check(&json!({ "object": "list", "data": [] }), Some("vllm"), None);
        check(&json!({ "hello": "world" }), None, None);
        check(&json!({ "data": [{ "name": "no id" }] }), None, None);
    }

    #[test]
    fn few_models_are_named_and_many_are_counted() {
        assert_eq!(about(&["llama3", "qwen"]), "llama3, qwen");
        assert_eq!(about(&["a", "b", "c", "d"]), "4 models");
        assert_eq!(about(&[]), "no models yet");
    }

    #[test]
    fn every_proposal_is_a_configuration_without_problems() {
        for server in servers(Some(loopback(11434))) {
            let text = proposal(&server, format!("http://{}", server.address)).text;
            let loaded = config::parse(&text, "proposed", &|_| None);
            assert_eq!(loaded.problems, [], "{text}");
            assert_eq!(loaded.config.servers[server.name].rest.tools.len(), 2);
        }
    }
}
