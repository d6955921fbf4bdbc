//! What a call makes void among the answers that are kept: `GLOB`, `SERVER:GLOB`, or `arg:NAME`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::{Glob, GlobError};

/// What stands before the name of an argument.
const ARGUMENT: &str = "arg";

/// One of the things that a call makes void.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Invalidation {
    /// Answers of tools.
    Tools {
        /// Another server than the one that is called.
        server: Option<String>,
        /// The names of the tools there.
        tools: Glob,
    },
    /// Answers about another value of this argument are spared.
    Argument(String),
}

impl FromStr for Invalidation {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        match text.split_once(':') {
            Some((ARGUMENT, name)) => Ok(Self::Argument(name.to_owned())),
            Some((server, tools)) => Ok(Self::Tools { server: Some(server.to_owned()), tools: tools.parse()? }),
            None => Ok(Self::Tools { server: None, tools: text.parse()? }),
        }
    }
}

impl TryFrom<String> for Invalidation {
    type Error = GlobError;

    fn try_from(text: String) -> Result<Self, GlobError> {
        text.parse()
    }
}

impl fmt::Display for Invalidation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(name) => write!(out, "{ARGUMENT}:{name}"),
            Self::Tools { server: Some(server), tools } => write!(out, "{server}:{}", tools.as_str()),
            Self::Tools { server: None, tools } => out.write_str(tools.as_str()),
        }
    }
}

impl From<Invalidation> for String {
    fn from(invalidation: Invalidation) -> Self {
        invalidation.to_string()
    }
}

impl JsonSchema for Invalidation {
    fn schema_name() -> Cow<'static, str> {
        "Invalidation".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "What a call makes void among kept answers: `GLOB`, `SERVER:GLOB` or `arg:NAME`.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalidation_is_read_as_it_is_written() {
        let check = |text: &str, expected: Invalidation| {
            assert_eq!(text.parse::<Invalidation>().unwrap(), expected);
            assert_eq!(expected.to_string(), text);
        };
        let tools = |server: Option<&str>, glob: &str| Invalidation::Tools {
            server: server.map(str::to_owned),
            tools: glob.parse().unwrap(),
        };
        check("list_*", tools(None, "list_*"));
        check("home:get_*", tools(Some("home"), "get_*"));
        check("arg:entity_id", Invalidation::Argument("entity_id".to_owned()));
        assert!("home:get_[".parse::<Invalidation>().is_err());
    }
}
