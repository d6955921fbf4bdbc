//! Containers by what callers write: a name, an id, or the beginning of one, the same for all engines.

use std::time::{Duration, Instant};

use bollard::{
    errors::Error,
    models::{ContainerInspectResponse, ContainerSummary, PortSummary},
    query_parameters::{InspectContainerOptions, ListContainersOptions},
};
use mcp::nearest;
use toolkit::{Code, Failure};

use crate::{engine::Engine, error::During as _, name::Name};

/// How the reading of a state that only Podman has fails.
const UNSETTLED: &str = "unknown variant `stopped`";
/// How long Podman may take to note the end of a container, and how long to wait between two looks.
const SETTLING_MAX: Duration = Duration::from_secs(5);
const SETTLING_PAUSE: Duration = Duration::from_millis(50);
/// Digits of an id as people read it.
const SHORT_ID_DIGITS: usize = 12;
/// Candidates that are told where a beginning fits several containers.
const CANDIDATES_MAX: usize = 10;

/// The label with which Compose says which project a container belongs to, with that of the service.
pub(crate) const PROJECT_LABEL: &str = "com.docker.compose.project";
/// The label of the service.
pub(crate) const SERVICE_LABEL: &str = "com.docker.compose.service";

/// A container that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    /// Its whole id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

impl Container {
    /// The one that a caller means.
    pub(crate) async fn find(engine: &Engine, text: &str) -> Result<Self, Failure> {
        let wanted = Name::parse("container", text)?;
        let there = all(engine).await?.iter().map(Self::of).collect::<Vec<_>>();
        choose(wanted.as_str(), &there)
    }

    /// The one that a list speaks of.
    pub(crate) fn of(summary: &ContainerSummary) -> Self {
        Self { id: summary.id.clone().unwrap_or_default(), name: name(summary) }
    }

    /// All that the engine knows of it.
    pub(crate) async fn inspect(&self, engine: &Engine) -> Result<ContainerInspectResponse, Failure> {
        let look = || engine.inspect_container(&self.id, None::<InspectContainerOptions>);
        settled(look).await.during(format!("look at `{}`", self.name))
    }
}

/// All containers, whether they run or not.
pub(crate) async fn all(engine: &Engine) -> Result<Vec<ContainerSummary>, Failure> {
    let options = ListContainersOptions { all: true, ..ListContainersOptions::default() };
    settled(|| engine.list_containers(Some(options.clone()))).await.during("list the containers")
}

/// What an engine answers once it has taken note of the ends of containers. Until then Podman has a state that the API of
/// Docker does not know, and nobody can read its answer.
async fn settled<T, Asked: Future<Output = Result<T, Error>>>(ask: impl Fn() -> Asked) -> Result<T, Error> {
    let started = Instant::now();
    loop {
        match ask().await {
            Err(Error::JsonDataError { message, .. })
                if message.contains(UNSETTLED) && started.elapsed() < SETTLING_MAX =>
            {
                tokio::time::sleep(SETTLING_PAUSE).await;
            }
            answer => return answer,
        }
    }
}

/// The name of a container in a list.
pub(crate) fn name(summary: &ContainerSummary) -> String {
    // links of old times have a second slash
    let names = summary.names.iter().flatten().map(|name| name.trim_start_matches('/'));
    names.min_by_key(|name| name.matches('/').count()).unwrap_or_default().to_owned()
}

/// An id as people read it.
pub(crate) fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    &digits[..digits.floor_char_boundary(SHORT_ID_DIGITS)]
}

/// `127.0.0.1:8080->80/tcp`, or `80/tcp` where nothing of the machine leads to it.
pub(crate) fn port(port: &PortSummary) -> String {
    let inner = format!("{}/{}", port.private_port, port.typ.as_ref().map_or("tcp".to_owned(), ToString::to_string));
    match (&port.ip, port.public_port) {
        (Some(ip), Some(outer)) if !ip.is_empty() => format!("{ip}:{outer}->{inner}"),
        (_, Some(outer)) => format!("{outer}->{inner}"),
        _ => inner,
    }
}

fn choose(wanted: &str, there: &[Container]) -> Result<Container, Failure> {
    if let Some(exact) = there.iter().find(|one| one.name == wanted || one.id == wanted) {
        return Ok(exact.clone());
    }
    let begins: Vec<&Container> = there.iter().filter(|one| one.id.starts_with(wanted)).collect();
    match begins[..] {
        [one] => Ok(one.clone()),
        [] => {
            let failure = Failure::new(Code::NotFound, format!("there is no container `{wanted}`"));
            let hint = nearest::hint(wanted, there.iter().map(|one| one.name.as_str()));
            let hint = hint.unwrap_or_else(|| "list them with `list_containers` and `all: true`".to_owned());
            Err(Failure { field: Some("container".to_owned()), ..failure }.hint(hint))
        }
        ref several => {
            let named = several.iter().take(CANDIDATES_MAX).map(|one| format!("`{}` ({})", one.name, short(&one.id)));
            let hint = format!("give more digits, or a name: {}", named.collect::<Vec<_>>().join(", "));
            let text = format!("{} containers have an id that begins with `{wanted}`", several.len());
            Err(Failure::invalid("container", text).hint(hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there() -> Vec<Container> {
        let container = |id: &str, name: &str| Container { id: id.repeat(16), name: name.to_owned() };
        vec![container("abcd", "web"), container("abce", "worker"), container("1234", "abcd")]
    }

    #[test]
    fn a_name_an_id_and_the_beginning_of_an_id_mean_a_container() {
        let check = |wanted: &str, name: &str| assert_eq!(choose(wanted, &there()).unwrap().name, name, "{wanted}");
        check("web", "web");
        check("abce", "worker");
        check("12", "abcd");
        check(&"abcd".repeat(16), "web");
        // a name is stronger than the beginning of an id
        check("abcd", "abcd");
    }

    #[test]
    fn what_means_none_or_several_is_told_with_what_is_there() {
        let failure = choose("wrker", &there()).unwrap_err();
        assert_eq!((failure.code, &*failure.hint), (Code::NotFound, "did you mean `worker`?"));
        let failure = choose("abc", &there()).unwrap_err();
        assert_eq!(failure.code, Code::InvalidInput);
        assert!(failure.hint.contains("`web` (abcdabcdabcd)"), "{}", failure.hint);
    }
}
