//! `list_packages`: what is installed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::packages::{Manager, Package};

/// Lists packages.
pub(crate) struct ListPackages;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only packages with this text in their name or description, whatever its case.
    filter: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    packages: Vec<Package>,
    total: usize,
    /// Who looks after them.
    manager: Manager,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl Tool for ListPackages {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_packages";
    const ABOUT: &'static str = "Lists the installed packages with their versions (apt, dnf, pacman, zypper or apk).";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"filter": "openssl"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let manager = Manager::find()?;
        let mut packages = manager.installed().await?;
        if let Some(filter) = input.filter {
            let filter = filter.to_lowercase();
            let fits = |text: &str| text.to_lowercase().contains(&filter);
            packages.retain(|package| fits(&package.name) || fits(&package.summary));
        }
        let page = call.shared.page(packages);
        Ok(Output { packages: page.items, total: page.total, manager, next_cursor: page.next_cursor })
    }
}
