//! How a connection begins: who we are, and which database is meant.

use std::time::Duration;

use bytes::BytesMut;
use egress::{Client, Raw};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};

use crate::{Address, Command, Error, Reply};

/// For connecting and being let in together.
const WITHIN: Duration = Duration::from_secs(2);
/// A greeting is answered by a short status.
const TEXT_BYTES_MAX: usize = 1_024;

/// A connection that lets us in.
pub(crate) async fn connect(client: &Client, address: &Address) -> Result<Raw, Error> {
    let greeted = async {
        let mut stream = client.raw(&address.target).await?;
        for command in greetings(address) {
            stream.write_all(command.wire()).await?;
            if let Reply::Refusal(reason) = reply(&mut stream).await? {
                return Err(Error::Refused(String::from_utf8_lossy(&reason).into_owned()));
            }
        }
        Ok(stream)
    };
    timeout(WITHIN, greeted).await.unwrap_or(Err(Error::Silent(WITHIN)))
}

/// What is said first. The last of it is answered by whoever lets us in.
fn greetings(address: &Address) -> Vec<Command> {
    let mut commands = Vec::new();
    if let Some(password) = &address.password {
        let user = address.user.as_deref().map(str::as_bytes);
        let words: Vec<&[u8]> = [&b"AUTH"[..]].into_iter().chain(user).chain([password.as_bytes()]).collect();
        commands.push(Command::new(&words));
    }
    if address.database != 0 {
        commands.push(Command::new(&[b"SELECT", address.database.to_string().as_bytes()]));
    }
    commands.push(Command::new(&[b"PING"]));
    commands
}

/// The answer to the one command that was sent.
async fn reply(stream: &mut Raw) -> Result<Reply, Error> {
    let mut arrived = BytesMut::new();
    loop {
        if let Some(reply) = Reply::take(&mut arrived, TEXT_BYTES_MAX)? {
            return Ok(reply);
        }
        if stream.read_buf(&mut arrived).await? == 0 {
            return Err(Error::Closed);
        }
    }
}
