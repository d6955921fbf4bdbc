//! Follows the files of the configuration: when one has changed, nobody writes it any more, and all have rested for a
//! moment, they are read anew.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::folders::Folders;
use crate::{Cause, Configuration};

/// How long the files have to rest: programs that write several of them do it in a moment.
const REST: Duration = Duration::from_millis(200);
/// How long they have to rest where the kernel did not tell of the change, and so will not tell of its end either.
const REST_UNTOLD: Duration = Duration::from_secs(2);
/// How long a folder in which something always happens may keep us from reading.
const REST_MAX: Duration = Duration::from_secs(5);
/// How long the thread that listens rests after it has heard something.
const BREATH: Duration = Duration::from_millis(20);
/// How often the files are looked at in any case: some file systems tell nothing.
const LOOK: Duration = Duration::from_secs(30);

/// Follows the files for as long as the node runs. What has changed since they were read is noticed, whenever that was.
pub async fn follow(configuration: Configuration) {
    let mut ear = Ear::at(configuration.folders());
    loop {
        configuration.watch();
        let before = configuration.files().now();
        let is_told = !configuration.is_due() && timeout(LOOK, ear.told()).await.is_ok();
        ear.rest(if is_told { REST } else { REST_UNTOLD }).await;
        let has_rested = is_told || configuration.files().now() == before;
        if has_rested && configuration.is_due() {
            let applying = configuration.clone();
            // What came of it is in the log and in the status.
            let _ = tokio::task::spawn_blocking(move || applying.reload(Cause::File)).await;
        }
    }
}

/// Passes on what the kernel tells. A thread waits for it, because the runtime cannot.
struct Ear {
    told: mpsc::Receiver<()>,
}

impl Ear {
    fn at(folders: Option<Arc<Folders>>) -> Self {
        let (tell, told) = mpsc::channel(1);
        if let Some(folders) = folders {
            let listening = thread::Builder::new().name("files".to_owned()).spawn(move || listen(&folders, &tell));
            if let Err(error) = listening {
                tracing::warn!(%error, "changes of files are noticed late: use `switchboard config reload`");
            }
        }
        Self { told }
    }

    /// Waits until something happens that may concern the files.
    async fn told(&mut self) {
        if self.told.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until nothing has happened for this long.
    async fn rest(&mut self, long: Duration) {
        let quiet = async { while timeout(long, self.told()).await.is_ok() {} };
        let _ = timeout(REST_MAX, quiet).await;
    }
}

/// Passes on what happens, until nobody listens any more.
fn listen(folders: &Folders, tell: &mpsc::Sender<()>) {
    while !tell.is_closed() && folders.wait() {
        if folders.hear() {
            // One that waits already stands for all.
            let _ = tell.try_send(());
        }
        // In a folder in which something always happens, much is heard at once.
        thread::sleep(BREATH);
    }
}
