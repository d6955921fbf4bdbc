//! Processes that are to start at the same time take turns: the first seconds of a process are its most expensive ones,
//! and a hundred at once would all miss their deadlines.

use std::{pin::pin, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};

use crate::failure::Failure;

/// How long a start keeps its turn at most. What costs is over by then, and a process that stays silent must not hold
/// up those behind it.
const TURN_MAX: Duration = Duration::from_millis(500);

/// The turns of all servers of a node. Clones share them.
#[derive(Clone, Debug)]
pub struct Starts(Arc<Semaphore>);

impl Starts {
    /// Turns for so many starts at a time.
    pub fn new(at_once_max: usize) -> Self {
        Self(Arc::new(Semaphore::new(at_once_max.max(1))))
    }

    /// Waits for a turn, no longer than `limit`, then starts.
    pub async fn in_turn<T>(&self, limit: Duration, start: impl Future<Output = T>) -> Result<T, Failure> {
        let Ok(Ok(turn)) = timeout(limit, self.0.acquire()).await else {
            return Err(Failure::NoRoom(format!("too many servers start at once, for {} s", limit.as_secs())));
        };
        let mut start = pin!(start);
        if let Ok(started) = timeout(TURN_MAX, &mut start).await {
            return Ok(started);
        }
        drop(turn);
        Ok(start.await)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_limit_start_at_once() {
        let (starts, running, most) = (Starts::new(3), AtomicUsize::new(0), AtomicUsize::new(0));
        let start = || async {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            running.fetch_sub(1, Ordering::SeqCst);
        };
        let all = (0..20).map(|_| starts.in_turn(Duration::from_secs(10), start()));
        let ends = futures_util::future::join_all(all).await;
        assert!(ends.iter().all(Result::is_ok));
        assert_eq!(most.into_inner(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stays_silent_does_not_hold_up_the_next() {
        let starts = Starts::new(1);
        let silent = starts.in_turn(Duration::from_secs(1), std::future::pending::<()>());
        let next = starts.in_turn(Duration::from_secs(1), async { "started" });
        tokio::select! {
            biased;
            _ = silent => panic!("the silent one has started"),
            next = next => assert_eq!(next.unwrap(), "started"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_too_long_for_a_turn_is_told_so() {
        let starts = Starts::new(1);
        let limit = Duration::from_millis(100);
        let (first, second) =
            tokio::join!(starts.in_turn(limit, tokio::time::sleep(2 * limit)), starts.in_turn(limit, async {}));
        assert!(first.is_ok());
        assert!(matches!(second, Err(Failure::NoRoom(_))), "{second:?}");
    }
}
