//! Callers with little patience before a server with too much to do, played with a clock that is not one: what is begun is
//! answered, and nobody is kept away for good by what was once true.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use traffic::{
    Class,
    adaptive::Bounds,
    queue::{Bound, End, Entry, Late, Limits, Next, Offer, Queue, Share, Ticket, WEIGHTS},
};

const PLACES: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(1);
const TOOL: &str = "work";

/// A server behind its queue, and what its callers were told.
struct Scene {
    queue: Queue,
    room: Bound,
    share: Arc<Share>,
    begin: Instant,
    now: Instant,
    running: Vec<Running>,
    calls: u64,
    told: Told,
}

struct Running {
    ticket: Ticket,
    until: Instant,
    answer: Instant,
}

#[derive(Clone, Copy, Debug, Default)]
struct Told {
    answered: u32,
    cut_off: u32,
    refused: u32,
    expired: u32,
}

impl Scene {
    fn new() -> Self {
        let queue = Queue::new(Limits { running_max: PLACES, waiting_max: 1_000, weights: WEIGHTS });
        let (share, now) = (Share::new("p".into(), 1_000, 1_000), Instant::now());
        let told = Told::default();
        Self { queue, room: Bound::of(256), share, begin: now, now, running: Vec::new(), calls: 0, told }
    }

    fn entry(&self, tool: &str, patience: Duration) -> Entry {
        Entry {
            class: Class::Medium,
            share: self.share.clone(),
            tool: tool.into(),
            tool_max: None,
            lock: None,
            cost: 1,
            deadline: self.now + patience,
            until: Some(self.now + patience),
        }
    }

    /// A call comes, to a server that takes so long for it.
    fn comes(&mut self, entry: Entry, takes: impl Fn(u64) -> Duration) {
        self.calls += 1;
        match self.queue.offer(entry, self.calls, &self.room, self.now) {
            Offer::Starts(ticket) => self.starts(ticket, &takes),
            Offer::Waits(_) => self.serve(&takes),
            Offer::Late(_) => self.told.refused += 1,
            Offer::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    fn starts(&mut self, ticket: Ticket, takes: impl Fn(u64) -> Duration) {
        let until = self.queue.get(ticket).and_then(|record| record.entry.until).expect("it runs");
        self.running.push(Running { ticket, until, answer: self.now + takes(ticket.id) });
    }

    fn serve(&mut self, takes: &impl Fn(u64) -> Duration) {
        while let Some(next) = self.queue.next(&self.room, self.now) {
            match next {
                Next::Starts(ticket) => self.starts(ticket, takes),
                Next::Expired(_) => self.told.expired += 1,
                Next::TooShort(short) => {
                    assert!(!short.takes.is_zero() && !short.retry_after.is_zero(), "{short:?}");
                    self.told.refused += 1;
                }
            }
        }
    }

    /// Goes on to this moment, with all that ends before it.
    fn passes(&mut self, moment: Instant, takes: &impl Fn(u64) -> Duration) {
        let ends = |running: &Running| running.until.min(running.answer);
        while let Some(at) = (0..self.running.len()).min_by_key(|at| ends(&self.running[*at]))
            && ends(&self.running[at]) <= moment
        {
            let running = self.running.swap_remove(at);
            self.now = ends(&running);
            let is_answered = running.answer <= running.until;
            *if is_answered { &mut self.told.answered } else { &mut self.told.cut_off } += 1;
            let end = if is_answered { End::Completed } else { End::Timeout };
            self.queue.finish(running.ticket, end, &self.room, self.now);
            self.serve(takes);
        }
        self.now = moment;
    }

    /// So many calls come in each of these seconds; what they are told from then on.
    fn asked(&mut self, per_second: u32, seconds: u32, takes: impl Fn(u64) -> Duration) -> Told {
        self.told = Told::default();
        let first = self.now;
        for call in 0..per_second * seconds {
            self.passes(first + Duration::from_secs(1) * call / per_second, &takes);
            self.comes(self.entry(TOOL, PATIENCE), &takes);
        }
        self.told
    }
}

fn constant(ms: u64) -> impl Fn(u64) -> Duration {
    move |_| Duration::from_millis(ms)
}

/// Between these times, by the number of the call.
fn varying(from: u64, to: u64) -> impl Fn(u64) -> Duration {
    move |id| Duration::from_millis(from + id.wrapping_mul(0x9E37_79B9_7F4A_7C15) % (to - from))
}

#[test]
fn a_server_that_is_asked_five_times_too_much_answers_as_much_as_it_can() {
    let told = Scene::new().asked(100, 10, constant(250));
    assert!(told.answered >= 190 && told.cut_off <= 10, "{told:?}");
    let told = Scene::new().asked(100, 10, varying(150, 350));
    assert!(told.answered >= 170 && told.cut_off <= 20, "{told:?}");
}

#[test]
fn a_server_that_takes_now_little_and_now_much_of_the_time_there_is_answers_most_of_what_is_begun() {
    let told = Scene::new().asked(100, 10, varying(10, 990));
    assert!(told.answered >= 65 && told.answered >= 2 * told.cut_off, "{told:?}");
}

#[test]
fn a_server_that_becomes_slower_and_quicker_again_is_believed_each_time() {
    let mut scene = Scene::new();
    scene.asked(100, 5, constant(100));
    scene.asked(100, 10, constant(800));
    let slower = scene.asked(100, 10, constant(800));
    assert!(slower.answered >= 50 && slower.cut_off <= 10, "{slower:?}");
    scene.asked(100, 5, constant(100));
    let quick = scene.asked(100, 10, constant(100));
    assert!(quick.answered >= 450 && quick.cut_off <= 10, "{quick:?}");
}

#[test]
fn a_server_that_was_too_slow_for_everybody_is_tried_until_it_is_quick_again() {
    let mut scene = Scene::new();
    scene.asked(100, 5, constant(100));
    scene.asked(100, 10, constant(1_500));
    let hopeless = scene.asked(100, 10, constant(1_500));
    assert!(hopeless.answered == 0 && hopeless.cut_off <= 10 * (PLACES + 1), "{hopeless:?}");
    scene.asked(100, 3, constant(100));
    let quick = scene.asked(100, 10, constant(100));
    assert!(quick.answered >= 450, "{quick:?}");
}

#[test]
fn a_tool_of_which_too_much_is_believed_is_not_starved_by_others() {
    let mut scene = Scene::new();
    // eight calls of a tool that took far too long, before it was mended
    for _ in 0..8 {
        let entry = scene.entry("mended", Duration::from_secs(20));
        scene.comes(entry, constant(10_000));
        let entry = scene.entry(TOOL, Duration::from_secs(20));
        scene.comes(entry, constant(10_000));
        scene.passes(scene.now + Duration::from_secs(10), &constant(10_000));
    }
    let answered =
        |scene: &Scene| scene.queue.past().filter(|call| &*call.tool == "mended" && call.end == End::Completed).count();
    let before = answered(&scene);
    for step in 0..100 {
        scene.passes(scene.begin + Duration::from_secs(100) + Duration::from_millis(100) * step, &constant(100));
        for _ in 0..5 {
            scene.comes(scene.entry(TOOL, PATIENCE), constant(100));
        }
        scene.comes(scene.entry("mended", PATIENCE), constant(100));
    }
    assert!(answered(&scene) > before, "{:?}", scene.told);
}

#[test]
fn a_call_that_could_not_end_in_time_behind_others_of_its_caller_is_refused_at_once() {
    let mut scene = Scene::new();
    for _ in 0..16 + PLACES {
        scene.comes(scene.entry(TOOL, Duration::from_mins(1)), constant(1_000));
    }
    scene.passes(scene.now + Duration::from_mins(1), &constant(1_000));
    for _ in 0..15 {
        scene.comes(scene.entry(TOOL, Duration::from_mins(1)), constant(1_000));
    }
    let offer = |scene: &mut Scene, patience| {
        let entry = scene.entry(TOOL, Duration::from_millis(patience));
        scene.queue.offer(entry, 1_000 + patience, &scene.room, scene.now)
    };
    let second = Duration::from_secs(1);
    assert_eq!(offer(&mut scene, 2_900), Offer::Late(Late { wait: second * 2, takes: second }));
    assert!(matches!(offer(&mut scene, 3_100), Offer::Waits(_)));
}

#[test]
fn how_many_may_run_is_not_found_out_from_calls_that_were_cut_off() {
    let mut scene = Scene::new();
    scene.queue.adapt(Some(Bounds { min: 2, max: 16 }), scene.now);
    let told = scene.asked(100, 30, constant(100));
    assert_eq!(scene.queue.limits().running_max, 16, "{told:?}");
}

#[test]
fn the_wait_that_a_caller_is_told_is_that_of_the_tools_before_it() {
    let mut scene = Scene::new();
    for _ in 0..8 {
        scene.comes(scene.entry("slow", Duration::from_mins(1)), constant(3_000));
    }
    scene.passes(scene.begin + Duration::from_secs(10), &constant(3_000));
    for _ in 0..100 {
        scene.comes(scene.entry("quick", PATIENCE), constant(1));
        scene.passes(scene.now + Duration::from_millis(2), &constant(1));
    }
    for _ in 0..PLACES {
        scene.comes(scene.entry("slow", Duration::from_mins(1)), constant(3_000));
    }
    let wait = scene.queue.next_place(scene.now).wait.expect("all tools are known");
    assert!((Duration::from_millis(2_900)..=Duration::from_secs(3)).contains(&wait), "{wait:?}");
    scene.comes(scene.entry("quick", Duration::from_mins(1)), constant(1));
    let places = scene.queue.places(scene.now);
    assert_eq!(places.values().map(|place| (place.ahead, place.wait)).collect::<Vec<_>>(), [(0, Some(wait))]);
}
