//! Sections `[servers.NAME.tool."GLOB"]`: how calls of some tools of a server are treated, by the tool's own name.
//! Where several globs match a tool, what the more exact one says goes over what the others say.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Glob, Server};

/// How calls of some tools are treated.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ToolSettings {
    /// What the tool does to the world, where its own annotations say nothing or cannot be believed. Default what they
    /// say.
    pub act: Option<Act>,
}

/// What a tool does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It only reads: its answers may be shared and kept, and a lost call may be sent again.
    Reads,
    /// Done twice it is as done once: a lost call may be sent again.
    Repeatable,
    /// It changes something: it is sent once.
    Acts,
}

impl ToolSettings {
    /// These settings, and those of `general` where they say nothing.
    fn over(self, general: &Self) -> Self {
        Self { act: self.act.or(general.act) }
    }
}

/// The settings of all tools of a server, ready to be looked up.
#[derive(Debug)]
pub struct ToolRules<'s>(Vec<(Glob, &'s ToolSettings)>);

impl Server {
    /// How its tools are treated. Globs that are none have been reported by the check.
    pub fn tool_rules(&self) -> ToolRules<'_> {
        ToolRules::of(&self.tool)
    }
}

impl<'s> ToolRules<'s> {
    fn of(settings: &'s BTreeMap<String, ToolSettings>) -> Self {
        let mut rules: Vec<_> =
            settings.iter().filter_map(|(glob, settings)| Some((glob.parse::<Glob>().ok()?, settings))).collect();
        rules.sort_by_key(|(glob, _)| exactness(glob.as_str()));
        Self(rules)
    }

    /// What is said of the tool of this name, if anything is.
    pub fn of_tool(&self, own: &str) -> Option<ToolSettings> {
        let matching = self.0.iter().filter(|(glob, _)| glob.matches(own)).map(|(_, settings)| *settings);
        matching.fold(None, |general: Option<ToolSettings>, settings| {
            Some(settings.clone().over(&general.unwrap_or_default()))
        })
    }
}

/// A name is more exact than any glob, and a glob more than another with less fixed text.
fn exactness(glob: &str) -> (bool, usize) {
    let wild = |character: char| matches!(character, '*' | '?' | '[' | ']' | '{' | '}');
    (!glob.contains(wild), glob.chars().filter(|character| !wild(*character)).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_exact_glob_goes_over_the_others() {
        let says = |act| ToolSettings { act };
        let settings = BTreeMap::from([
            ("*".to_owned(), says(Some(Act::Acts))),
            ("get_*".to_owned(), says(Some(Act::Reads))),
            ("get_next".to_owned(), says(Some(Act::Repeatable))),
            ("get_n*".to_owned(), says(None)),
        ]);
        let rules = ToolRules::of(&settings);
        let check =
            |tool, expected| assert_eq!(rules.of_tool(tool).and_then(|found| found.act), Some(expected), "{tool}");
        check("set_lamp", Act::Acts);
        check("get_lamp", Act::Reads);
        check("get_name", Act::Reads);
        check("get_next", Act::Repeatable);
    }

    #[test]
    fn nothing_is_said_of_a_tool_that_no_glob_matches() {
        let settings = BTreeMap::from([("get_*".to_owned(), ToolSettings::default())]);
        assert_eq!(ToolRules::of(&settings).of_tool("set"), None);
    }
}
