//! What we say: a command and its arguments, as an array of counted texts.

/// A command, as it goes over the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Command(Vec<u8>);

impl Command {
    /// A command of these words: its name and its arguments.
    pub fn new(words: &[&[u8]]) -> Self {
        let mut wire = Vec::with_capacity(words.iter().map(|word| word.len() + 16).sum::<usize>() + 16);
        put_count(&mut wire, b'*', words.len());
        for word in words {
            put_count(&mut wire, b'$', word.len());
            wire.extend_from_slice(word);
            wire.extend_from_slice(b"\r\n");
        }
        Self(wire)
    }

    /// The bytes to be written.
    pub(crate) fn wire(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Command {
    /// Without its words, one of which may be a password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Command({} bytes)", self.0.len())
    }
}

fn put_count(wire: &mut Vec<u8>, sign: u8, count: usize) {
    wire.push(sign);
    wire.extend_from_slice(count.to_string().as_bytes());
    wire.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_and_so_can_hold_anything() {
        let command = Command::new(&[b"SET", b"a\r\nb", b""]);
        assert_eq!(command.wire(), b"*3\r\n$3\r\nSET\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
    }
}
