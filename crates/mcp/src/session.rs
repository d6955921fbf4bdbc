//! The session of a legacy client, carried whole in its session id.
//! Owns what stands in it and how much may: any replica can serve it and a restart forgets nothing.
//! Sealed by `seal`; which sessions were ended early is known above.

use bytes::Bytes;

use crate::pack::{Packer, Unpacker};
use crate::seal::{KeyRing, NONCE_BYTES, Purpose, SealError, Sealable};

/// The most a session may hold: its id has to fit, in base64, into the 8 KiB that common servers
/// and proxies allow a header.
pub const SESSION_BYTES_MAX: usize = 5 * 1024;

/// What `initialize` told us of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionSeal {
    /// The session's own random name.
    pub id: [u8; 16],
    /// The protocol version that was agreed.
    pub version: String,
    /// When the session began.
    pub issued_at_unix_s: u64,
    /// The endpoint it began at; it is valid at no other.
    pub scope: String,
    /// `clientInfo`, as it came.
    pub client_info: Bytes,
    /// `capabilities` of the client, as they came.
    pub capabilities: Bytes,
}

impl SessionSeal {
    /// The session id for one principal, or an error where the client told more of itself than fits.
    pub fn session_id(
        &self,
        ring: &KeyRing,
        principal: &str,
        expires_at_unix_s: u64,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<String, SealError> {
        let bytes = self.payload().len();
        if bytes > SESSION_BYTES_MAX {
            return Err(SealError::TooLarge { bytes, limit: SESSION_BYTES_MAX });
        }
        Ok(self.seal(ring, principal, expires_at_unix_s, nonce))
    }
}

impl Sealable for SessionSeal {
    const PURPOSE: Purpose = Purpose::Session;

    fn pack(&self, packer: &mut Packer) {
        packer.put_array(self.id);
        packer.put_bytes(self.version.as_bytes());
        packer.put_u64(self.issued_at_unix_s);
        packer.put_bytes(self.scope.as_bytes());
        packer.put_bytes(&self.client_info);
        packer.put_bytes(&self.capabilities);
    }

    fn unpack(unpacker: &mut Unpacker<'_>) -> Option<Self> {
        Some(Self {
            id: unpacker.take_array()?,
            version: unpacker.take_string()?,
            issued_at_unix_s: unpacker.take_u64()?,
            scope: unpacker.take_string()?,
            client_info: Bytes::copy_from_slice(unpacker.take_bytes()?),
            capabilities: Bytes::copy_from_slice(unpacker.take_bytes()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::seal::tests::ring;

    fn session(client_info: &str) -> SessionSeal {
        SessionSeal {
            id: [3; 16],
            version: "2025-06-18".to_owned(),
            issued_at_unix_s: 1,
            scope: "/mcp".to_owned(),
            client_info: Bytes::from(client_info.to_owned()),
            capabilities: Bytes::from_static(b"{}"),
        }
    }

    #[test]
    fn a_client_that_tells_too_much_gets_no_session_id() {
        let talkative = session(&"x".repeat(SESSION_BYTES_MAX));
        let refused = talkative.session_id(&ring(), "ada", 2, [0; 24]);
        assert!(matches!(refused, Err(SealError::TooLarge { limit: SESSION_BYTES_MAX, .. })));
    }

    #[test]
    fn the_largest_session_id_fits_into_a_header() {
        let overhead = session("").payload().len();
        let largest = session(&"x".repeat(SESSION_BYTES_MAX - overhead));
        let id = largest.session_id(&ring(), "ada", 2, [0; 24]).expect("at the limit");
        assert!(id.len() < 8 * 1024 - 256, "{} bytes", id.len());
        assert_eq!(SessionSeal::open(&ring(), "ada", 1, &id), Ok(largest));
    }

    proptest! {
        #[test]
        fn a_session_comes_back_from_its_id(id in any::<[u8; 16]>(), issued_at_unix_s in any::<u64>(), text in ".{0,60}") {
            let session = SessionSeal { id, issued_at_unix_s, scope: text.clone(), ..session(&text) };
            let sealed = session.session_id(&ring(), "ada", 2, [0; 24]);
            let opened = sealed.and_then(|sealed| SessionSeal::open(&ring(), "ada", 1, &sealed));
            prop_assert_eq!(opened, Ok(session));
        }
    }
}
