//! What can go wrong with a picture, and how a caller is told: whose fault, and what to do next.

use toolkit::{Code, Failure};

use crate::{
    limits::{FRAMES_MAX, OUTPUT_BYTES_MAX, PIXELS_MAX, SIDE_MAX},
    picture::Format,
};

/// Why a picture cannot be read, changed or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The bytes are no picture.
    #[error("this is no picture but {0}")]
    NotAPicture(&'static str),
    /// The name promises another format.
    #[error("the name ends in `.{extension}`, but the content is {}", found.name())]
    WrongExtension {
        /// What the name ends in.
        extension: String,
        /// What the content is.
        found: Format,
    },
    /// The picture is incomplete or damaged.
    #[error("the {} data is cut or damaged: {reason}", format.name())]
    Damaged {
        /// What it begins as.
        format: Format,
        /// What the decoder said.
        reason: String,
    },
    /// There are more pixels than we hold.
    #[error("{width} × {height} is too large; allowed are {SIDE_MAX} pixels on a side and {} megapixels", PIXELS_MAX / 1_000_000)]
    TooManyPixels {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
    },
    /// There are more frames than we hold.
    #[error("the animation is too long; allowed are {FRAMES_MAX} frames and {} megapixels in all", PIXELS_MAX / 1_000_000)]
    TooManyFrames,
    /// The result would be too long a file.
    #[error("the result would be larger than {} MiB", OUTPUT_BYTES_MAX / 1024 / 1024)]
    TooManyBytes,
    /// An SVG is too deep or too long to be drawn.
    #[error("this SVG is too complex to be drawn: {0}")]
    TooComplex(String),
    /// The format cannot do what was asked.
    #[error("{0}")]
    Unsupported(String),
    /// The encoder gave up.
    #[error("cannot write {}: {reason}", format.name())]
    Encoding {
        /// What was to be written.
        format: Format,
        /// What the encoder said.
        reason: String,
    },
    /// It cannot be made as small as asked.
    #[error("the smallest that can be made of it has {smallest} bytes")]
    NotSmallEnough {
        /// The bytes.
        smallest: usize,
    },
    /// Nobody waits for it any more.
    #[error("the call was given up")]
    Stopped,
    /// The hidden text cannot be read back from the result.
    #[error("the hidden text did not survive the compression")]
    HiddenTextLost,
}

impl Error {
    /// As a failure that blames this argument.
    pub(crate) fn of(self, field: &str) -> Failure {
        let failure = Failure::new(self.code(), self.to_string()).hint(self.hint());
        Failure { field: Some(field.to_owned()), ..failure }
    }

    /// As a failure that blames this argument and names the file.
    pub(crate) fn at(self, field: &str, path: &str) -> Failure {
        let failure = self.of(field);
        Failure { message: format!("`{path}`: {}", failure.message), ..failure }
    }

    fn code(&self) -> Code {
        match self {
            Self::NotAPicture(_) | Self::WrongExtension { .. } | Self::Damaged { .. } => Code::InvalidInput,
            Self::TooManyPixels { .. }
            | Self::TooManyFrames
            | Self::TooManyBytes
            | Self::TooComplex(_)
            | Self::NotSmallEnough { .. } => Code::TooLarge,
            Self::Stopped => Code::Cancelled,
            Self::Unsupported(_) => Code::NotSupported,
            Self::Encoding { .. } | Self::HiddenTextLost => Code::GraphicsError,
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::NotAPicture(_) => "PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and SVG can be read",
            Self::WrongExtension { .. } => "rename the file, or convert it",
            Self::Damaged { .. } => "get the file again from where it came from",
            Self::TooManyPixels { .. } => "ask for a smaller picture",
            Self::TooManyFrames => "shorten the animation, or make it smaller",
            Self::TooManyBytes => "ask for fewer pixels or lower quality",
            Self::TooComplex(_) => "simplify it, or export it as PNG where it was made",
            Self::Unsupported(_) => "choose another format",
            Self::Encoding { .. } => "choose another format or size",
            Self::NotSmallEnough { .. } => "make it smaller with `resize_image`, or give `aggressive: true`",
            Self::Stopped => "call again if it is still wanted",
            Self::HiddenTextLost => "write PNG, or raise `quality`",
        }
    }
}
