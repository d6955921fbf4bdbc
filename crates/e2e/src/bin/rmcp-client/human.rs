//! Who sits in front of the client: answers what servers ask, remembers the questions and the progress of the running
//! action. Knows the SDK's handler and nothing of actions.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::{
    ClientCapabilities, ClientConfig, CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams,
    ElicitResult, ElicitationAction, ErrorData, Implementation, ListRootsResult, ProgressNotificationParam,
    ProgressToken, Root, SamplingMessage,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ClientHandler, RoleClient};
use serde_json::Value;
use tokio::sync::Notify;

/// The human, the model and the file system of one client.
#[derive(Debug)]
pub(crate) struct Human {
    capabilities: ClientCapabilities,
    seen: Mutex<Seen>,
    progressed: Notify,
}

/// How long after an answer progress may still be handed over.
const LATE_PROGRESS: Duration = Duration::from_secs(2);

/// What happened during one action.
#[derive(Debug, Default)]
struct Seen {
    answer: Value,
    asked: Vec<String>,
    progress: Vec<f64>,
    /// The token of the progress so far.
    token: Option<ProgressToken>,
    /// The token of the last action: this SDK may hand over its progress after its answer.
    stale: Option<ProgressToken>,
}

impl Human {
    /// A client that can do what `capabilities` says.
    pub(crate) fn new(capabilities: ClientCapabilities) -> Self {
        Self { capabilities, seen: Mutex::default(), progressed: Notify::new() }
    }

    /// Forgets the last action; questions of the next one are accepted with `answer`.
    pub(crate) fn begin(&self, answer: Value) {
        let mut seen = self.seen();
        let stale = seen.token.take().or(seen.stale.take());
        *seen = Seen { answer, stale, ..Seen::default() };
    }

    /// The questions of the running action.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.seen().asked.clone()
    }

    /// The progress of the running action, once it has come in as many steps as `steps` or for a while no more comes: this
    /// SDK may hand it over after the answer.
    pub(crate) async fn progress(&self, steps: usize) -> Vec<f64> {
        let all = async {
            while self.seen().progress.len() < steps {
                self.progressed.notified().await;
            }
        };
        let _late = tokio::time::timeout(LATE_PROGRESS, all).await;
        self.seen().progress.clone()
    }

    /// Waits for the first progress of the running action.
    pub(crate) async fn first_progress(&self) {
        while self.seen().progress.is_empty() {
            self.progressed.notified().await;
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientHandler for Human {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(self.capabilities.clone(), Implementation::new("rmcp", "1.0.0"))
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        let mut seen = self.seen();
        let accepted = ElicitResult::new(ElicitationAction::Accept);
        match request {
            ElicitRequestParams::FormElicitationParams { message, .. } => {
                seen.asked.push(message);
                Ok(accepted.with_content(seen.answer.clone()))
            }
            ElicitRequestParams::UrlElicitationParams { message, url, .. } => {
                seen.asked.push(format!("{message} {url}"));
                Ok(accepted)
            }
            _ => Ok(ElicitResult::new(ElicitationAction::Decline)),
        }
    }

    async fn create_message(
        &self,
        _request: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        self.seen().asked.push("sampling".to_owned());
        let message = SamplingMessage::assistant_text("a sampled answer");
        Ok(CreateMessageResult::new(message, "driver".to_owned()))
    }

    async fn list_roots(&self, _context: RequestContext<RoleClient>) -> Result<ListRootsResult, ErrorData> {
        self.seen().asked.push("roots".to_owned());
        Ok(ListRootsResult::new(vec![Root::new("file:///driver").with_name("driver")]))
    }

    async fn on_progress(&self, step: ProgressNotificationParam, _context: NotificationContext<RoleClient>) {
        let mut seen = self.seen();
        if seen.stale.as_ref() == Some(&step.progress_token) {
            return;
        }
        seen.progress.push(step.progress);
        seen.token = Some(step.progress_token);
        self.progressed.notify_one();
    }
}
