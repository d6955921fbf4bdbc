//! The clock by which hyper bounds the time that the head of a request may take: one alarm for a connection, where hyper
//! asks for a new wait with every request.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use hyper::rt;
use tokio::time;

use crate::alarm::Alarm;

/// The clock of one connection.
#[derive(Debug, Default)]
pub(super) struct HeadTimer(Arc<Mutex<Option<Alarm>>>);

impl rt::Timer for HeadTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Wait { deadline: deadline.into(), alarm: self.0.clone() })
    }

    fn now(&self) -> Instant {
        time::Instant::now().into()
    }
}

/// One wait, of which a connection has no two at a time.
struct Wait {
    deadline: time::Instant,
    alarm: Arc<Mutex<Option<Alarm>>>,
}

impl rt::Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut alarm = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        alarm.get_or_insert_with(|| Alarm::new(self.deadline)).poll(self.deadline, context)
    }
}

#[cfg(test)]
mod tests {
    use hyper::rt::Timer;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_wait_lasts_as_long_as_it_should() {
        let timer = HeadTimer::default();
        for seconds in [15, 5, 30] {
            let (began, limit) = (time::Instant::now(), Duration::from_secs(seconds));
            timer.sleep(limit).await;
            assert_eq!(began.elapsed(), limit);
        }
    }
}
