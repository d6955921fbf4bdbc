//! Kept answers against a simple model of the world: nobody is given what is another's, what is too old, or what was
//! declared void.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use mcp::{ClientFacts, Envelope, Era, Method, ScanLimits};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    call::{Abilities, Answer, Call, Caller, SoFar},
    pipeline::wishes::Wishes,
    principal::{Lasting, Principal},
};

fn call_of(principal: &str, tool: &str, arguments: &str) -> Call {
    let request = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    );
    let facts = ClientFacts { capabilities: "{}".into(), info: bytes::Bytes::new(), log_level: bytes::Bytes::new() };
    let lasting = Lasting::new(&config::Limits::default());
    Call {
        caller: Caller {
            principal: Arc::new(Principal { name: principal.into(), ..Principal::local(lasting) }),
            session: None,
            era: Era::Modern,
            facts: Arc::new(facts),
            abilities: Abilities::default(),
            reach: Weak::new(),
        },
        request: Envelope::parse(&request.into(), ScanLimits::default()).unwrap(),
        method: Method::ToolsCall,
        rename: None,
        fixed: Vec::new(),
        is_settled: false,
        own_name: tool.into(),
        param_headers: Vec::new(),
        only_as_task: false,
        wishes: Wishes::default(),
        until: None,
        manner: Arc::default(),
        so_far: SoFar::default(),
    }
}

fn answer(result: &Value) -> Answer {
    let text = json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string();
    Answer { envelope: Envelope::parse(&text.into(), ScanLimits::default()).unwrap(), era: Era::Modern }
}

fn drawer() -> Arc<Drawer> {
    Arc::new(Drawer::new(0, "a".into(), None, Arc::default()))
}

fn origin(drawer: &Arc<Drawer>, call: &Call) -> Origin {
    Origin { subject: Subject::of(call), began: Instant::now(), since: drawer.now(), drawer: drawer.clone() }
}

#[test]
fn calls_that_mean_the_same_have_the_same_key_and_others_have_not() {
    let drawer = drawer();
    let key = |principal, tool, arguments| Key::of(&drawer, &call_of(principal, tool, arguments), false);
    let first = key("ada", "get", r#"{"a":1,"b":[]}"#);
    assert!(first.is_some());
    assert_eq!(first, key("ada", "get", r#" { "b" : [ ] , "\u0061":1}"#));
    assert_ne!(first, key("bob", "get", r#"{"a":1,"b":[]}"#));
    assert_ne!(first, key("ada", "got", r#"{"a":1,"b":[]}"#));
    assert_ne!(first, key("ada", "get", r#"{"a":2,"b":[]}"#));
    assert_eq!(key("ada", "get", r#"{"a":1,"a":2}"#), None);
    let other_drawer = Drawer::new(1, "a".into(), None, Arc::default());
    assert_ne!(first, Key::of(&other_drawer, &call_of("ada", "get", r#"{"a":1,"b":[]}"#), false));
}

#[test]
fn what_makes_callers_different_to_a_server_makes_keys_different() {
    let drawer = drawer();
    let call = call_of("ada", "get", "{}");
    let key = |call: &Call, is_shared| Key::of(&drawer, call, is_shared);
    let mut legacy = call.clone();
    legacy.caller.era = Era::Legacy;
    let mut able = call.clone();
    able.caller.abilities = Abilities::ALL;
    let mut fixed = call.clone();
    fixed.fixed = vec![(mcp::Span::NONE, "1".into())];
    let mut promoted = call.clone();
    promoted.caller.principal = Arc::new(Principal { role: 7, ..Principal::clone(&call.caller.principal) });
    assert_eq!(key(&call, true), key(&promoted, true), "what is shared is the same for every role");
    for other in [legacy, able, fixed, promoted] {
        assert_ne!(key(&call, false), key(&other, false), "{other:?}");
    }
    let foreign = call_of("bob", "get", "{}");
    assert_eq!(key(&call, true), key(&foreign, true));
    assert_ne!(key(&call, true), key(&call, false));
}

#[test]
fn only_whole_results_that_are_no_failure_can_be_given_again() {
    let check = |result: Value, expected| assert_eq!(is_whole(&answer(&result)), expected, "{result}");
    check(json!({"content": []}), true);
    check(json!({"content": [], "resultType": "complete", "isError": false}), true);
    check(json!({"content": [], "isError": true}), false);
    check(json!({"content": [], "isError": "false"}), false);
    check(json!({"content": "said"}), false);
    check(json!({"resultType": "input_required", "requestState": "x"}), false);
    check(json!({"resultType": "task", "taskId": "x"}), false);
    check(json!({"task": {"taskId": "x"}}), false);
    check(json!({"resultType": "other"}), false);
    let error = r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"no"}}"#;
    let envelope = Envelope::parse(&error.into(), ScanLimits::default()).unwrap();
    assert!(!is_whole(&Answer { envelope, era: Era::Modern }));
}

#[test]
fn a_given_answer_says_that_it_was_kept_and_is_otherwise_as_it_came() {
    let check = |result: Value, is_stale, expected: Value| {
        let drawer = drawer();
        let call = call_of("ada", "get", "{}");
        let kept = Kept::new(&answer(&result), origin(&drawer, &call), Instant::now()).unwrap();
        let given = kept.given(Duration::from_millis(1_500), is_stale).unwrap();
        let given: Value = serde_json::from_slice(given.envelope.result().unwrap()).unwrap();
        assert_eq!(given, expected);
    };
    check(
        json!({"content": [1.0]}),
        false,
        json!({"content": [1.0], "_meta": {"dev.switchboard/cached": {"age_ms": 1500}}}),
    );
    check(
        json!({"content": [], "_meta": {"a": 1}, "ttlMs": 2000}),
        false,
        json!({"content": [], "_meta": {"a": 1, "dev.switchboard/cached": {"age_ms": 1500}}, "ttlMs": 500}),
    );
    check(
        json!({"ttlMs": 1000}),
        true,
        json!({"ttlMs": 0, "_meta": {"dev.switchboard/cached": {"age_ms": 1500, "stale": true}}}),
    );
}

#[test]
fn an_act_on_one_thing_spares_answers_about_another() {
    let spared = |acted: &str, read: &str| {
        let invalidations = ["get_*", "arg:id"].map(|text| text.parse().unwrap());
        let settings = config::ToolSettings { invalidates: Some(invalidations.into()), ..Default::default() };
        let Some(Keeping::Voids(voids)) =
            Keeping::of_tool(traffic::Act::Acts, Some(&settings), &Declared::default(), true)
        else {
            panic!("an act that invalidates makes answers void");
        };
        let (cache, drawer) = (Cache::new(1 << 20), drawer());
        let about = About::of(&call_of("ada", "get_lamp", read));
        let since = drawer.now();
        drop(Acting::begin(voids.of_call(&cache, &drawer, &call_of("ada", "set_lamp", acted))));
        drawer.is_good(since, &about)
    };
    assert!(spared(r#"{"id":1}"#, r#"{"id":2}"#));
    assert!(!spared(r#"{"id":1}"#, r#"{"id":1}"#));
    assert!(!spared(r#"{"id":"é"}"#, r#"{"id":"\u00e9","more":1}"#));
    assert!(!spared(r#"{"id":1}"#, "{}"));
    assert!(!spared("{}", r#"{"id":2}"#));
}

#[test]
fn a_tool_has_to_do_with_kept_answers_only_where_it_is_said() {
    use traffic::Act;
    let settings = |cache_s, invalidates: Option<Vec<config::Invalidation>>| config::ToolSettings {
        cache_s,
        invalidates,
        ..Default::default()
    };
    let keeping = |act, settings: Option<config::ToolSettings>, others| {
        Keeping::of_tool(act, settings.as_ref(), &Declared::default(), others)
    };
    assert_eq!(keeping(Act::Reads, None, true), None);
    assert_eq!(keeping(Act::Reads, Some(settings(Some(0), None)), true), None);
    assert!(matches!(keeping(Act::Reads, Some(settings(Some(9), None)), true), Some(Keeping::Answers { .. })));
    assert_eq!(keeping(Act::Acts, None, false), None);
    assert!(matches!(keeping(Act::Acts, None, true), Some(Keeping::Voids(_))));
    assert!(matches!(keeping(Act::Repeatable, Some(settings(Some(9), None)), true), Some(Keeping::Voids(_))));
    assert_eq!(keeping(Act::Acts, Some(settings(None, Some(Vec::new()))), true), None);
}

#[test]
fn what_the_configuration_says_of_kept_answers_goes_over_what_a_tool_says() {
    use traffic::Act;
    let configured = |invalidates: Option<&[&str]>, cache_s| config::ToolSettings {
        cache_s,
        invalidates: invalidates.map(|named| named.iter().map(|text| text.parse().unwrap()).collect()),
        ..Default::default()
    };
    let declared = |invalidates: Option<&[&str]>, good_for_s: Option<u64>| Declared {
        invalidates: configured(invalidates, None).invalidates,
        good_for: good_for_s.map(Duration::from_secs),
    };
    let acts = |settings: Option<&[&str]>, said: Option<&[&str]>, others_are_kept| {
        Keeping::of_tool(Act::Acts, Some(&configured(settings, None)), &declared(said, None), others_are_kept)
    };
    assert_eq!(acts(Some(&["a"]), Some(&["b"]), true), acts(Some(&["a"]), None, true));
    assert_eq!(acts(Some(&[]), Some(&["b"]), true), None);
    assert_eq!(acts(None, Some(&[]), true), None);
    assert_eq!(acts(None, Some(&["b"]), true), acts(Some(&["b"]), None, true));
    assert_eq!(acts(None, Some(&["b"]), false), None, "nothing is kept that it could make void");
    assert!(acts(None, Some(&["files:b"]), false).is_some());

    let reads = |cache_s, good_for_s| {
        Keeping::of_tool(Act::Reads, Some(&configured(None, cache_s)), &declared(None, good_for_s), false)
    };
    assert_eq!(reads(None, Some(60)), Some(Keeping::Hinted(Duration::from_mins(1))));
    assert_eq!(reads(Some(0), Some(60)), None);
    assert_eq!(reads(Some(9), Some(60)), reads(Some(9), None));
}

#[test]
fn an_act_of_a_toolkit_makes_void_what_is_kept_of_every_server_that_is_the_one_it_names() {
    let cache = Cache::new(1 << 20);
    let put = |number, server: &str, toolkit: Option<&str>| {
        let drawer = Arc::new(Drawer::new(number, server.into(), toolkit.map(Into::into), Arc::default()));
        cache.drawers.put(drawer.clone());
        drawer
    };
    let drawers = [
        put(0, "pictures", Some("graphics")),
        put(1, "work", Some("project")),
        put(2, "home", Some("project")),
        put(3, "project", None),
    ];
    let declared = Declared { invalidates: Some(vec!["project:read_*".parse().unwrap()]), good_for: None };
    let Some(Keeping::Voids(voids)) = Keeping::of_tool(traffic::Act::Acts, None, &declared, true) else {
        panic!("an act that invalidates makes answers void");
    };
    let about = About::of(&call_of("ada", "read_file", "{}"));
    let before = drawers.each_ref().map(|drawer| drawer.now());
    drop(Acting::begin(voids.of_call(&cache, &drawers[0], &call_of("ada", "resize_image", "{}"))));
    let is_good: Vec<bool> = drawers.iter().zip(before).map(|(drawer, since)| drawer.is_good(since, &about)).collect();
    assert_eq!(is_good, [true, false, false, true]);
}

/// What can happen in the life of the cache.
#[derive(Clone, Debug)]
enum Step {
    /// A principal asks for something: a kept answer is looked at, and if there is none, one begins to be fetched.
    Ask { principal: usize, thing: usize },
    /// The call that has been under way for longest ends.
    Arrive,
    /// One thing changes.
    Change { thing: usize },
    /// Everything is dropped.
    Clear,
}

const PRINCIPALS: [&str; 3] = ["ada", "bob", "cyd"];
const THINGS: usize = 4;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        10 => (0..PRINCIPALS.len(), 0..THINGS).prop_map(|(principal, thing)| Step::Ask { principal, thing }),
        8 => Just(Step::Arrive),
        3 => (0..THINGS).prop_map(|thing| Step::Change { thing }),
        1 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 0..120)
}

/// Plays a history in which the world has a version, and an answer says for whom, of what, and of which version it is.
fn play(history: &[Step]) -> Result<usize, TestCaseError> {
    let (cache, drawer) = (Cache::new(1 << 20), drawer());
    cache.drawers.put(drawer.clone());
    let mut versions = [0_u64; THINGS];
    let mut under_way = std::collections::VecDeque::new();
    let mut hits = 0;
    for step in history {
        match step {
            Step::Ask { principal, thing } => {
                let call = call_of(PRINCIPALS[*principal], "get", &format!(r#"{{"thing":{thing}}}"#));
                let key = Key::of(&drawer, &call, false).unwrap();
                let truth = json!({"for": principal, "thing": thing, "version": versions[*thing]});
                match cache.find(&key) {
                    Some(kept) => {
                        hits += 1;
                        let given: Value = serde_json::from_slice(kept.answer.envelope.result().unwrap()).unwrap();
                        prop_assert_eq!(given, truth);
                    }
                    None => under_way.push_back((key, origin(&drawer, &call), answer(&truth))),
                }
            }
            Step::Arrive => {
                if let Some((key, origin, answer)) = under_way.pop_front() {
                    cache.keep(key, Arc::new(Kept::new(&answer, origin, Instant::now()).unwrap()));
                }
            }
            Step::Change { thing } => {
                versions[*thing] += 1;
                let about = call_of("ada", "set", &format!(r#"{{"thing":{thing}}}"#));
                drawer.declare(Void::Tools(Arc::default(), Arguments::named(&about, ["thing"].into_iter())));
            }
            Step::Clear => {
                versions = versions.map(|version| version + 1);
                cache.clear(None);
            }
        }
    }
    Ok(hits)
}

proptest! {
    #[test]
    fn nobody_is_given_what_is_anothers_or_was_declared_void(history in steps()) {
        play(&history)?;
    }
}

#[test]
fn an_answer_that_was_on_its_way_when_the_world_changed_is_not_kept() {
    let ask = Step::Ask { principal: 0, thing: 1 };
    let history = [ask.clone(), Step::Change { thing: 1 }, Step::Arrive, ask.clone(), Step::Arrive, ask];
    assert_eq!(play(&history).unwrap(), 1);
}

#[test]
fn answers_make_room_for_others_within_the_bytes_that_there_are() {
    let (cache, drawer) = (Cache::new(64 * 1024), drawer());
    for number in 0..1_000 {
        let call = call_of("ada", "get", &format!(r#"{{"number":{number}}}"#));
        let kept = Kept::new(&answer(&json!({"text": "x".repeat(500)})), origin(&drawer, &call), Instant::now());
        cache.keep(Key::of(&drawer, &call, false).unwrap(), Arc::new(kept.unwrap()));
        assert!(cache.report(Instant::now()).memory_bytes <= 64 * 1024);
    }
    assert!(cache.report(Instant::now()).answers > 20);
    cache.resize(0);
    assert_eq!(cache.report(Instant::now()).answers, 0);
}

#[test]
fn clearing_one_server_leaves_the_others() {
    let cache = Cache::new(1 << 20);
    for (number, server) in ["a", "b"].into_iter().enumerate() {
        let drawer = Arc::new(Drawer::new(number as u64, server.into(), None, Arc::default()));
        cache.drawers.put(drawer.clone());
        let call = call_of("ada", "get", "{}");
        let kept = Kept::new(&answer(&json!({})), origin(&drawer, &call), Instant::now()).unwrap();
        cache.keep(Key::of(&drawer, &call, false).unwrap(), Arc::new(kept));
    }
    assert_eq!(cache.clear(Some("a")), 1);
    assert_eq!(cache.clear(Some("a")), 0);
    assert_eq!(cache.clear(None), 1);
}

#[test]
fn the_report_tells_what_keeping_was_worth_and_names_no_arguments() {
    let (cache, drawer) = (Cache::new(1 << 20), drawer());
    cache.drawers.put(drawer.clone());
    let call = call_of("ada", "get", r#"{"secret":"hunter2"}"#);
    let about = About::of(&call);
    let kept = Kept::new(&answer(&json!({"text": "hunter2"})), origin(&drawer, &call), Instant::now()).unwrap();
    kept.given(Duration::ZERO, false);
    cache.keep(Key::of(&drawer, &call, false).unwrap(), Arc::new(kept));
    drawer.count(about.label(), |tally| {
        tally.hits += 1;
        tally.misses += 3;
        tally.saved += Duration::from_millis(40);
    });
    let report = cache.report(Instant::now());
    assert_eq!((report.total.hits, report.total.hit_percent()), (1, Some(25.0)), "{report:?}");
    assert_eq!((&*report.tools[0].tool, report.tools[0].holding.answers), ("get", 1), "{report:?}");
    assert_eq!(report.tools[0].tally.saved, Duration::from_millis(40), "{report:?}");
    assert_eq!(report.top[0].hits, 1, "{report:?}");
    assert!(!format!("{report:?}").contains("hunter2"), "{report:?}");
}

#[test]
fn what_another_node_declares_void_is_void_here_and_what_this_node_declared_is_not_void_twice() {
    let drawer = drawer();
    let about = About::of(&call_of("ada", "get", "{}"));
    let void = || Some(Void::Tools(Arc::default(), Arguments::default()));
    drawer.hear(1_000, void(), false);
    let since = drawer.now();
    drawer.hear(1_001, void(), true);
    assert!(drawer.is_good(since, &about));
    drawer.hear(1_002, void(), false);
    assert!(!drawer.is_good(since, &about));
    let since = drawer.now();
    drawer.hear(1_004, Some(Void::Resource("file:///a".into())), true);
    assert!(!drawer.is_good(since, &about), "1003 may have been about anything");
}

#[test]
fn an_answer_of_another_node_is_good_as_far_as_all_declarations_since_are_known() {
    let drawer = drawer();
    let about = About::of(&call_of("ada", "get", "{}"));
    let resource = |uri: &str| Some(Void::Resource(uri.into()));
    let is_good = |since, newest| drawer.is_good_elsewhere(since, newest, &about);
    assert!(is_good(0, 0), "nothing was ever declared");
    assert!(is_good(1_000, 1_000), "nothing was declared since");
    assert!(!is_good(1_000, 1_001), "nobody knows what 1001 is about");
    drawer.hear(1_000, None, false);
    drawer.hear(1_001, resource("file:///a"), false);
    assert!(is_good(1_000, 1_001));
    assert!(!is_good(999, 1_001));
    assert!(!is_good(1_000, 1_002), "1002 was not heard yet");
    assert!(!is_good(1_002, 1_001), "it is of a count that is lost");
    drawer.hear(1_002, Some(Void::Tools(Arc::default(), Arguments::default())), false);
    assert!(!is_good(1_000, 1_002));
    drawer.forget();
    assert!(!is_good(1_001, 1_002));
}
