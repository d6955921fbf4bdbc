//! Protocol revisions and the two eras they belong to.

/// A side of the break of 2026-07-28.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// Handshake, sessions, requests from server to client.
    Legacy,
    /// Stateless; every request carries version and capabilities.
    Modern,
}

/// A revision that we serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP+SSE.
    V2024_11_05,
    /// Streamable HTTP, batches.
    V2025_03_26,
    /// Structured results, elicitation.
    V2025_06_18,
    /// Core tasks, URL elicitation.
    V2025_11_25,
    /// Stateless.
    V2026_07_28,
}

impl Version {
    /// All served revisions, newest first.
    pub const SERVED: [Self; 5] =
        [Self::V2026_07_28, Self::V2025_11_25, Self::V2025_06_18, Self::V2025_03_26, Self::V2024_11_05];
    /// The newest revision with a handshake.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;
    /// The newest revision.
    pub const LATEST: Self = Self::V2026_07_28;

    /// The date that names it on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision of this date, if it is served.
    pub fn parse(text: &str) -> Option<Self> {
        Self::SERVED.into_iter().find(|version| version.as_str() == text)
    }

    /// The era it belongs to.
    pub fn era(self) -> Era {
        if self >= Self::V2026_07_28 { Era::Modern } else { Era::Legacy }
    }

    /// What a handshake is answered with: the asked revision if it is a legacy one that we serve, else our newest legacy one.
    pub fn negotiate(asked: &str) -> Self {
        Self::parse(asked).filter(|version| version.era() == Era::Legacy).unwrap_or(Self::LATEST_LEGACY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_never_yields_a_modern_version() {
        let check = |asked, expected| assert_eq!(Version::negotiate(asked), expected, "{asked}");
        check("2024-11-05", Version::V2024_11_05);
        check("2025-11-25", Version::V2025_11_25);
        check("2026-07-28", Version::V2025_11_25);
        check("2099-01-01", Version::V2025_11_25);
        check("", Version::V2025_11_25);
    }
}
