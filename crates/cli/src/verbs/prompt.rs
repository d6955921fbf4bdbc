//! `switchboard prompt`: one prompt, filled in.

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::call::shown;
use crate::door::Door;
use crate::interrupt::unless_interrupted;
use crate::listing::name;
use crate::mcp_client::{List, McpClient, Request};
use crate::questions::Person;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, Terminal, arguments, completion, form};

/// Fill in a prompt of a running node, or of any MCP server.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard prompt simple_prompt --server everything
  switchboard prompt review language=rust")]
pub struct Prompt {
    /// The name of the prompt, as `switchboard prompts` lists it.
    #[arg(value_name = "PROMPT", add = completion::prompts())]
    name: String,
    /// Arguments of the prompt; they are texts.
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// Which part of the node to talk to.
    #[command(flatten)]
    door: Door,
}

/// The messages of a prompt; programs get the result as it came.
#[derive(Serialize)]
#[serde(transparent)]
struct Messages(Value);

impl Prompt {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut client = self.door.open(context).await?;
        let result = self.get(&mut client, context.terminal).await;
        client.close().await;
        context.terminal.show(&Messages(result?))?;
        Ok(Exit::Done)
    }

    async fn get(&self, client: &mut McpClient, terminal: &mut Terminal) -> Result<Value, Error> {
        let prompts = client.list(List::Prompts).await?;
        let names = prompts.iter().map(|prompt| name(prompt, "name"));
        let prompt = prompts.iter().find(|prompt| name(prompt, "name") == self.name);
        let prompt = prompt.ok_or_else(|| Error::unknown("prompt", &self.name, names, "prompts"))?;
        let schema = schema(&prompt["arguments"]);
        let arguments = form::complete(arguments::read(&self.arguments, &schema)?, &schema, terminal)?;
        let request = Request::new("prompts/get").about(&self.name);
        let request = request.param("name", self.name.as_str()).param("arguments", arguments);
        unless_interrupted(client.request(&request, &mut Person { terminal, about: &self.name })).await
    }
}

/// The arguments of a prompt as a schema: each is a text.
fn schema(arguments: &Value) -> Value {
    let arguments = arguments.as_array().map(Vec::as_slice).unwrap_or_default();
    let property = |argument: &Value| {
        let property = json!({ "type": "string", "description": argument["description"] });
        (name(argument, "name").to_owned(), property)
    };
    let required = arguments.iter().filter(|argument| argument["required"] == true);
    json!({
        "properties": arguments.iter().map(property).collect::<Map<_, _>>(),
        "required": required.map(|argument| name(argument, "name")).collect::<Vec<_>>(),
        "additionalProperties": false,
    })
}

impl Report for Messages {
    fn text(&self) -> Text {
        let messages = self.0["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let line = |message: &Value| {
            let role = message["role"].as_str().unwrap_or_default();
            Text::default().and(Tone::Strong, format!("{role}: ")).and(Tone::Plain, shown(&message["content"]))
        };
        Text::lines(messages.iter().map(line))
    }
}
