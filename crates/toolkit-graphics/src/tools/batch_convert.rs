//! `batch_convert`: many pictures in one call, several at a time, each with a result of its own.

use std::collections::HashSet;

use futures_util::{StreamExt as _, stream};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::Place;

use crate::{
    arguments::{self, usual_quality},
    limits::{BATCH_MAX, JOBS_MAX},
    pattern,
    picture::{
        Colour, Encoding, Format,
        resize::{self, Fit, Room},
    },
    studio::{self, Studio},
    target::{Target, Wanted},
    task::Task,
};

/// Converts many pictures.
pub(crate) struct BatchConvert(pub(crate) Studio);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// The pictures: paths and patterns like `photos/*.jpg` or `**/*.png`.
    inputs: Vec<String>,
    /// What they become.
    format: Wanted,
    /// The folder for the results; each beside its picture if nothing is said.
    output_dir: Option<String>,
    /// From 1 (small file) to 100 (faithful), for JPEG, WebP and AVIF.
    #[serde(default = "usual_quality")]
    quality: i64,
    /// The size that they get.
    resize: Option<Size>,
    /// How many are worked on at the same time; one for each processor if nothing is said.
    jobs: Option<i64>,
    /// Whether files that exist are replaced; backups of them are made.
    #[serde(default)]
    overwrite: bool,
}

/// The size that pictures get.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Size {
    /// Pixels across.
    width: Option<i64>,
    /// Pixels down.
    height: Option<i64>,
    #[serde(default)]
    fit: Fit,
    /// Whether small pictures may become larger than they are.
    #[serde(default)]
    upscale: bool,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    results: Vec<Converted>,
    /// How many were converted.
    done: usize,
    /// How many could not be.
    failed: usize,
    /// How many bytes fewer the results have; negative if they have more.
    saved_bytes: i64,
    message: String,
}

/// What became of one picture.
#[derive(Clone, Serialize, JsonSchema)]
struct Converted {
    input: String,
    output: Option<String>,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Refusal>,
    /// Bytes of the result.
    size: Option<u64>,
    #[serde(skip)]
    saved: i64,
}

/// Why a picture could not be converted.
#[derive(Clone, Serialize, JsonSchema)]
struct Refusal {
    code: &'static str,
    message: String,
    hint: String,
}

/// What is done with each picture.
#[derive(Clone)]
struct Job {
    studio: Studio,
    format: Format,
    folder: Option<Place>,
    quality: u8,
    room: Option<Room>,
    overwrite: bool,
}

impl Tool for BatchConvert {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "batch_convert";
    const ABOUT: &'static str = "Converts many pictures in one call, several at a time, and resizes them if asked. A picture that \
        cannot be converted does not stop the others.";
    const MARKS: Marks = Marks::writes().long();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*", "project:*"]);
    const ARGUMENT_ALIASES: &'static [(&'static str, &'static str)] =
        &[("outputFormat", "format"), ("output_format", "format"), ("outputDir", "output_dir")];
    const EXAMPLES: &'static [&'static str] =
        &[r#"{"inputs": ["photos/*.jpg"], "format": "webp", "output_dir": "web", "resize": {"width": 1600}}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let (job, jobs, places) = self.prepare(input).await?;
        let total = places.len() as u64;
        let mut working = stream::iter(places).map(|place| job.clone().convert(place)).buffered(jobs);
        let mut results = Vec::new();
        while let Some(converted) = working.next().await {
            results.push(converted);
            call.progress(results.len() as u64, Some(total), &results[results.len() - 1].input);
        }
        summary(results)
    }

    async fn plan(&self, input: Input, _: &Call) -> Result<Vec<String>, Failure> {
        let (job, _, places) = self.prepare(input).await?;
        let step = |place: &Place| format!("convert `{}` to {}", place.display(), job.format.name());
        Ok(places.iter().map(step).collect())
    }
}

impl BatchConvert {
    async fn prepare(&self, input: Input) -> Result<(Job, usize, Vec<Place>), Failure> {
        let studio = self.0.clone();
        let jobs = match input.jobs {
            None => studio::jobs(),
            Some(jobs) => match usize::try_from(jobs) {
                Ok(jobs @ 1..=JOBS_MAX) => jobs,
                _ => return Err(Failure::invalid("jobs", format!("`jobs` must be from 1 to {JOBS_MAX}, not {jobs}"))),
            },
        };
        let folder = match &input.output_dir {
            Some(folder) => Some(studio.roots.place("output_dir", folder)?),
            None => None,
        };
        let job = Job {
            format: input.format.into(),
            folder,
            quality: arguments::quality(input.quality)?,
            room: input.resize.map(room).transpose()?,
            overwrite: input.overwrite,
            studio: studio.clone(),
        };
        let places = workbench::aside(move |stop| places(&studio, &input.inputs, stop)).await?;
        Ok((job, jobs, places))
    }
}

fn room(size: Size) -> Result<Room, Failure> {
    let pixels = |field, length: Option<i64>| length.map(|length| arguments::side(field, length)).transpose();
    let (width, height) = (pixels("resize.width", size.width)?, pixels("resize.height", size.height)?);
    if width.is_none() && height.is_none() {
        let problem = "`resize` has neither `width` nor `height`";
        return Err(Failure::invalid("resize", problem).hint("give one of them, or leave `resize` out"));
    }
    Ok(Room { width, height, fit: size.fit, upscale: size.upscale })
}

/// The files that are meant, each once.
fn places(studio: &Studio, inputs: &[String], stop: &workbench::Stop) -> Result<Vec<Place>, Failure> {
    let (mut places, mut seen) = (Vec::new(), HashSet::new());
    for input in inputs {
        let found = if pattern::is_pattern(input) {
            pattern::files(&studio.roots, input, stop)?
        } else {
            vec![studio.roots.place("inputs", input)?]
        };
        places.extend(found.into_iter().filter(|place| seen.insert(place.path().to_owned())));
        if places.len() > BATCH_MAX {
            let failure = Failure::new(Code::TooLarge, format!("`inputs` names more than {BATCH_MAX} files"));
            return Err(Failure { field: Some("inputs".to_owned()), ..failure.hint("make several calls") });
        }
    }
    if places.is_empty() {
        let failure = Failure::new(Code::NotFound, "`inputs` names no file");
        return Err(Failure {
            field: Some("inputs".to_owned()),
            ..failure.hint("list the folder to see what is there")
        });
    }
    Ok(places)
}

impl Job {
    async fn convert(self, place: Place) -> Converted {
        let input = place.display();
        match self.attempt(place).await {
            Ok((output, size, saved)) => {
                Converted { input, output: Some(output), ok: true, error: None, size: Some(size), saved }
            }
            Err(failure) => {
                let Failure { code, message, hint, .. } = failure;
                let error = Some(Refusal { code: code.as_str(), message, hint });
                Converted { input, output: None, ok: false, error, size: None, saved: 0 }
            }
        }
    }

    async fn attempt(self, place: Place) -> Result<(String, u64, i64), Failure> {
        let desk = self.studio.desk().await?;
        let source = desk.open_place(place).await?;
        let output = match &self.folder {
            Some(folder) => {
                let stem = source.path_buf().file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let path = folder.path().join(format!("{stem}.{}", self.format.extension()));
                Some(path.to_string_lossy().into_owned())
            }
            None => None,
        };
        let target = Target::of(desk.roots(), output.as_deref(), &source, "", self.format, self.overwrite)?;
        let own = (source.header.width, source.header.height);
        let plan = self.room.map(|room| room.plan(own)).transpose().map_err(|error| source.refuse(error))?;
        let encoding = Encoding { quality: self.quality, ..Encoding::new(self.format) };
        let size = plan.map_or(own, |plan| plan.scaled);
        let (before, path) = (source.size(), source.path());
        let background = if self.format.has_alpha() { Colour::TRANSPARENT } else { Colour::WHITE };
        let task = Task { desk, source, target, encoding, step: String::new(), size };
        let saved = task
            .change(move |picture, _| match &plan {
                Some(plan) => {
                    let resized = picture.map(|pixels| resize::apply(&pixels, plan, background));
                    resized.map_err(|error| error.at("inputs", &path))
                }
                None => Ok(picture),
            })
            .await?;
        Ok((saved.output_path, saved.size, before as i64 - saved.size as i64))
    }
}

fn summary(results: Vec<Converted>) -> Result<Output, Failure> {
    let done = results.iter().filter(|converted| converted.ok).count();
    let failed = results.len() - done;
    if let (0, Some(error)) = (done, results.iter().find_map(|converted| converted.error.clone())) {
        let text = format!("none of {failed} pictures could be converted; the first: {}", error.message);
        let failure = Failure::new(Code::GraphicsError, text).hint(error.hint);
        return Err(failure.details(json!({"results": results})));
    }
    let saved_bytes = results.iter().map(|converted| converted.saved).sum();
    let message = match failed {
        0 => format!("converted {done} pictures"),
        failed => format!("converted {done} pictures; {failed} could not be"),
    };
    Ok(Output { results, done, failed, saved_bytes, message })
}
