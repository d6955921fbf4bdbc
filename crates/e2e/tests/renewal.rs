//! Clients that listen, and a server that another takes the place of: they hear of the new one as of the old, and are told
//! to look again, because they may have missed something in between.

use e2e::events::Stream;
use e2e::fixture::{self, Era, Fixture};
use e2e::legacy::Session;
use e2e::scene::Scene;
use e2e::wire;
use serde_json::json;

const PATH: &str = "/servers/fixture/mcp";
const WATCHED: &str = "test://watched-resource";
const UPDATED: &str = "notifications/resources/updated";

/// How a server is replaced.
type Replace = fn(&Scene, &str);

fn restart(scene: &Scene, _: &str) {
    assert_eq!(scene.control.ask("POST", "/servers/fixture/restart").0, 200);
}

fn change(scene: &Scene, configuration: &str) {
    scene.write(&format!("{configuration}idle_stop_s = 3600\n"));
    assert_eq!(scene.control.ask("POST", "/config/reload").0, 200);
}

fn remove(scene: &Scene, _: &str) {
    scene.write("");
    assert_eq!(scene.control.ask("POST", "/config/reload").0, 200);
}

fn crash(scene: &Scene, _: &str) {
    let answer = wire::call(scene.node.address(), PATH, "7", "crash", "{}");
    assert!(answer.is_error(), "{}", answer.text());
}

/// A legacy client that has subscribed to the watched resource.
fn legacy_listener(scene: &Scene) -> (Session, Stream) {
    let session = Session::open(scene.node.address(), PATH, "2025-11-25", &json!({}));
    let stream = session.listen(None);
    let params = json!({ "uri": WATCHED });
    let subscribed =
        session.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": params }));
    assert!(!subscribed.is_error(), "{}", subscribed.text());
    (session, stream)
}

/// A modern client that listens to the watched resource and to the list of tools.
fn modern_listener(scene: &Scene) -> Stream {
    let notifications = json!({ "resourceSubscriptions": [WATCHED], "toolsListChanged": true });
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = json!({ "notifications": notifications, "_meta": meta });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params }).to_string();
    let headers = ["MCP-Protocol-Version: 2026-07-28", "Mcp-Method: subscriptions/listen"];
    let mut stream =
        Stream::open(scene.node.address(), &wire::post(scene.node.address(), PATH, &headers, body.as_bytes()));
    let acknowledged = stream.message();
    assert_eq!(acknowledged["params"]["notifications"]["resourceSubscriptions"], json!([WATCHED]), "{acknowledged}");
    stream
}

fn trigger(scene: &Scene, tool: &str) {
    let answer = wire::call(scene.node.address(), PATH, "7", tool, "{}");
    assert!(!answer.is_error(), "{}", answer.text());
}

/// Waits for a notification; the stream panics when none comes.
fn hear(stream: &mut Stream, method: &str) {
    while stream.message()["method"] != method {}
}

/// The listener hears of an update before the server is replaced, by it, and after it.
fn check_updates(configuration: &str, replace: Replace, listener: impl FnOnce(&Scene) -> (Option<Session>, Stream)) {
    let scene = Scene::start(configuration);
    let (_session, mut stream) = listener(&scene);
    trigger(&scene, "test_trigger_resource_update");
    hear(&mut stream, UPDATED);
    replace(&scene, configuration);
    hear(&mut stream, UPDATED);
    trigger(&scene, "test_trigger_resource_update");
    hear(&mut stream, UPDATED);
}

/// Every way to reach a fixture.
fn configurations(remote: &[Fixture]) -> Vec<String> {
    let over_http = remote.iter().map(|fixture| fixture.configured("fixture"));
    over_http.chain([Era::Legacy, Era::Modern].map(|era| fixture::configured_over_stdio("fixture", era))).collect()
}

#[test]
fn legacy_client_stays_subscribed_when_its_server_is_replaced() {
    let remote = [Era::Legacy, Era::Modern].map(Fixture::start);
    for configuration in configurations(&remote) {
        for replace in [restart as Replace, change] {
            check_updates(&configuration, replace, |scene| {
                let (session, stream) = legacy_listener(scene);
                (Some(session), stream)
            });
        }
    }
}

#[test]
fn modern_client_goes_on_listening_when_its_server_is_replaced() {
    let remote = [Era::Legacy, Era::Modern].map(Fixture::start);
    for configuration in configurations(&remote) {
        for replace in [restart as Replace, change] {
            check_updates(&configuration, replace, |scene| (None, modern_listener(scene)));
        }
    }
}

#[test]
fn who_listens_goes_on_listening_when_its_server_crashes() {
    for era in [Era::Legacy, Era::Modern] {
        let configuration = fixture::configured_over_stdio("fixture", era);
        check_updates(&configuration, crash, |scene| (None, modern_listener(scene)));
        check_updates(&configuration, crash, |scene| {
            let (session, stream) = legacy_listener(scene);
            (Some(session), stream)
        });
    }
}

#[test]
fn lists_of_a_server_that_took_the_place_of_another_are_heard() {
    for era in [Era::Legacy, Era::Modern] {
        let scene = Scene::start(&fixture::configured_over_stdio("fixture", era));
        let mut modern = modern_listener(&scene);
        let (_session, mut legacy) = legacy_listener(&scene);
        restart(&scene, "");
        hear(&mut modern, UPDATED);
        hear(&mut legacy, UPDATED);
        trigger(&scene, "test_trigger_tool_change");
        hear(&mut modern, "notifications/tools/list_changed");
        hear(&mut legacy, "notifications/tools/list_changed");
    }
}

#[test]
fn client_is_told_to_look_again_when_its_server_goes() {
    let scene = Scene::start(&fixture::configured_over_stdio("fixture", Era::Modern));
    let mut modern = modern_listener(&scene);
    let (_session, mut legacy) = legacy_listener(&scene);
    remove(&scene, "");
    hear(&mut modern, UPDATED);
    hear(&mut legacy, UPDATED);
}
