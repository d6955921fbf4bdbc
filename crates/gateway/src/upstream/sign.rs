//! Whether a server lives whose calls are silent: it is asked once, however many calls want to know at one time, and a good
//! answer holds for a while. How it is asked is `heartbeat`, what follows from it the breakers.

use std::time::Duration;

use tokio::{sync::Mutex, time::Instant};

use crate::failure::Failure;

/// What was heard of one server.
#[derive(Debug, Default)]
pub(super) struct Sign(Mutex<Option<Heard>>);

#[derive(Debug)]
struct Heard {
    at: Instant,
    end: Result<(), Failure>,
}

impl Sign {
    /// What the server says of itself, asked with `ask` unless somebody has heard it since, or it was well less than
    /// `holds_for` ago.
    pub(super) async fn or_ask(
        &self,
        holds_for: Duration,
        ask: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let wanted = Instant::now();
        // who comes while it is asked waits here for the answer
        let mut last = self.0.lock().await;
        if let Some(heard) = last.as_ref().filter(|heard| heard.tells(wanted, holds_for)) {
            return heard.end.clone();
        }
        let end = ask.await;
        *last = Some(Heard { at: Instant::now(), end: end.clone() });
        end
    }
}

impl Heard {
    /// Whether it is an answer to whoever wanted to know at this moment.
    fn tells(&self, wanted: Instant, holds_for: Duration) -> bool {
        self.at >= wanted || (self.end.is_ok() && wanted - self.at < holds_for)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;

    use super::*;

    const HOLDS: Duration = Duration::from_secs(30);

    /// Asks with an end after a second, and counts it.
    async fn ask(sign: &Sign, asked: &AtomicU32, is_well: bool) -> bool {
        let answer = async {
            asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            if is_well { Ok(()) } else { Err(Failure::Timeout) }
        };
        sign.or_ask(HOLDS, answer).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_calls_that_are_silent_at_once_are_one_question() {
        for is_well in [true, false] {
            let (sign, asked) = (Sign::default(), AtomicU32::new(0));
            let ends = join_all((0..1_000).map(|_| ask(&sign, &asked, is_well))).await;
            assert!(ends.into_iter().all(|end| end == is_well));
            assert_eq!(asked.into_inner(), 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_good_answer_holds_for_a_while_and_a_bad_one_for_those_who_waited() {
        let (sign, asked) = (Sign::default(), AtomicU32::new(0));
        let count = || asked.load(Ordering::SeqCst);
        assert!(!ask(&sign, &asked, false).await);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(ask(&sign, &asked, true).await);
        assert_eq!(count(), 2, "it was asked anew");
        tokio::time::advance(HOLDS / 2).await;
        assert!(ask(&sign, &asked, false).await);
        assert_eq!(count(), 2, "what it said holds");
        tokio::time::advance(HOLDS).await;
        assert!(!ask(&sign, &asked, false).await);
        assert_eq!(count(), 3);
    }
}
