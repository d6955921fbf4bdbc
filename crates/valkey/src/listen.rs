//! The connection that listens: it hears what other nodes say, and notices soon when it may have missed something.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use egress::{Client, Raw};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

use crate::{Address, Command, Error, Event, Reply, greeting, link::Told, pace::Pace};

/// Silence after which the other side is asked whether it is still there.
const QUIET: Duration = Duration::from_secs(1);
/// Bytes of one message: more than we ever write.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

/// Listens until the link is dropped.
pub(crate) async fn listen(client: Client, address: Address, channel: Arc<str>, told: Arc<Told>) {
    let mut pace = Pace::default();
    loop {
        let heard = hear(&client, &address, &channel, &told, &mut pace).await;
        if let Err(error) = heard {
            tracing::debug!(%error, "messages of other nodes are not heard");
        }
        sleep(pace.next()).await;
    }
}

/// Listens until the connection ends, which it does not do without a reason.
async fn hear(client: &Client, address: &Address, channel: &str, told: &Told, pace: &mut Pace) -> Result<(), Error> {
    let mut stream = greeting::connect(client, address).await?;
    stream.write_all(Command::new(&[b"SUBSCRIBE", channel.as_bytes()]).wire()).await?;
    let mut arrived = BytesMut::new();
    loop {
        let reply = next(&mut stream, &mut arrived).await?;
        match kind(reply)? {
            Kind::Begun => {
                pace.begin_anew();
                told.tell(Event::Hears);
            }
            Kind::Message(message) => told.tell(Event::Message(message)),
            Kind::Alive => {}
        }
    }
}

/// What comes over a connection that listens.
enum Kind {
    Begun,
    Message(Bytes),
    Alive,
}

fn kind(reply: Reply) -> Result<Kind, Error> {
    let Reply::Several(parts) = reply else {
        return match reply {
            Reply::Refusal(reason) => Err(Error::Refused(String::from_utf8_lossy(&reason).into_owned())),
            _ => Err(Error::Garbled("it is no message")),
        };
    };
    match <[Reply; 3]>::try_from(parts) {
        Ok([Reply::Bytes(kind), _, Reply::Bytes(message)]) if &*kind == b"message" => Ok(Kind::Message(message)),
        Ok([Reply::Bytes(kind), ..]) if &*kind == b"subscribe" => Ok(Kind::Begun),
        Ok(_) => Err(Error::Garbled("it is no message")),
        // the answer to PING has two parts here
        Err(_) => Ok(Kind::Alive),
    }
}

/// The next thing that comes. Where nothing does, the other side is asked once whether it is there.
async fn next(stream: &mut Raw, arrived: &mut BytesMut) -> Result<Reply, Error> {
    let mut is_asked = false;
    loop {
        if let Some(reply) = Reply::take(arrived, MESSAGE_BYTES_MAX)? {
            return Ok(reply);
        }
        match timeout(QUIET, stream.read_buf(arrived)).await {
            Ok(Ok(0)) => return Err(Error::Closed),
            Ok(read) => _ = read?,
            Err(_) if is_asked => return Err(Error::Silent(QUIET)),
            Err(_) => {
                is_asked = true;
                stream.write_all(Command::new(&[b"PING"]).wire()).await?;
            }
        }
    }
}
