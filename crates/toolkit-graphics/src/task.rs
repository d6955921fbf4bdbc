//! What most tools do: read one picture, make another of it, write that one. The tool says how it is made; reading, room,
//! writing and reporting are the same for all.

use toolkit::Failure;
use workbench::Stop;

use crate::{
    picture::{Encoding, Frames, Header, Picture, encode, header},
    studio::{Desk, Source},
    target::Target,
};

/// A picture on its way from one file to another.
pub(crate) struct Task {
    pub(crate) desk: Desk,
    pub(crate) source: Source,
    pub(crate) target: Target,
    pub(crate) encoding: Encoding,
    /// What will be done, for a plan.
    pub(crate) step: String,
    /// The largest size that the picture has on its way.
    pub(crate) size: (u32, u32),
}

/// A picture that was made.
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// What happened that the caller may not expect, in sentences.
    pub(crate) notes: Vec<String>,
}

/// A picture that was written.
pub(crate) struct Saved {
    pub(crate) output_path: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) size: u64,
    pub(crate) backup_path: Option<String>,
    pub(crate) message: String,
}

impl Task {
    /// The frames that the result can show.
    pub(crate) fn frames(&self) -> Frames {
        if self.encoding.format.moves() { Frames::All } else { Frames::First }
    }

    /// What would be done.
    pub(crate) fn plan(&self) -> Vec<String> {
        let Header { format, width, height, .. } = &self.source.header;
        let read = format!("read `{}` ({}, {width} × {height})", self.source.path(), format.name());
        vec![read, self.step.clone(), self.target.step()]
    }

    /// Makes the picture from the pixels of the source and writes it.
    pub(crate) async fn change(
        self,
        change: impl FnOnce(Picture, &mut Vec<String>) -> Result<Picture, Failure> + Send + 'static,
    ) -> Result<Saved, Failure> {
        let (frames, encoding) = (self.frames(), self.encoding.clone());
        self.make(move |source, stop| {
            let mut notes = Vec::new();
            let picture = change(source.decode(frames)?, &mut notes)?;
            stop.check()?;
            finish(&picture, &encoding, notes)
        })
        .await
    }

    /// Makes the picture in the tool's own way and writes it.
    pub(crate) async fn make(
        self,
        make: impl FnOnce(&Source, &Stop) -> Result<Made, Failure> + Send + 'static,
    ) -> Result<Saved, Failure> {
        let megapixels = self.source.megapixels(self.frames()) + header::megapixels(self.size.0, self.size.1);
        let stands_still = self.source.header.animated && self.frames() == Frames::First;
        let Self { desk, source, target, encoding, .. } = self;
        let room = desk.room(megapixels).await?;
        room.work(move |stop| {
            let mut result = make(&source, stop)?;
            stop.check()?;
            if stands_still {
                result.notes.insert(0, format!("{} cannot move, so it shows the first frame", encoding.format.name()));
            }
            save(&target, &result)
        })
        .await
    }
}

/// The picture as a file, with what there is to say.
pub(crate) fn finish(picture: &Picture, encoding: &Encoding, mut notes: Vec<String>) -> Result<Made, Failure> {
    let encoded = encode(picture, encoding).map_err(|error| error.of(crate::target::FIELD))?;
    notes.extend(encoded.notes);
    Ok(Made { bytes: encoded.bytes, width: picture.width(), height: picture.height(), notes })
}

/// Writes what was made.
pub(crate) fn save(target: &Target, made: &Made) -> Result<Saved, Failure> {
    let written = target.write(&made.bytes)?;
    let backup_path = written.backup_path.map(|path| path.display().to_string());
    Ok(Saved {
        output_path: target.path(),
        width: made.width,
        height: made.height,
        size: written.size,
        message: message(&target.path(), &made.notes),
        backup_path,
    })
}

/// What is said of a file that was written.
pub(crate) fn message(path: &str, notes: &[String]) -> String {
    let mut message = format!("wrote `{path}`");
    for note in notes {
        message += "; ";
        message += note;
    }
    message
}

/// By how much `now` is smaller than `before`, in percent; negative if it is larger.
pub(crate) fn saved_percent(before: u64, now: u64) -> f64 {
    let percent = (1.0 - now as f64 / before.max(1) as f64) * 100.0;
    (percent * 10.0).round() / 10.0
}
