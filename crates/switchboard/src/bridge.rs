//! `stdio --url`: a thin bridge from stdin and stdout to a running node. It carries messages both ways over a WebSocket
//! and reads none of them.

use bytes::{Buf, BytesMut};
use cli::{Error, Exit, Stdio};
use egress::{Client, Message, Options, Rules, Target};
use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Bytes of one message from the client.
const LINE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Carries messages until either side ends.
pub(crate) async fn run(stdio: &Stdio, url: &str) -> Result<Exit, Error> {
    let address = |source| Error::Address { url: url.to_owned(), source };
    let target = Target::parse(&socket_url(stdio, url)).map_err(address)?;
    let client =
        Client::new(Options { rules: Rules::CONFIGURED, message_bytes_max: LINE_BYTES_MAX, ..Options::default() });
    let unreachable = |source| Error::Unreachable { url: url.to_owned(), source };
    let (mut sink, mut stream) = client.websocket(&target, HeaderMap::new()).await.map_err(unreachable)?.split();
    let (mut input, mut output) = (tokio::io::stdin(), tokio::io::stdout());
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    loop {
        tokio::select! {
            read = input.read_buf(&mut buffer) => {
                if read? == 0 || buffer.len() > LINE_BYTES_MAX {
                    break;
                }
                while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                    let line = String::from_utf8_lossy(&buffer.split_to(end)).trim().to_owned();
                    buffer.advance(1);
                    if !line.is_empty() && sink.send(Message::text(line)).await.is_err() {
                        return Ok(Exit::Unavailable);
                    }
                }
            }
            frame = stream.next() => match frame {
                Some(Ok(Message::Text(text))) => {
                    output.write_all(text.as_bytes()).await?;
                    output.write_all(b"\n").await?;
                    output.flush().await?;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(Exit::Unavailable),
                Some(Ok(_)) => {}
            },
        }
    }
    let _ = sink.close().await;
    Ok(Exit::Done)
}

/// The WebSocket beside the endpoint that the user named.
fn socket_url(stdio: &Stdio, url: &str) -> String {
    let base = url.trim_end_matches('/').trim_end_matches("/mcp");
    let base = base.replacen("http", "ws", 1);
    match (&stdio.server, &stdio.bundle) {
        (Some(server), _) => format!("{base}/servers/{server}/mcp/ws"),
        (_, Some(bundle)) => format!("{base}/bundles/{bundle}/mcp/ws"),
        _ => format!("{base}/mcp/ws"),
    }
}
