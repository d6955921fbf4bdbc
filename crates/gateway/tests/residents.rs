//! Servers that live in the process of the gateway are upstreams like any other.

use std::sync::Arc;

use bytes::Bytes;
use config::{Config, Server};
use futures_util::future::BoxFuture;
use gateway::{
    Gateway, Resident, Residents,
    catalogue::{Endpoint, listing::ListKind},
    residents::RESIDENT_QUEUE,
};
use mcp::{Envelope, Method, ScanLimits, message};
use tokio::sync::mpsc;

/// Makes one modern server with one tool, under the name `greeter`.
struct Greeter;

impl Residents for Greeter {
    fn built_in(&self) -> Vec<(String, Server)> {
        vec![("greeter".to_owned(), Server::default())]
    }

    fn hosts(&self, name: &str, settings: &Server) -> bool {
        name == "greeter" && settings.command.is_none()
    }

    fn open<'a>(&'a self, _: &'a str, _: &'a Server) -> BoxFuture<'a, Result<Resident, String>> {
        Box::pin(async {
            let (to_server, mut heard) = mpsc::channel::<Bytes>(RESIDENT_QUEUE);
            let (say, from_server) = mpsc::channel::<Bytes>(RESIDENT_QUEUE);
            tokio::spawn(async move {
                while let Some(request) = heard.recv().await {
                    let _ = say.send(answer(&request)).await;
                }
            });
            Ok(Resident { to_server, from_server })
        })
    }
}

fn answer(request: &Bytes) -> Bytes {
    let request = Envelope::parse(request, ScanLimits::default()).expect("the gateway writes messages");
    let id = request.id().expect("the gateway sends requests");
    match Method::parse(request.method()) {
        Method::Discover => message::result(
            id,
            br#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"ttlMs":0,"cacheScope":"public"}"#,
        ),
        Method::ToolsList => message::result(
            id,
            br#"{"resultType":"complete","tools":[{"name":"greet","inputSchema":{"type":"object"}}],"ttlMs":0,"cacheScope":"public"}"#,
        ),
        _ => message::error(Some(id), -32601, "unknown method", None),
    }
}

async fn listed(config: &Config) -> Vec<String> {
    let residents: Arc<dyn Residents> = Arc::new(Greeter);
    let gateway = Gateway::new(config, &residents, gateway::seals::Seals::ephemeral());
    let view = gateway.catalogue.view(&Endpoint::All).await.expect("there is an endpoint with everything");
    view.list(ListKind::Tools).items.iter().map(|item| String::from_utf8_lossy(item.to(true)).into_owned()).collect()
}

#[tokio::test]
async fn a_resident_is_listed_like_any_server() {
    assert_eq!(listed(&Config::default()).await, [r#"{"name":"greeter_greet","inputSchema":{"type":"object"}}"#]);
}

#[tokio::test]
async fn a_resident_can_be_switched_off_by_configuration() {
    let mut config = Config::default();
    config.servers.insert("greeter".to_owned(), Server { enabled: false, ..Server::default() });
    assert_eq!(listed(&config).await, [""; 0]);
}
