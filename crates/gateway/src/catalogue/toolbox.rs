//! The tools of one view: which of them stand in its list, and which are only found by searching. A tool that is not listed
//! can be called all the same; where its name leads is known to the view.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use config::{Own, Search};
use mcp::array;

use super::{
    search::{Document, Index},
    shown::Shown,
};
use crate::redirect::CALL_TOOL;

/// The gateway's own tools that stand for all others where those are not listed.
const SEARCH_TOOLS: [&str; 3] = ["search_tools", "describe_tool", CALL_TOOL];
/// The gateway's own tool that reads the rest of a result that was cut.
const FETCH_RESULT: &str = "fetch_result";

/// A tool that can be called through an endpoint.
#[derive(Clone, Debug)]
pub struct KnownTool {
    /// The name that it is called by.
    pub name: String,
    /// The server that it belongs to.
    pub server: Arc<str>,
    /// Its definition under this name.
    pub definition: Shown,
}

impl KnownTool {
    /// Its definition for those who do not call it themselves, and so make no task of a call.
    pub fn raw(&self) -> &Bytes {
        self.definition.to(true)
    }
}

/// The tools of one view.
#[derive(Debug, Default)]
pub struct Toolbox {
    tools: Vec<KnownTool>,
    /// The gateway's own tools, by their own names.
    own: Vec<(Arc<str>, Shown)>,
    index: OnceLock<Index>,
}

impl Toolbox {
    /// Puts a tool of a server in.
    pub fn put(&mut self, tool: KnownTool) {
        self.tools.push(tool);
    }

    /// Puts one of the gateway's own tools beside them.
    pub fn put_own(&mut self, own_name: Arc<str>, definition: Shown) {
        self.own.push((own_name, definition));
    }

    /// All tools of servers, in the order of their servers.
    pub fn tools(&self) -> &[KnownTool] {
        &self.tools
    }

    /// The tools that fit a query, the best first, with their scores.
    pub fn search(&self, query: &str) -> Vec<(&KnownTool, f64)> {
        let index = self.index.get_or_init(|| index(&self.tools));
        index.search(query).into_iter().map(|(place, score)| (&self.tools[place], score)).collect()
    }

    /// What stands in the list: all tools, or the search and what is pinned; with it the gateway's own tools that are
    /// needed to reach the rest, or all of them where `everything` is listed.
    pub fn listed(&self, settings: &config::Tools, everything: bool) -> Vec<Shown> {
        let searched = self.is_searched(settings);
        let is_listed = |own: &str| {
            (everything && settings.own == Own::All)
                || (searched && SEARCH_TOOLS.contains(&own))
                || (settings.max_result_bytes > 0 && own == FETCH_RESULT)
        };
        let stays = |tool: &&KnownTool| !searched || settings.pinned.iter().any(|glob| glob.matches(&tool.name));
        let own = self.own.iter().filter(|(own, _)| is_listed(own)).map(|(_, definition)| definition.clone());
        own.chain(self.tools.iter().filter(stays).map(|tool| tool.definition.clone())).collect()
    }

    /// Whether tools are searched for instead of listed. Without the search there is nothing in their place.
    fn is_searched(&self, settings: &config::Tools) -> bool {
        let can_search = self.own.iter().any(|(own, _)| &**own == SEARCH_TOOLS[0]);
        can_search
            && match settings.search {
                Search::On => true,
                Search::Off => false,
                Search::Auto => self.tools.len() > settings.search_from,
            }
    }
}

/// The index over what tools say of themselves.
fn index(tools: &[KnownTool]) -> Index {
    let texts: Vec<(String, Vec<String>)> = tools.iter().map(|tool| words_of(tool.raw())).collect();
    let documents = tools.iter().zip(&texts).map(|(tool, (description, parameters))| Document {
        name: &tool.name,
        description,
        parameters: parameters.iter().map(String::as_str).collect(),
    });
    Index::new(documents)
}

/// The title and description of a tool, and the names of its parameters.
fn words_of(tool: &[u8]) -> (String, Vec<String>) {
    let member = |raw, name: &str| array::member(raw, name).and_then(|span| span.of(raw));
    let text = |name| member(tool, name).and_then(|raw| serde_json::from_slice::<String>(raw).ok()).unwrap_or_default();
    let properties = member(tool, "inputSchema").and_then(|schema| member(schema, "properties")).unwrap_or(b"{}");
    let names = array::members(properties).unwrap_or_default();
    let parameters = names.into_iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
    (format!("{} {}", text("title"), text("description")), parameters)
}

#[cfg(test)]
mod tests {
    use config::Tools;

    use super::*;

    /// Three tools of servers, and some of the gateway's own; each is written as its name.
    fn toolbox(own: &[&'static str]) -> Toolbox {
        let mut toolbox = Toolbox::default();
        for name in ["a_read", "b_read", "b_write"] {
            let raw = format!(
                r#"{{"name":"{name}","description":"Does {name}.","inputSchema":{{"properties":{{"path":{{}}}}}}}}"#
            );
            let definition = Shown::alike(raw.into());
            toolbox.put(KnownTool { name: name.to_owned(), server: name[..1].into(), definition });
        }
        for name in own {
            toolbox.put_own((*name).into(), Shown::alike(Bytes::from_static(name.as_bytes())));
        }
        toolbox
    }

    fn listed(toolbox: &Toolbox, settings: &Tools, everything: bool) -> Vec<String> {
        let name = |tool: &Shown| {
            let raw = tool.to(true);
            let span = array::member(raw, "name");
            let token = span.and_then(|span| span.of(raw)).unwrap_or(raw);
            String::from_utf8_lossy(token).trim_matches('"').to_owned()
        };
        toolbox.listed(settings, everything).iter().map(name).collect()
    }

    #[test]
    fn the_list_is_that_of_the_servers_unless_tools_are_searched_for() {
        let own = ["search_tools", "describe_tool", "call_tool", "fetch_result", "list_servers"];
        let all = ["a_read", "b_read", "b_write"];
        let search = ["search_tools", "describe_tool", "call_tool"];
        let check = |settings: &Tools, expected: &[&str]| {
            assert_eq!(listed(&toolbox(&own), settings, true), expected, "{settings:?}");
        };
        let default = Tools::default;
        check(&default(), &all);
        check(&Tools { search: Search::On, ..default() }, &search);
        check(&Tools { search_from: 3, ..default() }, &all);
        check(&Tools { search_from: 2, ..default() }, &search);
        check(&Tools { search_from: 2, search: Search::Off, ..default() }, &all);
        let pinned = vec!["b_*".parse().unwrap()];
        check(&Tools { search: Search::On, pinned, ..default() }, &[&search[..], &["b_read", "b_write"]].concat());
        check(&Tools { max_result_bytes: 1, ..default() }, &[&["fetch_result"][..], &all].concat());
        check(&Tools { own: Own::All, ..default() }, &[&own[..], &all].concat());
    }

    #[test]
    fn tools_stay_listed_where_there_is_no_search() {
        let settings = Tools { search: Search::On, own: Own::All, ..Tools::default() };
        assert_eq!(listed(&toolbox(&[]), &settings, true), ["a_read", "b_read", "b_write"]);
        assert_eq!(listed(&toolbox(&["list_servers"]), &settings, false), ["a_read", "b_read", "b_write"]);
    }

    #[test]
    fn a_search_reads_names_descriptions_and_parameters() {
        let toolbox = toolbox(&[]);
        let found = |query| toolbox.search(query).into_iter().map(|(tool, _)| tool.name.as_str()).collect::<Vec<_>>();
        assert_eq!(found("write"), ["b_write"]);
        assert_eq!(found("path").len(), 3);
        assert_eq!(found("nothing"), [""; 0]);
    }
}
