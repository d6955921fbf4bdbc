//! What a caller wishes for the way of one call: how urgent it is, how long it may take, whether a kept answer will do,
//! and under which key it is one and the same when it comes again. Wishes come in headers and in `_meta`; what stands in
//! the message goes over what stands in the headers around it.

use std::time::Duration;

use mcp::{Envelope, Meta, Span};
use traffic::{
    Class,
    balance::Place,
    cache::{Demand, UnknownDemand},
};

use super::told::Told;

/// Seconds that a caller may ask for at most; more is taken for as many.
const TIMEOUT_S_MAX: u64 = 300;

/// Characters of an idempotency key.
const KEY_CHARS_MAX: usize = 255;

/// Bytes of a region and a zone.
const PLACE_BYTES_MAX: usize = 128;

/// What a caller wishes for one call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// How urgent it is.
    pub class: Option<Class>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Whether that is less than it wished for.
    pub is_timeout_cut: bool,
    /// Whether a kept answer will do.
    pub cache: Demand,
    /// Under which key it is the same call when it comes again.
    pub idempotency_key: Option<Box<str>>,
    /// Where the caller is.
    pub place: Option<Box<Place>>,
    /// Where it is noted what became of all this.
    pub told: Told,
}

/// A wish that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// The priority.
    #[error(transparent)]
    Class(#[from] traffic::UnknownClass),
    /// The timeout.
    #[error("the timeout must be a whole number of seconds from 1 to {TIMEOUT_S_MAX}")]
    Timeout,
    /// The cache.
    #[error(transparent)]
    Cache(#[from] UnknownDemand),
    /// The idempotency key.
    #[error("the idempotency key must have 1 to {KEY_CHARS_MAX} visible ASCII characters")]
    Key,
    /// The region.
    #[error("the region must be a name, or a name and a zone: `eu` or `eu/a`, at most {PLACE_BYTES_MAX} bytes")]
    Place,
    /// A header that stands twice, or holds what is no text.
    #[error("the header {0} must stand once, and hold text")]
    Header(&'static str),
}

/// The headers that hold wishes, as far as they are there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'h> {
    /// `X-Priority`.
    pub priority: Option<&'h str>,
    /// `X-Timeout`.
    pub timeout: Option<&'h str>,
    /// `X-Cache-Control`.
    pub cache: Option<&'h str>,
    /// `Idempotency-Key`.
    pub idempotency_key: Option<&'h str>,
    /// `X-Region`.
    pub region: Option<&'h str>,
}

impl Wishes {
    /// The wishes in the headers around a message.
    pub fn of_headers(headers: Headers<'_>) -> Result<Self, Unclear> {
        let wishes = Self {
            class: headers.priority.map(str::parse).transpose()?,
            cache: headers.cache.map_or(Ok(Demand::Any), str::parse)?,
            idempotency_key: headers.idempotency_key.map(key).transpose()?,
            place: headers.region.map(place).transpose()?,
            ..Self::default()
        };
        match headers.timeout {
            Some(seconds) => wishes.within(seconds),
            None => Ok(wishes),
        }
    }

    /// These wishes, and over them those in the message itself.
    pub fn and_of(mut self, request: &Envelope) -> Result<Self, Unclear> {
        let meta = request.meta_members();
        if let Some(text) = given(request, meta.get(Meta::Priority).value, Unclear::Class(traffic::UnknownClass))? {
            self.class = Some(text.parse()?);
        }
        if meta.get(Meta::TimeoutS).is_some() {
            let seconds = request.meta_raw(Meta::TimeoutS).and_then(|raw| std::str::from_utf8(raw).ok());
            self = self.within(seconds.ok_or(Unclear::Timeout)?)?;
        }
        if let Some(text) = given(request, meta.get(Meta::Cache).value, Unclear::Cache(UnknownDemand))? {
            self.cache = text.parse()?;
        }
        if let Some(text) = given(request, meta.get(Meta::IdempotencyKey).value, Unclear::Key)? {
            self.idempotency_key = Some(key(text)?);
        }
        if let Some(text) = given(request, meta.get(Meta::Region).value, Unclear::Place)? {
            self.place = Some(place(text)?);
        }
        Ok(self)
    }

    /// These wishes of a call of which nobody is told what became of it.
    pub fn untold(self) -> Self {
        Self { told: Told::default(), ..self }
    }

    /// These wishes, to be done within so many seconds.
    fn within(self, seconds: &str) -> Result<Self, Unclear> {
        match whole(seconds) {
            None | Some(0) => Err(Unclear::Timeout),
            Some(seconds) => {
                let timeout = Some(Duration::from_secs(seconds.min(TIMEOUT_S_MAX)));
                Ok(Self { timeout, is_timeout_cut: seconds > TIMEOUT_S_MAX, ..self })
            }
        }
    }
}

/// The text of a member of `_meta`, if it is there.
fn given(request: &Envelope, token: Span, unclear: Unclear) -> Result<Option<&str>, Unclear> {
    match token.of(request.bytes()) {
        None => Ok(None),
        Some(token) => mcp::plain_text(token).map(Some).ok_or(unclear),
    }
}

/// Digits and nothing else: `parse` alone would take a sign.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn key(text: &str) -> Result<Box<str>, Unclear> {
    let is_key = (1..=KEY_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_key { Ok(text.into()) } else { Err(Unclear::Key) }
}

/// `eu` or `eu/a`.
fn place(text: &str) -> Result<Box<Place>, Unclear> {
    let (region, zone) = text.split_once('/').unwrap_or((text, ""));
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if region.is_empty() || text.len() > PLACE_BYTES_MAX || !is_name(region) || !is_name(zone) {
        return Err(Unclear::Place);
    }
    Ok(Box::new(Place { region: region.to_owned(), zone: zone.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(meta: &str) -> Envelope {
        let text =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"a","_meta":{{{meta}}}}}}}"#);
        Envelope::parse(&text.into(), mcp::ScanLimits::default()).unwrap()
    }

    #[test]
    fn nothing_said_is_nothing_wished() {
        assert_eq!(Wishes::of_headers(Headers::default()).unwrap().and_of(&request("")), Ok(Wishes::default()));
    }

    #[test]
    fn the_message_goes_over_the_headers() {
        let headers = Headers { priority: Some("low"), timeout: Some("7"), ..Headers::default() };
        let meta = r#""dev.switchboard/priority":"HIGH","dev.switchboard/cache":"max-age=5","dev.switchboard/idempotency_key":"k-1""#;
        let wishes = Wishes::of_headers(headers).unwrap().and_of(&request(meta)).unwrap();
        assert_eq!(wishes.class, Some(Class::High));
        assert_eq!(wishes.timeout, Some(Duration::from_secs(7)));
        assert_eq!(wishes.cache, Demand::MaxAge(Duration::from_secs(5)));
        assert_eq!(wishes.idempotency_key.as_deref(), Some("k-1"));
    }

    #[test]
    fn a_timeout_is_1_to_300_seconds_and_more_is_taken_for_300() {
        let check = |text, expected: Result<(u64, bool), Unclear>| {
            let wishes = Wishes::of_headers(Headers { timeout: Some(text), ..Headers::default() });
            let taken = wishes.map(|wishes| (wishes.timeout.unwrap().as_secs(), wishes.is_timeout_cut));
            assert_eq!(taken, expected, "{text}");
        };
        check("1", Ok((1, false)));
        check("300", Ok((300, false)));
        check("86400", Ok((300, true)));
        for text in ["0", "abc", "", "-1", "+1", "1.5", "99999999999999999999999"] {
            check(text, Err(Unclear::Timeout));
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused_by_name() {
        let check =
            |meta: &str, expected| assert_eq!(Wishes::default().and_of(&request(meta)), Err(expected), "{meta}");
        check(r#""dev.switchboard/priority":"URGENT""#, Unclear::Class(traffic::UnknownClass));
        check(r#""dev.switchboard/priority":3"#, Unclear::Class(traffic::UnknownClass));
        check(r#""dev.switchboard/timeout_s":"7""#, Unclear::Timeout);
        check(r#""dev.switchboard/cache":"maybe""#, Unclear::Cache(UnknownDemand));
        check(r#""dev.switchboard/idempotency_key":"a b""#, Unclear::Key);
        check(r#""dev.switchboard/idempotency_key":"""#, Unclear::Key);
        check(r#""dev.switchboard/region":"eu/a/b""#, Unclear::Place);
        check(r#""dev.switchboard/region":"/a""#, Unclear::Place);
    }
}
