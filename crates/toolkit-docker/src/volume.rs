//! What is in a volume, in and out. Engines show it only through a container, so one is made for the moment, never started,
//! and removed again.

use bollard::{
    body_full,
    models::{ContainerCreateBody, HostConfig},
    query_parameters::{
        CreateContainerOptions, DownloadFromContainerOptions, ListImagesOptions, RemoveContainerOptions,
        UploadToContainerOptions,
    },
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use toolkit::{Call, Code, Failure};

use crate::{container::Container, engine::Engine, error::During as _, name::Name};

/// Bytes of a volume that is taken out or put back: it is held in memory until it is whole.
pub(crate) const BYTES_MAX: usize = 256 << 20;
/// Where the container sees the volume.
const PLACE: &str = "/volume";

/// A volume that is there, seen through a container, which is gone when this is closed or dropped.
pub(crate) struct Window<'a> {
    engine: &'a Engine,
    container: Container,
    is_open: bool,
}

impl<'a> Window<'a> {
    /// Opens one.
    pub(crate) async fn open(volume: &Name, engine: &'a Engine) -> Result<Self, Failure> {
        find(volume, engine).await?;
        let body = ContainerCreateBody {
            image: Some(any_image(engine).await?),
            cmd: Some(vec!["none".to_owned()]),
            host_config: Some(HostConfig {
                binds: Some(vec![format!("{}:{PLACE}", volume.as_str())]),
                network_mode: Some("none".to_owned()),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        let made = engine.create_container(None::<CreateContainerOptions>, body).await;
        let made = made.during(format!("look into the volume `{}`", volume.as_str()))?;
        Ok(Self { engine, container: Container { name: volume.as_str().to_owned(), id: made.id }, is_open: true })
    }

    /// All that is in it, as a tar archive.
    pub(crate) async fn read(&self, call: &Call) -> Result<Vec<u8>, Failure> {
        let options = DownloadFromContainerOptions { path: format!("{PLACE}/.") };
        let mut pieces = Box::pin(self.engine.download_from_container(&self.container.id, Some(options)));
        let act = || format!("read the volume `{}`", self.container.name);
        let mut archive = Vec::new();
        while let Some(piece) = pieces.next().await.transpose().during(act())? {
            if archive.len() + piece.len() > BYTES_MAX {
                let text = format!("the volume `{}` has more than {BYTES_MAX} bytes", self.container.name);
                return Err(Failure::new(Code::TooLarge, text).hint("copy it on the engine's machine"));
            }
            archive.extend_from_slice(&piece);
            call.progress(archive.len() as u64, None, "");
        }
        Ok(archive)
    }

    /// Puts an archive into it, over what is there.
    pub(crate) async fn write(&self, archive: Vec<u8>) -> Result<(), Failure> {
        let options = UploadToContainerOptions { path: PLACE.to_owned(), ..UploadToContainerOptions::default() };
        let put =
            self.engine.upload_to_container(&self.container.id, Some(options), body_full(Bytes::from(archive))).await;
        put.during(format!("write the volume `{}`", self.container.name))
    }

    /// Takes the container away.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        let removed = self.engine.remove_container(&self.container.id, Some(forced())).await;
        self.is_open = false;
        removed.during("remove the container that showed the volume")
    }
}

impl Drop for Window<'_> {
    /// A call that is given up leaves no container either.
    fn drop(&mut self) {
        if self.is_open {
            let (engine, id) = ((**self.engine).clone(), self.container.id.clone());
            tokio::spawn(async move { engine.remove_container(&id, Some(forced())).await });
        }
    }
}

fn forced() -> RemoveContainerOptions {
    RemoveContainerOptions { force: true, ..RemoveContainerOptions::default() }
}

/// Refuses a volume that is not there; engines would make it.
pub(crate) async fn find(volume: &Name, engine: &Engine) -> Result<(), Failure> {
    let found = engine.inspect_volume(volume.as_str()).await;
    found.during(format!("look at the volume `{}`", volume.as_str())).map(drop).map_err(|failure| match failure.code {
        Code::NotFound => Failure { field: Some("name".to_owned()), ..failure }.hint("list them with `list_volumes`"),
        _ => failure,
    })
}

/// A container needs an image, whichever.
async fn any_image(engine: &Engine) -> Result<String, Failure> {
    let images = engine.list_images(None::<ListImagesOptions>).await.during("list the images")?;
    let smallest = images.into_iter().min_by_key(|image| image.size);
    smallest.map(|image| image.id).ok_or_else(|| {
        let failure = Failure::new(
            Code::DependencyMissing,
            "an engine shows a volume only through a container, and has no image",
        );
        failure.hint("pull any with `pull_image`")
    })
}
