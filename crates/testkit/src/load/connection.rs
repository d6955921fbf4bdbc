//! One keep-alive connection that asks the same question again and again and looks at every answer.
//! The first answer is understood in full; the later ones must have its length and the right id, where the question has one
//! answer only.

use std::io;
use std::ops::Range;

use memchr::memmem;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::ask::{self, Ask, Era, FIRST_ID, LAST_ID, Request};
use super::wire::{self, Framing, Head};
use super::{Endpoint, Error};

/// A connection, its session if the era has one, and its question.
pub struct Connection {
    endpoint: Endpoint,
    era: Era,
    ask: Ask,
    http: Http,
    session: Option<String>,
    request: Request,
    next_id: u64,
    right: Option<Right>,
}

/// The shape that every right answer has.
struct Right {
    length: usize,
    id: Range<usize>,
}

impl Connection {
    /// Connects and, in the legacy era, shakes hands.
    pub async fn open(endpoint: &Endpoint, era: Era, ask: &Ask) -> Result<Self, Error> {
        let mut http = Http::connect(endpoint).await?;
        let session = match era {
            Era::Legacy => http.shake_hands(endpoint).await?,
            Era::Modern => None,
        };
        let request = Request::render(ask, endpoint, era, session.as_deref());
        Ok(Self {
            endpoint: endpoint.clone(),
            era,
            ask: ask.clone(),
            http,
            session,
            request,
            next_id: FIRST_ID,
            right: None,
        })
    }

    /// Connects again, as if for the first time.
    pub async fn reopen(&mut self) -> Result<(), Error> {
        *self = Self::open(&self.endpoint, self.era, &self.ask).await?;
        Ok(())
    }

    /// Connects again and goes on with the same session.
    pub async fn reconnect(&mut self) -> Result<(), Error> {
        self.http = Http::connect(&self.endpoint).await?;
        Ok(())
    }

    /// The session that the handshake opened.
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Asks once; `Ok` means that the right answer came.
    pub async fn call(&mut self) -> Result<(), Error> {
        let id = self.next_id;
        self.next_id = if id == LAST_ID { FIRST_ID } else { id + 1 };
        if self.http.is_closing {
            self.reconnect().await?;
        }
        let answer = self.http.exchange(self.request.numbered(id)).await?;
        answer.succeeded()?;
        let refused = |wrong| ask::refusal(answer.message).unwrap_or(wrong);
        if let Some(right) = &self.right {
            return right.check(answer.message, id).map_err(refused);
        }
        self.ask.check(answer.message, id).map_err(refused)?;
        if self.ask.has_one_answer() {
            self.right = Some(Right::of(answer.message, id)?);
        }
        Ok(())
    }

    /// Asks once and gives the whole message of a successful answer, right or wrong.
    pub async fn answer(&mut self) -> Result<String, Error> {
        let answer = self.http.exchange(self.request.numbered(self.next_id)).await?;
        answer.succeeded()?;
        Ok(String::from_utf8_lossy(answer.message).into_owned())
    }

    /// Ends the session, if there is one.
    pub async fn close(mut self) -> Result<(), Error> {
        let Some(session) = &self.session else { return Ok(()) };
        let answer = self.http.exchange(&ask::goodbye(&self.endpoint, session)).await?;
        match answer.head.status {
            200..=299 => Ok(()),
            status => Err(Error::Wrong(format!("status {status} for the end of a session"))),
        }
    }
}

impl Right {
    fn of(answer: &[u8], id: u64) -> Result<Self, Error> {
        let start =
            memmem::find(answer, id.to_string().as_bytes()).ok_or(Error::Malformed("the id is written anew"))?;
        Ok(Self { length: answer.len(), id: start..start + 9 })
    }

    fn check(&self, answer: &[u8], id: u64) -> Result<(), Error> {
        if answer.len() != self.length {
            return Err(Error::Wrong(format!("{} bytes where the first answer had {}", answer.len(), self.length)));
        }
        let found = std::str::from_utf8(&answer[self.id.clone()]).ok().and_then(|digits| digits.parse().ok());
        if found == Some(id) { Ok(()) } else { Err(Error::Wrong(format!("the id {id} did not come back"))) }
    }
}

/// An answer as it lies in the buffers of its connection.
struct Answer<'a> {
    head: Head,
    message: &'a [u8],
}

impl Answer<'_> {
    fn succeeded(&self) -> Result<(), Error> {
        let Head { status, retry_after_s, .. } = self.head;
        let answer = || String::from_utf8_lossy(self.message).into_owned();
        match status {
            200 => Ok(()),
            408 | 429 | 503 => Err(Error::Refused { status, retry_after_s, answer: answer() }),
            _ => Err(Error::Wrong(format!("status {status}: {}", answer()))),
        }
    }
}

/// HTTP/1.1 on one stream, one request at a time.
struct Http {
    stream: TcpStream,
    /// Its last answer said that it closes.
    is_closing: bool,
    unread: Vec<u8>,
    body: Vec<u8>,
}

impl Http {
    #[expect(clippy::disallowed_methods, reason = "the load comes from outside the product, so not through `egress`")]
    async fn connect(endpoint: &Endpoint) -> Result<Self, Error> {
        let stream = TcpStream::connect(endpoint.address).await.map_err(failed("connect"))?;
        stream.set_nodelay(true).map_err(failed("connect"))?;
        Ok(Self { stream, is_closing: false, unread: Vec::with_capacity(16 * 1024), body: Vec::new() })
    }

    async fn shake_hands(&mut self, endpoint: &Endpoint) -> Result<Option<String>, Error> {
        let answer = self.exchange(&ask::initialize(endpoint)).await?;
        if answer.head.status != 200 {
            return Err(Error::Wrong(format!("status {} for the handshake", answer.head.status)));
        }
        let session = answer.head.session;
        self.exchange(&ask::initialized(endpoint, session.as_deref())).await?;
        Ok(session)
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, Error> {
        self.stream.write_all(request).await.map_err(failed("send a request"))?;
        let end = self.find(b"\r\n\r\n").await?;
        let head = wire::parse_head(&self.unread[..end])?;
        self.unread.drain(..end + 4);
        self.is_closing = head.closes;
        self.body.clear();
        match head.framing {
            Framing::Length(length) => self.take_into_body(length).await?,
            Framing::Chunked => self.take_chunks().await?,
        }
        if !self.unread.is_empty() {
            return Err(Error::Malformed("bytes after the end of an answer"));
        }
        let message = if head.is_events { wire::last_event(&self.body)? } else { &self.body[..] };
        Ok(Answer { head, message })
    }

    async fn take_chunks(&mut self) -> Result<(), Error> {
        loop {
            let end = self.find(b"\r\n").await?;
            let size = wire::parse_chunk_size(&self.unread[..end])?;
            self.unread.drain(..end + 2);
            self.take_into_body(size).await?;
            self.need(2).await?;
            self.unread.drain(..2);
            if size == 0 {
                return Ok(());
            }
        }
    }

    async fn take_into_body(&mut self, length: usize) -> Result<(), Error> {
        self.need(length).await?;
        self.body.extend_from_slice(&self.unread[..length]);
        self.unread.drain(..length);
        Ok(())
    }

    async fn find(&mut self, end: &[u8]) -> Result<usize, Error> {
        loop {
            if let Some(at) = memmem::find(&self.unread, end) {
                return Ok(at);
            }
            self.read_more().await?;
        }
    }

    async fn need(&mut self, length: usize) -> Result<(), Error> {
        self.unread.reserve(length.saturating_sub(self.unread.len()));
        while self.unread.len() < length {
            self.read_more().await?;
        }
        Ok(())
    }

    async fn read_more(&mut self) -> Result<(), Error> {
        match self.stream.read_buf(&mut self.unread).await.map_err(failed("read an answer"))? {
            0 => Err(failed("read an answer")(io::ErrorKind::UnexpectedEof.into())),
            _ => Ok(()),
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io { doing, source }
}
