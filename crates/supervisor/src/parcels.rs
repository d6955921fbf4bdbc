//! Words and open descriptors over a socket between two processes, whole parcels one after the other. What they mean is
//! decided above.

use std::{
    io::{self, IoSlice, IoSliceMut, Read as _, Write as _},
    mem::MaybeUninit,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    time::Duration,
};

use rustix::{
    cmsg_space,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
        recvmsg, sendmsg,
    },
};

/// Descriptors that go over at one time: the kernel's own limit is 253.
const DESCRIPTORS_MAX: usize = 250;
/// Words that go over at one time: the names of thousands, or what a server has written of the longest line that it may.
const WORDS_BYTES_MAX: u64 = 65 << 20;
/// How long either side waits for what the other has to write at once.
pub(crate) const WRITTEN_WITHIN: Duration = Duration::from_secs(10);

/// One end of a socket over which parcels go; all that is done here blocks the thread.
#[derive(Debug)]
pub struct Parcels {
    pub(crate) socket: UnixStream,
}

impl Parcels {
    /// An end of ours, and one for another process.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok((Self { socket: ours }, theirs.into()))
    }

    /// The end that another process has given us.
    pub fn over(socket: OwnedFd) -> Self {
        Self { socket: socket.into() }
    }

    /// Gives words and descriptors, which stay ours too.
    pub fn give(&mut self, words: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        self.socket.set_write_timeout(Some(WRITTEN_WITHIN))?;
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::Error::other(format!("more than {DESCRIPTORS_MAX} descriptors cannot be handed over")));
        }
        let length = (words.len() as u64).to_be_bytes();
        let sent = sendmsg(&self.socket, &[IoSlice::new(&length)], &mut control, SendFlags::NOSIGNAL)?;
        self.socket.write_all(&length[sent..])?;
        self.socket.write_all(words)
    }

    /// What the other process gives. An error of kind `UnexpectedEof` means that nothing more comes.
    pub fn take(&mut self) -> io::Result<(Vec<u8>, Vec<OwnedFd>)> {
        self.socket.set_read_timeout(Some(WRITTEN_WITHIN))?;
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut length = [0; 8];
        let read =
            recvmsg(&self.socket, &mut [IoSliceMut::new(&mut length)], &mut control, RecvFlags::CMSG_CLOEXEC)?.bytes;
        let mut descriptors = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.socket.read_exact(&mut length[read..])?;
        let length = u64::from_be_bytes(length);
        if length > WORDS_BYTES_MAX {
            return Err(io::Error::other(format!("more than {WORDS_BYTES_MAX} bytes of words")));
        }
        let mut words = vec![0; length as usize];
        self.socket.read_exact(&mut words)?;
        Ok((words, descriptors))
    }
}

#[cfg(test)]
mod tests {
    use std::{io::pipe, os::fd::AsFd as _};

    use super::*;

    #[test]
    fn parcels_arrive_whole_and_in_their_order_until_nothing_more_comes() {
        let (mut ours, theirs) = Parcels::pair().unwrap();
        let mut theirs = Parcels::over(theirs);
        let (mut reader, writer) = pipe().unwrap();
        ours.give(b"a pipe", &[writer.as_fd()]).unwrap();
        ours.give(b"", &[]).unwrap();
        drop((ours, writer));
        let (words, descriptors) = theirs.take().unwrap();
        assert_eq!((&words[..], descriptors.len()), (&b"a pipe"[..], 1));
        std::fs::File::from(descriptors.into_iter().next().unwrap()).write_all(b"through").unwrap();
        let mut read = [0; 7];
        reader.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"through");
        assert_eq!(theirs.take().map(|(words, _)| words).unwrap(), b"");
        assert_eq!(theirs.take().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
