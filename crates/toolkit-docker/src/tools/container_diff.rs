//! `container_diff`: what a container has changed of its image.

use bollard::models::ChangeType;
use schemars::JsonSchema;
use serde::Serialize;
use toolkit::{Call, Failure, Marks, Tool};

use super::one_container::Input;
use crate::{container::Container, engine::Engine, error::During as _};

/// Compares containers with their images.
pub(crate) struct ContainerDiff;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name.
    container: String,
    /// On this page, by path.
    changes: Vec<Change>,
    /// How many there are on all pages.
    total: usize,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Change {
    /// Where.
    path: String,
    /// What happened there.
    kind: Kind,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// It is another than in the image.
    Modified,
    /// It is not in the image.
    Added,
    /// It is only in the image.
    Deleted,
}

impl Tool for ContainerDiff {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "container_diff";
    const ABOUT: &'static str =
        "Lists the files and folders that a container has added, modified or deleted since it was made.";
    const MARKS: Marks = Marks::reads().idempotent().lists().connects();
    const EXAMPLES: &'static [&'static str] = &[r#"{"container": "web"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let engine = Engine::of(call).await?;
        let container = Container::find(&engine, &input.container).await?;
        let changes = engine.container_changes(&container.id).await;
        let mut changes = changes.during(format!("compare `{}` with its image", container.name))?.unwrap_or_default();
        changes.sort_by(|one, other| one.path.cmp(&other.path));
        let page = call.shared.page(changes);
        let change = |change: bollard::models::FilesystemChange| Change {
            path: change.path,
            kind: match change.kind {
                ChangeType::_0 => Kind::Modified,
                ChangeType::_1 => Kind::Added,
                ChangeType::_2 => Kind::Deleted,
            },
        };
        Ok(Output {
            container: container.name,
            changes: page.items.into_iter().map(change).collect(),
            total: page.total,
            next_cursor: page.next_cursor,
        })
    }
}
