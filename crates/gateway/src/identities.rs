//! Who a request is of. A token is hashed once and looked up by a keyed hash of its digest, so that an unknown one and a
//! wrong one take the same time, and nobody outside can choose where the look-up ends. Tokens and hashes are never logged.

use std::{collections::HashMap, sync::Arc};

use config::Config;
use sha2::{Digest, Sha256};
use traffic::{Rate, TooOften};

use crate::{
    pipeline::limit::uptime_ms,
    principal::{Lasting, Principal, Proof, Remote, Visitor},
    seals::random,
    wrong_tokens::WrongTokens,
};

type Hash = [u8; 32];

/// The scheme of the only header that proves who somebody is.
const SCHEME: &str = "Bearer";

/// All who may call.
#[derive(Debug)]
pub struct Identities {
    local: Arc<Principal>,
    node: Arc<Principal>,
    /// Whether this machine may call without a token.
    is_open_here: bool,
    /// Known to this process only.
    key: [u8; 32],
    by_token: HashMap<Hash, Arc<Principal>>,
    wrong: Arc<WrongTokens>,
    /// How often one address may show tokens that are not valid.
    wrong_rate: Rate,
}

/// Nobody who may call. What the caller learns is only whether it showed a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    /// A token is needed, and there was none.
    #[error("a token is needed: send `Authorization: Bearer` with that of a principal")]
    NoToken,
    /// Unknown, expired, not good from there, or no token at all.
    #[error("the token is not valid")]
    Invalid,
    /// Not valid either, and too many of that kind came from there.
    #[error("the token is not valid, and too many such come from your address: wait before you send another")]
    TooOften {
        /// After how long another is looked at; at least 1.
        retry_after_ms: u64,
    },
}

impl Identities {
    /// Those of this configuration.
    pub fn new(config: &Config) -> Self {
        Self::with(config, random(), Arc::default(), |_| Lasting::new(&config.limits))
    }

    /// Those of a changed configuration; who stays keeps what lasts.
    pub fn changed(&self, config: &Config) -> Self {
        let fresh = || Lasting::new(&config.limits);
        let known = |name: &str| self.named(name).map_or_else(fresh, |known| known.lasting.under(&config.limits));
        Self::with(config, self.key, self.wrong.clone(), known)
    }

    fn with(config: &Config, key: [u8; 32], wrong: Arc<WrongTokens>, lasting: impl Fn(&str) -> Lasting) -> Self {
        let configured =
            config.principals.iter().filter_map(|(name, one)| Principal::configured(name, one, lasting(name)));
        let wrong_per_minute = config.limits.wrong_tokens_per_minute;
        let keyed = |principal: Principal| Some((hash(&key, &principal.proof.as_ref()?.digest), Arc::new(principal)));
        Self {
            local: Arc::new(Principal::local(lasting(config::LOCAL))),
            node: Arc::new(Principal::node(lasting(config::LOCAL))),
            is_open_here: config.principals.is_empty() || config.gateway.anonymous_local,
            key,
            by_token: configured.filter_map(keyed).collect(),
            wrong,
            wrong_rate: Rate::per_minute(wrong_per_minute, wrong_per_minute),
        }
    }

    /// The node itself.
    pub fn node(&self) -> &Arc<Principal> {
        &self.node
    }

    /// Whoever calls from this machine without a token.
    pub fn local(&self) -> &Arc<Principal> {
        &self.local
    }

    /// Whoever started this process and talks to it over stdin and stdout.
    pub fn parent(&self) -> Visitor {
        Visitor { principal: self.local.clone(), remote: Remote::Parent }
    }

    /// The principal of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Principal>> {
        if name == config::LOCAL {
            return Some(&self.local);
        }
        self.by_token.values().find(|principal| *principal.name == *name)
    }

    /// The principal of this name, as long as its token is good.
    pub fn valid(&self, name: &str, now_s: u64) -> Option<&Arc<Principal>> {
        let is_valid = |proof: &Proof| proof.expires_at_s.is_none_or(|end| now_s < end);
        self.named(name).filter(|principal| principal.proof.as_ref().is_none_or(is_valid))
    }

    /// The principal of a request with this `Authorization`. Where there are no principals, the header is not ours to read; where
    /// there is no token, nobody asks what time it is.
    pub fn identify(
        &self,
        authorization: Option<&[u8]>,
        remote: Remote,
        now_s: impl FnOnce() -> u64,
    ) -> Result<Arc<Principal>, Unauthorized> {
        let Some(authorization) = authorization.filter(|_| !self.by_token.is_empty()) else {
            return self.without_token(remote);
        };
        let found = match bearer(authorization) {
            Some(token) => self.with_digest(&Sha256::digest(token).into(), remote, now_s()),
            None => Err(Refused::Unknown),
        };
        found.map_err(|refused| self.count(&refused, remote))
    }

    /// Counts a token that is not valid. What was wrong with one of a known principal stands in the log, until it is too often.
    fn count(&self, refused: &Refused, remote: Remote) -> Unauthorized {
        match (self.wrong.count(remote, self.wrong_rate, uptime_ms()), refused) {
            (Err(TooOften { retry_after_ms }), _) => Unauthorized::TooOften { retry_after_ms },
            (Ok(()), Refused::Of(principal, reason)) => {
                tracing::warn!(principal = &*principal.name, %remote, reason, "a token was refused");
                Unauthorized::Invalid
            }
            (Ok(()), Refused::Unknown) => Unauthorized::Invalid,
        }
    }

    /// Who the visitor is now: its principal may have been changed, or taken away, since it came.
    pub fn recall(&self, visitor: &Visitor, now_s: u64) -> Result<Arc<Principal>, Unauthorized> {
        match &visitor.principal.proof {
            Some(proof) => self
                .with_digest(&proof.digest, visitor.remote, now_s)
                .map_err(|refused| self.count(&refused, visitor.remote)),
            None => self.without_token(visitor.remote),
        }
    }

    fn without_token(&self, remote: Remote) -> Result<Arc<Principal>, Unauthorized> {
        let is_open = self.is_open_here && remote.is_this_machine();
        if is_open || remote == Remote::Parent { Ok(self.local.clone()) } else { Err(Unauthorized::NoToken) }
    }

    fn with_digest(&self, digest: &Hash, remote: Remote, now_s: u64) -> Result<Arc<Principal>, Refused> {
        let found = self.by_token.get(&hash(&self.key, digest)).ok_or(Refused::Unknown)?;
        match found.proof.as_ref().and_then(|proof| proof.reason_against(remote, now_s)) {
            Some(reason) => Err(Refused::Of(found.clone(), reason)),
            None => Ok(found.clone()),
        }
    }
}

/// A token that is not valid, for us alone.
enum Refused {
    /// Of nobody.
    Unknown,
    /// Of somebody, and not good there and then, for this reason.
    Of(Arc<Principal>, &'static str),
}

impl Unauthorized {
    /// The value of `WWW-Authenticate` that says what is missing (RFC 6750).
    pub fn challenge(self) -> &'static str {
        match self {
            Self::NoToken => r#"Bearer realm="switchboard""#,
            Self::Invalid | Self::TooOften { .. } => r#"Bearer realm="switchboard", error="invalid_token""#,
        }
    }

    /// After how many seconds another token is looked at, if there were too many.
    pub fn retry_after_s(self) -> Option<u64> {
        match self {
            Self::TooOften { retry_after_ms } => Some(retry_after_ms.div_ceil(1_000)),
            Self::NoToken | Self::Invalid => None,
        }
    }
}

impl Proof {
    /// Why the token is not good there and then.
    fn reason_against(&self, remote: Remote, now_s: u64) -> Option<&'static str> {
        if self.expires_at_s.is_some_and(|end| end <= now_s) {
            return Some("it has expired");
        }
        let is_from_there = match remote {
            Remote::Parent | Remote::Socket => true,
            Remote::Address(address) => self.networks.iter().any(|network| network.contains(address)),
        };
        (!is_from_there).then_some("it is not good from this network")
    }
}

fn hash(key: &[u8; 32], digest: &Hash) -> Hash {
    Sha256::new().chain_update(key).chain_update(digest).finalize().into()
}

/// The token in the value of an `Authorization` header.
fn bearer(authorization: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = authorization.split_at_checked(SCHEME.len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) && token.starts_with(b" ");
    is_bearer.then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: u64 = 1_000_000_000;

    fn digest(token: &str) -> String {
        config::TokenHash::of_digest(Sha256::digest(token).into()).to_string()
    }

    fn identities(more: &str) -> Identities {
        let text = format!(
            "{more}
            [principals.ada]
            token_hash = \"{}\"
            [principals.bob]
            token_hash = \"{}\"
            networks = [\"10.0.0.0/8\"]
            expires = \"2001-09-09T01:46:41Z\"",
            digest("ada's"),
            digest("bob's"),
        );
        let loaded = config::parse(&text, "f", &|_| None);
        assert_eq!(loaded.problems, [], "{text}");
        Identities::new(&loaded.config)
    }

    #[test]
    fn nobody_is_valid_whose_token_has_expired() {
        let known = identities("");
        let name = |name, now_s| known.valid(name, now_s).map(|principal| principal.name.to_string());
        assert_eq!(name("bob", NOW_S).as_deref(), Some("bob"));
        assert_eq!(name("bob", NOW_S + 1), None);
        assert_eq!(name("ada", NOW_S + 1).as_deref(), Some("ada"));
        assert_eq!(name("local", NOW_S + 1).as_deref(), Some("local"));
        assert_eq!(name("eve", NOW_S), None);
    }

    fn at(address: &str) -> Remote {
        Remote::Address(address.parse().unwrap())
    }

    fn check(known: &Identities, header: Option<&str>, remote: Remote, expected: Result<&str, Unauthorized>) {
        let found = known.identify(header.map(str::as_bytes), remote, || NOW_S);
        let found = found.map(|principal| principal.name.to_string());
        assert_eq!(found.as_deref(), expected.as_deref(), "{header:?} {remote}");
    }

    #[test]
    fn token_says_who_somebody_is() {
        let known = identities("");
        check(&known, Some("Bearer ada's"), at("127.0.0.1"), Ok("ada"));
        check(&known, Some("bearer  ada's "), at("::1"), Ok("ada"));
        check(&known, Some("Bearer ada's"), Remote::Socket, Ok("ada"));
        check(&known, Some("Bearer bob's"), at("10.1.2.3"), Ok("bob"));
    }

    #[test]
    fn what_is_wrong_with_a_token_is_not_told() {
        let known = identities("");
        for header in ["Bearer eve's", "Bearer ", "Bearer", "Basic ada's", "ada's", "", "Bearerada's"] {
            check(&known, Some(header), at("127.0.0.1"), Err(Unauthorized::Invalid));
        }
        check(&known, Some("Bearer ada's"), at("10.1.2.3"), Err(Unauthorized::Invalid));
        check(&known, Some("Bearer bob's"), at("127.0.0.1"), Err(Unauthorized::Invalid));
        let expired = known.identify(Some(b"Bearer bob's"), at("10.1.2.3"), || NOW_S + 1);
        assert_eq!(expired.unwrap_err(), Unauthorized::Invalid);
    }

    #[test]
    fn too_many_wrong_tokens_of_one_address_have_to_wait_and_a_right_one_passes() {
        let known = identities("limits.wrong_tokens_per_minute = 2");
        for _ in 0..2 {
            check(&known, Some("Bearer eve's"), at("127.0.0.1"), Err(Unauthorized::Invalid));
        }
        let refused = known.identify(Some(b"Bearer eve's"), at("127.0.0.1"), || NOW_S).unwrap_err();
        assert!(refused.retry_after_s().is_some_and(|seconds| (1..=30).contains(&seconds)), "{refused:?}");
        check(&known, Some("Bearer ada's"), at("127.0.0.1"), Ok("ada"));
        check(&known, None, at("127.0.0.1"), Err(Unauthorized::NoToken));
        check(&known, Some("Bearer eve's"), at("127.0.0.2"), Err(Unauthorized::Invalid));
    }

    #[test]
    fn without_a_token_nobody_calls_but_the_parent() {
        let known = identities("");
        check(&known, None, at("127.0.0.1"), Err(Unauthorized::NoToken));
        check(&known, None, Remote::Socket, Err(Unauthorized::NoToken));
        check(&known, None, Remote::Parent, Ok("local"));
    }

    #[test]
    fn this_machine_needs_no_token_where_the_configuration_says_so() {
        let known = identities("gateway.anonymous_local = true");
        check(&known, None, at("127.0.0.1"), Ok("local"));
        check(&known, None, Remote::Socket, Ok("local"));
        check(&known, None, at("10.1.2.3"), Err(Unauthorized::NoToken));
        check(&known, Some("Bearer eve's"), at("127.0.0.1"), Err(Unauthorized::Invalid));
    }

    #[test]
    fn without_principals_everybody_on_this_machine_is_local_and_nobody_else_is_let_in() {
        let nobody = Identities::new(&Config::default());
        check(&nobody, None, at("127.0.0.1"), Ok("local"));
        check(&nobody, Some("Bearer anything"), Remote::Socket, Ok("local"));
        check(&nobody, None, at("10.1.2.3"), Err(Unauthorized::NoToken));
        check(&nobody, Some("Bearer anything"), at("10.1.2.3"), Err(Unauthorized::NoToken));
    }

    #[test]
    fn visitor_whose_token_is_taken_away_is_a_stranger() {
        let known = identities("");
        let visitor = |header: Option<&[u8]>, remote, known: &Identities| Visitor {
            principal: known.identify(header, remote, || NOW_S).unwrap(),
            remote,
        };
        let ada = visitor(Some(b"Bearer ada's"), at("127.0.0.1"), &known);
        assert_eq!(&*known.recall(&ada, NOW_S).unwrap().name, "ada");
        let nobody = known.changed(&Config::default());
        assert_eq!(nobody.recall(&ada, NOW_S).unwrap_err(), Unauthorized::Invalid);
        let anonymous = visitor(None, Remote::Socket, &nobody);
        assert_eq!(known.recall(&anonymous, NOW_S).unwrap_err(), Unauthorized::NoToken);
        let parent = visitor(None, Remote::Parent, &nobody);
        assert_eq!(&*known.recall(&parent, NOW_S).unwrap().name, "local");
    }
}
