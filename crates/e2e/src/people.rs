//! Who calls: tokens of principals, and what a configuration says of whoever has one.

/// The token of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is sent.
    pub secret: &'static str,
    /// What stands in a configuration.
    pub hash: &'static str,
}

/// One of two callers that most tests are content with.
pub const ADA: Token = Token {
    secret: "sb_0804205a7761ee304119283e76ee3c7f5cc799c4a4be10cf3fcb31833b951901",
    hash: "sha256:05f8cdc77999dec914473860feed1df9b895673c62cdad9a6a3212e70a19f774",
};

/// The other one.
pub const BOB: Token = Token {
    secret: "sb_39ee92e3e1ce9bf5c8cb574a06f8e65cca3371cc012c61988036bff8d9389d22",
    hash: "sha256:8c7ff38544bce8a39fe3ed5922a667edf91b7e0a7b310f397f118d48c615cdee",
};

/// Somebody whom no configuration knows, unless a test says so.
pub const EVE: Token = Token {
    secret: "sb_67c1a990e105a0f803b8b7bb2b790cf7a9569a52e8c93faefb794e4fa3345580",
    hash: "sha256:f830d39ba60f2ed376a5428761b815d2fa3e37a8978fd1c3881401a50cd6cd58",
};

impl Token {
    /// The section of a configuration in which a principal of this name has this token, and these settings.
    pub fn of(self, name: &str, settings: &str) -> String {
        format!("[principals.{name}]\ntoken_hash = \"{}\"\n{settings}\n", self.hash)
    }

    /// The header that shows it.
    pub fn header(self) -> String {
        format!("Authorization: Bearer {}", self.secret)
    }
}

/// The sections of a configuration that knows both.
pub fn ada_and_bob() -> String {
    ADA.of("ada", "") + &BOB.of("bob", "")
}
