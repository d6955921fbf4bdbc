//! `backup_volume`: what is in a volume, as a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, Write, aside};

use crate::{
    engine::Engine,
    name::Name,
    volume::{self, Window},
};

/// Backs volumes up.
pub(crate) struct BackupVolume(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The volume.
    name: String,
    /// The tar file that it becomes; one that is there is kept beside it.
    file: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The file.
    file: String,
    /// Its bytes.
    size: u64,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for BackupVolume {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "backup_volume";
    const ABOUT: &'static str =
        "Writes all that is in a volume into a tar file, up to 256 MiB. A database should be stopped first.";
    const MARKS: Marks = Marks::writes().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["project:*", "dev_env:*"]);
    const TIMEOUT_S: u64 = 600;
    const EXAMPLES: &'static [&'static str] = &[r#"{"name": "shop-data", "file": "backups/shop-data.tar"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let name = Name::parse("name", &input.name)?;
        let place = self.0.roots.place("file", &input.file)?;
        let engine = Engine::of(call).await?;
        let window = Window::open(&name, &engine).await?;
        let archive = window.read(call).await;
        window.close().await?;
        let archive = archive?;
        aside(move |_| {
            let written = place.write(&archive, &Write::default())?;
            Ok(Output {
                file: place.display(),
                size: written.size,
                backup_path: written.backup_path.map(|path| path.display().to_string()),
                message: format!("the volume `{}` is in the file; `restore_volume` puts it back", name.as_str()),
            })
        })
        .await
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let name = Name::parse("name", &input.name)?;
        let place = self.0.roots.place("file", &input.file)?;
        volume::find(&name, &Engine::of(call).await?).await?;
        Ok(vec![format!("write the volume `{}` into `{}`", name.as_str(), place.display())])
    }
}
