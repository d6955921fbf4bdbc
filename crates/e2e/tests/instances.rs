//! A server that answers at several addresses: calls are spread, the loss of one is not noticed, near ones come first, and
//! a rule about regions holds whatever happens.

use e2e::fixture::{Era, Fixture};
use e2e::legacy::Session;
use e2e::scene::Scene;
use e2e::scripted::{Scripted, as_json};
use e2e::wire::{self, Answer};
use serde_json::json;

const PATH: &str = "/servers/many/mcp";

/// The configuration of instances, each with more lines of its section.
fn configured(settings: &str, instances: &[(&Fixture, &str)]) -> String {
    let sections = instances
        .iter()
        .map(|(fixture, more)| format!("[[servers.many.instances]]\nurl = {:?}\n{more}\n", fixture.url()));
    format!("[servers.many]\n{settings}\n{}", sections.collect::<String>())
}

fn call(scene: &Scene, headers: &[&str]) -> Answer {
    let mirrored = wire::modern_call_headers("test_simple_text");
    let headers: Vec<&str> = mirrored.iter().map(String::as_str).chain(headers.iter().copied()).collect();
    let body = wire::modern_call("7", "test_simple_text", "{}");
    wire::exchange(scene.node.address(), &wire::post(scene.node.address(), PATH, &headers, body.as_bytes()))
}

/// How many calls each instance has served.
fn served(scene: &Scene) -> Vec<u64> {
    let report = scene.control.get("/servers/many");
    let members = report["members"].as_array().unwrap_or_else(|| panic!("{report}"));
    members.iter().map(|member| member["calls"].as_u64().unwrap_or_default()).collect()
}

#[test]
fn calls_are_spread_over_the_instances() {
    let fixtures = [Fixture::start(Era::Modern), Fixture::start(Era::Legacy), Fixture::start(Era::Dual)];
    let instances: Vec<_> = fixtures.iter().map(|fixture| (fixture, "")).collect();
    let scene = Scene::start(&configured("balance = \"round_robin\"\nmode = \"shared\"", &instances));
    for _ in 0..30 {
        let answer = call(&scene, &[]);
        assert!(!answer.is_error(), "{}", answer.text());
    }
    assert_eq!(served(&scene), [10, 10, 10]);
}

#[test]
fn the_loss_of_an_instance_fails_no_call_and_it_is_left_alone() {
    let (stays, goes) = (Fixture::start(Era::Modern), Fixture::start(Era::Modern));
    let scene = Scene::start(&configured("balance = \"round_robin\"", &[(&stays, ""), (&goes, "")]));
    assert!(!call(&scene, &[]).is_error() && !call(&scene, &[]).is_error());
    drop(goes);
    for _ in 0..40 {
        let answer = call(&scene, &[]);
        assert!(!answer.is_error(), "{}", answer.text());
    }
    let report = scene.control.get("/servers/many");
    assert!(report["members"][1]["out_for_ms"].as_u64().is_some_and(|left| left > 0), "{report}");
    assert!(report["members"][0]["out_for_ms"].is_null(), "{report}");
}

#[test]
fn an_instance_that_takes_calls_and_loses_them_fails_no_read_and_does_not_close_its_server() {
    let list = json!({
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "tools": [{ "name": "get", "inputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } }],
    });
    let start = || {
        let result = json!({ "resultType": "complete", "content": [{ "type": "text", "text": "here" }] });
        Scripted::start(list.clone(), move |id| as_json(id, &result))
    };
    let (well, ill) = (start(), start());
    let scene = Scene::start(&format!(
        "[servers.many]\nera = \"modern\"\nbalance = \"round_robin\"\n[[servers.many.instances]]\nurl = {:?}\n\
         [[servers.many.instances]]\nurl = {:?}\n[servers.many.tool.get]\nact = \"reads\"\n",
        well.url(),
        ill.url(),
    ));
    assert!(!wire::call(scene.node.address(), PATH, "1", "get", "{}").is_error());
    ill.set_down(true);
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let address = scene.node.address();
            scope.spawn(move || {
                for number in 0..50 {
                    let arguments = format!(r#"{{"n":{}}}"#, caller * 1_000 + number);
                    let answer = wire::call(address, PATH, "7", "get", &arguments);
                    assert!(!answer.is_error(), "{}", answer.text());
                }
            });
        }
    });
    let report = scene.control.get("/servers/many");
    assert_eq!(report["breaker"]["state"], "closed", "{report}");
    assert!(report["members"][1]["errors"].as_u64().is_some_and(|errors| errors > 0), "{report}");
}

#[test]
fn the_first_instance_may_be_the_one_that_is_missing() {
    let (gone, stays) = (Fixture::start(Era::Legacy), Fixture::start(Era::Legacy));
    let configuration = configured("", &[(&gone, ""), (&stays, "")]);
    drop(gone);
    let scene = Scene::start(&configuration);
    let list = wire::list_tools(scene.node.address(), PATH).text();
    assert!(list.contains("test_simple_text"), "{list}");
    for _ in 0..10 {
        let answer = call(&scene, &[]);
        assert!(!answer.is_error(), "{}", answer.text());
    }
}

#[test]
fn near_instances_serve_first_and_a_rule_about_regions_is_never_broken() {
    let (eu, us) = (Fixture::start(Era::Modern), Fixture::start(Era::Modern));
    let instances = [(&eu, "region = \"eu\""), (&us, "region = \"us\"")];
    let scene = Scene::start(&configured("", &instances));
    for _ in 0..10 {
        assert!(!call(&scene, &["X-Region: us/a"]).is_error());
    }
    assert_eq!(served(&scene), [0, 10]);
    let unclear = call(&scene, &["X-Region: /"]);
    assert_eq!((unclear.status, unclear.code()), (400, Some(-32602)), "{}", unclear.text());

    scene.write(&configured("only_regions = [\"eu\"]", &instances));
    assert_eq!(scene.control.ask("POST", "/config/reload").0, 200);
    for _ in 0..10 {
        assert!(!call(&scene, &["X-Region: us"]).is_error());
    }
    assert_eq!(served(&scene), [10, 0]);
    drop(eu);
    for _ in 0..10 {
        assert!(call(&scene, &[]).is_error(), "nobody else may answer");
    }
    assert_eq!(served(&scene)[1], 0);
}

#[test]
fn where_a_caller_is_may_be_told_by_its_network() {
    let (eu, us) = (Fixture::start(Era::Modern), Fixture::start(Era::Modern));
    let instances = [(&eu, "region = \"eu\""), (&us, "region = \"us\"")];
    let networks = "[node]\nregion = \"eu\"\nnetworks = { us = [\"127.0.0.0/8\"] }\n";
    let scene = Scene::start(&(networks.to_owned() + &configured("", &instances)));
    for _ in 0..5 {
        assert!(!call(&scene, &[]).is_error());
    }
    assert_eq!(served(&scene), [0, 5]);
    assert!(!call(&scene, &["X-Region: eu"]).is_error());
    assert_eq!(served(&scene), [1, 5], "what a caller says goes over it");
}

#[test]
fn a_legacy_session_stays_at_one_instance() {
    let fixtures = [Fixture::start(Era::Legacy), Fixture::start(Era::Legacy)];
    let scene = Scene::start(&configured("", &[(&fixtures[0], ""), (&fixtures[1], "")]));
    let mut seen = [0; 2];
    for _ in 0..12 {
        let before = served(&scene);
        let session = Session::open(scene.node.address(), PATH, "2025-11-25", &json!({}));
        for id in 0..4 {
            let params = json!({ "name": "test_simple_text", "arguments": {} });
            let body = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
            let answer = session.post(&body);
            assert!(!answer.is_error(), "{}", answer.text());
        }
        let after = served(&scene);
        let grown: Vec<u64> = after.iter().zip(&before).map(|(after, before)| after - before).collect();
        assert!(grown == [4, 0] || grown == [0, 4], "{grown:?}");
        seen[usize::from(grown[1] == 4)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "twelve sessions went to one of two: {seen:?}");
}
