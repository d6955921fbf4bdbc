//! Whether the clock of this machine is kept right, as its own service for the time says.

use std::time::Duration;

use zbus::{Result, proxy};

use crate::units::bus;

/// The service may have to be started first; a check of the machine does not wait longer for one word.
const WAIT: Duration = Duration::from_secs(3);

/// The part of the service for the time that is used here.
#[proxy(
    interface = "org.freedesktop.timedate1",
    default_service = "org.freedesktop.timedate1",
    default_path = "/org/freedesktop/timedate1"
)]
trait Clock {
    #[zbus(property, name = "NTPSynchronized")]
    fn ntp_synchronized(&self) -> Result<bool>;
}

/// Whether it is; nothing if nobody here knows.
pub(crate) async fn is_kept_right() -> Option<bool> {
    let asked = async {
        let connection = bus::connect().await.ok()?;
        ClockProxy::new(&connection).await.ok()?.ntp_synchronized().await.ok()
    };
    tokio::time::timeout(WAIT, asked).await.ok().flatten()
}
