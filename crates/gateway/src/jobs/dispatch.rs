//! Whose turn it is: jobs that are due are begun as far as there is room, principals one after the other. It also takes over
//! what other processes left and forgets what has been kept long enough.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use store::{Claimed, Outcome, State, Store};
use tokio::sync::oneshot;

use super::{Jobs, attempt};
use crate::{
    even::now_ms,
    gateway::{Gateway, Parts},
    leaving::Stage,
};

/// How often other processes and old jobs are looked after.
const LOOK: Duration = Duration::from_secs(5);
/// How long it waits after the store refused something.
const PAUSE: Duration = Duration::from_millis(500);

/// What is said of a job that was stopped in the middle.
const STOPPED: &str = "it was cancelled while it ran, and may have had its effect";

/// Runs the jobs of this node until it takes nothing new any more; what waits then is for its successor.
pub(super) async fn run(jobs: Arc<Jobs>, store: Store, gateway: Weak<ArcSwap<Parts>>) {
    let (mut last, mut looked) = (String::new(), None);
    while let Some(current) = gateway.upgrade().map(|current| Gateway(current.load_full())) {
        if current.stages.now() != Stage::Serving {
            return release(&store).await;
        }
        if looked.is_none_or(|looked: Instant| looked.elapsed() >= LOOK) {
            looked = Some(Instant::now());
            look_after(&store).await;
        }
        let room = current.job_settings.running_max.saturating_sub(jobs.lock().len());
        match store.claim(&last, room, now_ms()).await {
            Ok(claimed) if claimed.is_empty() => {}
            Ok(claimed) => {
                for claimed in claimed {
                    last.clone_from(&claimed.job.owner);
                    begin(&jobs, &store, &current, claimed);
                }
                continue;
            }
            Err(error) => {
                tracing::warn!(%error, "no job can be begun");
                tokio::time::sleep(PAUSE).await;
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause(&store).await) => {}
            () = jobs.wake.notified() => {}
            () = current.stages.reached(Stage::HandedOver) => {}
        }
    }
}

/// How long nothing is due.
async fn pause(store: &Store) -> Duration {
    let due = store.next_due().await.ok().flatten().map(|due| Duration::from_millis(due.saturating_sub(now_ms())));
    // what is due and was not claimed waits for room, and who makes room says so
    due.filter(|due| !due.is_zero()).map_or(LOOK, |due| due.min(LOOK))
}

/// Lets go of the jobs that wait, so that another process need not wait for the end of this one.
async fn release(store: &Store) {
    if let Err(error) = store.release().await {
        tracing::warn!(%error, "jobs that wait are taken over only when this process has ended");
    }
}

async fn look_after(store: &Store) {
    match store.adopt(now_ms()).await {
        Ok(0) => {}
        Ok(adopted) => tracing::info!(adopted, "jobs of a process that has ended go on"),
        Err(error) => tracing::warn!(%error, "the jobs of other processes cannot be seen"),
    }
    if let Err(error) = store.sweep(now_ms()).await {
        tracing::warn!(%error, "old jobs cannot be forgotten");
    }
}

fn begin(jobs: &Arc<Jobs>, store: &Store, gateway: &Gateway, claimed: Claimed) {
    let (stop, stopped) = oneshot::channel();
    jobs.lock().insert(claimed.job.id, stop);
    jobs.tell(&claimed.job, State::Running);
    let (jobs, store, gateway) = (jobs.clone(), store.clone(), gateway.clone());
    let underway = gateway.stages.begin();
    tokio::spawn(async move {
        let id = claimed.job.id;
        let outcome = tokio::select! {
            outcome = attempt::attempt(&gateway, &claimed) => outcome,
            Ok(()) = stopped => Outcome::Cancelled { reason: STOPPED.to_owned() },
        };
        let state = settle(&store, &claimed, outcome).await;
        if underway.stage() != Stage::Serving {
            release(&store).await;
        }
        jobs.lock().remove(&id);
        jobs.tell(&claimed.job, state);
        jobs.wake.notify_one();
    });
}

/// Writes down what became of a job. While the store cannot, it is tried again; an answer for which there is no room gives
/// way to the truth that there was one. Says how the job is now.
async fn settle(store: &Store, claimed: &Claimed, mut outcome: Outcome) -> State {
    const TRIES_WITH_ANSWER: u32 = 5;
    let (id, mut tries) = (claimed.job.id, 0);
    while let Err(error) = store.settle(id, outcome.clone(), now_ms()).await {
        if matches!(error, store::Error::Closed) {
            break;
        }
        tries += 1;
        tracing::warn!(job = %id, %error, "the end of a job cannot be written down yet");
        if tries == TRIES_WITH_ANSWER && matches!(outcome, Outcome::Completed { .. }) {
            let reason = "it was answered, but there was no room to keep the answer".to_owned();
            outcome = Outcome::Failed { reason, answer: None };
        }
        tokio::time::sleep(PAUSE).await;
    }
    outcome.state()
}
