//! The hand-over of a node to a successor: the program that is on disk by now is started with our doors, and once it says
//! that it is ready, this node takes nothing new any more and gives it the processes of servers. One that fails or is late is
//! ended, and this node goes on.

use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::control::Wish;
use client::Restarted;
use futures_util::future::join_all;
use gateway::edge::serve::Listener;
use gateway::upstream::bequest::{self, Bequest};
use gateway::upstream::following::Following;
use gateway::{
    Current, Gateway,
    catalogue::{Endpoint, Member},
    edge::passage::Departure,
    handover,
    leaving::Stage,
};
use supervisor::Successor;
use tokio::sync::mpsc;

use crate::connections;
use crate::control::Controls;
use crate::manager::Manager;
use crate::will::{CONNECTIONS, Door, Ready, Will};

/// All that can be handed over.
pub(crate) struct Estate {
    /// The doors of clients.
    pub(crate) doors: Vec<(Door, Arc<Listener>)>,
    /// What makes the node controllable, with the door of the control API.
    pub(crate) controls: Controls,
    /// The gateway.
    pub(crate) gateway: Current,
    /// What still comes from the node before: it has to be here to go on.
    pub(crate) following: Following,
    /// The program of a successor.
    pub(crate) program: io::Result<PathBuf>,
    /// Who is told of it.
    pub(crate) manager: Manager,
}

impl Estate {
    /// Hears wishes for a successor until one has taken over.
    pub(crate) async fn hand_over(mut self, mut wishes: mpsc::Receiver<Wish>) {
        while let Some(wish) = wishes.recv().await {
            self.following.over().await;
            let (estate, outcome) = tokio::task::spawn_blocking(move || {
                let outcome = self.successor();
                (self, outcome)
            })
            .await
            .expect("a hand-over does not panic");
            self = estate;
            match outcome {
                Err(reason) => {
                    tracing::error!(reason, "no successor took over: the node goes on");
                    let _ = wish.send(Err(reason));
                }
                Ok((successor, ready)) => return self.be_followed(successor, &ready, wish).await,
            }
        }
    }

    /// Leaves the work to a successor that is ready, with all that it goes on with.
    async fn be_followed(self, successor: Successor, ready: &Ready, wish: Wish) {
        let (pid, current) = (successor.pid(), self.gateway.clone());
        self.manager.followed_by(pid);
        // without it the node might end with its last call, before all is given and told
        let underway = current.now().stages.begin();
        let connections = ready.has_connections.then(|| current.now().kin.let_connections_go());
        self.leave();
        let given = give_all(&current.now(), successor, (ready, connections)).await;
        let _ = wish.send(Ok(Restarted { pid, version: ready.version.clone(), former_pid: std::process::id() }));
        let told = async { handover::tell_after(&current, given?.socket()?).await };
        if let Err(error) = told.await {
            tracing::error!(%error, "not all could be handed over");
        }
        drop(underway);
    }

    /// Starts a successor and waits until it is ready; blocks the thread. Changes of the configuration wait meanwhile.
    fn successor(&self) -> Result<(Successor, Ready), String> {
        if std::process::id() == 1 {
            return Err(
                "this is the first process of its container, which ends with it: replace the container".to_owned()
            );
        }
        let held = self.controls.hold();
        let program = self.program.as_ref().map_err(|error| format!("its program cannot be found: {error}"))?;
        let ready_within = Duration::from_millis(self.gateway.now().limits.successor_ms_max);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => {
                format!("`{}` ended before it was ready", program.display())
            }
            io::ErrorKind::WouldBlock => format!("`{}` was not ready within {ready_within:?}", program.display()),
            _ => format!("`{}`: {error}", program.display()),
        };
        let doors: Vec<(Door, &Arc<Listener>)> = self.all_doors().collect();
        let descriptors: Vec<_> = doors.iter().map(|(_, listener)| listener.as_fd()).collect();
        let words = serde_json::to_vec(&self.will(doors.iter().map(|(door, _)| door.clone()).collect()));
        let words = words.map_err(|error| failed(error.into()))?;
        let arguments: Vec<OsString> = env::args_os().skip(1).collect();
        let mut successor = Successor::start(program, &arguments).map_err(failed)?;
        tracing::info!(pid = successor.pid(), program = %program.display(), "a successor is starting");
        match successor.give(&words, &descriptors) {
            // it may have said why it has ended
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            given => given.map_err(failed)?,
        }
        let line = successor.hear(ready_within).map_err(failed)?;
        let ready = Ready::read(&line).ok_or(line)?;
        successor.let_live();
        held.leave();
        Ok((successor, ready))
    }

    fn all_doors(&self) -> impl Iterator<Item = (Door, &Arc<Listener>)> {
        let control = self.controls.door().map(|(path, listener)| (Door::new("control", &path.display()), listener));
        self.doors.iter().map(|(door, listener)| (door.clone(), listener)).chain(control)
    }

    fn will(&self, doors: Vec<Door>) -> Will {
        let gateway = self.gateway.now();
        let in_use = gateway.members().iter().filter(|member| member.upstream.peer().is_some());
        let servers = in_use.map(|member| member.upstream.name.to_string()).collect();
        let leaving = gateway.members().iter().filter(|member| member.upstream.may_leave());
        let processes = leaving
            .filter_map(|Member { upstream, settings }| Some((upstream.name.to_string(), bequest::made_of(settings)?)));
        let everything = gateway.catalogue.warm(&Endpoint::All).is_some();
        Will { doors, servers, everything, processes: processes.collect() }
    }

    /// Takes nothing new from now on.
    fn leave(self) {
        for (_, listener) in self.all_doors() {
            listener.leave();
        }
        tracing::info!("a successor has taken over: calls that run are finished here");
        self.gateway.now().stages.enter(Stage::HandedOver);
    }
}

/// Gives the successor the way on which connections come, and the processes that it wishes; it waits for these before it starts
/// any of its own.
async fn give_all(
    gateway: &Gateway,
    mut successor: Successor,
    (ready, connections): (&Ready, Option<mpsc::Receiver<Departure>>),
) -> io::Result<Successor> {
    if ready.servers.is_empty() && connections.is_none() {
        return Ok(successor);
    }
    if let Some(departures) = connections {
        successor.give(CONNECTIONS.as_bytes(), &[connections::send(departures)?.as_fd()])?;
    }
    let sessions = if ready.has_sessions { handover::going_over(&gateway.sessions) } else { HashMap::default() };
    let wanted = gateway.members().iter().filter(|member| ready.servers.contains(&*member.upstream.name));
    let left = join_all(wanted.map(|member| member.upstream.leave(&sessions))).await.into_iter().flatten();
    let parts: Vec<_> = left.map(Bequest::into_parts).collect();
    let given = tokio::task::spawn_blocking(move || {
        for parts in parts {
            let (words, descriptors) = parts?;
            let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
            successor.give(&words, &descriptors)?;
        }
        successor.give(&[], &[])?;
        Ok(successor)
    });
    given.await.map_err(io::Error::other)?
}

/// The path of our own program as it was started, which an upgrade replaces: not that of the file behind it, which an
/// upgrade may leave as it is.
pub(crate) fn own_program() -> io::Result<PathBuf> {
    let running = env::current_exe()?;
    let typed = env::args_os().next().map(PathBuf::from).unwrap_or_default();
    let candidates: Vec<PathBuf> = if typed.components().count() > 1 {
        vec![std::path::absolute(typed)?]
    } else {
        let folders = env::var_os("PATH").unwrap_or_default();
        env::split_paths(&folders).map(|folder| folder.join(&typed)).collect()
    };
    Ok(candidates.into_iter().find(|path| is_same(path, &running)).unwrap_or(running))
}

/// Whether two paths lead to one file.
fn is_same(one: &Path, other: &Path) -> bool {
    let file = |path: &Path| std::fs::metadata(path).map(|facts| (facts.dev(), facts.ino())).ok();
    file(one).is_some_and(|one| file(other) == Some(one))
}
