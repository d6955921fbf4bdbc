//! Answers in a coding: those that are long enough to be worth it, and are there as a whole. An event is of use at once or
//! not at all, so streams stay as they are; so does what carries a secret, whose length would tell of it.

use std::io::{self, Write};

use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderName, HeaderValue, header};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::{Coding, choice::choose};
use crate::edge::{body::Answer, head::Field, http::Answered};

/// Below this, headers and effort cost more than the bytes saved.
const BYTES_MIN: usize = 1_024;
/// Above this, the work leaves the threads that answer others: it takes about a millisecond.
const BYTES_AT_ONCE: usize = 64 * 1_024;
/// Fast levels: most clients are near, and what is saved must not cost more time than it takes to send it.
const GZIP_LEVEL: u32 = 1;
const BROTLI_LEVEL: i32 = 4;
/// The window of brotli, as a power of two: its tables are set up for every answer, and most answers fit into this.
const BROTLI_WINDOW_BITS: i32 = 18;

/// What an answer that opens a session carries.
const SESSION: HeaderName = HeaderName::from_static("x-session-id");

/// The answer in the coding that the client likes best, where it is worth it.
pub(in crate::edge) async fn answered(mut response: Answered, accepted: Field<'_>) -> Answered {
    let Answer::Full(Some(whole)) = response.body() else { return response };
    if whole.len() < BYTES_MIN || response.headers().contains_key(SESSION) {
        return response;
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let Some(coding) = accepted.text().ok().flatten().and_then(choose) else { return response };
    Box::pin(encoded(response, coding)).await
}

async fn encoded(mut response: Answered, coding: Coding) -> Answered {
    let Answer::Full(Some(whole)) = response.body() else { return response };
    let whole = whole.clone();
    let shorter = if whole.len() <= BYTES_AT_ONCE {
        encode(coding, &whole)
    } else {
        let work = tokio::task::spawn_blocking(move || encode(coding, &whole));
        work.await.unwrap_or_else(|_| Err(io::Error::other("the coder has a fault")))
    };
    match shorter {
        Ok(shorter) => {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()));
            *response.body_mut() = Answer::full(shorter);
        }
        Err(error) => tracing::warn!(coding = coding.as_str(), %error, "an answer goes out as it is"),
    }
    response
}

/// The bytes in a coding.
pub(super) fn encode(coding: Coding, bytes: &[u8]) -> io::Result<Bytes> {
    Ok(match coding {
        Coding::Zstd => compress_to_vec(bytes, CompressionLevel::Fastest),
        Coding::Gzip => {
            let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(GZIP_LEVEL));
            encoder.write_all(bytes)?;
            encoder.finish()?
        }
        Coding::Brotli => {
            let mut shorter = Vec::with_capacity(bytes.len() / 4);
            brotli::BrotliCompress(&mut &*bytes, &mut shorter, &brotli(bytes.len()))?;
            shorter
        }
    }
    .into())
}

/// How brotli is told to go about so many bytes.
fn brotli(length: usize) -> BrotliEncoderParams {
    BrotliEncoderParams {
        quality: BROTLI_LEVEL,
        lgwin: BROTLI_WINDOW_BITS,
        size_hint: length,
        ..BrotliEncoderParams::default()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::edge::head::Head;

    async fn check(bytes: usize, accepted: &'static str, expected: Option<&str>) {
        let body = Bytes::from(vec![b' '; bytes]);
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
        let response = answered(Answered::new(Answer::full(body)), Head::read(&headers).accept_encoding).await;
        let coding = response.headers().get(header::CONTENT_ENCODING).map(|coding| coding.to_str().unwrap());
        assert_eq!(coding, expected, "{bytes} {accepted}");
        assert_eq!(response.headers().contains_key(header::VARY), bytes >= BYTES_MIN, "{bytes} {accepted}");
        let Answer::Full(body) = response.body() else { panic!("the answer is whole") };
        assert_eq!(body.as_ref().unwrap().len() < bytes, expected.is_some());
    }

    #[tokio::test]
    async fn answers_that_are_worth_it_are_shorter_and_the_others_as_they_are() {
        check(BYTES_MIN, "gzip", Some("gzip")).await;
        check(BYTES_MIN, "br", Some("br")).await;
        check(BYTES_AT_ONCE + 1, "zstd", Some("zstd")).await;
        check(BYTES_MIN - 1, "gzip", None).await;
        check(BYTES_MIN, "identity", None).await;
        check(BYTES_MIN, "deflate", None).await;
    }

    #[tokio::test]
    async fn what_carries_a_session_stays_as_it_is() {
        let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        let mut response = Answered::new(Answer::full(vec![b' '; BYTES_MIN].into()));
        response.headers_mut().insert(SESSION, HeaderValue::from_static("s"));
        let response = answered(response, Head::read(&headers).accept_encoding).await;
        assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
    }
}
