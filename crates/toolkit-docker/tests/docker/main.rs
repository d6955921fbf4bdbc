//! The toolkit `docker` as a client meets it: beside a real Docker and a real Podman, each in namespaces of its own; without
//! any engine; and with arguments that are meant to do harm.

mod catalogue;
mod client;
mod compose;
mod containers;
mod hostile;
mod images;
mod lab;
mod unreachable;
