//! The system bus, over which services are asked and told. Its socket is one of this machine, named by the machine itself
//! and never by a caller, so it is opened here and not by `egress`.

use std::time::Duration;

use toolkit::{Code, Failure};
use zbus::{Connection, connection, fdo};

/// How long one answer may take: a manager that reloads its units is silent for seconds.
const ANSWER_WAIT: Duration = Duration::from_secs(25);

/// Connects to it.
pub(crate) async fn connect() -> Result<Connection, Failure> {
    let connecting = connection::Builder::system().method_timeout(ANSWER_WAIT).build();
    connecting.await.map_err(|error| {
        let text = format!("the system bus cannot be reached: {error}");
        Failure::new(Code::Unavailable, text).hint("is D-Bus running, and may this user connect to it?")
    })
}

/// What an error of the bus means to the caller who wanted this.
pub(crate) fn failure(wanted: &str, error: &zbus::Error) -> Failure {
    let (name, text) = match error {
        zbus::Error::MethodError(name, text, _) => (name.as_str().to_owned(), text.clone().unwrap_or_default()),
        zbus::Error::FDO(error) => named(error),
        other => (String::new(), other.to_string()),
    };
    let (code, hint) = meaning(&name);
    Failure::new(code, format!("cannot {wanted}: {}", text.trim_end_matches('.'))).hint(hint)
}

fn named(error: &fdo::Error) -> (String, String) {
    use zbus::DBusError;
    (error.name().as_str().to_owned(), error.description().unwrap_or_default().to_owned())
}

fn meaning(name: &str) -> (Code, &'static str) {
    let short = name.rsplit('.').next().unwrap_or_default();
    match short {
        "NoSuchUnit" | "LoadFailed" => (Code::NotFound, "`list_services` names those that there are"),
        "AccessDenied" | "InteractiveAuthorizationRequired" | "AuthFailed" => {
            (Code::Forbidden, "run Switchboard as root, or allow its user this act with a rule of polkit")
        }
        "UnitMasked" => (Code::Conflict, "it is masked: unmask it first"),
        "JobTypeNotApplicable" => (Code::NotSupported, "this service cannot do that; restart it instead"),
        "NoReply" | "Timeout" | "TimedOut" => (Code::Timeout, "try again, or look at `service_status`"),
        "ServiceUnknown" | "NameHasNoOwner" => (Code::NotSupported, "the program behind it does not run here"),
        _ => (Code::UpstreamError, "look at `service_status` and `service_logs`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_bus_have_codes() {
        let check = |name: &str, expected| assert_eq!(meaning(name).0, expected, "{name}");
        check("org.freedesktop.systemd1.NoSuchUnit", Code::NotFound);
        check("org.freedesktop.DBus.Error.AccessDenied", Code::Forbidden);
        check("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", Code::Forbidden);
        check("org.freedesktop.systemd1.UnitMasked", Code::Conflict);
        check("org.freedesktop.systemd1.JobTypeNotApplicable", Code::NotSupported);
        check("org.freedesktop.DBus.Error.NoReply", Code::Timeout);
        check("", Code::UpstreamError);
    }
}
