//! The way out of a node: it serves, then hands its doors over to a successor or stops, and ends once nothing is under way
//! any more. Whatever is at work for a client holds an [`Underway`].

use tokio::sync::watch;

/// How far a node is on its way out. It only ever goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It takes all there is.
    #[default]
    Serving,
    /// A successor takes what is new; what is under way is finished here.
    HandedOver,
    /// It was told to end.
    Stopping,
}

/// The stage of one node, and all that is under way at it.
#[derive(Debug, Default)]
pub struct Stages {
    stage: watch::Sender<Stage>,
    /// Each receiver is something under way.
    work: watch::Sender<()>,
}

impl Stages {
    /// The stage now.
    pub fn now(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Goes on to a stage; there is no way back.
    pub fn enter(&self, stage: Stage) {
        self.stage.send_if_modified(|now| {
            let goes_on = *now < stage;
            *now = stage.max(*now);
            goes_on
        });
    }

    /// Resolves once the node has come to `stage`.
    pub async fn reached(&self, stage: Stage) {
        // it cannot fail: the sender is ours
        let _ = self.stage.subscribe().wait_for(|now| *now >= stage).await;
    }

    /// Notes something that is under way until what this gives is dropped.
    pub fn begin(&self) -> Underway {
        Underway { stage: self.stage.subscribe(), _work: self.work.subscribe() }
    }

    /// Resolves once nothing is under way.
    pub async fn all_done(&self) {
        self.work.closed().await;
    }
}

/// Something under way at a node: the node does not end before it is dropped, for as long as the limits allow.
#[derive(Clone, Debug)]
pub struct Underway {
    stage: watch::Receiver<Stage>,
    _work: watch::Receiver<()>,
}

impl Underway {
    /// The stage of the node now.
    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Resolves once the node takes nothing new any more.
    pub async fn leaves(&mut self) {
        // a node that is gone altogether has left too
        let _ = self.stage.wait_for(|now| *now > Stage::Serving).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_node_is_done_when_the_last_thing_under_way_is() {
        let stages = Stages::default();
        let (mut one, other) = (stages.begin(), stages.begin());
        stages.enter(Stage::HandedOver);
        one.leaves().await;
        drop(one);
        assert!(futures_util::FutureExt::now_or_never(stages.all_done()).is_none());
        drop(other);
        stages.all_done().await;
    }

    #[tokio::test]
    async fn there_is_no_way_back() {
        let stages = Stages::default();
        stages.enter(Stage::Stopping);
        stages.enter(Stage::HandedOver);
        stages.reached(Stage::Stopping).await;
        assert_eq!((stages.now(), stages.begin().stage()), (Stage::Stopping, Stage::Stopping));
    }
}
