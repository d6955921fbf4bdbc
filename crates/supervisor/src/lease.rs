//! Whose a guarded child is: of whoever holds the writing end of a pipe. Its guard holds the reading end, and when nobody
//! holds the other one any more, it ends the child. Unlike a parent, the holder can change. Nothing is ever written.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FileType, Mode, OFlags, fstat, open},
    process::Pid,
};

/// The end of the holder. When the last copy of it is dropped, the child ends.
#[derive(Debug)]
pub(crate) struct Lease(OwnedFd);

/// The end of the guard.
#[derive(Debug)]
pub(crate) struct Held(OwnedFd);

impl Lease {
    /// One that no guard holds yet.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(io::pipe()?.1.into()))
    }

    /// Under which number this process has it, for a guard that is to [hold](Held::of) it.
    pub(crate) fn number(&self) -> i32 {
        self.0.as_raw_fd()
    }

    /// Whether a guard holds its end. One that could not get it watches the process that started it instead.
    pub(crate) fn is_held(&self) -> bool {
        let mut ends = [PollFd::new(&self.0, PollFlags::OUT)];
        let looked = poll(&mut ends, Some(&Timespec::default()));
        looked.is_ok() && !ends[0].revents().contains(PollFlags::ERR)
    }
}

impl From<OwnedFd> for Lease {
    fn from(descriptor: OwnedFd) -> Self {
        Self(descriptor)
    }
}

impl From<Lease> for OwnedFd {
    fn from(lease: Lease) -> Self {
        lease.0
    }
}

impl Held {
    /// The guard's end of what `holder` has under `number`. It is fetched, not inherited: what is inherited by one child may
    /// be inherited by others that start at the same moment.
    pub(crate) fn of(holder: Pid, number: i32) -> Option<Self> {
        let path = format!("/proc/{}/fd/{number}", holder.as_raw_pid());
        let end = open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()).ok()?;
        let is_pipe = fstat(&end).is_ok_and(|facts| FileType::from_raw_mode(facts.st_mode) == FileType::Fifo);
        is_pipe.then_some(Self(end))
    }
}

impl AsFd for Held {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpid;

    use super::*;

    fn has_ended(held: &Held) -> bool {
        let mut ends = [PollFd::new(held, PollFlags::empty())];
        poll(&mut ends, Some(&Timespec::default())).unwrap() > 0
    }

    #[test]
    fn a_lease_ends_with_the_last_who_holds_it() {
        let lease = Lease::new().unwrap();
        assert!(!lease.is_held());
        let held = Held::of(getpid(), lease.number()).unwrap();
        assert!(lease.is_held() && !has_ended(&held));
        let other = Lease::from(lease.0.try_clone().unwrap());
        drop(lease);
        assert!(other.is_held() && !has_ended(&held));
        drop(other);
        assert!(has_ended(&held));
    }

    #[test]
    fn what_is_no_pipe_is_no_lease() {
        let file = tempfile::tempfile().unwrap();
        assert!(Held::of(getpid(), file.as_raw_fd()).is_none());
        assert!(Held::of(getpid(), i32::MAX).is_none());
    }
}
