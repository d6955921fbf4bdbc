//! `optimize_image`: the same look with fewer bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{
    arguments::{PATH_ALIASES, yes},
    error::Error,
    picture::{
        Encoding, Format, Picture, bare,
        shrink::{self, Shrunk},
    },
    studio::{Source, Studio},
    target::{Target, format_of},
    task::{Made, Task, saved_percent},
};

/// Makes the file of a picture smaller.
pub(crate) struct OptimizeImage(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The picture.
    input_path: String,
    /// Where the result goes; `<name>_optimized.<ext>` beside the picture if nothing is said. Its extension decides the
    /// format.
    output_path: Option<String>,
    /// What is to be reached; that it looks the same (`ssim` 0.98) if nothing is said.
    #[serde(default)]
    target: Goal,
    /// Whether bytes count more than looks: lower quality, and tables of 256 colours for PNG.
    #[serde(default)]
    aggressive: bool,
    /// Whether what the camera wrote is left out.
    #[serde(default = "yes")]
    strip_metadata: bool,
    /// Whether a file that exists is replaced; a backup of it is made.
    #[serde(default)]
    overwrite: bool,
}

/// What is to be reached: one of the two.
#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Goal {
    /// How alike it has to look, from 0 to 1.
    ssim: Option<f64>,
    /// How many bytes it may have.
    max_bytes: Option<i64>,
}

/// How alike the result has to look if nobody says otherwise.
const SSIM: f64 = 0.98;
/// The same if bytes count more than looks.
const SSIM_AGGRESSIVE: f64 = 0.95;

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    output_path: String,
    /// Bytes.
    size: u64,
    /// By how much the file became smaller.
    saved_percent: f64,
    /// How alike it looks: 1 is the same.
    ssim: f64,
    /// The quality that was found, where the format has one.
    quality: Option<u8>,
    /// Where the file is that was there before.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup_path: Option<String>,
    message: String,
}

impl Tool for OptimizeImage {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "optimize_image";
    const ABOUT: &'static str = "Makes the file of a picture smaller: to the lowest quality that still looks the same, or to a number \
        of bytes. A file that is as small as it gets is copied.";
    const MARKS: Marks = Marks::writes();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] = PATH_ALIASES;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"input_path": "photo.jpg"}"#,
        r#"{"input_path": "photo.jpg", "output_path": "photo.webp", "target": {"max_bytes": 100000}}"#,
    ];

    async fn run(&self, input: Input, _: &Call) -> Result<Output, Failure> {
        let (task, goal) = self.prepare(&input).await?;
        let (before, encoding, frames) = (task.source.size(), task.encoding.clone(), task.frames());
        let (report, reported) = std::sync::mpsc::sync_channel(1);
        let saved = task
            .make(move |source, stop| {
                let go_on = || if stop.is_set() { Err(Error::Stopped) } else { Ok(()) };
                let picture = source.decode(frames)?;
                let shrunk = shrink::shrink(&picture, &encoding, goal, input.aggressive, &go_on);
                let shrunk = shrunk.map_err(|error| error.of("target"))?;
                let shrunk = never_larger(shrunk, source, &encoding, &picture);
                // the other end waits in this call
                let _ = report.send((shrunk.ssim, shrunk.quality));
                let (width, height) = (picture.width(), picture.height());
                Ok(Made { bytes: shrunk.bytes, width, height, notes: shrunk.notes })
            })
            .await?;
        let (ssim, quality) = reported.recv().unwrap_or((1.0, None));
        Ok(Output {
            output_path: saved.output_path,
            size: saved.size,
            saved_percent: saved_percent(before, saved.size),
            ssim: (ssim * 10_000.0).round() / 10_000.0,
            quality,
            backup_path: saved.backup_path,
            message: saved.message,
        })
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        Ok(self.prepare(&input).await?.0.plan())
    }
}

impl OptimizeImage {
    async fn prepare(&self, input: &Input) -> Result<(Task, shrink::Target), Failure> {
        let goal = goal(input.target, input.aggressive)?;
        let desk = self.0.desk().await?;
        let source = desk.open("input_path", &input.input_path).await?;
        let own = if source.header.format == Format::Svg { Format::Png } else { source.header.format };
        let format = format_of(input.output_path.as_deref(), own)?;
        let target =
            Target::of(desk.roots(), input.output_path.as_deref(), &source, "_optimized", format, input.overwrite)?;
        let encoding = Encoding { keep_exif: !input.strip_metadata, ..Encoding::new(format) };
        let step = match goal {
            shrink::Target::Ssim(least) => {
                format!("find the smallest {} that looks at least {least} alike", format.name())
            }
            shrink::Target::Bytes(most) => format!("find the best {} of at most {most} bytes", format.name()),
        };
        let size = (source.header.width, source.header.height);
        Ok((Task { desk, source, target, encoding, step, size }, goal))
    }
}

fn goal(goal: Goal, aggressive: bool) -> Result<shrink::Target, Failure> {
    match (goal.ssim, goal.max_bytes) {
        (Some(_), Some(_)) => {
            Err(Failure::invalid("target", "`target` has both `ssim` and `max_bytes`").hint("give one of them"))
        }
        (Some(ssim), None) if !(0.0..=1.0).contains(&ssim) => {
            Err(Failure::invalid("target.ssim", format!("`target.ssim` must be from 0 to 1, not {ssim}")))
        }
        (Some(ssim), None) => Ok(shrink::Target::Ssim(ssim)),
        (None, Some(bytes)) => match usize::try_from(bytes) {
            Ok(bytes @ 1..) => Ok(shrink::Target::Bytes(bytes)),
            _ => Err(Failure::invalid("target.max_bytes", "`target.max_bytes` must be at least 1")),
        },
        (None, None) => Ok(shrink::Target::Ssim(if aggressive { SSIM_AGGRESSIVE } else { SSIM })),
    }
}

/// The file as it was, without what was to be left out, if nothing smaller came of it.
fn never_larger(shrunk: Shrunk, source: &Source, encoding: &Encoding, picture: &Picture) -> Shrunk {
    if source.header.format != encoding.format || picture.exif.is_some() {
        return shrunk;
    }
    let before = if encoding.keep_exif {
        Some(source.bytes.to_vec())
    } else {
        bare::without_notes(&source.bytes, encoding.format)
    };
    match before {
        Some(bytes) if bytes.len() <= shrunk.bytes.len() => {
            let notes = vec!["it is as small as it gets, so it was copied".to_owned()];
            Shrunk { bytes, quality: None, ssim: 1.0, notes }
        }
        _ => shrunk,
    }
}
