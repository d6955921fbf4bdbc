//! The file that a tool writes: where it is, when it may not be written, and how it is written, whole or not at all.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;
use toolkit::{Code, Failure};
use workbench::{Place, Roots, Write, Written};

use crate::{picture::Format, studio::Source};

/// The argument that names the file.
pub(crate) const FIELD: &str = "output_path";

/// A file that is going to be written.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) place: Place,
    overwrite: bool,
}

impl Target {
    /// The file that the caller names, or one beside the source: its name, a suffix, the extension of the format.
    pub(crate) fn of(
        roots: &Roots,
        output_path: Option<&str>,
        source: &Source,
        suffix: &str,
        format: Format,
        overwrite: bool,
    ) -> Result<Self, Failure> {
        let place = if let Some(path) = output_path {
            roots.place(FIELD, path)?
        } else {
            let stem = source.place.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let extension = kept_extension(source, format);
            let path = source.place.path().with_file_name(format!("{stem}{suffix}.{extension}"));
            roots.place(FIELD, &path.to_string_lossy())?
        };
        Self { place, overwrite }.checked(source)
    }

    /// A file in a folder.
    pub(crate) fn at(place: Place, overwrite: bool) -> Result<Self, Failure> {
        let target = Self { place, overwrite };
        target.is_free()?;
        Ok(target)
    }

    fn checked(self, source: &Source) -> Result<Self, Failure> {
        if self.place.path() == source.place.path() && !self.overwrite {
            let text = format!("`{}` would overwrite the picture that is read", self.place.display());
            return Err(already(text, self.place.field()));
        }
        self.is_free()?;
        Ok(self)
    }

    fn is_free(&self) -> Result<(), Failure> {
        if !self.overwrite && self.place.exists()? {
            return Err(already(format!("`{}` exists already", self.place.display()), self.place.field()));
        }
        Ok(())
    }

    /// Writes it; what was there before is kept beside it.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<Written, Failure> {
        self.place.write(bytes, &Write { overwrite: self.overwrite, ..Write::default() })
    }

    /// Its path, for results.
    pub(crate) fn path(&self) -> String {
        self.place.display()
    }

    /// What writing it will do, for a plan.
    pub(crate) fn step(&self) -> String {
        match self.place.exists() {
            Ok(true) => format!("write `{}`, with a backup of what is there", self.path()),
            _ => format!("write `{}`", self.path()),
        }
    }
}

fn already(text: String, field: &str) -> Failure {
    let failure = Failure::new(Code::AlreadyExists, text);
    let failure = failure.hint("choose another name, or give `overwrite: true`; a backup is then made");
    Failure { field: Some(field.to_owned()), ..failure }
}

/// The source's own way to write its extension, if the format stays the same.
fn kept_extension(source: &Source, format: Format) -> String {
    let path = source.place.path();
    match path.extension() {
        Some(extension) if Format::of_name(path) == Some(format) => extension.to_string_lossy().into_owned(),
        _ => format.extension().to_owned(),
    }
}

/// The format that a file's name asks for; the given one if it asks for none.
pub(crate) fn format_of(output_path: Option<&str>, otherwise: Format) -> Result<Format, Failure> {
    let format = output_path.and_then(|path| Format::of_name(Path::new(path))).unwrap_or(otherwise);
    if format == Format::Svg {
        let failure = Failure::new(Code::NotSupported, "SVG can be read, not written");
        return Err(Failure { field: Some(FIELD.to_owned()), ..failure.hint("name a `.png` file") });
    }
    Ok(format)
}

/// A format that can be written, as callers name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Wanted {
    Png,
    Jpg,
    Jpeg,
    Webp,
    Gif,
    Bmp,
    Tiff,
    Avif,
}

impl From<Wanted> for Format {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Png => Self::Png,
            Wanted::Jpg | Wanted::Jpeg => Self::Jpeg,
            Wanted::Webp => Self::WebP,
            Wanted::Gif => Self::Gif,
            Wanted::Bmp => Self::Bmp,
            Wanted::Tiff => Self::Tiff,
            Wanted::Avif => Self::Avif,
        }
    }
}
