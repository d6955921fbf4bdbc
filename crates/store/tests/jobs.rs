//! What happens to a job, as the store sees it: kept before anybody is told, taken over from the dead, never run twice.

use std::path::Path;

use store::{Cancelled, Ended, Filter, JobId, NewJob, Outcome, Replayed, Settings, State, Store};

const HOUR_MS: u64 = 3_600_000;

fn settings(run: &str) -> Settings {
    Settings { run: run.to_owned(), home: "/etc/sw.toml".to_owned(), bytes_max: 64 << 20 }
}

fn open(folder: &Path, run: &str) -> Store {
    Store::in_folder(folder, &settings(run)).expect("the store opens")
}

fn job(id: u128, owner: &str, repeatable: bool) -> NewJob {
    NewJob {
        id: JobId(id),
        owner: owner.to_owned(),
        endpoint: String::new(),
        tool: "files_write".to_owned(),
        repeatable,
        request: format!(r#"{{"id":{id}}}"#).into(),
        created_ms: 1_000 + id as u64,
        kept_ms: HOUR_MS,
    }
}

fn answer() -> Ended {
    Ended { answer: r#"{"result":{}}"#.into(), server: "files".to_owned(), modern: true }
}

fn completed() -> Outcome {
    Outcome::Completed { answer: answer(), reason: None }
}

async fn state(store: &Store, id: u128) -> State {
    store.get(JobId(id), None).await.expect("the store answers").expect("the job is kept").state
}

#[tokio::test]
async fn a_job_is_run_once_and_its_answer_kept_as_it_came() {
    let store = Store::in_memory(&settings("a")).unwrap();
    assert!(store.submit(job(1, "ada", false), 9).await.unwrap());
    let claimed = store.claim("", 5, 2_000).await.unwrap();
    assert_eq!((claimed.len(), &claimed[0].request[..]), (1, &br#"{"id":1}"#[..]));
    assert!(store.claim("", 5, 2_000).await.unwrap().is_empty());
    assert!(store.settle(JobId(1), completed(), 3_000).await.unwrap());
    assert!(!store.settle(JobId(1), completed(), 3_000).await.unwrap(), "it has ended");
    assert_eq!(store.answer(JobId(1)).await.unwrap(), Some(answer()));
    assert_eq!(state(&store, 1).await, State::Completed);
    assert_eq!(store.get(JobId(1), Some("bob")).await.unwrap(), None);
}

#[tokio::test]
async fn principals_have_their_turn_one_after_the_other() {
    let store = Store::in_memory(&settings("a")).unwrap();
    for (id, owner) in [(1, "ada"), (2, "ada"), (3, "ada"), (4, "bob"), (5, "eve")] {
        store.submit(job(id, owner, true), 9).await.unwrap();
    }
    let mut order = Vec::new();
    let mut last = String::new();
    while let [claimed] = &store.claim(&last, 1, 5_000).await.unwrap()[..] {
        order.push(claimed.job.id.0);
        last.clone_from(&claimed.job.owner);
    }
    assert_eq!(order, [1, 4, 5, 2, 3]);
}

#[tokio::test]
async fn who_has_too_many_unfinished_jobs_gets_no_more_and_others_do() {
    let store = Store::in_memory(&settings("a")).unwrap();
    assert!(store.submit(job(1, "ada", true), 2).await.unwrap());
    assert!(store.submit(job(2, "ada", true), 2).await.unwrap());
    assert!(!store.submit(job(3, "ada", true), 2).await.unwrap());
    assert!(store.submit(job(4, "bob", true), 2).await.unwrap());
    store.cancel(JobId(1), 5_000).await.unwrap();
    assert!(store.submit(job(3, "ada", true), 2).await.unwrap());
}

#[tokio::test]
async fn what_fails_for_now_comes_back_when_it_is_due() {
    let store = Store::in_memory(&settings("a")).unwrap();
    store.submit(job(1, "ada", true), 9).await.unwrap();
    store.claim("", 1, 2_000).await.unwrap();
    let again = Outcome::Again { reason: "unreachable".to_owned(), due_ms: 9_000 };
    store.settle(JobId(1), again, 3_000).await.unwrap();
    assert_eq!(store.next_due().await.unwrap(), Some(9_000));
    assert!(store.claim("", 1, 8_999).await.unwrap().is_empty());
    assert_eq!(store.claim("", 1, 9_000).await.unwrap()[0].job.attempts, 2);
    let failed = Outcome::Failed { reason: "five times".to_owned(), answer: None };
    store.settle(JobId(1), failed, 9_500).await.unwrap();
    let history: Vec<_> =
        store.attempts(JobId(1)).await.unwrap().into_iter().map(|one| (one.began_ms, one.outcome.unwrap())).collect();
    assert_eq!(history, [(2_000, "unreachable".to_owned()), (9_000, "five times".to_owned())]);
}

#[tokio::test]
async fn jobs_of_a_dead_process_go_on_and_acts_under_way_are_not_run_twice() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), "first");
    for (id, repeatable) in [(1, true), (2, false), (3, false)] {
        first.submit(job(id, "ada", repeatable), 9).await.unwrap();
    }
    assert_eq!(first.claim("", 2, 2_000).await.unwrap().len(), 2);
    let second = open(folder.path(), "second");
    assert_eq!(second.adopt(3_000).await.unwrap(), 0, "the first lives");
    drop(first);
    assert_eq!(second.adopt(4_000).await.unwrap(), 2);
    assert_eq!(second.adopt(4_000).await.unwrap(), 0);
    assert_eq!(state(&second, 2).await, State::OutcomeUnknown);
    let ids: Vec<u128> = second.claim("", 9, 5_000).await.unwrap().iter().map(|claimed| claimed.job.id.0).collect();
    assert_eq!(ids, [1, 3]);
    assert_eq!(second.attempts(JobId(2)).await.unwrap()[0].outcome.as_deref(), Some("the gateway ended"));
}

#[tokio::test]
async fn a_clock_that_was_set_back_does_not_make_a_pause_longer() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), "first");
    first.submit(job(1, "ada", true), 9).await.unwrap();
    first.claim("", 1, 900_000).await.unwrap();
    let again = Outcome::Again { reason: "busy".to_owned(), due_ms: 903_000 };
    assert!(first.settle(JobId(1), again, 901_000).await.unwrap());
    drop(first);
    let second = open(folder.path(), "second");
    assert_eq!(second.adopt(5_000).await.unwrap(), 1);
    assert!(second.claim("", 9, 6_999).await.unwrap().is_empty());
    assert_eq!(second.claim("", 9, 7_000).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_process_lets_go_of_is_taken_over_while_it_lives() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), "first");
    first.submit(job(1, "ada", false), 9).await.unwrap();
    first.submit(job(2, "ada", false), 9).await.unwrap();
    first.claim("", 1, 2_000).await.unwrap();
    assert_eq!(first.release().await.unwrap(), 1);
    let second = open(folder.path(), "second");
    assert_eq!(second.adopt(3_000).await.unwrap(), 1);
    assert_eq!(second.claim("", 9, 4_000).await.unwrap()[0].job.id, JobId(2));
    assert!(first.settle(JobId(1), completed(), 5_000).await.unwrap());
}

#[tokio::test]
async fn jobs_of_another_configuration_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path(), "first");
    first.submit(job(1, "ada", true), 9).await.unwrap();
    drop(first);
    let stranger = Settings { home: "/home/other.toml".to_owned(), ..settings("second") };
    assert_eq!(Store::in_folder(folder.path(), &stranger).unwrap().adopt(3_000).await.unwrap(), 0);
}

#[tokio::test]
async fn what_waits_is_cancelled_at_once_and_what_runs_is_told_apart() {
    let store = Store::in_memory(&settings("a")).unwrap();
    store.submit(job(1, "ada", false), 9).await.unwrap();
    store.submit(job(2, "ada", false), 9).await.unwrap();
    store.claim("", 1, 2_000).await.unwrap();
    assert_eq!(store.cancel(JobId(1), 3_000).await.unwrap(), Cancelled::Running);
    assert_eq!(store.cancel(JobId(2), 3_000).await.unwrap(), Cancelled::Now);
    assert_eq!(store.cancel(JobId(2), 3_000).await.unwrap(), Cancelled::Over(State::Cancelled));
    assert_eq!(store.cancel(JobId(3), 3_000).await.unwrap(), Cancelled::Unknown);
    assert!(store.claim("", 9, 9_000).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_what_did_not_succeed_is_replayed_and_a_doubtful_act_only_anyway() {
    let store = Store::in_memory(&settings("a")).unwrap();
    let failed = Outcome::Failed { reason: "no".to_owned(), answer: Some(answer()) };
    let unknown = Outcome::Unknown { reason: "lost".to_owned() };
    for (id, outcome) in [(1, completed()), (2, failed), (3, unknown)] {
        store.submit(job(id, "ada", false), 9).await.unwrap();
        store.claim("", 1, 2_000).await.unwrap();
        store.settle(JobId(id), outcome, 3_000).await.unwrap();
    }
    let replay = async |id, anyway| store.replay(JobId(id), anyway, 4_000).await.unwrap();
    assert_eq!(replay(1, true).await, Replayed::Refused(State::Completed));
    assert_eq!(replay(2, false).await, Replayed::Now);
    assert_eq!(replay(3, false).await, Replayed::Refused(State::OutcomeUnknown));
    assert_eq!(replay(3, true).await, Replayed::Now);
    assert_eq!(replay(4, true).await, Replayed::Unknown);
    assert_eq!(store.answer(JobId(2)).await.unwrap(), None);
    assert_eq!(store.claim("", 9, 5_000).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_end_is_kept_for_its_time_and_what_has_not_ended_for_ever() {
    let store = Store::in_memory(&settings("a")).unwrap();
    store.submit(job(1, "ada", false), 9).await.unwrap();
    store.submit(job(2, "ada", false), 9).await.unwrap();
    store.claim("", 1, 2_000).await.unwrap();
    store.settle(JobId(1), completed(), 3_000).await.unwrap();
    assert_eq!(store.sweep(2_999 + HOUR_MS).await.unwrap(), 0);
    assert_eq!(store.sweep(3_000 + HOUR_MS).await.unwrap(), 1);
    assert_eq!(store.sweep(u64::MAX / 2).await.unwrap(), 0);
    assert_eq!(store.purge(Some(JobId(2)), None).await.unwrap(), 0, "it waits");
    assert_eq!(state(&store, 2).await, State::Pending);
}

#[tokio::test]
async fn a_list_is_read_page_by_page_newest_first() {
    let store = Store::in_memory(&settings("a")).unwrap();
    for id in 1..=5 {
        store.submit(job(id, if id == 3 { "bob" } else { "ada" }, false), 9).await.unwrap();
    }
    let page = async |after: Option<u128>| {
        let filter = Filter { owner: Some("ada".to_owned()), after: after.map(JobId), count_max: 2, state: None };
        store.list(filter).await.unwrap().iter().map(|job| job.id.0).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, [5, 4]);
    assert_eq!(page(Some(4)).await, [2, 1]);
    assert!(page(Some(1)).await.is_empty());
}

#[tokio::test]
async fn many_changes_at_once_are_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path(), "a");
    let submitted = (1..=500).map(|id| store.submit(job(id, "ada", true), 1_000));
    for kept in futures_util::future::join_all(submitted).await {
        assert!(kept.unwrap());
    }
    drop(store);
    let kept = open(folder.path(), "b").list(Filter { count_max: 1_000, ..Filter::default() }).await.unwrap();
    assert_eq!(kept.len(), 500);
}
