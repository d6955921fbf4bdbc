//! One request on a connection of its own, for conversations that outgrow HTTP: the answer may become another protocol.

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::rt::{Read, Write};

use crate::{Error, Sent, Target};

/// Sends the request on this stream, which lives as long as somebody reads the answer.
pub(crate) async fn exchange<Stream, Content>(
    stream: Stream,
    request: Request<Content>,
    target: &Target,
) -> Result<Response<Incoming>, Error>
where
    Stream: Read + Write + Send + Unpin + 'static,
    Content: Body + Send + 'static,
    Content::Data: Send,
    Content::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let handshake = http1::handshake(stream).await;
    let (mut sender, connection) = handshake.map_err(|error| Error::from_http1(error, Sent::No, target))?;
    // Whoever waits for the answer hears of an error.
    tokio::spawn(async move { drop(connection.with_upgrades().await) });
    sender.send_request(request).await.map_err(|error| Error::from_http1(error, Sent::Maybe, target))
}
