//! `list_templates`: what new projects can begin from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    name::ProjectName,
    template::{ProjectType, Template},
    templates::TEMPLATES,
};

/// The name that stands in the paths that are shown.
const EXAMPLE: &str = "example";

/// Lists templates.
pub(crate) struct ListTemplates;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only templates of this type.
    #[serde(rename = "type")]
    kind: Option<ProjectType>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The templates; the first of a type is taken if none is named.
    templates: Vec<Listed>,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    name: &'static str,
    #[serde(rename = "type")]
    kind: ProjectType,
    description: &'static str,
    /// Its files, for a project called `example`.
    files: Vec<String>,
}

impl Tool for ListTemplates {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_templates";
    const ABOUT: &'static str = "Lists the templates that new projects can begin from, with their files.";
    const MARKS: Marks = Marks::reads().idempotent();
    // they are part of the program
    const GOOD_FOR_S: Option<u64> = Some(3_600);
    const EXAMPLES: &'static [&'static str] = &[r#"{"type": "python"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let name = ProjectName::new(EXAMPLE)?;
        let of_type = TEMPLATES.iter().filter(|template| input.kind.is_none_or(|kind| template.kind == kind));
        let templates: Vec<Listed> = of_type.map(|template| listed(template, &name)).collect();
        Ok(Output { total: templates.len(), templates })
    }
}

fn listed(template: &Template, name: &ProjectName) -> Listed {
    let files = template.fill(name, "").into_iter().map(|file| file.path).collect();
    Listed { name: template.name, kind: template.kind, description: template.description, files }
}
