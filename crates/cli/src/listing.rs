//! Lists of what a server offers, shared by the verbs that show one: filtered, as a table for people, whole for programs.

use clap::Args;
use config::Glob;
use serde::Serialize;
use serde_json::Value;

use crate::door::Door;
use crate::mcp_client::List;
use crate::text::{Text, Tone};
use crate::{Context, Error, Exit, Report, Word, arguments};

/// The options of verbs that list.
#[derive(Clone, Debug, Args)]
pub(crate) struct Listing {
    /// Only what has this text in its name, or matches this glob.
    filter: Option<String>,
    /// Describe each in full, with its arguments.
    #[arg(long, short)]
    long: bool,
    /// Which part of the node to talk to.
    #[command(flatten)]
    door: Door,
}

/// What was listed; programs get the items as the server sent them.
#[derive(Serialize)]
#[serde(transparent)]
struct Items {
    all: Vec<Value>,
    /// The member that tells one item from another.
    #[serde(skip)]
    key: &'static str,
    #[serde(skip)]
    long: bool,
}

impl Listing {
    /// Lists, and shows what passes the filter. `key` tells one item from another.
    pub(crate) async fn run(
        &self,
        lists: &[List],
        key: &'static str,
        context: &mut Context<'_>,
    ) -> Result<Exit, Error> {
        let mut client = self.door.open(context).await?;
        let mut items = Vec::new();
        for list in lists {
            items.extend(client.list(*list).await?);
        }
        let missing = client.missing().to_vec();
        client.close().await;
        for (name, reason) in missing {
            let hint = format!("`switchboard server test {name}` says more");
            context.terminal.problem(Word::Warning, &format!("without the server `{name}`: {reason}"), Some(&hint));
        }
        items.retain(|item| self.filter.as_deref().is_none_or(|filter| passes(name(item, key), filter)));
        if items.is_empty() {
            context.terminal.say("nothing to list");
        }
        context.terminal.show(&Items { all: items, key, long: self.long })?;
        Ok(Exit::Done)
    }
}

/// What tells `item` from others: its name, its URI, or the template of its URI.
pub(crate) fn name<'i>(item: &'i Value, key: &str) -> &'i str {
    item[key].as_str().or_else(|| item["uriTemplate"].as_str()).unwrap_or_default()
}

impl Report for Items {
    fn text(&self) -> Text {
        if self.long {
            return Text::lines(self.all.iter().map(|item| long(item, self.key)));
        }
        let row = |item: &Value| {
            let about = description(item).lines().next().unwrap_or_default();
            vec![Text::default().and(Tone::Strong, name(item, self.key)), Text::plain(about)]
        };
        Text::table(&self.all.iter().map(row).collect::<Vec<_>>())
    }
}

fn description(item: &Value) -> &str {
    let words = ["description", "title", "name"].into_iter().filter_map(|member| item[member].as_str());
    words.map(str::trim).find(|text| !text.is_empty()).unwrap_or_default()
}

/// The name, everything that is said of it, and one line for each argument.
fn long(item: &Value, key: &str) -> Text {
    let mut lines = vec![Text::default().and(Tone::Strong, name(item, key))];
    lines.extend(description(item).lines().map(|line| Text::plain(format!("  {line}"))));
    let schema = &item["inputSchema"];
    let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.iter().any(|required| required == name);
        lines.push(argument(name, &arguments::wanted(property), is_required, description(property)));
    }
    for given in item["arguments"].as_array().into_iter().flatten() {
        let name = given["name"].as_str().unwrap_or_default();
        lines.push(argument(name, "a text", given["required"] == true, description(given)));
    }
    Text::lines(lines)
}

fn argument(name: &str, wanted: &str, is_required: bool, about: &str) -> Text {
    let required = if is_required { ", required" } else { "" };
    let about = about.lines().next().unwrap_or_default();
    let text = Text::plain("  ").and(Tone::Strong, name).and(Tone::Faint, format!(" ({wanted}{required})"));
    if about.is_empty() || about == name { text } else { text.and(Tone::Plain, format!("  {about}")) }
}

/// Whether `filter` is a part of the name, or a glob that matches it.
pub(crate) fn passes(name: &str, filter: &str) -> bool {
    let is_glob = filter.contains(['*', '?', '[', '{']);
    let glob = is_glob.then(|| filter.parse::<Glob>().ok()).flatten();
    glob.map_or_else(|| name.to_lowercase().contains(&filter.to_lowercase()), |glob| glob.matches(name))
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
