//! What a token hashes to, as `sha256:` and 64 hexadecimal digits. A token is 256 random bits, so its digest says nothing
//! of it, and one file is all that a node needs to know its callers. Making and hashing tokens is not done here.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const PREFIX: &str = "sha256:";
const DIGEST_BYTES: usize = 32;

/// The SHA-256 digest of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TokenHash([u8; DIGEST_BYTES]);

/// A text that is no hash of a token. It is not repeated, since it may be the token itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no hash of a token")]
pub struct TokenHashError;

impl TokenHash {
    /// What a hash looks like, for hints.
    pub const HINT: &str =
        "write what `switchboard principal add` or `rotate` writes: `sha256:` and 64 hexadecimal digits";

    /// The hash with this digest.
    pub fn of_digest(digest: [u8; DIGEST_BYTES]) -> Self {
        Self(digest)
    }

    /// The digest itself.
    pub fn digest(&self) -> &[u8; DIGEST_BYTES] {
        &self.0
    }
}

impl FromStr for TokenHash {
    type Err = TokenHashError;

    fn from_str(text: &str) -> Result<Self, TokenHashError> {
        let digits = text.strip_prefix(PREFIX).ok_or(TokenHashError)?;
        let is_hex = digits.len() == 2 * DIGEST_BYTES && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let mut digest = [0; DIGEST_BYTES];
        for (index, byte) in digest.iter_mut().enumerate().filter(|_| is_hex) {
            *byte = u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).map_err(|_| TokenHashError)?;
        }
        if is_hex { Ok(Self(digest)) } else { Err(TokenHashError) }
    }
}

impl TryFrom<String> for TokenHash {
    type Error = TokenHashError;

    fn try_from(text: String) -> Result<Self, TokenHashError> {
        text.parse()
    }
}

impl From<TokenHash> for String {
    fn from(hash: TokenHash) -> Self {
        hash.to_string()
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl JsonSchema for TokenHash {
    fn schema_name() -> Cow<'static, str> {
        "TokenHash".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "token-hash",
            "description": "`sha256:` and 64 hexadecimal digits.",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenHash, TokenHashError};

    #[test]
    fn hash_is_read_as_it_is_written() {
        let hash = TokenHash::of_digest(std::array::from_fn(|index| u8::try_from(index * 8).unwrap()));
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(hash.to_string().len(), 71);
    }

    #[test]
    fn token_in_the_place_of_its_hash_is_refused_and_not_repeated() {
        let digits = "0".repeat(64);
        for text in
            ["", "sha256:", "sb_secret", &digits, &format!("sha256:{digits}0"), &format!("sha256:é{}", "0".repeat(62))]
        {
            assert_eq!(text.parse::<TokenHash>(), Err(TokenHashError), "{text}");
        }
        assert!(!TokenHashError.to_string().contains("sb_secret"));
    }
}
