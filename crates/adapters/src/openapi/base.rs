//! Where the API of a document answers.
//!
//! What the operator configured counts. Where nothing is configured, the document may name a server, but only on the
//! host it was fetched from: a document must not decide where the gateway sends its credentials.

use serde_json::Value;
use url::Url;

/// Why there is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BaseError {
    #[error("the document is a file and cannot say where the api answers; set `base_url`{}", suggestion(.0.as_deref()))]
    Unset(Option<String>),
    #[error("the document leads to `{0}`, another place than it came from; set `base_url` if that is right")]
    Elsewhere(String),
}

/// The address of the API: `configured`, or the document's first server seen from where the document came from.
pub(crate) fn base(
    configured: Option<&str>,
    fetched_from: Option<&Url>,
    document: &Value,
) -> Result<String, BaseError> {
    if let Some(configured) = configured {
        return Ok(configured.to_owned());
    }
    let server = document["servers"][0]["url"].as_str().map(|url| with_defaults(url, &document["servers"][0]));
    let Some(origin) = fetched_from else { return Err(BaseError::Unset(server)) };
    let reference = server.as_deref().unwrap_or("/");
    let mut url = origin.join(reference).map_err(|_| BaseError::Elsewhere(reference.to_owned()))?;
    if url.origin() != origin.origin() || !url.username().is_empty() {
        return Err(BaseError::Elsewhere(reference.to_owned()));
    }
    url.set_query(None);
    url.set_fragment(None);
    Ok(url.into())
}

/// The URL with the defaults of its variables.
fn with_defaults(url: &str, server: &Value) -> String {
    let variables = server["variables"].as_object().into_iter().flatten();
    variables.fold(url.to_owned(), |url, (name, variable)| {
        url.replace(&format!("{{{name}}}"), variable["default"].as_str().unwrap_or_default())
    })
}

fn suggestion(server: Option<&str>) -> String {
    server.map(|url| format!(" (the document names `{url}`)")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(configured: Option<&str>, origin: Option<&str>, server: &str) -> Result<String, BaseError> {
        let document = json!({ "servers": [{ "url": server, "variables": { "v": { "default": "v2" } } }] });
        let origin = origin.map(|origin| Url::parse(origin).expect("the url is right"));
        base(configured, origin.as_ref(), &document)
    }

    #[test]
    fn configured_base_counts() {
        let found = found(Some("https://a.example/v1"), Some("https://b.example/doc.json"), "https://evil.example");
        assert_eq!(found.as_deref(), Ok("https://a.example/v1"));
    }

    #[test]
    fn document_may_name_a_server_on_its_own_host_only() {
        let origin = Some("https://api.example/docs/openapi.json");
        for (server, expected) in [
            ("/v1", Some("https://api.example/v1")),
            ("https://api.example/{v}", Some("https://api.example/v2")),
            ("..", Some("https://api.example/")),
            ("https://evil.example/v1", None),
            ("http://api.example/v1", None),
            ("https://api.example:8443/v1", None),
            ("//evil.example", None),
            ("http://169.254.169.254/", None),
            ("file:///etc/passwd", None),
            ("https://ann@api.example/", None),
        ] {
            assert_eq!(found(None, origin, server).ok().as_deref(), expected, "{server}");
        }
    }

    #[test]
    fn file_needs_a_configured_base() {
        let error = found(None, None, "https://api.example").expect_err("a file cannot say");
        assert!(error.to_string().contains("set `base_url` (the document names `https://api.example`)"), "{error}");
    }
}
