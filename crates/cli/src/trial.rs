//! One server tried out: started or connected, shaken hands with, asked for its lists, and ended again.

use std::time::Instant;

use config::Server;
use serde::Serialize;

use crate::mcp_client::{List, McpClient, Peer};
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report};

/// How a server did.
#[derive(Serialize)]
pub(crate) struct Trial {
    server: String,
    works: bool,
    /// Why it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(flatten)]
    found: Option<Found>,
}

/// What a server that works has shown.
#[derive(Serialize)]
struct Found {
    #[serde(flatten)]
    peer: Option<Peer>,
    tools: usize,
    resources: usize,
    prompts: usize,
    /// Until the handshake was done, and the tools were listed.
    ready_ms: u128,
}

impl Trial {
    /// Tries a server out, by its section of the configuration.
    pub(crate) async fn of(name: &str, server: &Server, timeout_s: u64, context: &Context<'_>) -> Self {
        let found = found(name, server, timeout_s, context).await;
        let reason = found.as_ref().err().map(|error| match error {
            Error::ServerFailed { reason, .. } => reason.clone(),
            other => other.to_string(),
        });
        Self { server: name.to_owned(), works: reason.is_none(), reason, found: found.ok() }
    }

    /// A server that cannot even be tried.
    pub(crate) fn failed(name: &str, reason: String) -> Self {
        Self { server: name.to_owned(), works: false, reason: Some(reason), found: None }
    }

    /// The name of the server.
    pub(crate) fn name(&self) -> &str {
        &self.server
    }

    /// How the verb ends that was to try it out.
    pub(crate) fn exit(&self) -> Exit {
        if self.works { Exit::Done } else { Exit::Unavailable }
    }
}

async fn found(name: &str, server: &Server, timeout_s: u64, context: &Context<'_>) -> Result<Found, Error> {
    let begin = Instant::now();
    let mut client = McpClient::inside(name, server.clone(), timeout_s, context).await?;
    let ready_ms = begin.elapsed().as_millis();
    let found = count(&mut client, ready_ms).await;
    client.close().await;
    found
}

async fn count(client: &mut McpClient, ready_ms: u128) -> Result<Found, Error> {
    Ok(Found {
        tools: client.list(List::Tools).await?.len(),
        resources: client.list(List::Resources).await?.len(),
        prompts: client.list(List::Prompts).await?.len(),
        peer: client.peer(),
        ready_ms,
    })
}

impl Report for Trial {
    fn text(&self) -> Text {
        let name = Text::default().and(Tone::Strong, &self.server).and(Tone::Plain, ": ");
        let Some(found) = &self.found else {
            let reason = self.reason.as_deref().unwrap_or_default();
            return name.and(Tone::Bad, "does not work").and(Tone::Plain, format!(": {reason}"));
        };
        let counts = format!(
            ", {}, {}, {}",
            counted(found.tools, "tool"),
            counted(found.resources, "resource"),
            counted(found.prompts, "prompt")
        );
        let peer = found.peer.as_ref().map(|peer| format!(", {peer}")).unwrap_or_default();
        name.and(Tone::Good, "works")
            .and(Tone::Plain, counts)
            .and(Tone::Faint, format!(" (ready in {} ms{peer})", found.ready_ms))
    }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
