//! Requests in a coding, taken apart within bounds: a few bytes must not become more than the gateway would take as they
//! are, nor more work than they are worth.

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecoderParameter, Decompressor};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::StatusCode;
use hyper::body::Incoming;
use ruzstd::decoding::StreamingDecoder;
use tokio::sync::Semaphore;

use super::Coding;
use crate::{
    edge::{head::Field, http::read},
    gateway::Gateway,
};

/// How many bytes one byte may become. JSON shrinks to a tenth, or to a fiftieth where it repeats itself.
const RATIO_MAX: usize = 100;
/// As many bytes may come of any body: beneath this nobody is hurt.
const BYTES_FREE: usize = 64 * 1_024;
/// More never comes of a compressed body, whatever `limits.body_bytes_max` says.
const BYTES_MAX: usize = 64 * 1_024 * 1_024;
/// Above this, the work leaves the threads that answer others.
const BYTES_AT_ONCE: usize = 8 * 1_024;
/// The largest window of zstd over HTTP (RFC 9659).
const ZSTD_WINDOW_BYTES_MAX: u64 = 8 * 1_024 * 1_024;
/// What the decoder of brotli takes in at one time.
const BROTLI_INPUT_BYTES: usize = 4 * 1_024;
/// Bodies of brotli that are taken apart at one time: the shortest may ask for the largest window, which is 16 MiB.
const BROTLI_AT_ONCE_MAX: usize = 4;
static BROTLI_TURNS: Semaphore = Semaphore::const_new(BROTLI_AT_ONCE_MAX);

type Refused = (StatusCode, &'static str);

/// The body of a request, within the limits of size and time, as it was before it was compressed.
pub(in crate::edge) async fn body(body: Incoming, coding: Field<'_>, gateway: &Gateway) -> Result<Bytes, Refused> {
    let unknown = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content-encoding is gzip, br or zstd, or left out");
    let coding = match coding.text().map_err(|_| unknown)? {
        None | Some("identity") => None,
        Some(name) => Some(Coding::of(name).ok_or(unknown)?),
    };
    let body = read(body, gateway).await?;
    let Some(coding) = coding else { return Ok(body) };
    let limit = limit(body.len(), gateway.limits.body_bytes_max);
    if coding != Coding::Brotli && body.len() <= BYTES_AT_ONCE {
        return decode(coding, &body, limit).map_err(Spoiled::refused);
    }
    // it goes with the work, which is done even if nobody waits for it any more
    let turn = if coding == Coding::Brotli { BROTLI_TURNS.acquire().await.ok() } else { None };
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        decode(coding, &body, limit)
    });
    work.await.unwrap_or(Err(Spoiled::Broken)).map_err(Spoiled::refused)
}

/// What may come of a body of this length.
fn limit(length: usize, body_bytes_max: usize) -> usize {
    length.saturating_mul(RATIO_MAX).clamp(BYTES_FREE, BYTES_MAX).min(body_bytes_max)
}

/// Why a body cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoiled {
    /// More comes of it than may.
    Bomb,
    /// It is not what it says it is, or not all of it.
    Broken,
}

impl Spoiled {
    fn refused(self) -> Refused {
        match self {
            Self::Bomb => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "more comes of the compressed body than 100 times its length or limits.body_bytes_max",
            ),
            Self::Broken => (StatusCode::BAD_REQUEST, "the body is not compressed as content-encoding says"),
        }
    }
}

/// The bytes as they were, if they are no more than `limit`.
fn decode(coding: Coding, bytes: &[u8], limit: usize) -> Result<Bytes, Spoiled> {
    match coding {
        Coding::Gzip => bounded(MultiGzDecoder::new(bytes), limit),
        Coding::Brotli => brotli(bytes, limit),
        Coding::Zstd => {
            let mut rest = bytes;
            let frame = StreamingDecoder::new_with_max_window_size(&mut rest, ZSTD_WINDOW_BYTES_MAX);
            let decoded = bounded(frame.map_err(|_| Spoiled::Broken)?, limit)?;
            // a second frame would be lost without a word
            if rest.is_empty() { Ok(decoded) } else { Err(Spoiled::Broken) }
        }
    }
}

fn brotli(bytes: &[u8], limit: usize) -> Result<Bytes, Spoiled> {
    let mut decoder = Decompressor::new(bytes, BROTLI_INPUT_BYTES);
    // windows of up to a GiB are no part of the coding that HTTP has (RFC 7932)
    decoder.set_parameter(BrotliDecoderParameter::BROTLI_DECODER_PARAM_LARGE_WINDOW, 0);
    let whole = bounded(&mut decoder, limit)?;
    // what follows the end was not taken by the decoder, or it has it, and says so when it is asked again
    let is_all = decoder.get_ref().is_empty() && decoder.read(&mut [0]).is_ok();
    if is_all { Ok(whole) } else { Err(Spoiled::Broken) }
}

#[expect(clippy::disallowed_methods, reason = "`take` bounds it")]
fn bounded(decoder: impl Read, limit: usize) -> Result<Bytes, Spoiled> {
    let mut out = Vec::new();
    let read: io::Result<usize> = decoder.take(limit as u64 + 1).read_to_end(&mut out);
    match read {
        Err(_) => Err(Spoiled::Broken),
        Ok(length) if length > limit => Err(Spoiled::Bomb),
        Ok(_) => Ok(out.into()),
    }
}

#[cfg(test)]
mod tests {
    use brotli::enc::BrotliEncoderParams;

    use super::{super::encode::encode, *};

    #[test]
    fn what_was_compressed_comes_back() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|n| (n % 251).to_string().into_bytes()).collect();
        for coding in Coding::ALL {
            for length in [0, 1, 1_000, text.len()] {
                let encoded = encode(coding, &text[..length]).unwrap();
                assert_eq!(decode(coding, &encoded, length.max(1)).unwrap(), text[..length], "{coding:?} {length}");
            }
        }
    }

    #[test]
    fn more_than_the_limit_is_refused_before_it_is_there() {
        for coding in Coding::ALL {
            let bomb = encode(coding, &vec![b' '; 32 << 20]).unwrap();
            assert_eq!(decode(coding, &bomb, limit(bomb.len(), 8 << 20)), Err(Spoiled::Bomb), "{coding:?}");
        }
    }

    #[test]
    fn what_is_cut_changed_or_followed_by_more_is_refused() {
        let text = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}".repeat(50);
        for coding in Coding::ALL {
            let encoded = encode(coding, &text).unwrap();
            for end in 0..encoded.len() {
                assert_ne!(decode(coding, &encoded[..end], 1 << 20).as_deref(), Ok(&text[..]), "{coding:?} {end}");
            }
            let followed = [&encoded[..], b"more"].concat();
            assert_eq!(decode(coding, &followed, 1 << 20), Err(Spoiled::Broken), "{coding:?}");
            assert_eq!(decode(coding, b"{}", 1 << 20), Err(Spoiled::Broken), "{coding:?}");
        }
    }

    #[test]
    fn a_window_that_http_does_not_have_is_refused() {
        let encoded = |large_window, lgwin| {
            let mut out = Vec::new();
            let params = BrotliEncoderParams { quality: 5, large_window, lgwin, ..BrotliEncoderParams::default() };
            brotli::BrotliCompress(&mut &b"{}"[..], &mut out, &params).unwrap();
            out
        };
        assert_eq!(decode(Coding::Brotli, &encoded(false, 24), 10).as_deref(), Ok(&b"{}"[..]));
        assert_eq!(decode(Coding::Brotli, &encoded(true, 26), 10), Err(Spoiled::Broken));
    }

    #[test]
    fn limits_are_those_of_the_ratio_and_of_the_configuration() {
        assert_eq!(limit(10, 8 << 20), BYTES_FREE);
        assert_eq!(limit(10_000, 8 << 20), 1_000_000);
        assert_eq!(limit(1 << 20, 8 << 20), 8 << 20);
        assert_eq!(limit(1 << 20, 1 << 30), BYTES_MAX);
        assert_eq!(limit(usize::MAX, 1 << 20), 1 << 20);
    }
}
