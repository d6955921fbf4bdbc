//! `restore_volume`: a file of `backup_volume` back into a volume.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};
use workbench::{Bench, aside};

use crate::{
    engine::Engine,
    name::Name,
    volume::{self, BYTES_MAX, Window},
};

/// Restores volumes.
pub(crate) struct RestoreVolume(pub(crate) Bench);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The volume.
    name: String,
    /// The tar file.
    file: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The file.
    file: String,
    /// Its bytes.
    size: usize,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for RestoreVolume {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "restore_volume";
    const ABOUT: &'static str =
        "Puts the content of a tar file into a volume, over files of the same names; others stay.";
    const MARKS: Marks = Marks::destroys().confirmed().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["list_volumes"]);
    const TIMEOUT_S: u64 = 600;
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"name": "shop-data", "file": "backups/shop-data.tar", "confirm": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let name = Name::parse("name", &input.name)?;
        let place = self.0.roots.place("file", &input.file)?;
        let (file, archive) = aside(move |_| Ok((place.display(), place.read(BYTES_MAX as u64)?))).await?;
        let size = archive.len();
        let engine = Engine::of(call).await?;
        let window = Window::open(&name, &engine).await?;
        let written = window.write(archive).await;
        window.close().await?;
        written?;
        Ok(Output { file, size, message: format!("the file is back in the volume `{}`", name.as_str()) })
    }

    async fn plan(&self, input: Input, call: &Call) -> Result<Vec<String>, Failure> {
        let name = Name::parse("name", &input.name)?;
        let place = self.0.roots.place("file", &input.file)?;
        let size = place.stat()?.size;
        volume::find(&name, &Engine::of(call).await?).await?;
        Ok(vec![format!("put {size} bytes of `{}` into the volume `{}`", place.display(), name.as_str())])
    }
}
