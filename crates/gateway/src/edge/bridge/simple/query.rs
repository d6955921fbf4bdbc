//! What stands behind the `?` of a simple request.

use url::form_urlencoded;

use crate::edge::bridge::refusal::Refusal;

/// Tools on one page at most.
const LIMIT_MAX: usize = 1_000;
/// Characters of a search.
const SEARCH_CHARS_MAX: usize = 256;

/// What the query of a simple request says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// The bundle whose names and tools are meant.
    pub(super) bundle: Option<String>,
    /// Whether the fields of results have their earlier names.
    pub(super) camel: bool,
    /// What is looked for.
    pub(super) search: Option<String>,
    /// How many tools a page has.
    pub(super) limit: usize,
    /// How many come before this page.
    pub(super) offset: usize,
}

impl Query {
    /// Reads a query. What is not known is refused, so that a misspelt word does not pass for another request.
    pub(super) fn read(query: &str) -> Result<Self, Refusal> {
        let mut read = Self { bundle: None, camel: false, search: None, limit: LIMIT_MAX, offset: 0 };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "bundle" => read.bundle = Some(value.into_owned()),
                "compat" if value == "camel" => read.camel = true,
                "compat" => return Err(Refusal::bad("`compat` takes `camel` and nothing else")),
                "q" if value.chars().count() > SEARCH_CHARS_MAX => {
                    return Err(Refusal::bad(format!("`q` takes up to {SEARCH_CHARS_MAX} characters")));
                }
                "q" => read.search = Some(value.into_owned()).filter(|search| !search.trim().is_empty()),
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
                    read.limit = limit.ok_or_else(|| Refusal::bad(format!("`limit` is 1 to {LIMIT_MAX}")))?;
                }
                "cursor" => {
                    let wrong = "`cursor` is the `next_cursor` of the page before";
                    read.offset = value.parse().map_err(|_| Refusal::bad(wrong))?;
                }
                other => {
                    let known = "`bundle`, `compat`, `q`, `limit` and `cursor`";
                    let other: String = other.chars().filter(|letter| !letter.is_control()).take(64).collect();
                    return Err(Refusal::bad(format!("`{other}` is not known in a query: there are {known}")));
                }
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_and_the_rest_has_its_default() {
        let read = Query::read("q=list+containers&limit=10&cursor=20&bundle=work%20space&compat=camel").unwrap();
        let (bundle, search) = (Some("work space".to_owned()), Some("list containers".to_owned()));
        assert_eq!(read, Query { bundle, camel: true, search, limit: 10, offset: 20 });
        let plain = Query { bundle: None, camel: false, search: None, limit: LIMIT_MAX, offset: 0 };
        assert_eq!(Query::read("q=").unwrap(), plain);
    }

    #[test]
    fn bounds_hold_and_unknown_words_are_refused() {
        let long = format!("q={}", "a".repeat(SEARCH_CHARS_MAX + 1));
        for query in ["limit=0", "limit=1001", "limit=-1", "limit=all", "cursor=next", "compat=kebab", "Q=x", &long] {
            assert!(Query::read(query).is_err(), "{query}");
        }
    }
}
