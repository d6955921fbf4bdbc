//! A toolkit on one stream of bytes each way, a message on a line: what a program of its own is on stdin and stdout.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use mcp::{
    code,
    lines::{Decoder, LineError},
    message,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::mpsc,
};

use crate::toolkit::Toolkit;

/// Messages that may wait on either way.
const QUEUE: usize = 256;
/// Bytes of one message from the client: room for a file of 10 MiB in base64 and its JSON.
const LINE_BYTES_MAX: usize = 16 << 20;
/// Bytes that are read at one time.
const CHUNK_BYTES: usize = 64 << 10;

/// Serves a toolkit on two streams until the client has gone.
pub async fn serve_lines(toolkit: Arc<Toolkit>, input: impl AsyncRead + Unpin, output: impl AsyncWrite + Unpin) {
    let (to_server, incoming) = mpsc::channel(QUEUE);
    let (outgoing, from_server) = mpsc::channel(QUEUE);
    let refusals = outgoing.downgrade();
    let serving = async { tokio::join!(super::serve(toolkit, incoming, outgoing), write(output, from_server)) };
    tokio::select! {
        _ = serving => {}
        () = read(input, to_server, refusals) => {}
    }
}

/// Reads until the client stops talking; then only waits, so that what it asked for is still answered.
async fn read(mut input: impl AsyncRead + Unpin, server: mpsc::Sender<Bytes>, refusals: mpsc::WeakSender<Bytes>) {
    let mut decoder = Decoder::new(LINE_BYTES_MAX);
    let mut chunk = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = input.read(&mut chunk).await {
        decoder.push(&chunk[..count]);
        while let Some(line) = decoder.next() {
            match line {
                Ok(line) => {
                    // a server that has ended ends the whole
                    let _ = server.send(line).await;
                }
                Err(error) => refuse(&error, &refusals).await,
            }
        }
    }
    drop(server);
    std::future::pending::<()>().await;
}

async fn refuse(error: &LineError, refusals: &mpsc::WeakSender<Bytes>) {
    if let Some(client) = refusals.upgrade() {
        let _ = client.send(message::error(None, code::INVALID_REQUEST, &error.to_string(), None)).await;
    }
}

/// Writes what there is at one time in one piece.
async fn write(mut output: impl AsyncWrite + Unpin, mut messages: mpsc::Receiver<Bytes>) {
    let mut piece = BytesMut::new();
    while let Some(first) = messages.recv().await {
        let rest = std::iter::from_fn(|| messages.try_recv().ok());
        for message in std::iter::once(first).chain(rest) {
            piece.extend_from_slice(&message);
            piece.extend_from_slice(b"\n");
        }
        if output.write_all(&piece).await.is_err() || output.flush().await.is_err() {
            return;
        }
        piece.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a toolkit writes to a client that says this and then stops talking.
    async fn hear(said: &str) -> Vec<serde_json::Value> {
        let toolkit = Arc::new(Toolkit::new("t", "1"));
        let mut heard = Vec::new();
        serve_lines(toolkit, said.as_bytes(), &mut heard).await;
        let text = String::from_utf8(heard).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_was_asked_is_answered_after_the_client_stopped_talking() {
        let initialize = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#;
        let ping = r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#;
        let heard = hear(&format!("{initialize}\n{ping}\n")).await;
        assert_eq!((&heard[0]["result"]["serverInfo"]["name"], &heard[1]["id"]), (&"t".into(), &2.into()));
    }

    #[tokio::test]
    async fn a_line_without_an_end_is_refused_and_the_next_one_is_read() {
        let ping = r#"{"jsonrpc":"2.0","id":2,"method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
        let heard = hear(&format!("{}\n{ping}\n", "x".repeat(LINE_BYTES_MAX + 1))).await;
        assert!(heard.iter().any(|message| message["error"]["code"] == code::INVALID_REQUEST), "{heard:?}");
        assert!(heard.iter().any(|message| message["id"] == 2 && message.get("result").is_some()), "{heard:?}");
    }
}
