//! Doors that the service manager has opened for the node and lends to it (socket activation). They are taken first of all,
//! while there is only one thread, since the variables that tell of them go with them.

use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use listenfd::ListenFd;

/// The doors that are lent to this process, with the addresses they are at. They can be taken once.
pub(crate) struct Lent(Mutex<Vec<(String, OwnedFd)>>);

impl Lent {
    /// What is lent to this process.
    pub(crate) fn to_process() -> Self {
        let mut given = ListenFd::from_env();
        let doors = (0..given.len()).filter_map(|place| door(&mut given, place)).collect();
        Self(Mutex::new(doors))
    }

    /// The doors.
    pub(crate) fn take(&self) -> Vec<(String, OwnedFd)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A socket with its address, if it is one that clients can come through.
fn door(given: &mut ListenFd, place: usize) -> Option<(String, OwnedFd)> {
    if let Ok(Some(listener)) = given.take_tcp_listener(place) {
        return Some((listener.local_addr().ok()?.to_string(), listener.into()));
    }
    let listener = given.take_unix_listener(place).ok()??;
    let address = listener.local_addr().ok()?;
    Some((format!("unix:{}", address.as_pathname()?.display()), listener.into()))
}
