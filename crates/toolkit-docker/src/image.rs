//! Images: what is fetched, made and sent away, with the log of it, told as progress while it goes on.

use std::collections::VecDeque;

use bollard::{
    auth::DockerCredentials,
    errors::Error,
    models::{ErrorDetail, ImageInspect, ProgressDetail},
    query_parameters::{CreateImageOptions, PushImageOptions},
};
use futures_util::{Stream, StreamExt as _};
use serde_json::json;
use toolkit::{Call, Code, Failure};

use crate::{engine::Engine, error::During as _, name::Image, shown};

/// Lines of a log that are kept, the last ones.
const LINES_MAX: usize = 200;

/// One step of something that takes long.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What happens.
    pub(crate) text: String,
    /// How far it is.
    pub(crate) progress: Option<ProgressDetail>,
    /// Why it failed.
    pub(crate) error: Option<ErrorDetail>,
}

/// Follows the steps to their end and gives the last lines; `act` is said if one fails.
pub(crate) async fn follow(
    steps: impl Stream<Item = Result<Step, Error>>,
    act: &str,
    call: &Call,
) -> Result<Vec<String>, Failure> {
    let mut steps = std::pin::pin!(steps);
    let mut log = VecDeque::new();
    while let Some(step) = steps.next().await {
        let step = match step {
            Err(Error::DockerStreamError { error }) => return Err(failed(act, &error, &log)),
            step => step.during(act)?,
        };
        if let Some(error) = step.error {
            return Err(failed(act, &error.message.unwrap_or_default(), &log));
        }
        for line in step.text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            tell(line, step.progress.as_ref(), call);
            // a layer that comes in pieces says the same again and again
            if log.back().is_none_or(|last| last != line) {
                log.push_back(shown::short(line));
            }
        }
        log.drain(..log.len().saturating_sub(LINES_MAX));
    }
    Ok(log.into())
}

fn tell(line: &str, progress: Option<&ProgressDetail>, call: &Call) {
    let bytes = |count: Option<i64>| count.and_then(|count| u64::try_from(count).ok());
    let (done, total) = progress.map_or((None, None), |progress| (bytes(progress.current), bytes(progress.total)));
    call.progress(done.unwrap_or_default(), total, line);
}

fn failed(act: &str, reason: &str, log: &VecDeque<String>) -> Failure {
    let missing = reason.contains("not found") || reason.contains("manifest unknown");
    let code = if missing { Code::NotFound } else { Code::DockerError };
    let text = format!("cannot {act}: {}", shown::short(reason.trim()));
    Failure::new(code, text).details(json!({"log": log}))
}

/// All that the engine knows of an image.
pub(crate) async fn inspect(image: &Image, engine: &Engine) -> Result<ImageInspect, Failure> {
    let inspected = engine.inspect_image(image.as_str()).await;
    inspected.during(format!("look at the image `{}`", image.as_str())).map_err(|failure| {
        if failure.code == Code::NotFound {
            failure.hint("list them with `list_images`, or fetch it with `pull_image`")
        } else {
            failure
        }
    })
}

/// Fetches an image from its registry.
pub(crate) async fn pull(image: &Image, platform: &str, engine: &Engine, call: &Call) -> Result<Vec<String>, Failure> {
    let (name, tag) = image.parts();
    let options = CreateImageOptions {
        from_image: Some(name.to_owned()),
        tag: Some(tag.to_owned()).filter(|tag| !tag.is_empty()),
        platform: platform.to_owned(),
        ..CreateImageOptions::default()
    };
    let steps = engine.create_image(Some(options), None, None).map(|step| {
        step.map(|step| {
            let text = [step.id.unwrap_or_default(), step.status.unwrap_or_default()].join(" ");
            Step { text: text.trim().to_owned(), progress: step.progress_detail, error: step.error_detail }
        })
    });
    follow(steps, &format!("pull `{}`", image.as_str()), call).await
}

/// Sends an image to its registry.
pub(crate) async fn push(image: &Image, engine: &Engine, call: &Call) -> Result<Vec<String>, Failure> {
    let (name, tag) = image.parts();
    let options = PushImageOptions { tag: Some(tag.to_owned()), ..PushImageOptions::default() };
    // engines want to be told that nobody is to be logged in
    let nobody = Some(DockerCredentials::default());
    let steps = engine.push_image(name, Some(options), nobody).map(|step| {
        step.map(|step| Step {
            text: step.status.unwrap_or_default(),
            progress: step.progress_detail,
            error: step.error_detail,
        })
    });
    follow(steps, &format!("push `{}`", image.as_str()), call).await
}

/// The digest that a registry gave, out of a log.
pub(crate) fn digest(log: &[String]) -> Option<String> {
    let word = |line: &String| line.split([' ', ',']).find(|word| word.starts_with("sha256:")).map(str::to_owned);
    log.iter().rev().filter(|line| line.to_lowercase().contains("digest")).find_map(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_stands_in_the_log() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(digest(&[line.to_owned()]).as_deref(), expected, "{line}");
        };
        check("Digest: sha256:abc", Some("sha256:abc"));
        check("1.0: digest: sha256:abc size: 527", Some("sha256:abc"));
        check("Pulling fs layer", None);
    }
}
