//! How many calls may run at a server that answers as quickly as it can: simulated servers with a knee.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use traffic::adaptive::{Adaptive, Bounds};

const BOUNDS: Bounds = Bounds { min: 2, max: 64 };

/// A server that does `knee` calls at one time as quickly as one, and more of them so much more slowly. Everybody who may
/// call it does.
struct Server {
    adaptive: Adaptive,
    now: Instant,
    knee: u32,
    /// When the calls under way end, the first on top, with when they began.
    running: BinaryHeap<Reverse<(Instant, Instant)>>,
}

impl Server {
    const QUICK: Duration = Duration::from_millis(50);

    fn new(knee: u32) -> Self {
        let now = Instant::now();
        Self { adaptive: Adaptive::new(BOUNDS, now), now, knee, running: BinaryHeap::new() }
    }

    /// Plays so many calls, and gives the fewest and the most that could run meanwhile.
    fn play(&mut self, calls: u32) -> (u32, u32) {
        let (mut least, mut most) = (u32::MAX, 0);
        for _ in 0..calls {
            while self.running.len() < self.adaptive.limit() as usize {
                let beside = self.running.len() as u32 + 1;
                let took = Self::QUICK.mul_f64(f64::from(beside.max(self.knee)) / f64::from(self.knee));
                self.running.push(Reverse((self.now + took, self.now)));
            }
            let running = self.running.len() as u32;
            let Some(Reverse((ends, began))) = self.running.pop() else { panic!("at least one call may run") };
            self.now = ends;
            let percent = ((ends - began).as_micros() * 100 / Self::QUICK.as_micros()) as u64;
            self.adaptive.ended(percent, running, began, self.now);
            least = least.min(self.adaptive.limit());
            most = most.max(self.adaptive.limit());
        }
        (least, most)
    }
}

#[test]
fn the_knee_of_a_server_is_found_and_kept_to() {
    for knee in [4, 8, 16, 32] {
        let mut server = Server::new(knee);
        server.play(3_000);
        let (least, most) = server.play(3_000);
        assert!(least >= knee / 2 && most <= 2 * knee + 8, "knee {knee}: {least} to {most}");
    }
}

#[test]
fn a_server_that_becomes_slower_gets_fewer_calls_and_more_when_it_is_quick_again() {
    let mut server = Server::new(32);
    server.play(3_000);
    server.knee = 4;
    server.play(1_000);
    let (_, most) = server.play(2_000);
    assert!(most <= 16, "{most}");
    server.knee = 32;
    server.play(1_000);
    let (least, _) = server.play(2_000);
    assert!(least >= 16, "{least}");
}

#[test]
fn nothing_grows_while_nobody_needs_it() {
    let (mut adaptive, now) = (Adaptive::new(BOUNDS, Instant::now()), Instant::now());
    for _ in 0..1_000 {
        assert_eq!(adaptive.ended(100, 1, now, now), None);
    }
    assert_eq!(adaptive.limit(), BOUNDS.min);
}
