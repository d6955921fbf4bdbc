//! Why an API cannot be served as tools. Failures of single calls are [`Failure`].

use std::io;
use std::path::PathBuf;

use http::StatusCode;

use crate::failure::Failure;
use crate::openapi::{BaseError, VersionError};

/// What can go wrong between the configuration of an API and its list of tools.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A document is larger than allowed.
    #[error("`{place}` is larger than {bytes_max} bytes")]
    TooLarge {
        /// The document.
        place: String,
        /// The bytes allowed.
        bytes_max: usize,
    },
    /// The description of the API could not be fetched.
    #[error("cannot fetch the description of the api")]
    Fetch {
        /// Why not.
        source: Failure,
    },
    /// The server of the document refused it.
    #[error("{asked} answered {status}; redirects are not followed, name the address where the document is")]
    Status {
        /// Method and path.
        asked: String,
        /// The answer.
        status: StatusCode,
    },
    /// The document is neither JSON nor YAML.
    #[error("`{place}` is neither json nor yaml")]
    Parse {
        /// The document.
        place: String,
        /// What the YAML reader said.
        source: serde_saphyr::Error,
    },
    /// The document is not OpenAPI 3.
    #[error("`{place}` is not usable: {reason}")]
    Version {
        /// The document.
        place: String,
        /// What it is instead.
        reason: String,
    },
    /// The address of the API is not known.
    #[error("the address of the api is not known: {0}")]
    Base(String),
    /// Nothing became a tool.
    #[error("no operation of `{place}` became a tool; check `include` and `exclude`")]
    Empty {
        /// The description.
        place: String,
    },
    /// The API does not describe itself as it should.
    #[error("{what} cannot be understood: {reason}")]
    Description {
        /// What was asked for.
        what: &'static str,
        /// What came.
        reason: String,
    },
    /// The configured server is no API.
    #[error("it is no api: give `openapi`, `rest`, `graphql` or `grpc`")]
    NoApi,
}

impl Error {
    pub(crate) fn version(place: String, error: &VersionError) -> Self {
        Self::Version { place, reason: error.to_string() }
    }
}

impl From<BaseError> for Error {
    fn from(error: BaseError) -> Self {
        Self::Base(error.to_string())
    }
}
