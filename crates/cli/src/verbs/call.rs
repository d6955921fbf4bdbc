//! `switchboard call`: one tool call, its progress and its questions on the terminal, its result on stdout.

use clap::Args;
use mcp::mirrors;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::door::Door;
use crate::interrupt::unless_interrupted;
use crate::listing::name;
use crate::mcp_client::{List, McpClient, Request};
use crate::questions::Person;
use crate::{Context, Error, Exit, Report, Terminal, Text, Word, arguments, completion, form};

/// The tool of a gateway that shows one tool in full, listed where there are too many tools to list.
const DESCRIBE_TOOL: &str = "switchboard_describe_tool";

/// Call a tool of a running node, or of any MCP server.
///
/// Arguments are typed by the schema of the tool. Required ones that are missing are asked for on a terminal, and so
/// are the questions of the tool.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  switchboard call git_log repo_path=. max_count=5
  switchboard call search_code '{\"query\": \"splice\", \"limit\": 3}'
  switchboard call write_note text=@note.md tags:='[\"a\", \"b\"]'
  switchboard call echo message=hello --url https://example.org/mcp")]
pub struct Call {
    /// The name of the tool, as `switchboard tools` lists it.
    #[arg(add = completion::tools())]
    tool: String,
    /// `key=text`, `key:=JSON`, `key=@FILE`, or one JSON object.
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// Which part of the node to talk to.
    #[command(flatten)]
    door: Door,
}

impl Call {
    /// Runs the verb.
    pub(crate) async fn run(&self, context: &mut Context<'_>) -> Result<Exit, Error> {
        let mut client = self.door.open(context).await?;
        let result = self.call(&mut client, context.terminal).await;
        client.close().await;
        let outcome = Outcome(result?);
        context.terminal.show(&outcome)?;
        Ok(outcome.exit(&self.tool, context.terminal))
    }

    async fn call(&self, client: &mut McpClient, terminal: &mut Terminal) -> Result<Value, Error> {
        let schema = self.schema(client, terminal).await?;
        let arguments = form::complete(arguments::read(&self.arguments, &schema)?, &schema, terminal)?;
        let request = request(&self.tool, &schema, arguments);
        unless_interrupted(client.request(&request, &mut Person { terminal, about: &self.tool })).await
    }

    /// The schema of the arguments, from the list, or asked for where a search stands in the place of the list.
    async fn schema(&self, client: &mut McpClient, terminal: &mut Terminal) -> Result<Value, Error> {
        let tools = client.list(List::Tools).await?;
        let listed = |wanted: &str| tools.iter().find(|tool| name(tool, "name") == wanted);
        if let Some(tool) = listed(&self.tool) {
            return Ok(tool["inputSchema"].clone());
        }
        if let Some(describe) = listed(DESCRIBE_TOOL) {
            let arguments = Map::from_iter([("name".to_owned(), Value::from(self.tool.as_str()))]);
            let request = request(DESCRIBE_TOOL, &describe["inputSchema"], arguments);
            let described = client.request(&request, &mut Person { terminal, about: &self.tool }).await?;
            if described["isError"] != true {
                return Ok(described["structuredContent"]["tool"]["inputSchema"].clone());
            }
        }
        let names = tools.iter().map(|tool| name(tool, "name"));
        Err(Error::unknown("tool", &self.tool, names, "tools"))
    }
}

/// The call of a tool.
pub(crate) fn request(tool: &str, schema: &Value, arguments: Map<String, Value>) -> Request {
    let arguments = Value::Object(arguments);
    // A tool whose annotations are wrong is not offered by a gateway; elsewhere it goes without mirrors.
    let mirrors = mirrors::from_schema(schema.to_string().as_bytes()).unwrap_or_default();
    let mirrors = mirrors::values(&mirrors, arguments.to_string().as_bytes());
    let request = Request::new("tools/call").about(tool).param("name", tool).param("arguments", arguments);
    Request { mirrors, ..request }
}

/// What a tool answered; programs get its result as it came.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct Outcome(pub(crate) Value);

impl Outcome {
    /// How the call ended; a failure is said.
    pub(crate) fn exit(&self, tool: &str, terminal: &mut Terminal) -> Exit {
        if self.0["isError"] != true {
            return Exit::Done;
        }
        terminal.problem(Word::Error, &format!("the tool `{tool}` failed"), None);
        Exit::of_tool(self.0["_meta"]["dev.switchboard/error"]["code"].as_str())
    }
}

impl Report for Outcome {
    /// Texts as they are and anything else as JSON.
    fn text(&self) -> Text {
        let content = self.0["content"].as_array().map(Vec::as_slice).unwrap_or_default();
        match self.0.get("structuredContent") {
            Some(structured) if content.is_empty() => Text::plain(format!("{structured:#}")),
            _ => Text::lines(content.iter().map(|block| Text::plain(shown(block)))),
        }
    }
}

/// A block of content for people: its text, or what it is.
pub(crate) fn shown(block: &Value) -> String {
    match (block["type"].as_str(), block["text"].as_str()) {
        (Some("text"), Some(text)) => text.trim_end_matches('\n').to_owned(),
        _ => block.to_string(),
    }
}
