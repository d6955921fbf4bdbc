//! Whether the node moves: each of its doors gives a sign when it is asked for one, and each queue can be looked into. What is
//! asked in vain is stuck, or the whole process is. Who asks, and what follows from it, is decided above.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{sync::watch, time::timeout};

use crate::pipeline::queue::Queues;

/// The parts of a node that have to move.
#[derive(Debug, Default)]
pub struct Vitals {
    /// How often signs were asked for.
    asked: watch::Sender<u64>,
    parts: Mutex<Vec<Part>>,
}

/// One part, as it is seen from outside.
#[derive(Clone, Debug)]
struct Part {
    name: String,
    /// The newest question that it has answered.
    answered: watch::Receiver<u64>,
}

/// What one part answers with; once it is dropped, nobody asks for it any more.
#[derive(Debug)]
pub struct Signs {
    asked: watch::Receiver<u64>,
    answered: watch::Sender<u64>,
}

impl Vitals {
    /// A part of this name, which is asked from now on.
    pub fn part(&self, name: String) -> Signs {
        let asked = self.asked.subscribe();
        let answered = watch::Sender::new(*asked.borrow());
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.retain(Part::is_there);
        parts.push(Part { name, answered: answered.subscribe() });
        Signs { asked, answered }
    }

    /// Asks everything for a sign: what has given none within this time.
    pub async fn stuck(&self, queues: &Arc<Queues>, within: Duration) -> Vec<String> {
        self.asked.send_modify(|asked| *asked += 1);
        let (asked, parts) = (*self.asked.borrow(), self.parts.lock().unwrap_or_else(PoisonError::into_inner).clone());
        let parts = join_all(parts.into_iter().map(|part| part.stuck(asked, within)));
        let queues = queues.clone();
        let looked = timeout(within, tokio::task::spawn_blocking(move || queues.look_into_all()));
        let (parts, looked) = tokio::join!(parts, looked);
        parts.into_iter().flatten().chain(looked.is_err().then(|| "the queues".to_owned())).collect()
    }
}

impl Part {
    fn is_there(&self) -> bool {
        self.answered.has_changed().is_ok()
    }

    /// Its name, if it does not answer in time; one that goes meanwhile need not.
    async fn stuck(mut self, asked: u64, within: Duration) -> Option<String> {
        let answers = self.answered.wait_for(|answered| *answered >= asked);
        timeout(within, answers).await.is_err().then_some(self.name)
    }
}

impl Signs {
    /// Gives a sign each time one is asked for. It never ends by itself: a part that works beside this in one `select!` turns
    /// whenever it gives one.
    pub async fn give(&mut self) {
        loop {
            if self.asked.changed().await.is_err() {
                return std::future::pending().await;
            }
            let asked = *self.asked.borrow_and_update();
            self.answered.send_replace(asked);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WITHIN: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_part_that_turns_is_not_stuck_and_one_that_does_not_is_named() {
        let (vitals, queues) = (Vitals::default(), Arc::new(Queues::default()));
        let mut turning = vitals.part("one".to_owned());
        tokio::spawn(async move { turning.give().await });
        assert_eq!(vitals.stuck(&queues, WITHIN).await, Vec::<String>::new());
        let still = vitals.part("other".to_owned());
        assert_eq!(vitals.stuck(&queues, WITHIN).await, ["other"]);
        drop(still);
        assert_eq!(vitals.stuck(&queues, WITHIN).await, Vec::<String>::new());
    }
}
