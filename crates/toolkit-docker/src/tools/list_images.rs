//! `list_images`: the images of an engine.

use std::collections::HashMap;

use bollard::{models::ImageSummary, query_parameters::ListImagesOptions};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toolkit::{Call, Failure, Marks, Tool};

use crate::{container::short, engine::Engine, error::During as _, moment, name::Image};

/// How engines write that an image has no name.
const NONE: &str = "<none>:<none>";

/// Lists images.
pub(crate) struct ListImages;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Input {
    /// Only those without a name (`true`), or only those with one (`false`).
    dangling: Option<bool>,
    /// Only those that this names: `nginx`, or `nginx:1.27`.
    reference: Option<String>,
    /// `dangling` and `reference` in the form of earlier callers.
    filters: Option<Filters>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filters {
    /// As `dangling`.
    dangling: Option<bool>,
    /// As `reference`.
    reference: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(crate) struct Output {
    /// On this page, the newest first.
    images: Vec<Listed>,
    /// How many there are on all pages.
    total: usize,
    /// Bytes of all of them, where what they share counts for each.
    total_size: i64,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Listed {
    /// The beginning of its id.
    id: String,
    /// Its names; none if it is dangling.
    tags: Vec<String>,
    /// Its bytes.
    size: i64,
    /// When it was made, as RFC 3339 in UTC.
    created: String,
}

impl Tool for ListImages {
    type Input = Input;
    type Output = Output;

    const NAME: &'static str = "list_images";
    const ABOUT: &'static str = "Lists images with their names and sizes.";
    const MARKS: Marks = Marks::reads().idempotent().lists().connects();
    const EXAMPLES: &'static [&'static str] = &["{}", r#"{"reference": "nginx"}"#, r#"{"dangling": true}"#];

    async fn run(&self, input: Input, call: &Call) -> Result<Output, Failure> {
        let filters = input.filters()?;
        let engine = Engine::of(call).await?;
        let options = ListImagesOptions { filters: Some(filters), ..ListImagesOptions::default() };
        let mut images = engine.list_images(Some(options)).await.during("list the images")?;
        images.sort_by_key(|image| std::cmp::Reverse(image.created));
        let total_size = images.iter().map(|image| image.size).sum();
        let page = call.shared.page(images);
        let images = page.items.into_iter().map(Listed::of).collect();
        Ok(Output { images, total: page.total, total_size, next_cursor: page.next_cursor })
    }
}

impl Input {
    fn filters(&self) -> Result<HashMap<String, Vec<String>>, Failure> {
        let filters = self.filters.as_ref();
        let dangling = self.dangling.or(filters.and_then(|filters| filters.dangling));
        let reference = self.reference.as_deref().or(filters.and_then(|filters| filters.reference.as_deref()));
        let reference = reference.map(|text| Image::parse("reference", text)).transpose()?;
        let dangling = dangling.map(|dangling| ("dangling".to_owned(), vec![dangling.to_string()]));
        let reference = reference.map(|image| ("reference".to_owned(), vec![image.as_str().to_owned()]));
        Ok(dangling.into_iter().chain(reference).collect())
    }
}

impl Listed {
    fn of(image: ImageSummary) -> Self {
        Self {
            id: short(&image.id).to_owned(),
            tags: image.repo_tags.into_iter().filter(|tag| tag != NONE).collect(),
            size: image.size,
            created: moment::shown(image.created),
        }
    }
}
