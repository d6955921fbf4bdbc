//! The headers of a request that somebody here looks at, found in one pass: to search the map for each of them would
//! cost more than to read the message. It owns which headers these are; what they must say is for `door` and `http`.

use http::{HeaderMap, HeaderName, HeaderValue};
use mcp::{header as names, mirrors};
use traffic::balance::Place;

use crate::pipeline::{
    told::Told,
    wishes::{self, Wishes},
};

/// One header, which may be absent or stand more than once.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Field<'h> {
    first: Option<&'h HeaderValue>,
    is_repeated: bool,
}

/// A header that stands more than once, or holds what is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unclear;

/// The headers of one request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head<'h> {
    headers: &'h HeaderMap,
    /// Bytes of all names and values with what stands between them.
    pub(super) bytes: usize,
    pub(super) host: Field<'h>,
    pub(super) origin: Field<'h>,
    pub(super) authorization: Field<'h>,
    pub(super) content_type: Field<'h>,
    pub(super) content_encoding: Field<'h>,
    pub(super) accept_encoding: Field<'h>,
    pub(super) version: Field<'h>,
    pub(super) method: Field<'h>,
    pub(super) name: Field<'h>,
    pub(super) session: Field<'h>,
    pub(super) last_event_id: Field<'h>,
    pub(super) priority: Field<'h>,
    pub(super) timeout: Field<'h>,
    pub(super) cache_control: Field<'h>,
    pub(super) idempotency_key: Field<'h>,
    pub(super) region: Field<'h>,
    /// Where whoever sent it is, by the network that it came from.
    pub(super) from: Option<&'h Place>,
    /// Whether one of the `Accept` headers allows JSON, if there is any.
    pub(super) accepts_json: Option<bool>,
    has_params: bool,
}

impl<'h> Head<'h> {
    /// Looks through all headers once.
    pub(super) fn read(headers: &'h HeaderMap) -> Self {
        const BESIDE_NAME_AND_VALUE: usize = ": \r\n".len();
        let mut head = Self::without(headers);
        for (name, value) in headers {
            let name = name.as_str();
            head.bytes += name.len() + value.len() + BESIDE_NAME_AND_VALUE;
            head.note(name, value);
        }
        head
    }

    /// What proves who sends the request; more than one proof is none.
    pub(super) fn proof(&self) -> Option<&'h [u8]> {
        let proof = self.authorization.first().map(HeaderValue::as_bytes);
        if self.authorization.is_repeated { Some(b"") } else { proof }
    }

    /// The `Mcp-Param-*` headers.
    pub(super) fn params(&self) -> Vec<(HeaderName, HeaderValue)> {
        if !self.has_params {
            return Vec::new();
        }
        let params = self.headers.iter().filter(|(name, _)| mirrors::is_param_header(name.as_str()));
        params.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// What the caller wishes for the way of the call, and a place to note what became of it.
    pub(super) fn wishes(&self) -> Result<Wishes, wishes::Unclear> {
        let text = |field: Field<'h>, name| field.text().map_err(|Unclear| wishes::Unclear::Header(name));
        let wishes = Wishes::of_headers(wishes::Headers {
            priority: text(self.priority, "X-Priority")?,
            timeout: text(self.timeout, "X-Timeout")?,
            cache: text(self.cache_control, "X-Cache-Control")?,
            idempotency_key: text(self.idempotency_key, "Idempotency-Key")?,
            region: text(self.region, "X-Region")?,
        })?;
        let place = wishes.place.or_else(|| self.from.cloned().map(Box::new));
        Ok(Wishes { place, told: Told::wanted(), ..wishes })
    }

    fn without(headers: &'h HeaderMap) -> Self {
        Self {
            headers,
            bytes: 0,
            host: Field::default(),
            origin: Field::default(),
            authorization: Field::default(),
            content_type: Field::default(),
            content_encoding: Field::default(),
            accept_encoding: Field::default(),
            version: Field::default(),
            method: Field::default(),
            name: Field::default(),
            session: Field::default(),
            last_event_id: Field::default(),
            priority: Field::default(),
            timeout: Field::default(),
            cache_control: Field::default(),
            idempotency_key: Field::default(),
            region: Field::default(),
            from: None,
            accepts_json: None,
            has_params: false,
        }
    }

    fn note(&mut self, name: &str, value: &'h HeaderValue) {
        match name {
            "host" => self.host.note(value),
            "origin" => self.origin.note(value),
            "authorization" => self.authorization.note(value),
            "content-type" => self.content_type.note(value),
            "content-encoding" => self.content_encoding.note(value),
            "accept-encoding" => self.accept_encoding.note(value),
            names::PROTOCOL_VERSION => self.version.note(value),
            names::METHOD => self.method.note(value),
            names::NAME => self.name.note(value),
            names::SESSION_ID => self.session.note(value),
            names::LAST_EVENT_ID => self.last_event_id.note(value),
            "x-priority" => self.priority.note(value),
            "x-timeout" => self.timeout.note(value),
            "x-cache-control" => self.cache_control.note(value),
            "idempotency-key" => self.idempotency_key.note(value),
            "x-region" => self.region.note(value),
            "accept" => self.accepts_json = Some(self.accepts_json == Some(true) || allows_json(value)),
            other => self.has_params |= mirrors::is_param_header(other),
        }
    }
}

impl<'h> Field<'h> {
    /// Its value; the first, if there are more.
    pub(super) fn first(self) -> Option<&'h HeaderValue> {
        self.first
    }

    /// Its text, without the space around it, if it stands once.
    pub(super) fn text(self) -> Result<Option<&'h str>, Unclear> {
        match self.first {
            None => Ok(None),
            Some(_) if self.is_repeated => Err(Unclear),
            Some(only) => only.to_str().map(|text| Some(text.trim_matches([' ', '\t']))).map_err(|_| Unclear),
        }
    }

    fn note(&mut self, value: &'h HeaderValue) {
        self.is_repeated = self.first.is_some();
        self.first = self.first.or(Some(value));
    }
}

/// Whether one of the ranges of an `Accept` header is that of JSON; clients that only take JSON get JSON.
fn allows_json(value: &HeaderValue) -> bool {
    value.as_bytes().split(|byte| *byte == b',').any(|range| {
        let range = range.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        matches!(range, b"*/*" | b"application/*" | b"application/json")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).unwrap();
        pairs.iter().map(|(name, text)| (HeaderName::from_static(name), value(text))).collect()
    }

    #[test]
    fn a_header_is_clear_when_it_stands_once_and_is_text() {
        let check = |pairs: &[(&'static str, &'static str)], expected| {
            assert_eq!(Head::read(&headers(pairs)).method.text(), expected, "{pairs:?}");
        };
        check(&[("mcp-name", "x")], Ok(None));
        check(&[("mcp-method", " ping\t")], Ok(Some("ping")));
        check(&[("mcp-method", "ping"), ("mcp-method", "ping")], Err(Unclear));
        check(&[("mcp-method", "p\u{e9}ng")], Err(Unclear));
    }

    #[test]
    fn accept_is_read_from_all_its_lines() {
        let check = |values: &[&'static str], expected| {
            let pairs: Vec<_> = values.iter().map(|value| ("accept", *value)).collect();
            assert_eq!(Head::read(&headers(&pairs)).accepts_json, expected, "{values:?}");
        };
        check(&[], None);
        check(&["text/event-stream"], Some(false));
        check(&["text/html, application/json;q=0.5"], Some(true));
        check(&["*/*"], Some(true));
        check(&["application/json", "text/html"], Some(true));
        check(&["text/html", "application/*"], Some(true));
    }

    #[test]
    fn the_size_is_that_of_the_text() {
        let text = "host: a\r\nmcp-param-x: 1\r\nother: \r\n";
        let headers = headers(&[("host", "a"), ("mcp-param-x", "1"), ("other", "")]);
        let head = Head::read(&headers);
        assert_eq!(head.bytes, text.len());
        assert_eq!(head.params().len(), 1);
    }
}
