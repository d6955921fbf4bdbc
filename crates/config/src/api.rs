//! The parts of `[servers.NAME]` that describe an API which is no MCP server: REST by hand, credentials, and which
//! of its operations become tools. What a valid one is stands in `checks/api.rs`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Glob, Secret};

/// How the gateway identifies itself at an API, beside `headers`. Values are never shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// A token, sent as `Authorization: Bearer …`. Default none.
    pub bearer: Option<Secret>,
    /// The user of HTTP basic authentication. Default none.
    pub user: Option<String>,
    /// The password of `user`. Default none.
    pub password: Option<Secret>,
    /// Parameters added to the query of every request, such as `{ api_key = "${env:KEY}" }`. Default none.
    pub query: BTreeMap<String, Secret>,
}

/// A choice among the operations of an API, as globs. An empty list has no say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Operations {
    /// Tags of the document. Default none.
    pub tags: Vec<Glob>,
    /// Paths as the document writes them, such as `/pets/*`. Default none.
    pub paths: Vec<Glob>,
    /// Methods in small letters, such as `get`; `query` and `mutation` for GraphQL. Default none.
    pub methods: Vec<Glob>,
    /// Names: `operationId`, the field for GraphQL, `package.Service/Method` for gRPC. Default none.
    pub names: Vec<Glob>,
}

/// A REST API described by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rest {
    /// Its tools, by name.
    pub tools: BTreeMap<String, RestTool>,
}

/// One request of a REST API as a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RestTool {
    /// What it does, told to the model. Default the method and the path.
    pub description: String,
    /// The method. Default `"get"`.
    pub method: RestMethod,
    /// The path below `base_url`, with `{name}` for each argument that stands in it. Default `"/"`.
    pub path: String,
    /// Its arguments, by name. Those of the path need no entry. Default none.
    pub arguments: BTreeMap<String, RestArgument>,
    /// The request that gets at once what several calls would get, for tools that read. Default none.
    pub list: Option<RestList>,
}

/// The list form of a hand-described tool: calls that come within a moment become one request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RestList {
    /// The name of the list form, which is a tool of its own.
    pub tool: String,
    /// The path below `base_url`, without arguments.
    pub path: String,
    /// The argument of the tool whose values are asked for. A call with other arguments goes alone.
    pub argument: String,
    /// The name in the query under which all values stand, with commas between them.
    pub name: String,
    /// The member of an item that says which value it belongs to.
    pub key: String,
    /// The member of the answer that is the list of items. Default `""`: the answer is.
    pub items: String,
    /// Values in one request at most. Default 32.
    #[schemars(range(min = 2, max = 32))]
    pub max: u32,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestMethod {
    /// Reads.
    #[default]
    Get,
    /// Changes something.
    Post,
    /// Overwrites.
    Put,
    /// Overwrites in part.
    Patch,
    /// Removes.
    Delete,
}

/// One argument of a hand-described tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RestArgument {
    /// Where it goes. Default `"auto"`: the path if the path names it, else the query, or the body of methods
    /// that have one.
    #[serde(rename = "in")]
    pub place: RestPlace,
    /// The name the API knows it by. Default the argument's own.
    pub name: Option<String>,
    /// Its type. Default `"string"`.
    #[serde(rename = "type")]
    pub kind: RestType,
    /// What it means, told to the model. Default none.
    pub description: String,
    /// Whether a call needs it. Default `false`; an argument of the path is always needed.
    pub required: bool,
    /// The values it may have. Default any.
    #[serde(rename = "enum")]
    pub choices: Vec<String>,
}

/// The place of an argument in a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestPlace {
    /// Decided by path and method.
    #[default]
    Auto,
    /// The query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A member of the JSON body.
    Body,
}

/// The type of an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestType {
    /// A text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
    /// A list.
    Array,
    /// An object.
    Object,
}

impl Operations {
    /// Whether an operation with these properties is chosen by every list that has a say.
    pub fn take(&self, operation: &Traits<'_>) -> bool {
        let lists = self.lists(operation);
        lists.into_iter().all(|(globs, texts)| globs.is_empty() || matches_any(globs, texts))
    }

    /// Whether an operation with these properties is named by any list.
    pub fn name(&self, operation: &Traits<'_>) -> bool {
        self.lists(operation).into_iter().any(|(globs, texts)| matches_any(globs, texts))
    }

    fn lists<'o>(&'o self, operation: &'o Traits<'_>) -> [(&'o [Glob], &'o [&'o str]); 4] {
        [
            (&self.tags, operation.tags),
            (&self.paths, std::slice::from_ref(&operation.path)),
            (&self.methods, std::slice::from_ref(&operation.method)),
            (&self.names, std::slice::from_ref(&operation.name)),
        ]
    }
}

/// What [`Operations`] choose by; a property that an API does not have is the empty text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traits<'a> {
    /// Its tags.
    pub tags: &'a [&'a str],
    /// Its path.
    pub path: &'a str,
    /// Its method, in small letters.
    pub method: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl Default for RestTool {
    fn default() -> Self {
        Self {
            description: String::new(),
            method: RestMethod::Get,
            path: "/".to_owned(),
            arguments: BTreeMap::new(),
            list: None,
        }
    }
}

impl Default for RestList {
    fn default() -> Self {
        let nothing = String::new;
        Self {
            tool: nothing(),
            path: nothing(),
            argument: nothing(),
            name: nothing(),
            key: nothing(),
            items: nothing(),
            max: 32,
        }
    }
}

fn matches_any(globs: &[Glob], texts: &[&str]) -> bool {
    texts.iter().any(|text| globs.iter().any(|glob| glob.matches(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Vec<Glob> {
        patterns.iter().map(|pattern| pattern.parse().unwrap()).collect()
    }

    #[test]
    fn every_list_that_has_a_say_must_agree_to_take_and_one_is_enough_to_name() {
        let operation = Traits { tags: &["pet", "store"], path: "/pets/{id}", method: "get", name: "getPet" };
        let tags = Operations { tags: globs(&["pet*"]), ..Operations::default() };
        let both = Operations { methods: globs(&["post"]), ..tags.clone() };
        assert_eq!([tags.take(&operation), both.take(&operation)], [true, false]);
        assert_eq!([tags.name(&operation), both.name(&operation)], [true, true]);
        assert_eq!([Operations::default().take(&operation), Operations::default().name(&operation)], [true, false]);
        let paths = Operations { paths: globs(&["/pets/*"]), ..Operations::default() };
        assert!(paths.take(&operation));
    }
}
