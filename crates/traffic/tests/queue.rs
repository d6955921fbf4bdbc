//! What callers meet at the queue of a server, one case each.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use traffic::{
    Class,
    queue::{Bound, End, Entry, Hold, Late, Limits, LockKey, Next, Offer, Queue, Share, WEIGHTS},
};

/// A queue with one place, and its principals.
fn crowd(waiting_max: u32) -> (Queue, Bound, Arc<Share>, Arc<Share>) {
    let queue = Queue::new(Limits { running_max: 1, waiting_max, weights: WEIGHTS });
    (queue, Bound::of(256), Share::new("busy".into(), 32, 20_000), Share::new("other".into(), 32, 200))
}

fn entry(share: &Arc<Share>, now: Instant) -> Entry {
    let deadline = now + Duration::from_hours(1);
    Entry {
        class: Class::Medium,
        share: share.clone(),
        tool: "t".into(),
        tool_max: None,
        lock: None,
        cost: 1,
        deadline,
        until: None,
    }
}

#[test]
fn a_caller_with_ten_thousand_calls_delays_another_by_one_turn() {
    let (mut queue, room, busy, other) = crowd(20_000);
    let now = Instant::now();
    let Offer::Starts(mut running) = queue.offer(entry(&busy, now), 0, &room, now) else { panic!("it is free") };
    for id in 1..=10_000 {
        assert!(matches!(queue.offer(entry(&busy, now), id, &room, now), Offer::Waits(_)));
    }
    assert!(matches!(queue.offer(entry(&other, now), 10_001, &room, now), Offer::Waits(_)));
    let mut turns = 0;
    while running.id != 10_001 {
        queue.finish(running, End::Completed, &room, now);
        let Some(Next::Starts(next)) = queue.next(&room, now) else { panic!("something waits") };
        (running, turns) = (next, turns + 1);
    }
    assert!(turns <= 2, "{turns}");
}

#[test]
fn only_the_caller_with_too_many_calls_is_refused_and_told_when_to_come_back() {
    let (mut queue, room, _, other) = crowd(1_000);
    let (now, busy) = (Instant::now(), Share::new("busy".into(), 32, 3));
    for id in 0..4 {
        assert!(!matches!(queue.offer(entry(&busy, now), id, &room, now), Offer::Refused(_)));
    }
    let Offer::Refused(refusal) = queue.offer(entry(&busy, now), 5, &room, now) else { panic!("three wait") };
    assert_eq!((refusal.full, refusal.retry_after), (traffic::queue::Full::Principal, Duration::from_secs(1)));
    assert!(matches!(queue.offer(entry(&other, now), 6, &room, now), Offer::Waits(_)));
}

#[test]
fn a_caller_is_told_its_place_and_how_long_it_will_be() {
    let (mut queue, room, busy, _) = crowd(10);
    let begin = Instant::now();
    let Offer::Starts(first) = queue.offer(entry(&busy, begin), 0, &room, begin) else { panic!("it is free") };
    let now = begin + Duration::from_secs(2);
    queue.finish(first, End::Completed, &room, now);
    for id in 1..=3 {
        queue.offer(entry(&busy, now), id, &room, now);
    }
    let urgent = Entry { class: Class::High, ..entry(&busy, now) };
    let Offer::Waits(urgent) = queue.offer(urgent, 4, &room, now) else { panic!("one runs") };
    let places: HashMap<u64, u32> =
        queue.calls().filter_map(|(ticket, _)| Some((ticket.id, queue.place(ticket, now)?.ahead))).collect();
    assert_eq!(places, HashMap::from([(4, 0), (2, 1), (3, 2)]));
    assert_eq!(queue.place(urgent, now).and_then(|place| place.wait), Some(Duration::from_secs(2)));
}

#[test]
fn a_call_that_waits_for_a_person_makes_room_and_keeps_its_object() {
    let (mut queue, room, busy, other) = crowd(10);
    let now = Instant::now();
    let with_object = |share| Entry { lock: Some(LockKey::of("repo", b"a")), ..entry(share, now) };
    let Offer::Starts(asking) = queue.offer(with_object(&busy), 1, &room, now) else { panic!("it is free") };
    queue.rest(asking, &room);
    let Offer::Waits(same) = queue.offer(with_object(&other), 2, &room, now) else { panic!("the object is held") };
    assert_eq!(queue.hold(same, &room), Some(Hold::Object(1)));
    let Offer::Starts(_) = queue.offer(entry(&other, now), 3, &room, now) else { panic!("there is room") };
    queue.resume(asking, &room);
    assert_eq!((queue.running(), room.taken()), (2, 2));
    queue.finish(asking, End::Completed, &room, now);
    assert_eq!((queue.running(), room.taken()), (1, 1));
}

/// A queue with one place in which `answered` calls took a second each, and five calls of a caller wait behind one that runs.
fn known_to_take_a_second(answered: u64) -> (Queue, Bound, Instant, Arc<Share>, Arc<Share>) {
    let (mut queue, room, busy, other) = crowd(100);
    let mut now = Instant::now();
    for id in 0..answered {
        let Offer::Starts(running) = queue.offer(entry(&busy, now), id, &room, now) else { panic!("it is free") };
        now += Duration::from_secs(1);
        queue.finish(running, End::Completed, &room, now);
    }
    for id in 100..106 {
        assert!(!matches!(queue.offer(entry(&busy, now), id, &room, now), Offer::Late(_)));
    }
    (queue, room, now, busy, other)
}

#[test]
fn a_call_that_would_start_too_late_is_refused_at_once_with_the_wait() {
    let (mut queue, room, now, busy, other) = known_to_take_a_second(15);
    let mut within = |share: &Arc<Share>, seconds| {
        let entry = Entry { deadline: now + Duration::from_secs(seconds), ..entry(share, now) };
        queue.offer(entry, 200 + seconds, &room, now)
    };
    assert_eq!(within(&busy, 3), Offer::Late(Late { wait: Duration::from_secs(5), takes: Duration::ZERO }));
    assert!(matches!(within(&busy, 8), Offer::Waits(_)));
    assert!(matches!(within(&other, 1), Offer::Waits(_)), "others may have their turn first");
}

#[test]
fn nobody_is_refused_for_a_wait_that_is_only_guessed() {
    let (mut queue, room, now, busy, _) = known_to_take_a_second(14);
    let hurried = Entry { deadline: now + Duration::from_millis(1), ..entry(&busy, now) };
    assert!(matches!(queue.offer(hurried, 200, &room, now), Offer::Waits(_)));
}
