//! Work that blocks, beside the runtime: a tool awaits it, and when its call is cancelled or out of time the work is told to
//! stop.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use toolkit::{Code, Failure};

/// The sign that work is no longer wanted. Long loops look at it now and then.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Whether nobody waits for the work any more.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends the work if nobody waits for it any more.
    pub fn check(&self) -> Result<(), Failure> {
        if self.is_set() { Err(Failure::new(Code::Cancelled, "the call was given up")) } else { Ok(()) }
    }
}

/// Sets the sign when the waiting one is dropped.
struct Sign(Stop);

impl Drop for Sign {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Does work that blocks without blocking others.
pub async fn aside<T: Send + 'static>(
    work: impl FnOnce(&Stop) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let stop = Stop::default();
    let _sign = Sign(stop.clone());
    let done = tokio::task::spawn_blocking(move || work(&stop)).await;
    done.unwrap_or_else(|_| Err(Failure::new(Code::InternalError, "the work ended before it was done")))
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[tokio::test]
    async fn work_that_nobody_waits_for_is_told_to_stop() {
        let (say, hear) = mpsc::sync_channel(1);
        let work = aside(move |stop| {
            while stop.check().is_ok() {
                std::thread::yield_now();
            }
            say.send(()).map_err(|_| Failure::new(Code::InternalError, "nobody hears"))
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), work).await.is_err());
        assert!(hear.recv_timeout(Duration::from_secs(10)).is_ok());
    }

    #[tokio::test]
    async fn work_that_breaks_is_our_fault() {
        let end: Result<(), Failure> = aside(|_| panic!("on purpose")).await;
        assert_eq!(end.unwrap_err().code, Code::InternalError);
    }
}
