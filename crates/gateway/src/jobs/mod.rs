//! Jobs: tool calls that were accepted to be finished without their callers. A job is accepted when it is on the disk, runs
//! like any other call, and its answer is kept as it came. An act is never run twice: where nobody knows what became of
//! one, that is what its job says.
//!
//! In reading order: this file (what can be done with jobs), `accepted` (what is kept of a request), `dispatch` (whose turn
//! it is), `attempt` (one call, and what follows from its end). How clients see jobs is for the edges.

mod accepted;
mod attempt;
mod dispatch;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use mcp::{Envelope, code};
use store::{Cancelled, Replayed, Store};
use tokio::sync::{Notify, broadcast, oneshot};

pub(crate) use attempt::error_object;
pub use store::{Attempt, Ended, Filter, Job, JobId, State, job::NoState};

use crate::{
    even::now_ms,
    failure::{Failure, with_causes},
    gateway::{Gateway, Parts},
    route::{Inbound, route},
    seals::random,
};

/// Changes of jobs that a slow listener may have before it, before it misses some and looks for itself.
const CHANGES_MAX: usize = 1_024;
/// How long somebody who cancels a running job waits for its end.
const CANCEL_WITHIN: Duration = Duration::from_secs(2);

/// The jobs of this node. They outlive a change of the configuration.
#[derive(Debug)]
pub struct Jobs {
    place: OnceLock<Place>,
    /// How the jobs under way are told to stop.
    running: Mutex<HashMap<JobId, oneshot::Sender<()>>>,
    /// Something may be due, or there may be room.
    wake: Notify,
    changes: broadcast::Sender<Changed>,
}

/// A job that is in another state than before.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Which.
    pub id: JobId,
    /// The principal it belongs to.
    pub owner: Arc<str>,
    /// The tool that it calls.
    pub tool: Arc<str>,
    /// How it is now.
    pub state: State,
}

/// Where jobs are kept.
enum Place {
    Open(Store),
    /// Nowhere, for this reason.
    Closed(String),
}

impl std::fmt::Debug for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(if matches!(self, Self::Open(_)) { "Open" } else { "Closed" })
    }
}

/// Why something was not done with a job.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// There is no place to keep jobs.
    #[error("jobs are not accepted: {0}")]
    Closed(String),
    /// The store cannot do it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The principal has too many.
    #[error("{0} jobs of yours are not finished: wait for one of them, or cancel it")]
    TooMany(u32),
    /// The request is too large to be kept.
    #[error("the request has {bytes} bytes, and a job may have {max}: raise `jobs.request_bytes_max`, or send less")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The most it may have.
        max: usize,
    },
    /// There is no such job, or it is somebody else's.
    #[error("unknown job")]
    Unknown,
    /// It has ended.
    #[error("the job has ended: it is {}", .0.as_str())]
    Over(State),
    /// It runs in another process.
    #[error("the job runs in another process of this user: cancel it there")]
    Elsewhere,
    /// It does not begin anew from where it is.
    #[error("a job that is {} does not begin anew", .0.as_str())]
    NotReplayed(State),
    /// The act may have happened.
    #[error("the job may have had its effect: look, then begin it anew with `anyway`")]
    Doubtful,
    /// The call cannot be made.
    #[error(transparent)]
    Call(Failure),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Call(failure) => failure,
            Refused::TooMany(_) | Refused::Store(store::Error::Full) => {
                Self::Refused(code::OVERLOADED, refused.to_string())
            }
            Refused::Closed(_) | Refused::Store(_) => Self::Refused(code::UNAVAILABLE, refused.to_string()),
            refused => Self::Refused(code::INVALID_PARAMS, refused.to_string()),
        }
    }
}

impl Default for Jobs {
    fn default() -> Self {
        Self {
            place: OnceLock::new(),
            running: Mutex::default(),
            wake: Notify::new(),
            changes: broadcast::channel(CHANGES_MAX).0,
        }
    }
}

impl Gateway {
    /// Accepts a call of a tool as a job: it is on the disk when this returns. After its end it is `kept` for so long, but
    /// no longer than others.
    pub async fn submit_job(&self, inbound: Inbound, kept: Option<Duration>) -> Result<Job, Refused> {
        let store = self.jobs.store()?;
        let (owner, endpoint) = (inbound.caller.principal.name.to_string(), inbound.endpoint.clone());
        let request = accepted::request(&inbound.request, &inbound.wishes)
            .map_err(|wrong| Refused::Call(accepted::invalid(&wrong)))?;
        let (bytes, max) = (request.len(), self.job_settings.request_bytes_max);
        if bytes > max {
            return Err(Refused::TooLarge { bytes, max });
        }
        let tool = accepted::tool(&inbound.request);
        // what a tool does to the world stands in its list
        let _ = Box::pin(self.catalogue.view(&endpoint)).await;
        let (_, call) = route(&self.catalogue, &self.seals, inbound).await.map_err(Refused::Call)?;
        let kept_ms_max = self.job_settings.kept_h * 3_600_000;
        let new = store::NewJob {
            id: JobId(u128::from_be_bytes(random())),
            owner: owner.clone(),
            endpoint: endpoint.path(),
            tool,
            repeatable: call.manner.act.may_repeat(),
            request,
            created_ms: now_ms(),
            kept_ms: kept.map_or(kept_ms_max, |kept| kept_ms_max.min(kept.as_millis() as u64)),
        };
        let (id, waiting_max) = (new.id, self.job_settings.per_principal_max);
        if !store.submit(new, waiting_max).await? {
            return Err(Refused::TooMany(waiting_max));
        }
        // read before it can have been run
        let job = self.jobs.get(id, Some(&owner)).await;
        self.jobs.wake.notify_one();
        let job = job?;
        self.jobs.tell(&job, State::Pending);
        Ok(job)
    }
}

impl Jobs {
    /// Begins to keep jobs here, or says why there are none. What waits there is run from now on.
    pub(crate) fn begin(self: &Arc<Self>, store: Result<Store, store::Error>, gateway: Weak<ArcSwap<Parts>>) {
        let place = match store {
            Ok(store) => Place::Open(store),
            Err(error) => Place::Closed(with_causes(&error)),
        };
        if self.place.set(place).is_ok()
            && let Some(Place::Open(store)) = self.place.get()
        {
            tokio::spawn(dispatch::run(self.clone(), store.clone(), gateway));
        }
    }

    /// Whether jobs are accepted.
    pub fn are_accepted(&self) -> bool {
        matches!(self.place.get(), Some(Place::Open(_)))
    }

    /// One job of this principal; without one, whosever it is.
    pub async fn get(&self, id: JobId, owner: Option<&str>) -> Result<Job, Refused> {
        self.store()?.get(id, owner).await?.ok_or(Refused::Unknown)
    }

    /// One job of this principal when it has ended, or when so much time has passed.
    pub async fn wait(&self, id: JobId, owner: Option<&str>, patience: Duration) -> Result<Job, Refused> {
        let mut changes = self.changes.subscribe();
        let until = Instant::now() + patience;
        loop {
            let job = self.get(id, owner).await?;
            if job.state.is_end() {
                return Ok(job);
            }
            loop {
                let next = tokio::time::timeout_at(until.into(), changes.recv()).await;
                match next {
                    Err(_) => return Ok(job),
                    Ok(Ok(other)) if other.id != id => {}
                    Ok(_) => break,
                }
            }
        }
    }

    /// The answer of a job that was answered, as it came.
    pub async fn answer(&self, id: JobId) -> Result<Option<Ended>, Refused> {
        Ok(self.store()?.answer(id).await?)
    }

    /// The request of a job.
    pub async fn request(&self, id: JobId) -> Result<Option<bytes::Bytes>, Refused> {
        Ok(self.store()?.request(id).await?)
    }

    /// The attempts of a job, oldest first.
    pub async fn attempts(&self, id: JobId) -> Result<Vec<Attempt>, Refused> {
        Ok(self.store()?.attempts(id).await?)
    }

    /// The jobs that a filter lets through, newest first.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Job>, Refused> {
        Ok(self.store()?.list(filter).await?)
    }

    /// Cancels a job of this principal; without one, whosever it is. One that runs is stopped, and may have had its effect.
    pub async fn cancel(&self, id: JobId, owner: Option<&str>) -> Result<Job, Refused> {
        self.get(id, owner).await?;
        match self.store()?.cancel(id, now_ms()).await? {
            Cancelled::Unknown => Err(Refused::Unknown),
            Cancelled::Over(state) => Err(Refused::Over(state)),
            Cancelled::Now => {
                let job = self.get(id, owner).await?;
                self.tell(&job, job.state);
                Ok(job)
            }
            Cancelled::Running => {
                let stop = self.lock().remove(&id).ok_or(Refused::Elsewhere)?;
                let _ = stop.send(());
                self.wait(id, owner, CANCEL_WITHIN).await
            }
        }
    }

    /// Lets a job that did not succeed begin anew; one that may have had its effect only `anyway`.
    pub async fn replay(&self, id: JobId, anyway: bool) -> Result<Job, Refused> {
        match self.store()?.replay(id, anyway, now_ms()).await? {
            Replayed::Unknown => Err(Refused::Unknown),
            Replayed::Refused(State::OutcomeUnknown) => Err(Refused::Doubtful),
            Replayed::Refused(state) => Err(Refused::NotReplayed(state)),
            Replayed::Now => {
                self.wake.notify_one();
                let job = self.get(id, None).await?;
                self.tell(&job, job.state);
                Ok(job)
            }
        }
    }

    /// Forgets jobs that have ended: this one, or all in this state. Says how many.
    pub async fn purge(&self, id: Option<JobId>, state: Option<State>) -> Result<usize, Refused> {
        Ok(self.store()?.purge(id, state).await?)
    }

    /// Hears of every job that is in another state, from now on.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }

    /// Where things are kept that have to outlive the process; nothing where nothing is meant to. An error where they are
    /// meant to and cannot be.
    pub(crate) fn durable(&self) -> Result<Option<&Store>, Refused> {
        match self.place.get() {
            Some(Place::Open(store)) => Ok(Some(store).filter(|store| store.is_durable())),
            Some(Place::Closed(reason)) => Err(Refused::Closed(reason.clone())),
            None => Ok(None),
        }
    }

    /// Tells whoever listens that a job is in this state now.
    fn tell(&self, job: &Job, state: State) {
        let changed = Changed { id: job.id, owner: job.owner.as_str().into(), tool: job.tool.as_str().into(), state };
        // nobody has to listen
        let _ = self.changes.send(changed);
    }

    fn store(&self) -> Result<&Store, Refused> {
        match self.place.get() {
            Some(Place::Open(store)) => Ok(store),
            Some(Place::Closed(reason)) => Err(Refused::Closed(reason.clone())),
            None => Err(Refused::Closed("this gateway keeps none".to_owned())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, oneshot::Sender<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer of a job as a message.
pub fn parsed(ended: &Ended) -> Result<Envelope, Failure> {
    Envelope::parse(&ended.answer, mcp::ScanLimits { depth_max: 128 })
        .map_err(|invalid| Failure::Garbage(invalid.to_string()))
}
