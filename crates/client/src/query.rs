//! Queries of requests, of which only what is said is written.

use url::form_urlencoded::Serializer;

/// A query of those of these words that have a value.
pub(crate) fn of<const N: usize>(words: [(&str, Option<&str>); N]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(words.into_iter().filter_map(|(key, value)| Some((key, value?))));
    query.finish()
}
