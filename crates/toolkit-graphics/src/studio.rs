//! Where the tools work: the folders they may touch, a bounded number of desks, and room in memory for so many pixels.
//! Who finds no desk or no room waits. Pixels are worked on beside the runtime; when a call is given up, the work ends at
//! its next step and has written nothing.

use std::{path::PathBuf, sync::Arc, thread};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use toolkit::{Code, Failure};
use workbench::{Place, Roots, Stop};

use crate::{
    error::Error,
    limits::{INPUT_BYTES_MAX, JOBS_MAX, MEGAPIXELS_AT_ONCE, PIXELS_MAX},
    picture::{Frames, Header, Picture, decode},
};

/// What all tools share.
#[derive(Clone, Debug)]
pub(crate) struct Studio {
    pub(crate) roots: Roots,
    desks: Arc<Semaphore>,
    megapixels: Arc<Semaphore>,
}

/// The right to work on one thing.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    studio: Studio,
    _permit: Arc<OwnedSemaphorePermit>,
}

/// A desk with memory for its pixels.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    _desk: Desk,
    _permit: Arc<OwnedSemaphorePermit>,
}

/// A file with a picture in it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) place: Place,
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) header: Header,
}

impl Studio {
    /// A studio for these folders.
    pub(crate) fn new(roots: Roots) -> Self {
        Self {
            roots,
            desks: Arc::new(Semaphore::new(jobs())),
            megapixels: Arc::new(Semaphore::new(MEGAPIXELS_AT_ONCE as usize)),
        }
    }

    /// Waits for a desk.
    pub(crate) async fn desk(&self) -> Result<Desk, Failure> {
        let permit = self.desks.clone().acquire_owned().await.map_err(|_| closed())?;
        Ok(Desk { studio: self.clone(), _permit: Arc::new(permit) })
    }
}

/// Files that are worked on at the same time: one for each processor, so that none waits for a file.
pub(crate) fn jobs() -> usize {
    thread::available_parallelism().map_or(1, usize::from).clamp(2, JOBS_MAX)
}

fn closed() -> Failure {
    Failure::new(Code::Unavailable, "the toolkit is shutting down")
}

impl Desk {
    /// The folders it may touch.
    pub(crate) fn roots(&self) -> &Roots {
        &self.studio.roots
    }

    /// Reads the file that an argument names, and the header of the picture in it.
    pub(crate) async fn open(&self, field: &'static str, path: &str) -> Result<Source, Failure> {
        self.open_place(self.roots().place(field, path)?).await
    }

    /// The same for a place.
    pub(crate) async fn open_place(&self, place: Place) -> Result<Source, Failure> {
        let desk = self.clone();
        workbench::aside(move |stop| {
            let _desk = desk;
            let bytes = place.read(INPUT_BYTES_MAX)?;
            stop.check()?;
            let header = Header::of(&bytes, place.path()).map_err(|error| error.at(place.field(), &place.display()))?;
            Ok(Source { place, bytes: Arc::new(bytes), header })
        })
        .await
    }

    /// Waits for room for so many megapixels.
    pub(crate) async fn room(&self, megapixels: u32) -> Result<Room, Failure> {
        let wanted = megapixels.clamp(1, MEGAPIXELS_AT_ONCE);
        let permit = self.studio.megapixels.clone().acquire_many_owned(wanted).await.map_err(|_| closed())?;
        Ok(Room { _desk: self.clone(), _permit: Arc::new(permit) })
    }
}

impl Room {
    /// Works on pixels. What is begun keeps its room until it ends, even if nobody waits for it any more.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Stop) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let room = self.clone();
        workbench::aside(move |stop| {
            let _room = room;
            work(stop)
        })
        .await
    }
}

impl Source {
    /// Its path, for results.
    pub(crate) fn path(&self) -> String {
        self.place.display()
    }

    /// Its path.
    pub(crate) fn path_buf(&self) -> PathBuf {
        self.place.path().to_owned()
    }

    /// Bytes of the file.
    pub(crate) fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Megapixels that it takes in memory; how long an animation is shows only when it is decoded.
    pub(crate) fn megapixels(&self, frames: Frames) -> u32 {
        if self.header.animated && frames == Frames::All {
            return (PIXELS_MAX / 1_000_000) as u32;
        }
        self.header.megapixels()
    }

    /// Its pixels.
    pub(crate) fn decode(&self, frames: Frames) -> Result<Picture, Failure> {
        decode(&self.bytes, &self.header, frames).map_err(|error| self.refuse(error))
    }

    /// Why something did not work with it.
    pub(crate) fn refuse(&self, error: Error) -> Failure {
        error.at(self.place.field(), &self.path())
    }
}
