//! WebSocket over the same dialer, speaking the subprotocol `mcp`.

use std::sync::Arc;

use http::header::{HOST, SEC_WEBSOCKET_PROTOCOL};
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Uri};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::target::Way;
use crate::tls::Stream;
use crate::{Error, Target};

/// A WebSocket whose server agreed to the subprotocol `mcp`.
pub type WebSocket = WebSocketStream<TokioIo<Stream>>;

/// Shakes hands over a fresh connection.
pub(crate) async fn handshake(
    stream: Stream,
    target: &Target,
    headers: HeaderMap,
    message_bytes_max: usize,
) -> Result<WebSocket, Error> {
    let failed = |source| Error::WebSocket {
        target: target.to_string(),
        source: Arc::new(source),
    };
    let request = request(target, headers).map_err(failed)?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(message_bytes_max))
        .max_frame_size(Some(message_bytes_max));
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, TokioIo::new(stream), Some(limits))
            .await
            .map_err(failed)?;
    Ok(socket)
}

/// The headers of the handshake win over the caller's of the same name.
fn request(target: &Target, mut headers: HeaderMap) -> Result<Request, tungstenite::Error> {
    let mut request = websocket_uri(target)?.into_client_request()?;
    headers.insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mcp"));
    let own = std::mem::replace(request.headers_mut(), headers);
    request.headers_mut().extend(own);
    request.headers_mut().insert(HOST, target.host().clone());
    Ok(request)
}

fn websocket_uri(target: &Target) -> Result<Uri, tungstenite::Error> {
    let scheme = if *target.way() == Way::Https {
        "wss"
    } else {
        "ws"
    };
    let mut parts = target.uri().clone().into_parts();
    parts.scheme = Some(Scheme::try_from(scheme).map_err(http::Error::from)?);
    Ok(Uri::from_parts(parts).map_err(http::Error::from)?)
}
