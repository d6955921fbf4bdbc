//! `list_services`: the services of this machine.

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::units::{Manager, Service};

/// Bytes of a compiled pattern: patterns of people need a few thousand, hostile ones millions.
const PATTERN_BYTES_MAX: usize = 256 * 1_024;

/// Lists services.
pub(crate) struct ListServices;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only services in this state.
    #[serde(default)]
    state: State,
    /// Only services whose name or description fits this regular expression, whatever its case.
    pattern: Option<String>,
}

/// Which services are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    #[serde(alias = "active")]
    Running,
    Failed,
    #[default]
    All,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    services: Vec<Service>,
    total: usize,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ListServices {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_services";
    const ABOUT: &'static str = "Lists the services of this machine: what they do, whether they have failed, and whether \
        they start with it.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = &[("filter", "state")];
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"state": "failed"}"#, r#"{"pattern": "^(nginx|apache)"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let pattern = input.pattern.as_deref().map(compile).transpose()?;
        let mut services = Manager::find().await?.services().await?;
        services.retain(|service| {
            let fits = |pattern: &Regex| pattern.is_match(&service.name) || pattern.is_match(&service.description);
            input.state.includes(service) && pattern.as_ref().is_none_or(fits)
        });
        let page = call.shared.page(services);
        Ok(Output { services: page.items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl State {
    fn includes(self, service: &Service) -> bool {
        match self {
            Self::Running => service.active,
            Self::Failed => service.has_failed(),
            Self::All => true,
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, Failure> {
    let compiled = RegexBuilder::new(pattern).case_insensitive(true).size_limit(PATTERN_BYTES_MAX).build();
    compiled.map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Failure::invalid("pattern", format!("`pattern` is no regular expression: {reason}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_compiled_within_bounds() {
        let check = |pattern: &str, expected: bool| assert_eq!(compile(pattern).is_ok(), expected, "{pattern:.40}");
        check("^ssh", true);
        check("", true);
        check("(", false);
        check("a{1000}{1000}", false);
        check(r"\p{Nonsense}", false);
        check(&"(a|b)".repeat(100_000), false);
        assert!(compile("NGINX").unwrap().is_match("nginx.service"));
    }
}
