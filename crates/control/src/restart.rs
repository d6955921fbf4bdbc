//! `POST /maintenance/restart`: the node asked for a successor. Who starts it stands above; here is only the wish for one,
//! one at a time, and what came of it.

use client::{Problem, Restarted};
use http::StatusCode;
use tokio::sync::{mpsc, oneshot};

use crate::Api;
use crate::reply::{Outcome, json, problem};

/// A wish for a successor, and where to say what came of it.
pub type Wish = oneshot::Sender<Result<Restarted, String>>;

/// Where wishes for a successor go. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Restarts(mpsc::Sender<Wish>);

impl Restarts {
    /// The way of wishes, and the end at which they are heard: one at a time.
    pub fn channel() -> (Self, mpsc::Receiver<Wish>) {
        let (wishes, heard) = mpsc::channel(1);
        (Self(wishes), heard)
    }

    /// Asks for a successor and waits for it.
    async fn ask(&self) -> Result<Restarted, Problem> {
        let refused = |detail: &str| Problem {
            hint: Some("`switchboard logs` tells what the node did".to_owned()),
            ..problem(StatusCode::CONFLICT, "CONFLICT", detail)
        };
        let (wish, outcome) = oneshot::channel();
        self.0.try_send(wish).map_err(|_| refused("the node is restarting or ending already"))?;
        match outcome.await {
            Ok(Ok(restarted)) => Ok(restarted),
            Ok(Err(reason)) => Err(Problem {
                hint: Some("the node goes on as before; mend what is wrong and restart again".to_owned()),
                ..problem(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "RESTART_FAILED",
                    format!("no successor took over: {reason}"),
                )
            }),
            Err(_) => Err(refused("the node is ending")),
        }
    }
}

pub(crate) async fn post(api: &Api) -> Outcome {
    json(&api.restarts.ask().await?)
}
