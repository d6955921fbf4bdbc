//! The one thread that touches the database: it takes whatever waits, makes all of it one commit, and only then says to
//! each that it is done. So a disk that takes five milliseconds per commit still takes thousands of changes a second.

use std::io;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::Error;

/// Changes that wait for the thread. Whoever has one more waits until there is room.
const WAITING_MAX: usize = 1_024;
/// Changes in one commit, so that none waits long for the others.
const GROUP_MAX: usize = 128;

/// A change, and what is to be said when it is on the disk.
type Change = Box<dyn FnOnce(&Connection) -> Told + Send>;
type Told = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// The way to the thread. Cheap to clone; the thread ends with the last of them.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Change>);

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(connection: Connection) -> io::Result<Self> {
        let (sender, changes) = mpsc::channel(WAITING_MAX);
        std::thread::Builder::new().name("store".to_owned()).spawn(move || write(&connection, changes))?;
        Ok(Self(sender))
    }

    /// Makes a change, and answers when it has been committed.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let change = move |connection: &Connection| -> Told {
            let made = alone(connection, change);
            Box::new(move |committed| drop(reply.send(committed.and(made))))
        };
        self.0.send(Box::new(change)).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }
}

fn write(connection: &Connection, mut changes: mpsc::Receiver<Change>) {
    while let Some(first) = changes.blocking_recv() {
        let rest = std::iter::from_fn(|| changes.try_recv().ok());
        group(connection, std::iter::once(first).chain(rest).take(GROUP_MAX));
    }
}

/// Makes changes in one commit. One that fails takes nothing of the others with it, unless nothing can be written at all.
fn group(connection: &Connection, changes: impl Iterator<Item = Change>) {
    let begun = connection.execute_batch("BEGIN IMMEDIATE").map_err(Error::from);
    let told: Vec<Told> = changes.map(|change| change(connection)).collect();
    // the database gives a transaction up by itself only when the disk is full or fails
    let kept = begun.and_then(|()| if connection.is_autocommit() { Err(Error::Full) } else { Ok(()) });
    let committed = kept.and_then(|()| connection.execute_batch("COMMIT").map_err(Error::from));
    if let Err(error) = &committed {
        tracing::error!(%error, cause = ?std::error::Error::source(error), "the store could not write");
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
        let _ = bury(connection);
    }
    for tell in told {
        tell(committed.clone());
    }
}

/// Puts a change of nothing in the place of a commit that failed: where only the wait for the disk has failed, all of it
/// stands in the log, and the next start would take it for one that was made.
fn bury(connection: &Connection) -> rusqlite::Result<()> {
    let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    connection.pragma_update(None, "user_version", version)
}

/// Makes one change whole or not at all.
fn alone<T>(connection: &Connection, change: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
    // without a transaction nothing would hold the change back until the commit
    if connection.is_autocommit() {
        return Err(Error::Full);
    }
    connection.execute_batch("SAVEPOINT change")?;
    let made = change(connection);
    if made.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO change")?;
    }
    if !connection.is_autocommit() {
        connection.execute_batch("RELEASE change")?;
    }
    Ok(made?)
}
