//! `rename_container`: another name for a container.

use bollard::query_parameters::RenameContainerOptions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use super::CHANGED_CONTAINERS;
use crate::{container::Container, engine::Engine, error::During as _, name::Name};

/// Renames containers.
pub(crate) struct RenameContainer;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The container: its name, its id, or the beginning of its id.
    container: String,
    /// Its new name.
    name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name now.
    container: String,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for RenameContainer {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "rename_container";
    const ABOUT: &'static str = "Gives a container another name.";
    const MARKS: Marks = Marks::writes().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(CHANGED_CONTAINERS);
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web", "name": "old-web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let name = Name::parse("name", &input.name)?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        if crate::container::all(&engine).await?.iter().any(|other| crate::container::name(other) == name.as_str()) {
            let text = format!("there is a container `{}` already", name.as_str());
            return Err(Failure { field: Some("name".to_owned()), ..Failure::new(Code::AlreadyExists, text) });
        }
        let options = RenameContainerOptions { name: name.as_str().to_owned() };
        let renamed = engine.rename_container(&container.id, options).await;
        renamed.during(format!("rename `{}`", container.name))?;
        let message = format!("`{}` is now called `{}`", container.name, name.as_str());
        Ok(Output { container: name.as_str().to_owned(), message })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let name = Name::parse("name", &input.name)?;
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        Ok(vec![format!("rename the container `{}` to `{}`", container.name, name.as_str())])
    }
}
