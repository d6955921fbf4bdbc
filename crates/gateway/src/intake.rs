//! What a peer sends us is bounded in bytes and in time. Owns the reading of whole bodies and the wait that starts no
//! clock for what is already there; which bound applies is for the caller to say.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Body;

/// A length that is only announced gets no more memory than this ahead of its bytes.
const ANNOUNCED_BYTES_MAX: usize = 1 << 20;

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// It is larger than allowed.
    TooLarge,
    /// It ended before its end.
    BrokenOff,
}

/// The whole body, if it has at most `bytes_max` bytes. One that came in a single piece is not copied.
pub async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B, bytes_max: usize) -> Result<Bytes, Spoiled> {
    let Some(first) = piece(&mut body).await? else { return Ok(Bytes::new()) };
    if body.is_end_stream() && first.len() <= bytes_max {
        return Ok(first);
    }
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX).saturating_add(first.len());
    if expected > bytes_max {
        return Err(Spoiled::TooLarge);
    }
    let mut read = Vec::with_capacity(expected.min(ANNOUNCED_BYTES_MAX));
    read.extend_from_slice(&first);
    while let Some(piece) = piece(&mut body).await? {
        if read.len() + piece.len() > bytes_max {
            return Err(Spoiled::TooLarge);
        }
        read.extend_from_slice(&piece);
    }
    Ok(read.into())
}

async fn piece<B: Body<Data = Bytes> + Unpin>(body: &mut B) -> Result<Option<Bytes>, Spoiled> {
    while !body.is_end_stream() {
        match body.frame().await {
            None => break,
            Some(Err(_)) => return Err(Spoiled::BrokenOff),
            Some(Ok(frame)) => {
                // trailers are no part of the body
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
    Ok(None)
}

/// What the future yields within the limit. As [`tokio::time::timeout`], but what is ready at once costs no timer.
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    match poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
        Poll::Ready(output) => Some(output),
        Poll::Pending => tokio::time::timeout(limit, future).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::{Full, StreamBody};
    use hyper::body::Frame;

    use super::*;

    fn pieces(pieces: &[&'static str]) -> impl Body<Data = Bytes> + Unpin + use<> {
        let frames: Vec<Result<Frame<Bytes>, std::convert::Infallible>> =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect();
        StreamBody::new(stream::iter(frames))
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_is_read_whole() {
        for body in [&["abcd"][..], &["ab", "cd"], &["a", "", "bcd"]] {
            assert_eq!(whole(pieces(body), 4).await, Ok(Bytes::from_static(b"abcd")), "{body:?}");
            assert_eq!(whole(pieces(body), 3).await, Err(Spoiled::TooLarge), "{body:?}");
        }
        assert_eq!(whole(pieces(&[]), 0).await, Ok(Bytes::new()));
    }

    #[tokio::test]
    async fn a_body_in_one_piece_is_the_piece_itself() {
        let piece = Bytes::from(vec![b'x'; 100]);
        let read = whole(Full::new(piece.clone()), 100).await.unwrap();
        assert_eq!(read.as_ptr(), piece.as_ptr());
        assert_eq!(whole(Full::new(piece), 99).await, Err(Spoiled::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn only_what_is_not_ready_meets_the_limit() {
        assert_eq!(within(Duration::ZERO, async { 1 }).await, Some(1));
        let later = tokio::time::sleep(Duration::from_secs(2));
        assert_eq!(within(Duration::from_secs(1), later).await, None);
        let sooner = tokio::time::sleep(Duration::from_secs(2));
        assert_eq!(within(Duration::from_secs(3), sooner).await, Some(()));
    }
}
