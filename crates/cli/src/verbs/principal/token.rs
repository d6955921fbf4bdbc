//! Tokens: made here, shown once, and kept only as a hash.

use config::TokenHash;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::change::Changed;
use crate::text::{Text, Tone};
use crate::{Context, Error, Report};

/// What tokens begin with, so that scanners for secrets know one.
const PREFIX: &str = "sb_";

/// A token that nobody can guess.
pub(super) struct Token(String);

impl Token {
    /// A fresh one, of 256 random bits.
    pub(super) fn fresh() -> Self {
        let digits = gateway::seals::random::<32>().map(|byte| format!("{byte:02x}"));
        Self(PREFIX.to_owned() + &digits.concat())
    }

    /// What the configuration keeps of it.
    pub(super) fn hash(&self) -> TokenHash {
        TokenHash::of_digest(Sha256::digest(&self.0).into())
    }
}

/// A change that gave a principal a token.
#[derive(Serialize)]
struct Given<'t> {
    #[serde(flatten)]
    changed: Changed,
    token: &'t str,
}

/// Shows the change, and the token this once.
pub(super) fn show(changed: Changed, token: &Token, context: &mut Context<'_>) -> Result<(), Error> {
    context.terminal.show(&Given { changed, token: &token.0 })?;
    context.terminal.say("the token is shown this once: the configuration holds only its hash");
    Ok(())
}

impl Report for Given<'_> {
    fn text(&self) -> Text {
        Text::lines([self.changed.text(), Text::plain("token: ").and(Tone::Strong, self.token)])
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn no_two_tokens_are_alike_and_their_hash_is_what_the_gateway_makes_of_them() {
        let (one, other) = (Token::fresh(), Token::fresh());
        assert_ne!(one.0, other.0);
        assert_eq!(one.0.len(), 67);
        let hash = Token("sb_0".to_owned()).hash().to_string();
        assert_eq!(hash, "sha256:f0e01ff173b5968fca0d521784007b670ef1a9f29e5a472f93398a823025ae91");
    }
}
