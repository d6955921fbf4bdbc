//! The official conformance suite, run through the gateway: every topology is one test, every test asserts the score.

use e2e::fixture::{self, Era, Fixture};
use e2e::suite::{Revision, Score, check_client, score_server};
use e2e::{Node, servers};

#[test]
fn legacy_suite_passes_through_the_gateway_to_a_dual_server_over_http() {
    let fixture = Fixture::start(Era::Dual);
    check_complete(&fixture.configured("fixture"), Revision::Legacy);
}

#[test]
fn modern_suite_passes_through_the_gateway_to_a_dual_server_over_http() {
    let fixture = Fixture::start(Era::Dual);
    check_complete(&fixture.configured("fixture"), Revision::Modern);
}

#[test]
fn legacy_suite_passes_through_the_gateway_to_a_dual_server_over_stdio() {
    check_complete(&fixture::configured_over_stdio("fixture", Era::Dual), Revision::Legacy);
}

#[test]
fn modern_suite_passes_through_the_gateway_to_a_dual_server_over_stdio() {
    check_complete(&fixture::configured_over_stdio("fixture", Era::Dual), Revision::Modern);
}

#[test]
fn modern_suite_passes_over_a_legacy_server() {
    let fixture = Fixture::start(Era::Legacy);
    assert_required(&score(&fixture.configured("fixture"), Revision::Modern), Revision::Modern);
}

#[test]
fn legacy_suite_passes_over_a_modern_server() {
    let fixture = Fixture::start(Era::Modern);
    assert_required(&score(&fixture.configured("fixture"), Revision::Legacy), Revision::Legacy);
}

#[test]
fn both_suites_pass_when_the_server_is_one_of_many() {
    let fixture = Fixture::start(Era::Dual);
    let configuration = [
        fixture.configured("fixture"),
        servers::everything_over_stdio("everything"),
        servers::time("time"),
        "[bundles.only]\nservers = [\"fixture\"]\nnaming = \"bare\"\n".to_owned(),
    ];
    let node = Node::start(&configuration.concat());
    for revision in [Revision::Legacy, Revision::Modern] {
        let score = score_server(&node.bundle("only"), revision);
        assert_complete(&score, revision);
    }
}

#[test]
fn the_gateway_is_a_conformant_client_of_legacy_servers() {
    let scenarios = ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"];
    check_as_client(&scenarios, Revision::Legacy);
}

#[test]
fn the_gateway_is_a_conformant_client_of_modern_servers() {
    let scenarios = [
        "tools_call",
        "request-metadata",
        "sep-2322-client-request-state",
        "http-standard-headers",
        "http-custom-headers",
        "http-invalid-tool-headers",
        "json-schema-ref-no-deref",
    ];
    check_as_client(&scenarios, Revision::Modern);
}

/// Runs every scenario that needs no OAuth, and reports all that failed at once.
fn check_as_client(scenarios: &[&str], revision: Revision) {
    let run = |scenario: &&str| check_client(scenario, revision).err();
    let complaints: Vec<String> = scenarios.iter().filter_map(run).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn check_complete(configuration: &str, revision: Revision) {
    assert_complete(&score(configuration, revision), revision);
}

fn score(configuration: &str, revision: Revision) -> Score {
    let node = Node::start(configuration);
    score_server(&node.server("fixture"), revision)
}

/// Asserts the full score and, beyond it, every scenario that the suite runs without scoring it.
fn assert_complete(score: &Score, revision: Revision) {
    assert_required(score, revision);
    assert_eq!(score.unscored_failed(), Vec::<&str>::new(), "{}", score.words());
}

fn assert_required(score: &Score, revision: Revision) {
    assert_eq!(score.required_failed(), Vec::<&str>::new(), "{}", score.words());
    assert_eq!(score.required_passed(), revision.required(), "{}", score.words());
    assert!(score.is_success(), "{}", score.words());
}
