//! `choose_format`: which format serves a picture best.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    error::Error,
    picture::{
        Format, Frames,
        shrink::{self, Candidate, Choice},
    },
    studio::Studio,
};

/// Chooses a format.
pub(crate) struct ChooseFormat(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// What it is for.
    #[serde(default, rename = "use")]
    purpose: Use,
}

/// What a picture is for.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Use {
    #[default]
    Web,
    Print,
    Archive,
    Icon,
}

impl From<Use> for shrink::Use {
    fn from(purpose: Use) -> Self {
        match purpose {
            Use::Web => Self::Web,
            Use::Print => Self::Print,
            Use::Archive => Self::Archive,
            Use::Icon => Self::Icon,
        }
    }
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// The best format.
    format: &'static str,
    /// The quality to write it with, where it has one.
    quality: Option<u8>,
    reason: String,
    /// The others that were tried, smallest first.
    alternatives: Vec<Alternative>,
    /// Whether the sizes were estimated from a smaller version of the picture.
    estimated: bool,
}

/// A format that was tried.
#[derive(Serialize, JsonSchema)]
struct Alternative {
    format: &'static str,
    /// Bytes.
    size: u64,
    /// How alike it looks: 1 is the same.
    ssim: f64,
}

impl From<&Candidate> for Alternative {
    fn from(candidate: &Candidate) -> Self {
        let ssim = (candidate.ssim * 10_000.0).round() / 10_000.0;
        Self { format: candidate.format.word(), size: candidate.size, ssim }
    }
}

impl Tool for ChooseFormat {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "choose_format";
    const ABOUT: &'static str =
        "Tries formats on a picture and says which serves its use best, at which quality, and why.";
    const MARKS: Marks = Marks::reads().idempotent();
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("inputPath", "input_path"), ("input", "input_path")];
    const EXAMPLES: &'static [&'static str] = &[r#"{"input_path": "photo.png", "use": "web"}"#];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        if source.header.format == Format::Svg {
            return Ok(stays_a_drawing());
        }
        let room = desk.room(source.megapixels(Frames::All)).await?;
        room.work(move |stop| {
            let go_on = || if stop.is_set() { Err(Error::Stopped) } else { Ok(()) };
            let picture = source.decode(Frames::All)?;
            let choice = shrink::choose(&picture, input.purpose.into(), &go_on);
            Ok(output(&choice.map_err(|error| source.refuse(error))?))
        })
        .await
    }
}

fn output(choice: &Choice) -> Output {
    Output {
        format: choice.best.format.word(),
        quality: choice.best.quality,
        reason: choice.reason.clone(),
        alternatives: choice.others.iter().map(Alternative::from).collect(),
        estimated: choice.estimated,
    }
}

fn stays_a_drawing() -> Output {
    Output {
        format: Format::Svg.word(),
        quality: None,
        reason: "it is a drawing of lines and areas, which is sharp at every size as it is".to_owned(),
        alternatives: Vec::new(),
        estimated: false,
    }
}
