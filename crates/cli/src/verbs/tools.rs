//! `switchboard tools`: the tools of a running node, as a table or as JSON.

use clap::Args;
use config::Glob;
use serde_json::Value;

use crate::node_client::NodeClient;
use crate::{Error, Exit, Node, Terminal};

/// List the tools of a running node.
#[derive(Clone, Debug, Args)]
pub struct Tools {
    /// Only tools whose name holds this text or matches this glob.
    pub filter: Option<String>,
    /// Print the tools as a JSON array, with their schemas.
    #[arg(long)]
    pub json: bool,
    /// Which node to talk to.
    #[command(flatten)]
    pub node: Node,
}

impl Tools {
    /// Runs the verb.
    pub async fn run(&self, terminal: &mut Terminal) -> Result<Exit, Error> {
        let mut tools = NodeClient::new(&self.node)?.tools().await?;
        tools.retain(|tool| self.filter.as_deref().is_none_or(|filter| passes(name(tool), filter)));
        if self.json {
            terminal.data(&format!("{:#}", Value::Array(tools)))?;
        } else if tools.is_empty() {
            terminal.say("no tools");
        } else {
            terminal.data(&table(&tools))?;
        }
        Ok(Exit::Done)
    }
}

/// The name of `tool`.
pub(crate) fn name(tool: &Value) -> &str {
    tool["name"].as_str().unwrap_or_default()
}

fn passes(name: &str, filter: &str) -> bool {
    let is_glob = filter.contains(['*', '?', '[', '{']);
    let glob = is_glob.then(|| filter.parse::<Glob>().ok()).flatten();
    glob.map_or_else(|| name.to_lowercase().contains(&filter.to_lowercase()), |glob| glob.matches(name))
}

/// One line a tool: its name, and the first line of its description.
fn table(tools: &[Value]) -> String {
    let width = tools.iter().map(|tool| name(tool).chars().count()).max().unwrap_or_default();
    let line = |tool: &Value| {
        let description = tool["description"].as_str().unwrap_or_default().trim();
        let description = description.lines().next().unwrap_or_default();
        format!("{:width$}  {description}", name(tool)).trim_end().to_owned()
    };
    tools.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::passes;

    #[test]
    fn filter_is_a_part_of_the_name_or_a_glob() {
        assert!(passes("git_log", "LOG"));
        assert!(passes("git_log", "git_*"));
        assert!(!passes("my_git_log", "git_*"));
        assert!(!passes("git_log", "diff"));
    }
}
