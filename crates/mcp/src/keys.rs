//! The keys we route on, one table per object that we look into, and the rule that such a key may be spelled in
//! one way only: a second `name`, a `Name`, or a `n\u0061me` beside or instead of it is refused, because another
//! parser on the way might read it differently.

use crate::{
    Invalid, ScanError,
    scan::{Key, Scanner},
    span::{Member, Span},
};

/// Declares an enum of routed keys with their spelling.
macro_rules! keys {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each variant is named after the key it stands for")]
        pub enum $name { $($variant,)* }

        impl RoutedKey for $name {
            const TABLE: &'static [&'static str] = &[$($text,)*];
            fn index(self) -> usize { self as usize }
        }
    };
}

/// A table of keys that we look for in one kind of object.
pub trait RoutedKey: Copy {
    /// The spellings, in the order of the variants.
    const TABLE: &'static [&'static str];
    /// The place of this key in the table.
    fn index(self) -> usize;
}

keys!(
    /// Members of a message.
    Top { Jsonrpc = "jsonrpc", Id = "id", Method = "method", Params = "params", Result = "result", Error = "error", }
);
keys!(
    /// Members of `params` that decide where a message goes or who it is from.
    Param {
        Meta = "_meta", Name = "name", Arguments = "arguments", Uri = "uri", Cursor = "cursor", TaskId = "taskId",
        RequestState = "requestState", InputResponses = "inputResponses", Ref = "ref", Level = "level",
        RequestId = "requestId", ProgressToken = "progressToken", Notifications = "notifications",
        ProtocolVersion = "protocolVersion", Capabilities = "capabilities", ClientInfo = "clientInfo", Task = "task",
        ElicitationId = "elicitationId",
    }
);
keys!(
    /// Members of `_meta`.
    Meta {
        ProtocolVersion = "io.modelcontextprotocol/protocolVersion",
        ClientCapabilities = "io.modelcontextprotocol/clientCapabilities",
        ClientInfo = "io.modelcontextprotocol/clientInfo",
        LogLevel = "io.modelcontextprotocol/logLevel",
        SubscriptionId = "io.modelcontextprotocol/subscriptionId",
        ServerInfo = "io.modelcontextprotocol/serverInfo",
        ProgressToken = "progressToken",
        Traceparent = "traceparent",
        InputKey = "dev.switchboard/inputKey",
        Caller = "dev.switchboard/caller",
        RelatedTask = "io.modelcontextprotocol/related-task",
        Priority = "dev.switchboard/priority",
        TimeoutS = "dev.switchboard/timeout_s",
        Cache = "dev.switchboard/cache",
        IdempotencyKey = "dev.switchboard/idempotency_key",
        Region = "dev.switchboard/region",
        Async = "dev.switchboard/async",
    }
);
keys!(
    /// Members of `result`.
    ResultKey {
        Meta = "_meta", ResultType = "resultType", TtlMs = "ttlMs", CacheScope = "cacheScope", NextCursor = "nextCursor",
        IsError = "isError", InputRequests = "inputRequests", RequestState = "requestState", TaskId = "taskId",
        SupportedVersions = "supportedVersions", Capabilities = "capabilities", ServerInfo = "serverInfo",
        Instructions = "instructions", ProtocolVersion = "protocolVersion", Tools = "tools", Prompts = "prompts",
        Resources = "resources", ResourceTemplates = "resourceTemplates", Content = "content", Task = "task",
        Action = "action", Contents = "contents", Skills = "skills",
    }
);
keys!(
    /// Members of `error`.
    ErrorKey { Code = "code", Message = "message", Data = "data", }
);

/// Where the routed members of one object stand.
#[derive(Clone, Copy, Debug)]
pub struct Members<const N: usize> {
    /// The object itself, from `{` to `}`.
    pub span: Span,
    found: [Member; N],
}

impl<const N: usize> Members<N> {
    /// The members of an object that is not there.
    pub const ABSENT: Self = Self { span: Span::NONE, found: [Member::NONE; N] };

    /// The member with this key, or `Member::NONE`.
    pub fn get<K: RoutedKey>(&self, key: K) -> Member {
        self.found[key.index()]
    }

    /// Scans an object and notes here where the keys of `K` stand; `inside` may walk into a value instead of skipping it.
    pub(crate) fn scan<'a, K: RoutedKey>(
        &mut self,
        scanner: &mut Scanner<'a>,
        mut inside: impl FnMut(&mut Scanner<'a>, usize) -> Result<Option<Span>, Invalid>,
    ) -> Result<Span, Invalid> {
        let found = &mut self.found;
        let mut refusal = None;
        let span = scanner.object(|scanner, key| {
            let routed = match routed::<K>(key) {
                Ok(routed) => routed,
                Err(invalid) => return Err(hold(&mut refusal, invalid)),
            };
            let Some(index) = routed else { return scanner.value().map(drop) };
            if found[index].is_some() {
                return Err(hold(&mut refusal, Invalid::DuplicateKey(K::TABLE[index])));
            }
            let value = match inside(scanner, index) {
                Ok(Some(span)) => span,
                Ok(None) => scanner.value()?,
                Err(invalid) => return Err(hold(&mut refusal, invalid)),
            };
            found[index] = Member { key_start: key.start as u32, value };
            Ok(())
        });
        match (span, refusal) {
            (_, Some(invalid)) => Err(invalid),
            (Ok(span), None) => {
                self.span = span;
                Ok(span)
            }
            (Err(error), None) => Err(error.into()),
        }
    }
}

/// Keeps the richer reason while the scanner unwinds with a plain one.
fn hold(slot: &mut Option<Invalid>, invalid: Invalid) -> ScanError {
    *slot = Some(invalid);
    ScanError::TooLong
}

/// The index of `key` in the table; an error when it only looks like one of them.
fn routed<K: RoutedKey>(key: Key<'_>) -> Result<Option<usize>, Invalid> {
    if let Some(index) = K::TABLE.iter().position(|spelling| spelling.as_bytes() == key.raw) {
        return Ok(Some(index));
    }
    if key.raw.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'_') {
        return Ok(None);
    }
    match K::TABLE.iter().find(|spelling| folds_to(key.raw, spelling)) {
        Some(spelling) => Err(Invalid::TwinKey(spelling)),
        None => Ok(None),
    }
}

/// Whether `raw`, with escapes decoded and case folded, spells `key`.
fn folds_to(raw: &[u8], key: &str) -> bool {
    let mut wanted = key.chars().map(|letter| letter.to_ascii_lowercase());
    let mut folded = decoded(raw).map(fold);
    loop {
        match (wanted.next(), folded.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => {}
            _ => return false,
        }
    }
}

/// Simple case folding into ASCII: the letters outside ASCII that some language lowers or folds into it.
fn fold(letter: char) -> char {
    match letter {
        'ſ' => 's',
        'ı' | 'İ' => 'i',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

/// The characters of a key; `\uXXXX` of the basic plane is decoded, any other escape gives its letter.
fn decoded(raw: &[u8]) -> impl Iterator<Item = char> + '_ {
    let mut letters = std::str::from_utf8(raw).unwrap_or_default().chars();
    std::iter::from_fn(move || match letters.next()? {
        '\\' => match letters.next()? {
            'u' => {
                let unit = letters.by_ref().take(4).fold(0, |unit, digit| unit * 16 + digit.to_digit(16).unwrap_or(0));
                Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            other => Some(other),
        },
        plain => Some(plain),
    })
}
