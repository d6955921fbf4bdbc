//! Time limits that are seldom reached and set thousands of times in a second. To put each into the runtime's timer wheel
//! and take it out again costs as much as reading a message; so an alarm stays set for the limit before, and only when it
//! rings it is set for the one that holds by then.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// Alarms that are kept for the next wait: about as many as calls are under way at once.
const KEPT_MAX: usize = 64;

/// An alarm for one wait after the other.
#[derive(Debug)]
pub struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    /// An alarm whose first wait is to end at `deadline`.
    pub fn new(deadline: Instant) -> Self {
        Self(Box::pin(sleep_until(deadline)))
    }

    /// Whether the deadline of the wait under way has passed; if not, whoever asks is woken when it has.
    pub fn poll(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        if self.0.deadline() > deadline {
            self.0.as_mut().reset(deadline);
        }
        loop {
            ready!(self.0.as_mut().poll(context));
            if self.0.deadline() >= deadline {
                return Poll::Ready(());
            }
            self.0.as_mut().reset(deadline);
        }
    }
}

/// The alarms of many waits that go on side by side.
#[derive(Debug, Default)]
pub struct Alarms(Mutex<Vec<Alarm>>);

impl Alarms {
    /// What the future yields within the limit, as [`tokio::time::timeout`] has it. It comes pinned, so as not to be moved
    /// once more.
    pub async fn within<F: Future>(&self, limit: Duration, mut future: Pin<&mut F>) -> Option<F::Output> {
        let mut wait = None;
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            wait.get_or_insert_with(|| Wait::begin(self, limit)).poll(context).map(|()| None)
        })
        .await
    }
}

/// A wait, and the alarm that it has borrowed.
struct Wait<'a> {
    alarms: &'a Alarms,
    alarm: Option<Alarm>,
    deadline: Instant,
}

impl<'a> Wait<'a> {
    fn begin(alarms: &'a Alarms, limit: Duration) -> Self {
        let alarm = alarms.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { alarms, alarm, deadline: Instant::now() + limit }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline;
        self.alarm.get_or_insert_with(|| Alarm::new(deadline)).poll(deadline, context)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let mut kept = self.alarms.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_MAX {
            kept.extend(self.alarm.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, pin::pin};

    use tokio::time::sleep;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn one_alarm_ends_each_wait_at_its_time() {
        let alarms = Alarms::default();
        for limit in [LIMIT, LIMIT / 3, LIMIT * 2, Duration::ZERO] {
            let began = Instant::now();
            assert_eq!(alarms.within(limit, pin!(pending::<()>())).await, None);
            assert_eq!(began.elapsed(), limit);
        }
        assert_eq!(alarms.0.lock().unwrap().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_that_is_still_set_ends_neither_a_later_wait_nor_delays_a_shorter_one() {
        let alarms = Alarms::default();
        for (limit, works_for) in [(LIMIT, LIMIT / 2), (LIMIT, LIMIT / 4 * 3), (LIMIT / 2, LIMIT / 4)] {
            assert_eq!(alarms.within(limit, pin!(sleep(works_for))).await, Some(()));
        }
        let began = Instant::now();
        assert_eq!(alarms.within(LIMIT / 8, pin!(pending::<()>())).await, None);
        assert_eq!(began.elapsed(), LIMIT / 8);
    }

    #[tokio::test(start_paused = true)]
    async fn waits_side_by_side_have_an_alarm_each() {
        let alarms = Alarms::default();
        let began = Instant::now();
        let wait = async |times| alarms.within(LIMIT * times, pin!(pending::<()>())).await;
        assert_eq!(tokio::join!(wait(1), wait(2), wait(3)), (None, None, None));
        assert_eq!(began.elapsed(), LIMIT * 3);
        assert_eq!(alarms.0.lock().unwrap().len(), 3);
    }

    #[tokio::test]
    async fn what_is_ready_at_once_needs_no_alarm() {
        let alarms = Alarms::default();
        assert_eq!(alarms.within(Duration::ZERO, pin!(async { 1 })).await, Some(1));
        assert!(alarms.0.lock().unwrap().is_empty());
    }
}
