//! `switchboard call`: one tool call, its progress on stderr, its result on stdout.

use clap::Args;
use config::nearest;
use mcp::mirrors;
use serde_json::{Map, Value};

use super::tools::name;
use crate::node_client::{Ask, NodeClient};
use crate::terminal::Word;
use crate::{Error, Exit, Node, Terminal, arguments};

/// Call a tool of a running node.
#[derive(Clone, Debug, Args)]
pub struct Call {
    /// The name of the tool, as `switchboard tools` lists it.
    pub tool: String,
    /// Arguments, typed by the tool's schema; lists and objects in JSON.
    #[arg(value_name = "KEY=VALUE")]
    pub arguments: Vec<String>,
    /// All arguments as one JSON object.
    #[arg(long, value_name = "OBJECT", conflicts_with = "arguments", value_parser = object)]
    pub json: Option<Map<String, Value>>,
    /// Which node to talk to.
    #[command(flatten)]
    pub node: Node,
}

impl Call {
    /// Runs the verb.
    pub async fn run(&self, terminal: &mut Terminal) -> Result<Exit, Error> {
        let client = NodeClient::new(&self.node)?;
        let tool = self.find(client.tools().await?)?;
        let ask = self.ask(&tool["inputSchema"])?;
        let result = client.ask(ask, &mut |method, params| notice(method, params, terminal)).await?;
        print(&result, terminal)?;
        if result["isError"] == true {
            terminal.problem(Word::Error, &format!("the tool `{}` failed", self.tool), None);
            return Ok(Exit::ToolFailed);
        }
        Ok(Exit::Done)
    }

    fn find(&self, tools: Vec<Value>) -> Result<Value, Error> {
        let hint = || match nearest::nearest(&self.tool, tools.iter().map(name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`switchboard tools` lists them".to_owned(),
        };
        let missing = Error::NoTool { name: self.tool.clone(), hint: Some(hint()) };
        tools.into_iter().find(|tool| name(tool) == self.tool).ok_or(missing)
    }

    fn ask(&self, schema: &Value) -> Result<Ask<'_>, Error> {
        let arguments = match &self.json {
            Some(arguments) => arguments.clone(),
            None => arguments::read(&self.arguments, schema)?,
        };
        let arguments = Value::Object(arguments);
        // A tool whose annotations are wrong is not offered by a gateway; elsewhere it goes without mirrors.
        let mirrors = mirrors::from_schema(schema.to_string().as_bytes()).unwrap_or_default();
        let mirrors = mirrors::values(&mirrors, arguments.to_string().as_bytes());
        let params = [("name".to_owned(), self.tool.clone().into()), ("arguments".to_owned(), arguments)];
        Ok(Ask { method: "tools/call", name: Some(&self.tool), params: Map::from_iter(params), mirrors })
    }
}

fn object(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON object: {error}"))
}

/// Says a notification that came before the answer.
fn notice(method: &str, params: &Value, terminal: &mut Terminal) {
    match method {
        "notifications/progress" => terminal.say(&progress(params)),
        "notifications/message" => {
            let data = &params["data"];
            terminal.say(&format!("log: {}", data.as_str().map_or_else(|| data.to_string(), str::to_owned)));
        }
        _ => {}
    }
}

/// A progress notification as one line: `progress: 3/10 reading`.
fn progress(params: &Value) -> String {
    let total = params.get("total").map(|total| format!("/{total}")).unwrap_or_default();
    let message = params["message"].as_str().unwrap_or_default();
    format!("progress: {}{total} {message}", params["progress"]).trim_end().to_owned()
}

/// Prints texts as they are and anything else as JSON.
fn print(result: &Value, terminal: &mut Terminal) -> Result<(), Error> {
    let content = result["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    for block in content {
        match (block["type"].as_str(), block["text"].as_str()) {
            (Some("text"), Some(text)) => terminal.data(text)?,
            _ => terminal.data(&block.to_string())?,
        }
    }
    match result.get("structuredContent") {
        Some(structured) if content.is_empty() => terminal.data(&format!("{structured:#}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::progress;

    #[test]
    fn progress_reads_as_a_line() {
        assert_eq!(progress(&json!({"progress": 3, "total": 10, "message": "reading"})), "progress: 3/10 reading");
        assert_eq!(progress(&json!({"progress": 0.5})), "progress: 0.5");
    }
}
