//! A message as an envelope over its own bytes: which kind it is, where its id, method and routed members stand.
//! Nothing is decoded and nothing is copied; what the gateway does not need to change stays as it came.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::{
    Invalid, ScanLimits,
    keys::{ErrorKey, Members, Meta, Param, ResultKey, Top},
    method::Method,
    scan::Scanner,
    span::Span,
    state::arguments_digest,
};

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A method with an id: wants an answer.
    Request,
    /// A method without an id: wants none.
    Notification,
    /// An answer that succeeded.
    Result,
    /// An answer that failed.
    Error,
}

/// One JSON-RPC message and the places of what matters in it. A clone shares them.
#[derive(Clone, Debug)]
pub struct Envelope(Arc<Layout>);

#[derive(Debug)]
struct Layout {
    bytes: Bytes,
    kind: Kind,
    id: Span,
    method: Span,
    known_method: Method,
    /// The members of `params`; absent when there are none or when they are an array.
    params: Members<18>,
    meta: Members<17>,
    result: Members<23>,
    error: Members<3>,
    top: Members<6>,
    /// What `arguments` mean, once somebody has wanted to know.
    arguments: OnceLock<Option<[u8; 32]>>,
}

impl Envelope {
    /// Reads one message. Batches are refused here; see [`crate::batch`].
    pub fn parse(bytes: &Bytes, limits: ScanLimits) -> Result<Self, Invalid> {
        let mut scanner = Scanner::new(bytes, limits)?;
        match scanner.peek() {
            Some(b'{') => {}
            Some(b'[') => return Err(check_rest(scanner, Invalid::Batch)),
            _ => return Err(check_rest(scanner, Invalid::NotAnObject)),
        }
        let mut layout = Arc::new(Layout::empty(bytes));
        // Written where it stays, because it is large to move.
        let written = Arc::get_mut(&mut layout).expect("nobody else has it yet");
        written.scan(&mut scanner)?;
        scanner.end()?;
        written.classify()?;
        Ok(Self(layout))
    }

    /// The kind of this message.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// All bytes of the message, as they came.
    pub fn bytes(&self) -> &Bytes {
        &self.0.bytes
    }

    /// The id token, quotes included if it is a string.
    pub fn id(&self) -> Option<&[u8]> {
        self.0.id.of(&self.0.bytes)
    }

    /// Where the id token stands.
    pub fn id_span(&self) -> Span {
        self.0.id
    }

    /// The method without its quotes; empty for an answer.
    pub fn method(&self) -> &str {
        if self.0.known_method != Method::Other {
            return self.0.known_method.as_str();
        }
        let token = self.0.method.of(&self.0.bytes).unwrap_or(br#""""#);
        std::str::from_utf8(&token[1..token.len() - 1]).unwrap_or_default()
    }

    /// The method, if it is one that we know; [`Method::Other`] for any other and for an answer.
    pub fn known_method(&self) -> Method {
        self.0.known_method
    }

    /// Where the method token stands, quotes included.
    pub fn method_span(&self) -> Span {
        self.0.method
    }

    /// The raw `params`.
    pub fn params(&self) -> Option<&[u8]> {
        self.0.top.get(Top::Params).value.of(&self.0.bytes)
    }

    /// Where `params` stands.
    pub fn params_span(&self) -> Span {
        self.0.top.get(Top::Params).value
    }

    /// The place of a member of `params`.
    pub fn param(&self, key: Param) -> Span {
        self.0.params.get(key).value
    }

    /// The raw token of a member of `params`.
    pub fn param_raw(&self, key: Param) -> Option<&[u8]> {
        self.param(key).of(&self.0.bytes)
    }

    /// What `arguments` mean, as [`arguments_digest`] has it; nothing where they could be read in two ways. Those that are
    /// absent are empty. It is found out once for all clones.
    pub fn arguments_digest(&self) -> Option<[u8; 32]> {
        let digest = || arguments_digest(self.param_raw(Param::Arguments).unwrap_or(b"{}")).ok();
        *self.0.arguments.get_or_init(digest)
    }

    /// A string member of `params` that contains no escapes, without its quotes.
    pub fn param_text(&self, key: Param) -> Option<&str> {
        self.text(self.param(key))
    }

    /// The members of `params`, for splicing.
    pub fn params_members(&self) -> &Members<18> {
        &self.0.params
    }

    /// The members of `params._meta`, or of `result._meta` in an answer, for splicing.
    pub fn meta_members(&self) -> &Members<17> {
        &self.0.meta
    }

    /// The raw token of a member of `_meta`.
    pub fn meta_raw(&self, key: Meta) -> Option<&[u8]> {
        self.0.meta.get(key).value.of(&self.0.bytes)
    }

    /// A string member of `_meta`, without its quotes.
    pub fn meta_text(&self, key: Meta) -> Option<&str> {
        self.text(self.0.meta.get(key).value)
    }

    /// The raw `result` of an answer.
    pub fn result(&self) -> Option<&[u8]> {
        self.0.top.get(Top::Result).value.of(&self.0.bytes)
    }

    /// Where `result` stands.
    pub fn result_span(&self) -> Span {
        self.0.top.get(Top::Result).value
    }

    /// The members of `result`, for splicing.
    pub fn result_members(&self) -> &Members<23> {
        &self.0.result
    }

    /// The raw token of a member of `result`.
    pub fn result_raw(&self, key: ResultKey) -> Option<&[u8]> {
        self.0.result.get(key).value.of(&self.0.bytes)
    }

    /// A string member of `result`, without its quotes.
    pub fn result_text(&self, key: ResultKey) -> Option<&str> {
        self.text(self.0.result.get(key).value)
    }

    /// The raw `error` of an answer.
    pub fn error(&self) -> Option<&[u8]> {
        self.0.top.get(Top::Error).value.of(&self.0.bytes)
    }

    /// Where `error` stands.
    pub fn error_span(&self) -> Span {
        self.0.top.get(Top::Error).value
    }

    /// The members of `error`.
    pub fn error_members(&self) -> &Members<3> {
        &self.0.error
    }

    /// The code of an error, when it is an integer that fits.
    pub fn error_code(&self) -> Option<i64> {
        let raw = self.0.error.get(ErrorKey::Code).value.of(&self.0.bytes)?;
        std::str::from_utf8(raw).ok()?.parse().ok()
    }

    /// A part of the message that shares its memory.
    pub fn slice(&self, span: Span) -> Bytes {
        self.0.bytes.slice(span.range())
    }

    /// The text between the quotes of a string token without escapes.
    fn text(&self, span: Span) -> Option<&str> {
        plain_text(span.of(&self.0.bytes)?)
    }
}

/// The text between the quotes of a string token; `None` if the token is no string or has escapes.
pub fn plain_text(token: &[u8]) -> Option<&str> {
    let inside = token.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inside).is_some() { None } else { std::str::from_utf8(inside).ok() }
}

impl Layout {
    /// A message of which nothing is known.
    fn empty(bytes: &Bytes) -> Self {
        Self {
            bytes: bytes.clone(),
            kind: Kind::Notification,
            id: Span::NONE,
            method: Span::NONE,
            known_method: Method::Other,
            params: Members::ABSENT,
            meta: Members::ABSENT,
            result: Members::ABSENT,
            error: Members::ABSENT,
            top: Members::ABSENT,
            arguments: OnceLock::new(),
        }
    }

    /// Finds the members on the top level and in the objects there that we look into; anything else is skipped as it is.
    fn scan(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Invalid> {
        const PARAMS: usize = Top::Params as usize;
        const RESULT: usize = Top::Result as usize;
        const ERROR: usize = Top::Error as usize;
        let Self { top, params, meta, result, error, .. } = self;
        top.scan::<Top>(scanner, |scanner, index| {
            if scanner.peek() != Some(b'{') {
                return Ok(None);
            }
            let span = match index {
                PARAMS => params.scan::<Param>(scanner, |s, i| meta_member(s, i == Param::Meta as usize, meta))?,
                RESULT => {
                    result.scan::<ResultKey>(scanner, |s, i| meta_member(s, i == ResultKey::Meta as usize, meta))?
                }
                ERROR => error.scan::<ErrorKey>(scanner, |_, _| Ok(None))?,
                _ => return Ok(None),
            };
            Ok(Some(span))
        })?;
        Ok(())
    }

    /// Tells from its members what the message is.
    fn classify(&mut self) -> Result<(), Invalid> {
        let value = |key: Top| self.top.get(key).value;
        if value(Top::Jsonrpc).of(&self.bytes) != Some(b"\"2.0\"") {
            return Err(Invalid::Version);
        }
        let (id, method) = (value(Top::Id), value(Top::Method));
        let answers = usize::from(value(Top::Result).is_some()) + usize::from(value(Top::Error).is_some());
        let kind = match (method.is_some(), id.is_some(), answers) {
            (true, true, 0) => Kind::Request,
            (true, false, 0) => Kind::Notification,
            (false, _, 1) if value(Top::Result).is_some() => Kind::Result,
            (false, _, 1) => Kind::Error,
            _ => return Err(Invalid::Shape),
        };
        check_id(kind, id.of(&self.bytes))?;
        if let Some(token) = method.of(&self.bytes) {
            let name = plain_text(token).filter(|name| !name.is_empty()).ok_or(Invalid::Method)?;
            self.known_method = Method::parse(name);
        }
        (self.kind, self.id, self.method) = (kind, id, method);
        Ok(())
    }
}

fn meta_member(scanner: &mut Scanner<'_>, is_meta: bool, meta: &mut Members<17>) -> Result<Option<Span>, Invalid> {
    if !is_meta || scanner.peek() != Some(b'{') {
        return Ok(None);
    }
    meta.scan::<Meta>(scanner, |_, _| Ok(None)).map(Some)
}

/// An id is a string or an integer. Error answers may go without, since their request could not be read.
fn check_id(kind: Kind, id: Option<&[u8]>) -> Result<(), Invalid> {
    const ID_BYTES_MAX: usize = 16 * 1024;
    match id {
        None if matches!(kind, Kind::Notification | Kind::Error) => Ok(()),
        Some(b"null") if kind == Kind::Error => Ok(()),
        Some(token) if token.len() > ID_BYTES_MAX => Err(Invalid::Id),
        Some([b'"', ..]) => Ok(()),
        Some(token) if is_integer(token) => Ok(()),
        _ => Err(Invalid::Id),
    }
}

/// Whether a number token is an integer in value: `7`, `-3`, `1.0`, but neither `1.5` nor `1e3`.
fn is_integer(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").unwrap_or(token);
    let whole = memchr::memchr(b'.', digits)
        .map_or(digits, |dot| if digits[dot + 1..].iter().all(|digit| *digit == b'0') { &digits[..dot] } else { &[] });
    !whole.is_empty() && whole.iter().all(u8::is_ascii_digit)
}

/// Broken JSON is the better reason than a wrong shape, so the rest is read before the shape is blamed.
fn check_rest(mut scanner: Scanner<'_>, blame: Invalid) -> Invalid {
    scanner.value().and_then(|_| scanner.end()).map_or_else(Into::into, |()| blame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Envelope, Invalid> {
        Envelope::parse(&Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default())
    }

    #[test]
    fn finds_what_a_call_is_routed_on() {
        let call = parse(
            r#" {"jsonrpc":"2.0","id":18446744073709551615,"x":1,"method":"tools/call","params":{"arguments":{"name":1},
            "name":"echo","_meta":{"progressToken":"p","io.modelcontextprotocol/protocolVersion":"2026-07-28"}}} "#,
        )
        .unwrap();
        assert_eq!(call.kind(), Kind::Request);
        assert_eq!(call.id(), Some(&b"18446744073709551615"[..]));
        assert_eq!(call.method(), "tools/call");
        assert_eq!(call.param_text(Param::Name), Some("echo"));
        assert_eq!(call.param_raw(Param::Arguments), Some(&br#"{"name":1}"#[..]));
        assert_eq!(call.meta_text(Meta::ProtocolVersion), Some("2026-07-28"));
        assert_eq!(call.meta_raw(Meta::ProgressToken), Some(&br#""p""#[..]));
    }

    #[test]
    fn tells_the_four_kinds_apart() {
        let check = |text: &str, kind| assert_eq!(parse(text).unwrap().kind(), kind, "{text}");
        check(r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#, Kind::Request);
        check(r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#, Kind::Notification);
        check(r#"{"jsonrpc":"2.0","id":1.0,"result":null}"#, Kind::Result);
        check(r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":""}}"#, Kind::Error);
        check(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":""}}"#, Kind::Error);
    }

    #[test]
    fn refuses_what_is_no_single_message() {
        let check = |text: &str, code: i32| assert_eq!(parse(text).unwrap_err().code(), code, "{text}");
        check("", -32700);
        check("[{]", -32700);
        for text in [
            "[]",
            "1",
            "null",
            r#""x""#,
            r#"{"id":1,"method":"m"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#,
            r#"{"jsonrpc":2,"id":1,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"m"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"m","result":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","Method":"b"}"#,
            r#"{"jsonrpc":"2.0","id":1,"METHOD":"b"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","paramſ":{}}"#,
            r#"{"jsonrpc":"2.0","ıd":1,"method":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"\u006dethod":"a"}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","name":"y"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"name":"x","n\u0061me":"y"}}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"progressToken":1,"progressToken":2}}}"#,
        ] {
            check(text, -32600);
        }
    }
}
