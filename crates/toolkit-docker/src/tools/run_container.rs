//! `run_container`: a new container, made and started.

use bollard::query_parameters::{CreateContainerOptions, RemoveContainerOptions, StartContainerOptions};
use toolkit::{Call, Code, Failure, Marks, Tool};
use workbench::Bench;

use crate::{
    container::Container,
    engine::Engine,
    error::During as _,
    image,
    name::{Image, Name},
    privilege,
    state::After,
    wish::Wish,
};

/// Runs containers.
pub(crate) struct RunContainer(pub(crate) Bench);

impl Tool for RunContainer {
    type Input = Wish;
    type Output = After;

    const NAME: &'static str = "run_container";
    const ABOUT: &'static str = "Makes a new container and starts it in the background; an image that is not there is pulled. \
        Ports are opened for this machine only, unless an address is given. Nothing that would give it the machine itself is \
        done: no privilege, no network of the machine, no folders but allowed ones, no socket of an engine.";
    const MARKS: Marks = Marks::writes().open_world().long().connects();
    const INVALIDATES: Option<&'static [&'static str]> = Some(&["*"]);
    const TIMEOUT_S: u64 = 900;
    const EXAMPLES: &'static [&'static str] = &[
        r#"{"image": "nginx:1.27", "name": "web", "ports": ["8080:80"]}"#,
        r#"{"image": "postgres:17", "name": "db", "env": {"POSTGRES_PASSWORD": "…"}, "volumes": ["db-data:/var/lib/postgresql/data"]}"#,
    ];

    async fn run(&self, input: Wish, call: &Call) -> Result<After, Failure> {
        let (image, name) = self.check(&input)?;
        let body = input.body(&self.0.roots)?;
        let engine = Engine::of(call).await?;
        match image::inspect(&image, &engine).await {
            Err(failure) if failure.code == Code::NotFound => drop(image::pull(&image, "", &engine, call).await?),
            other => drop(other?),
        }
        let act = format!("make a container of `{}`", image.as_str());
        let options = CreateContainerOptions {
            name: name.as_ref().map(|name| name.as_str().to_owned()),
            ..CreateContainerOptions::default()
        };
        let made = engine.create_container(Some(options), body).await.during(&act).map_err(taken)?;
        let made =
            Container { name: name.map_or_else(|| made.id.clone(), |name| name.as_str().to_owned()), id: made.id };
        let started = engine.start_container(&made.id, None::<StartContainerOptions>).await;
        if let Err(failure) = started.during(format!("start a container of `{}`", image.as_str())) {
            // what cannot be started is of no use, and would be in the way of the next try
            let options = RemoveContainerOptions { force: true, v: true, ..RemoveContainerOptions::default() };
            let _ = engine.remove_container(&made.id, Some(options)).await;
            return Err(failure);
        }
        if input.is_fleeting() {
            return After::of(&made, &engine, true, "it was started")
                .await
                .or_else(|failure| After::gone(&made, failure));
        }
        After::of(&made, &engine, true, "it was started").await
    }

    async fn plan(&self, input: Wish, call: &Call) -> Result<Vec<String>, Failure> {
        let (image, name) = self.check(&input)?;
        let engine = Engine::of(call).await?;
        let is_there = image::inspect(&image, &engine).await.is_ok();
        let pull = (!is_there).then(|| format!("pull the image `{}`", image.as_str()));
        let name = name.map(|name| format!(" called `{}`", name.as_str())).unwrap_or_default();
        let make = format!("make and start a container{name} of `{}`", image.as_str());
        Ok(pull.into_iter().chain([make]).collect())
    }
}

impl RunContainer {
    /// The image and the name, if nothing is wished that must not be.
    fn check(&self, input: &Wish) -> Result<(Image, Option<Name>), Failure> {
        let image = Image::parse("image", &input.image)?;
        let name = input.name.as_deref().map(|name| Name::parse("name", name)).transpose()?;
        let host = input.body(&self.0.roots)?.host_config.unwrap_or_default();
        privilege::check(&privilege::of(&host, &self.0.roots), &format!("run `{}`", image.as_str()))?;
        Ok((image, name))
    }
}

/// A conflict while a container is made is one over its name. Podman has no code for it.
fn taken(failure: Failure) -> Failure {
    if failure.code == Code::Conflict || failure.message.contains("already in use") {
        let failure = Failure { code: Code::AlreadyExists, field: Some("name".to_owned()), ..failure };
        return failure.hint("choose another name, or remove the one that has it");
    }
    failure
}
