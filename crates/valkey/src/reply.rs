//! What we are told: the five kinds of replies of RESP 2, read from whatever has arrived. Nothing is believed of a length but
//! what is within the bounds, and nothing is allocated before it has arrived.

use bytes::{Buf, Bytes, BytesMut};

use crate::Error;

/// Bytes of a line that says a length, a number, a status or an error.
const LINE_BYTES_MAX: usize = 4 * 1024;
/// Replies in one array; we never ask for more than three.
const ITEMS_MAX: usize = 16;
/// Arrays in arrays; we never ask for any.
const DEPTH_MAX: usize = 2;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A status, mostly `OK`.
    Status(Bytes),
    /// A refusal.
    Refusal(Bytes),
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(Bytes),
    /// Nothing is there.
    Nothing,
    /// Several.
    Several(Vec<Reply>),
}

/// Why a reply could not be read: the rest has not arrived, or it is none.
enum Stop {
    Unfinished,
    Garbled(&'static str),
}

impl Reply {
    /// Takes the next reply from what has arrived, if it is all there. `bytes_max` bounds one text.
    pub(crate) fn take(arrived: &mut BytesMut, bytes_max: usize) -> Result<Option<Self>, Error> {
        let mut reader = Reader { arrived, at: 0, bytes_max };
        match reader.reply(0) {
            Ok(reply) => {
                let end = reader.at;
                arrived.advance(end);
                Ok(Some(reply))
            }
            Err(Stop::Unfinished) => Ok(None),
            Err(Stop::Garbled(reason)) => Err(Error::Garbled(reason)),
        }
    }
}

/// Reads along what has arrived.
struct Reader<'a> {
    arrived: &'a [u8],
    at: usize,
    bytes_max: usize,
}

impl<'a> Reader<'a> {
    fn reply(&mut self, depth: usize) -> Result<Reply, Stop> {
        let line = self.line()?;
        let Some((sign, line)) = line.split_first() else { return Err(Stop::Garbled("it is empty")) };
        match sign {
            b'+' => Ok(Reply::Status(Bytes::copy_from_slice(line))),
            b'-' => Ok(Reply::Refusal(Bytes::copy_from_slice(line))),
            b':' => number(line).map(Reply::Number),
            b'$' => match count(line, self.bytes_max)? {
                Some(length) => self.text(length).map(Reply::Bytes),
                None => Ok(Reply::Nothing),
            },
            b'*' if depth < DEPTH_MAX => match count(line, ITEMS_MAX)? {
                Some(items) => (0..items).map(|_| self.reply(depth + 1)).collect::<Result<_, _>>().map(Reply::Several),
                None => Ok(Reply::Nothing),
            },
            _ => Err(Stop::Garbled("it begins with an unknown sign")),
        }
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let rest = &self.arrived[self.at..];
        let Some(length) = rest.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\r') else {
            let is_endless = rest.len() >= LINE_BYTES_MAX;
            return Err(if is_endless { Stop::Garbled("a line has no end") } else { Stop::Unfinished });
        };
        self.at += length;
        self.end_of_line()?;
        Ok(&rest[..length])
    }

    fn text(&mut self, length: usize) -> Result<Bytes, Stop> {
        let text = self.arrived.get(self.at..self.at + length).ok_or(Stop::Unfinished)?;
        self.at += length;
        self.end_of_line()?;
        Ok(Bytes::copy_from_slice(text))
    }

    fn end_of_line(&mut self) -> Result<(), Stop> {
        match self.arrived.get(self.at..self.at + 2) {
            Some(b"\r\n") => {
                self.at += 2;
                Ok(())
            }
            Some(_) => Err(Stop::Garbled("a line or a text does not end where it should")),
            None => Err(Stop::Unfinished),
        }
    }
}

fn number(line: &[u8]) -> Result<i64, Stop> {
    let text = std::str::from_utf8(line).ok();
    text.and_then(|text| text.parse().ok()).ok_or(Stop::Garbled("a number is none"))
}

/// A length up to `max`; none where nothing is there.
fn count(line: &[u8], max: usize) -> Result<Option<usize>, Stop> {
    match number(line)? {
        -1 => Ok(None),
        count => {
            let count = usize::try_from(count).map_err(|_| Stop::Garbled("a length is negative"))?;
            if count > max { Err(Stop::Garbled("it is longer than we ever wrote")) } else { Ok(Some(count)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WHOLE: &[u8] = b"*3\r\n:42\r\n$5\r\na\r\nbc\r\n$-1\r\n";

    fn take(text: &[u8]) -> Result<Option<Reply>, Error> {
        Reply::take(&mut BytesMut::from(text), 10)
    }

    fn bytes(text: &'static str) -> Reply {
        Reply::Bytes(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn each_kind_of_reply_is_read() {
        let check = |text: &str, expected: Reply| assert_eq!(take(text.as_bytes()).unwrap(), Some(expected), "{text}");
        check("+OK\r\n", Reply::Status(Bytes::from_static(b"OK")));
        check("-ERR no\r\n", Reply::Refusal(Bytes::from_static(b"ERR no")));
        check(":-7\r\n", Reply::Number(-7));
        check("$0\r\n\r\n", bytes(""));
        check("$-1\r\n", Reply::Nothing);
        check("*-1\r\n", Reply::Nothing);
        let several = vec![Reply::Number(42), bytes("a\r\nbc"), Reply::Nothing];
        assert_eq!(take(WHOLE).unwrap(), Some(Reply::Several(several)));
    }

    #[test]
    fn a_reply_is_awaited_to_its_last_byte_and_the_next_one_stays() {
        for length in 0..WHOLE.len() {
            assert_eq!(take(&WHOLE[..length]).unwrap(), None, "{length} bytes");
        }
        let mut arrived = BytesMut::from(&[WHOLE, b"+OK\r\n"].concat()[..]);
        assert!(Reply::take(&mut arrived, 10).unwrap().is_some());
        assert_eq!(&arrived[..], b"+OK\r\n");
    }

    #[test]
    fn what_is_no_reply_or_longer_than_anything_of_ours_is_refused() {
        let deep = "*1\r\n".repeat(3);
        let endless = format!("+{}", "a".repeat(LINE_BYTES_MAX));
        for text in [
            "x\r\n",
            "\r\n",
            ":\r\n",
            ":1x\r\n",
            "$-2\r\n",
            "$11\r\n",
            "$1\r\nab\r\n",
            "*17\r\n",
            "+a\rb",
            &deep,
            &endless,
        ] {
            assert!(matches!(take(text.as_bytes()), Err(Error::Garbled(_))), "{text:.40}");
        }
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused_and_never_more_is_taken_than_is_there(text in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut arrived = BytesMut::from(&text[..]);
            if let Ok(None) = Reply::take(&mut arrived, 10) {
                prop_assert_eq!(&arrived[..], &text[..]);
            }
        }
    }
}
