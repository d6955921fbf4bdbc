//! One request and the head of its answer over HTTP/1.1, on a connection that was kept or a new one.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::dial::Dialer;
use crate::kept::{Host, Sender};
use crate::{Answer, Error, Sent, Target, unix};

/// Sends the request. A kept connection may turn out to be closed before the first byte is written; then the next one
/// is tried, and in the end a new one. Nothing is repeated once it may have left.
pub(crate) async fn exchange(
    dialer: &Dialer,
    host: &Arc<Host>,
    target: &Target,
    mut request: Request<Full<Bytes>>,
) -> Result<Response<Answer>, Error> {
    loop {
        let kept = host.take();
        let is_kept = kept.is_some();
        let mut sender = match kept {
            Some(sender) => sender,
            // Boxed, because it is rare and callers are not to carry it.
            None => Box::pin(connect(dialer, target)).await?,
        };
        match sender.try_send_request(request).await {
            Ok(answer) => return Ok(answer.map(|body| Answer::leased(body, host.clone(), sender))),
            Err(mut failure) => match failure.take_message() {
                Some(unsent) if is_kept => request = unsent,
                unsent => {
                    let sent = if unsent.is_some() { Sent::No } else { Sent::Maybe };
                    return Err(Error::from_http1(failure.into_error(), sent, target));
                }
            },
        }
    }
}

async fn connect(dialer: &Dialer, target: &Target) -> Result<Sender, Error> {
    if let Some(socket) = target.socket() {
        return shake_hands(unix::connect(dialer, socket).await?, target).await;
    }
    let (host, port) = target.host_and_port();
    shake_hands(dialer.dial(host, port).await?, target).await
}

/// HTTP/1.1 begins without a word; all that is done is to give the connection a task of its own.
async fn shake_hands<Stream>(stream: Stream, target: &Target) -> Result<Sender, Error>
where
    Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let handshake = http1::handshake(TokioIo::new(stream)).await;
    let (sender, connection) = handshake.map_err(|error| Error::from_http1(error, Sent::No, target))?;
    // Whoever waits for an answer hears of an error; with nobody waiting it is the end of a kept connection.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
