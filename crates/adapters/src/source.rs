//! Where a document comes from: a file, or a URL that is fetched once, without following redirects.
//! Sizes are bounded before anything is parsed, and YAML is read under a budget of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use url::Url;

use crate::Error;
use crate::credentials::Credentials;
use crate::failure::Failure;
use crate::http::{Ask, Connection};

/// Bytes of a document: the largest public ones (of clouds and code hosts) have about 13 MB.
const DOCUMENT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Time to fetch a document.
const FETCH_LIMIT: Duration = Duration::from_secs(20);

/// The place of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file.
    File(PathBuf),
    /// An address.
    Url(Url),
}

impl Source {
    /// The place that `text` names: an `http` or `https` URL, or else a file.
    pub(crate) fn of(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::Url(url),
            _ => Self::File(text.into()),
        }
    }

    /// The address it is fetched from, if it is.
    pub(crate) fn url(&self) -> Option<&Url> {
        match self {
            Self::Url(url) => Some(url),
            Self::File(_) => None,
        }
    }

    /// Reads the document. Credentials go along, for they are meant for the same host.
    pub(crate) async fn read(&self, client: &egress::Client, credentials: &Credentials) -> Result<Value, Error> {
        let bytes = match self {
            Self::File(path) => read_file(path, DOCUMENT_BYTES_MAX).await?,
            Self::Url(url) => fetch(url, client, credentials).await?,
        };
        parse(&bytes).map_err(|source| Error::Parse { place: self.to_string(), source })
    }
}

impl std::fmt::Display for Source {
    /// Without the query, which may carry a key.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Url(url) => write!(out, "{}{}", url.origin().ascii_serialization(), url.path()),
        }
    }
}

/// The bytes of a file, if there are not too many.
pub(crate) async fn read_file(path: &Path, bytes_max: usize) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Read { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
    file.take(bytes_max as u64 + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() > bytes_max {
        return Err(Error::TooLarge { place: path.display().to_string(), bytes_max });
    }
    Ok(bytes)
}

async fn fetch(url: &Url, client: &egress::Client, credentials: &Credentials) -> Result<Vec<u8>, Error> {
    let origin = url.origin().ascii_serialization();
    let connection = Connection::new(client.clone(), &origin, credentials.clone(), DOCUMENT_BYTES_MAX);
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let failed = |source| Error::Fetch { source };
    let answer = tokio::time::timeout(FETCH_LIMIT, connection.exchange(Ask::get(&path)))
        .await
        .unwrap_or(Err(Failure::Timeout { limit: FETCH_LIMIT }))
        .map_err(failed)?;
    if !answer.status.is_success() {
        return Err(Error::Status { asked: answer.asked, status: answer.status });
    }
    Ok(answer.body.into())
}

/// JSON, or else YAML.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, serde_saphyr::Error> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(text).or_else(|_| serde_saphyr::from_slice(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_and_yaml_are_read_alike() {
        let expected = json!({ "openapi": "3.0.0", "paths": { "/a": { "get": { "responses": { "200": {} } } } } });
        let yaml = "openapi: 3.0.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n";
        assert_eq!(parse(yaml.as_bytes()).expect("it is yaml"), expected);
        assert_eq!(parse(expected.to_string().as_bytes()).expect("it is json"), expected);
    }

    #[test]
    fn yaml_that_multiplies_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let alias = format!("*a{}", level - 1);
            bomb = format!("{bomb}a{level}: &a{level} [{}]\n", vec![alias; 10].join(", "));
        }
        assert!(parse(bomb.as_bytes()).is_err());
        assert!(parse("[".repeat(10_000).as_bytes()).is_err());
    }

    #[tokio::test]
    async fn file_over_its_bound_is_refused_before_it_is_parsed() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("large.yaml");
        std::fs::write(&path, "a: 1\n".repeat(10)).expect("a file can be written");
        assert!(matches!(read_file(&path, 49).await, Err(Error::TooLarge { bytes_max: 49, .. })));
        assert_eq!(read_file(&path, 50).await.expect("it is small enough").len(), 50);
    }

    #[test]
    fn place_is_a_url_or_a_file_and_hides_its_query() {
        assert_eq!(Source::of("https://a.example/x.json?key=secret").to_string(), "https://a.example/x.json");
        assert_eq!(Source::of("docs/petstore.yaml"), Source::File("docs/petstore.yaml".into()));
        assert_eq!(Source::of("C:\\petstore.yaml"), Source::File("C:\\petstore.yaml".into()));
    }
}
