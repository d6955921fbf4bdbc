//! A call that waits for its turn, and what its caller hears meanwhile: how many are ahead, when that number falls.

use std::{
    sync::Arc,
    time::{self, Duration},
};

use bytes::Bytes;
use mcp::{Method, message};
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, interval_at, sleep_until, timeout_at},
};
use traffic::queue::Place;

use super::{Slot, deadline::Deadline, lane::Verdict, send};
use crate::{
    call::{Answer, Call, Event, Exchange},
    events::{Patience, Sender, channel},
    failure::Failure,
    pipeline::breaker::Permit,
    upstream::Upstream,
};

/// When a caller first hears of its place: most waits are shorter.
const TOLD_FIRST: Duration = Duration::from_millis(100);

/// How often a caller hears of its place at most.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// A call that waits for its turn. Dropped, it is given up.
pub(super) struct Waiting {
    slot: Slot,
    turn: oneshot::Receiver<Verdict>,
}

impl Waiting {
    pub(super) fn new(slot: Slot, turn: oneshot::Receiver<Verdict>) -> Self {
        Self { slot, turn }
    }

    /// Waits until it is its turn, or too late.
    pub(super) async fn turn(mut self, deadline: &Deadline) -> Result<Slot, Failure> {
        let verdict = timeout_at(deadline.start_by.into(), &mut self.turn).await;
        self.judged(verdict.unwrap_or(Ok(Err(Failure::Expired))))
    }

    /// The same, and tells the caller of its place meanwhile.
    async fn turn_told(mut self, deadline: &Deadline, caller: &Sender, token: &[u8]) -> Result<Slot, Failure> {
        let mut ticks = interval_at(Instant::now() + TOLD_FIRST, TOLD_EVERY);
        let mut least = u32::MAX;
        loop {
            let verdict = tokio::select! {
                biased;
                verdict = &mut self.turn => verdict,
                () = sleep_until(deadline.start_by.into()) => Ok(Err(Failure::Expired)),
                _ = ticks.tick() => {
                    if let Some(ahead) = self.place().map(|place| place.ahead).filter(|ahead| *ahead < least) {
                        least = ahead;
                        let _ = caller.offer(Event::Notification(queued(token, ahead)));
                    }
                    continue;
                }
            };
            return self.judged(verdict);
        }
    }

    /// It need not wait any longer.
    pub(super) fn turned_away(self, refusal: Failure) -> Failure {
        self.slot.failed(refusal)
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Option<Place> {
        self.slot.line.lane.place(self.slot.ticket()?)
    }

    fn judged(self, verdict: Result<Verdict, oneshot::error::RecvError>) -> Result<Slot, Failure> {
        match verdict {
            Ok(Ok(())) => Ok(self.slot),
            Ok(Err(failure)) => Err(self.slot.failed(failure)),
            Err(_) => Err(self.slot.failed(Failure::Expired)),
        }
    }
}

/// A call that waits, while its caller is told how many are ahead. `longest` is the most that it may take.
pub(super) fn told(
    upstream: &Arc<Upstream>,
    call: &Call,
    (waiting, permit, token): (Waiting, Permit, Bytes),
    deadline: Deadline,
    longest: Duration,
) -> Exchange {
    let stop = Arc::new(Notify::new());
    let stopped = stop.clone();
    let patience = Patience { idle: longest, total: longest };
    let (caller, events) = channel(true, patience, move || stop.notify_one());
    let (upstream, call) = (upstream.clone(), call.clone());
    tokio::spawn(async move {
        let followed = async {
            let slot = waiting.turn_told(&deadline, &caller, &token).await?;
            follow(send(&upstream, &call, (slot, permit), deadline, time::Instant::now()).await, &caller).await
        };
        let end = tokio::select! {
            end = followed => Some(end),
            () = stopped.notified() => None,
        };
        if let Some(end) = end {
            caller.finish(end);
        }
    });
    Exchange::Running(events)
}

/// Passes on what comes of the call, to its end.
async fn follow(exchange: Exchange, caller: &Sender) -> Result<Answer, Failure> {
    let mut events = match exchange {
        Exchange::Done(end) => return end,
        Exchange::Running(events) => events,
    };
    loop {
        match events.next().await {
            Event::Done(end) => return end,
            event => caller.send(event).await,
        }
    }
}

/// A progress notification of a call that waits. Its number is below zero and rises, as what its server says later must
/// rise above it.
fn queued(token: &[u8], ahead: u32) -> Bytes {
    let mut params = br#""progressToken":"#.to_vec();
    params.extend_from_slice(token);
    let place = i64::from(ahead) + 1;
    params.extend_from_slice(format!(r#","progress":-{place},"message":"queued, {ahead} ahead""#).as_bytes());
    message::notification(Method::Progress.as_str(), format!("{{{}}}", String::from_utf8_lossy(&params)).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_rises_while_the_call_moves_up() {
        let progress = |ahead| {
            let notification: serde_json::Value = serde_json::from_slice(&queued(b"\"t\"", ahead)).unwrap();
            assert_eq!(notification["params"]["message"], format!("queued, {ahead} ahead"));
            assert_eq!(notification["params"]["progressToken"], "t");
            notification["params"]["progress"].as_f64().unwrap()
        };
        assert!(progress(3) < progress(2) && progress(2) < progress(0) && progress(0) < 0.0);
    }
}
