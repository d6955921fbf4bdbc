//! The built-in toolkits as the program tells of them: their names, and in their reference pages the other names that are
//! understood. A toolkit that is added to the program is found here by itself.

use serde_json::Value;

use crate::program::{built, command};

/// Other names of one tool, as its page tells them.
#[derive(Debug)]
pub struct Tool {
    /// What it is called in lists.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Other names of its arguments: `(alias, name)`.
    pub argument_aliases: Vec<(String, String)>,
}

/// The names of all toolkits.
///
/// # Panics
///
/// When the program does not tell them.
pub fn names() -> Vec<String> {
    let listed: Value = serde_json::from_str(&said(&["toolkit", "list", "--json"])).expect("the list is JSON");
    let toolkits = listed["toolkits"].as_array().expect("toolkits are listed");
    toolkits.iter().filter_map(|toolkit| toolkit["name"].as_str()).map(str::to_owned).collect()
}

/// The tools of a toolkit by its reference page.
///
/// # Panics
///
/// When the program does not print it.
pub fn tools(toolkit: &str) -> Vec<Tool> {
    let page = said(&["toolkit", toolkit, "--page"]);
    let (page, common) = page.split_once("\n## Other names of arguments\n").unwrap_or((&page, ""));
    let common: Vec<(String, String)> = common.lines().filter_map(two_words).collect();
    let sections = page.split("\n## ").skip(1);
    sections.map(|section| tool(section, &common)).collect()
}

fn tool(section: &str, common: &[(String, String)]) -> Tool {
    let name = section.lines().next().unwrap_or_default().to_owned();
    let rows = section.lines().skip_while(|line| !line.starts_with("| Argument")).take_while(|line| !line.is_empty());
    let arguments: Vec<String> =
        rows.filter_map(|row| row.strip_prefix("| `")?.split_once('`')).map(|cell| cell.0.to_owned()).collect();
    let after = |start: &str| section.lines().find_map(|line| line.strip_prefix(start)).unwrap_or_default().to_owned();
    let words = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let own = words(&after("Also understood: "));
    let own: Vec<(String, String)> = own.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    let common = common.iter().filter(|(alias, name)| arguments.contains(name) && !arguments.contains(alias));
    let common = common.filter(|(alias, _)| !own.iter().any(|(known, _)| known == alias)).cloned();
    let argument_aliases = own.iter().cloned().chain(common).collect();
    Tool { name, aliases: words(&after("Also called ")), arguments, argument_aliases }
}

/// The two words of a table row.
fn two_words(row: &str) -> Option<(String, String)> {
    let mut words = row.strip_prefix("| `")?.split('`');
    let (alias, name) = (words.next()?, words.nth(1)?);
    Some((alias.to_owned(), name.to_owned()))
}

fn said(words: &[&str]) -> String {
    let output = command(built("switchboard")).args(words).output().expect("the program runs");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("it prints text")
}
