//! The little of HTTP/1.1 and of event streams that a load generator has to read. Pure: bytes in, meaning out.

use super::Error;

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its length.
    Length(usize),
    /// By a last, empty chunk.
    Chunked,
}

/// What matters of the head of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) framing: Framing,
    pub(super) is_events: bool,
    pub(super) session: Option<String>,
    /// The seconds of `Retry-After`.
    pub(super) retry_after_s: Option<u64>,
    /// Whether the connection is of no more use.
    pub(super) closes: bool,
}

/// Reads a head, without the empty line that ends it.
pub(super) fn parse_head(bytes: &[u8]) -> Result<Head, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Malformed("the head is not text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
    let status = status.ok_or(Error::Malformed("no status line"))?;
    let mut head = Head {
        status,
        framing: Framing::Length(0),
        is_events: false,
        session: None,
        retry_after_s: None,
        closes: false,
    };
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        head.read(name, value.trim())?;
    }
    Ok(head)
}

impl Head {
    fn read(&mut self, name: &str, value: &str) -> Result<(), Error> {
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().map_err(|_| Error::Malformed("the content length is no number"))?;
            self.framing = Framing::Length(length);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.framing = Framing::Chunked;
        } else if name.eq_ignore_ascii_case("content-type") {
            self.is_events = value.starts_with("text/event-stream");
        } else if name.eq_ignore_ascii_case("connection") {
            self.closes = value.eq_ignore_ascii_case("close");
        } else if name.eq_ignore_ascii_case("mcp-session-id") {
            self.session = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("retry-after") {
            self.retry_after_s = value.parse().ok();
        }
        Ok(())
    }
}

/// Reads the size line of a chunk.
pub(super) fn parse_chunk_size(line: &[u8]) -> Result<usize, Error> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
    let digits = std::str::from_utf8(digits).ok().map(str::trim);
    let size = digits.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    size.ok_or(Error::Malformed("the chunk size is no number"))
}

/// The last message of an event stream: the answer, after all that was told along the way.
pub(super) fn last_event(body: &[u8]) -> Result<&[u8], Error> {
    let lines = body.split(|byte| *byte == b'\n');
    let data = lines.filter_map(|line| line.strip_prefix(b"data:")).next_back();
    data.map(<[u8]>::trim_ascii).ok_or(Error::Malformed("an event stream without an event"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_whatever_the_case_of_its_names() {
        let head = parse_head(
            b"HTTP/1.1 200 OK\r\nContent-LENGTH: 12\r\nmcp-session-id: a:b\r\ncontent-type: text/event-stream",
        )
        .unwrap();
        let expected = Head {
            status: 200,
            framing: Framing::Length(12),
            is_events: true,
            session: Some("a:b".to_owned()),
            retry_after_s: None,
            closes: false,
        };
        assert_eq!(head, expected);
    }

    #[test]
    fn a_chunked_head_is_seen() {
        let head = parse_head(b"HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked").unwrap();
        assert_eq!(head.framing, Framing::Chunked);
    }

    #[test]
    fn a_connection_that_closes_says_so() {
        assert!(parse_head(b"HTTP/1.1 200 OK\r\nconnection: close").unwrap().closes);
    }

    #[test]
    fn a_head_says_when_to_come_again() {
        let seconds = |head: &[u8]| parse_head(head).unwrap().retry_after_s;
        assert_eq!(seconds(b"HTTP/1.1 503 Later\r\nRetry-After: 7"), Some(7));
        assert_eq!(seconds(b"HTTP/1.1 503 Later\r\nRetry-After: soon"), None);
    }

    #[test]
    fn what_is_not_http_is_refused() {
        for bytes in [&b""[..], b"HTTP/1.0 200 OK", b"HTTP/1.1 2", b"\xff", b"HTTP/1.1 200 OK\r\ncontent-length: x"] {
            assert!(parse_head(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn chunk_sizes_are_hexadecimal_and_may_carry_extensions() {
        assert_eq!(parse_chunk_size(b"1f;name=value").unwrap(), 31);
        assert!(parse_chunk_size(b"zz").is_err());
    }

    #[test]
    fn the_last_event_is_the_answer() {
        let body = b": hello\n\nid: 1\ndata: {\"a\":1}\n\nevent: message\r\ndata:{\"b\":2}\r\n\r\n";
        assert_eq!(last_event(body).unwrap(), b"{\"b\":2}");
        assert!(last_event(b": nothing\n\n").is_err());
    }
}
