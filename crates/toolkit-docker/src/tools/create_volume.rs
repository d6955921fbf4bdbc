//! `create_volume`: a new, empty volume.

use bollard::models::VolumeCreateRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Code, Failure, Marks, Tool};

use crate::{engine::Engine, error::During as _, name::Name};

/// Makes volumes.
pub(crate) struct CreateVolume;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Its name.
    name: String,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// Its name.
    name: String,
    /// What was done, in a sentence.
    message: String,
}

impl Tool for CreateVolume {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "create_volume";
    const ABOUT: &'static str = "Makes a new, empty volume in which containers can keep data.";
    const MARKS: Marks = Marks::writes().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["list_volumes"]);
    const EXAMPLES: &'static [&'static str] = &[r#"{"name": "shop-data"}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let name = Name::parse("name", &input.name)?;
        let engine = Engine::of(call).await?;
        if engine.inspect_volume(name.as_str()).await.is_ok() {
            let text = format!("there is a volume `{}` already", name.as_str());
            return Err(Failure { field: Some("name".to_owned()), ..Failure::new(Code::AlreadyExists, text) });
        }
        let wanted = VolumeCreateRequest { name: Some(name.as_str().to_owned()), ..VolumeCreateRequest::default() };
        let made = engine.create_volume(wanted).await.during(format!("make the volume `{}`", name.as_str()))?;
        Ok(Output { message: format!("the volume `{}` is there", made.name), name: made.name })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(vec![format!("make the volume `{}`", Name::parse("name", &input.name)?.as_str())])
    }
}
