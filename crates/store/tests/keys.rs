//! Calls under keys, as the store sees them: recorded before they are sent, and never taken for one that was not made.

use std::path::Path;

use store::{KeyAnswer, KeyBounds, KeyEnd, KeyName, KeyState, Settings, Store};

const BOUNDS: KeyBounds = KeyBounds { kept_ms: 1_000, keys_per_owner: 2, bytes_per_owner: 100, answer_bytes: 80 };
const DIGEST: [u8; 32] = [1; 32];

fn open(folder: &Path, run: &str) -> Store {
    let settings = Settings { run: run.to_owned(), home: "/etc/sw.toml".to_owned(), bytes_max: 64 << 20 };
    Store::in_folder(folder, &settings).expect("the store opens")
}

fn name(owner: &str, key: &str) -> KeyName {
    KeyName { owner: owner.to_owned(), server: "files".to_owned(), key: key.to_owned() }
}

fn answered(bytes: usize) -> KeyAnswer {
    KeyAnswer { message: vec![b'x'; bytes].into(), modern: true }
}

async fn begin(store: &Store, owner: &str, key: &str, now_ms: u64) -> KeyState {
    store.begin_key(name(owner, key), DIGEST, BOUNDS, now_ms).await.expect("the store answers")
}

async fn end(store: &Store, owner: &str, key: &str, end: KeyEnd, now_ms: u64) {
    store.end_key(name(owner, key), end, BOUNDS, now_ms).await.expect("the store answers");
}

#[tokio::test]
async fn an_answer_is_known_to_the_next_life_of_the_program_until_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), "a");
    assert_eq!(begin(&first, "ada", "k", 10).await, KeyState::First);
    end(&first, "ada", "k", KeyEnd::Answered(answered(9)), 20).await;
    drop(first);
    let second = open(folder.path(), "b");
    assert_eq!(begin(&second, "ada", "k", 1_019).await, KeyState::Answered(answered(9)));
    let other = second.begin_key(name("ada", "k"), [2; 32], BOUNDS, 1_019).await.unwrap();
    assert_eq!(other, KeyState::Conflict);
    assert_eq!(begin(&second, "bob", "k", 1_019).await, KeyState::First, "a key is its owner's alone");
    assert_eq!(begin(&second, "ada", "k", 1_020).await, KeyState::First);
}

#[tokio::test]
async fn what_was_under_way_when_its_process_ended_is_unknown_and_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (open(folder.path(), "a"), open(folder.path(), "b"));
    assert_eq!(begin(&first, "ada", "k", 10).await, KeyState::First);
    assert_eq!(begin(&first, "ada", "l", 10).await, KeyState::First);
    assert_eq!(begin(&second, "ada", "k", 20).await, KeyState::Elsewhere);
    drop(first);
    let unknown = |state: &KeyState| matches!(state, KeyState::Unknown { reason } if reason.contains("gateway ended"));
    let mut known = begin(&second, "ada", "k", 30).await;
    while known == KeyState::Elsewhere {
        // the thread of the first lets go of its lock when it has closed the file
        tokio::task::yield_now().await;
        known = begin(&second, "ada", "k", 30).await;
    }
    assert!(unknown(&known), "{known:?}");
    second.adopt(40).await.unwrap();
    for key in ["k", "l"] {
        let known = begin(&second, "ada", key, 50).await;
        assert!(unknown(&known), "{key} {known:?}");
    }
}

#[tokio::test]
async fn a_call_that_did_nothing_leaves_its_key_free() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), "a");
    assert_eq!(begin(&store, "ada", "k", 10).await, KeyState::First);
    end(&store, "ada", "k", KeyEnd::Nothing, 20).await;
    let other = store.begin_key(name("ada", "k"), [2; 32], BOUNDS, 30).await.unwrap();
    assert_eq!(other, KeyState::First);
}

#[tokio::test]
async fn keys_and_answers_have_bounds_for_each_owner() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), "a");
    for key in ["k", "l"] {
        assert_eq!(begin(&store, "ada", key, 10).await, KeyState::First);
        end(&store, "ada", key, KeyEnd::Answered(answered(60)), 20).await;
    }
    assert_eq!(begin(&store, "ada", "k", 30).await, KeyState::Answered(answered(60)));
    assert_eq!(begin(&store, "ada", "l", 30).await, KeyState::Forgotten, "there was room for one answer");
    assert_eq!(begin(&store, "ada", "m", 30).await, KeyState::TooMany);
    assert_eq!(begin(&store, "bob", "m", 30).await, KeyState::First);
    end(&store, "bob", "m", KeyEnd::Answered(answered(81)), 30).await;
    assert_eq!(begin(&store, "bob", "m", 30).await, KeyState::Forgotten, "larger than any answer that is kept");
    assert_eq!(begin(&store, "ada", "m", 1_020).await, KeyState::First, "the others have had their time");
    end(&store, "ada", "m", KeyEnd::Answered(answered(80)), 1_030).await;
    assert_eq!(begin(&store, "ada", "m", 1_040).await, KeyState::Answered(answered(80)));
}
