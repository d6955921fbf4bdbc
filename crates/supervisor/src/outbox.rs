//! Writes lines to a child's stdin: one task, and as many lines in one system call as are waiting.

use std::{
    io::{self, IoSlice},
    os::fd::OwnedFd,
};

use bytes::Bytes;
use memchr::memchr2;
use tokio::{io::AsyncWriteExt as _, net::unix::pipe, sync::mpsc, task::JoinHandle};

/// Lines per system call; with their line ends well below the system's 1024 pieces.
const BATCH_LINES: usize = 256;

/// A place in the queue, and the task that writes it.
type Started = (mpsc::Sender<Bytes>, JoinHandle<Option<pipe::Sender>>);

/// Starts the writer. When every sender is gone and the queue is written, it ends with the child's stdin, which closes if
/// nobody takes it.
pub(crate) fn start(stdin: OwnedFd, lines: usize) -> io::Result<Started> {
    let stdin = pipe::Sender::from_owned_fd(stdin)?;
    let (sender, receiver) = mpsc::channel(lines.max(1));
    Ok((sender, tokio::spawn(write(stdin, receiver))))
}

/// One message on one line. Between the tokens of valid JSON a line break is a space, and inside a string it cannot stand.
pub(crate) fn flatten(line: Bytes) -> Bytes {
    if memchr2(b'\n', b'\r', &line).is_none() {
        return line;
    }
    line.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }).collect()
}

async fn write(mut stdin: pipe::Sender, mut queue: mpsc::Receiver<Bytes>) -> Option<pipe::Sender> {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, BATCH_LINES).await > 0 {
        if write_batch(&mut stdin, &batch).await.is_err() {
            // the child closed its stdin: dropping the queue tells every sender
            return None;
        }
        batch.clear();
    }
    Some(stdin)
}

async fn write_batch(stdin: &mut pipe::Sender, batch: &[Bytes]) -> io::Result<()> {
    let mut pieces: Vec<IoSlice<'_>> =
        batch.iter().flat_map(|line| [IoSlice::new(line), IoSlice::new(b"\n")]).collect();
    let mut rest = pieces.as_mut_slice();
    while !rest.is_empty() {
        let written = stdin.write_vectored(rest).await?;
        IoSlice::advance_slices(&mut rest, written);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_several_lines_is_sent_as_one() {
        assert_eq!(flatten(Bytes::from_static(b"{\r\n  \"a\": 1\n}")), "{    \"a\": 1 }");
    }

    #[test]
    fn a_message_of_one_line_is_not_copied() {
        let line = Bytes::from_static(b"{\"a\":1}");
        assert_eq!(flatten(line.clone()).as_ptr(), line.as_ptr());
    }
}
