//! `switchboard read`: the contents of one resource. Texts go to stdout as they are, bytes are decoded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::door::Door;
use crate::interrupt::unless_interrupted;
use crate::mcp_client::Request;
use crate::questions::Person;
use crate::{Context, Error, Exit, Report, Text, completion};

/// Read a resource of a running node, or of any MCP server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard read file:///srv/projects/README.md
  switchboard read demo://resource/static/document/features.md --server everything")]
pub struct Read {
    /// The URI of the resource, as `switchboard resources` lists it.
    #[arg(add = completion::resources())]
    uri: String,
    /// Which part of the node to talk to.
    #[command(flatten)]
    door: Door,
}

/// The contents of a resource; programs get the result as it came.
#[derive(Serialize)]
#[serde(transparent)]
struct Contents(Value);

impl Read {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut client = self.door.open(context).await?;
        let request = Request::new("resources/read").about(&self.uri).param("uri", self.uri.as_str());
        let mut person = Person { terminal: context.terminal, about: &self.uri };
        let result = unless_interrupted(client.request(&request, &mut person)).await;
        client.close().await;
        context.terminal.show(&Contents(result.map_err(|error| self.explained(error))?))?;
        Ok(Exit::Done)
    }

    /// Servers say in many ways that there is no such resource; modern ones by this code.
    fn explained(&self, error: Error) -> Error {
        let gone = [mcp::code::INVALID_PARAMS, mcp::code::LEGACY_RESOURCE_NOT_FOUND].map(i64::from);
        match error {
            Error::Refused { code, .. } if gone.contains(&code) => Error::Unknown {
                kind: "resource",
                name: self.uri.clone(),
                hint: Some("`switchboard resources` lists them".to_owned()),
            },
            error => error,
        }
    }
}

impl Report for Contents {
    fn text(&self) -> Text {
        let contents = self.0["contents"].as_array().map(Vec::as_slice).unwrap_or_default();
        Text::lines(contents.iter().map(|content| Text::plain(shown(content))))
    }
}

/// The text of a content, or its bytes where they are a text after all.
fn shown(content: &Value) -> String {
    if let Some(text) = content["text"].as_str() {
        return text.to_owned();
    }
    let bytes = content["blob"].as_str().and_then(|blob| STANDARD.decode(blob).ok());
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| content.to_string())
}
