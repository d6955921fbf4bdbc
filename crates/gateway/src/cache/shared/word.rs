//! What nodes tell each other: that answers of a server are void. Sealed, so that nobody else learns of it or says it.

use std::sync::Arc;

use config::Glob;
use mcp::{
    pack::{Packer, Unpacker},
    seal::{KeyRing, NEVER, Purpose, open_bytes, seal_bytes},
};

use super::{
    super::{Arguments, Void},
    whereabouts::Whereabouts,
};
use crate::seals::{now_s, random};

const EVERYTHING: u8 = 0;
const TOOLS: u8 = 1;
const RESOURCE: u8 = 2;

/// A node says that answers of a server are void.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Who says it.
    pub(super) node: [u8; 8],
    /// Whose answers.
    pub(super) server: Arc<str>,
    /// Which of them; all, if nothing is said.
    pub(super) void: Option<Void>,
}

impl Word {
    pub(super) fn seal(&self, ring: &KeyRing, whereabouts: &Whereabouts) -> Vec<u8> {
        let mut packer = Packer::default();
        packer.put_array(self.node);
        packer.put_bytes(self.server.as_bytes());
        match &self.void {
            None => packer.put_array([EVERYTHING]),
            Some(Void::Resource(uri)) => {
                packer.put_array([RESOURCE]);
                packer.put_bytes(uri.as_bytes());
            }
            Some(Void::Tools(globs, arguments)) => {
                packer.put_array([TOOLS]);
                packer.put_u32(globs.len() as u32);
                for glob in &**globs {
                    packer.put_bytes(glob.as_str().as_bytes());
                }
                arguments.pack(&mut packer);
            }
        }
        seal_bytes(ring, Purpose::Void, whereabouts.root(), NEVER, random(), &packer.finish())
    }

    pub(super) fn open(ring: &KeyRing, whereabouts: &Whereabouts, sealed: &[u8]) -> Option<Self> {
        let payload = open_bytes(ring, Purpose::Void, whereabouts.root(), now_s(), sealed).ok()?;
        let mut unpacker = Unpacker::new(&payload);
        let (node, server) = (unpacker.take_array()?, unpacker.take_string()?.into());
        let void = match unpacker.take_array()? {
            [EVERYTHING] => None,
            [RESOURCE] => Some(Void::Resource(unpacker.take_string()?.into())),
            [TOOLS] => {
                let count = unpacker.take_u32()?;
                let globs = (0..count).map(|_| unpacker.take_string()?.parse().ok()).collect::<Option<Vec<Glob>>>()?;
                Some(Void::Tools(globs.into(), Arguments::unpack(&mut unpacker)?))
            }
            _ => return None,
        };
        unpacker.is_finished().then_some(Self { node, server, void })
    }
}

/// The number before a message, and the message.
pub(super) fn numbered(message: &[u8]) -> Option<(u64, &[u8])> {
    let end = message.iter().position(|byte| *byte == b' ')?;
    let number = std::str::from_utf8(&message[..end]).ok()?.parse().ok()?;
    Some((number, &message[end + 1..]))
}

#[cfg(test)]
mod tests {
    use mcp::seal::Key;

    use super::*;

    fn ring(secret: u8) -> KeyRing {
        KeyRing::new(Key::new(1, [secret; 32]), Vec::new())
    }

    #[test]
    fn what_a_node_says_is_understood_by_its_group_and_by_nobody_else() {
        let (ours, theirs) = (Whereabouts::new("a"), Whereabouts::new("b"));
        let globs: Arc<[Glob]> = ["get_*", "list"].map(|glob| glob.parse().unwrap()).into();
        for void in [None, Some(Void::Resource("file:///a".into())), Some(Void::Tools(globs, Arguments::default()))] {
            let word = Word { node: [7; 8], server: "home".into(), void };
            let sealed = word.seal(&ring(1), &ours);
            assert_eq!(Word::open(&ring(1), &ours, &sealed), Some(word));
            assert_eq!(Word::open(&ring(2), &ours, &sealed), None);
            assert_eq!(Word::open(&ring(1), &theirs, &sealed), None);
        }
    }

    #[test]
    fn a_message_without_a_number_is_none() {
        assert_eq!(numbered(b"12 ab c"), Some((12, &b"ab c"[..])));
        for text in [&b""[..], b"12", b" ab", b"x ab", b"-1 ab"] {
            assert_eq!(numbered(text), None);
        }
    }
}
