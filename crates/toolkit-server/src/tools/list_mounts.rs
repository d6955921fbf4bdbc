//! `list_mounts`: what is mounted where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    filesystems::{self, Mount, Room},
    reading,
};

/// Lists mounts.
pub(crate) struct ListMounts;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only of this type: `ext4`, `nfs4`, `tmpfs`, …
    fs_type: Option<String>,
    /// Only those that lie on other machines or in other programs.
    #[serde(default)]
    elsewhere: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    mounts: Vec<Mounted>,
    total: usize,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A mount and how full it is.
#[derive(Serialize, JsonSchema)]
struct Mounted {
    #[serde(flatten)]
    mount: Mount,
    /// How full it is; not told of what lies elsewhere.
    room: Option<Room>,
}

impl Tool for ListMounts {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_mounts";
    const ABOUT: &'static str = "Lists the mounted file systems with their options and how full they are.";
    const MARKS: Marks = Marks::reads().idempotent().lists();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"fs_type": "ext4"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let mut mounts = reading::read(filesystems::mounts).await?;
        mounts.retain(|mount| {
            input.fs_type.as_deref().is_none_or(|wanted| wanted == mount.fs_type)
                && (!input.elsewhere || mount.is_elsewhere())
        });
        let page = call.shared.page(mounts);
        let items = reading::read(|| Ok(page.items.into_iter().map(Mounted::of).collect())).await?;
        Ok(Output { mounts: items, total: page.total, next_cursor: page.next_cursor })
    }
}

impl Mounted {
    fn of(mount: Mount) -> Self {
        Self { room: mount.room(), mount }
    }
}
