//! How many workers one queue is to have, each of which does a few calls at a time: more when calls wait for them, fewer when
//! some have had nothing to do for a while. It is told how busy they are and says what is to be done; starting and ending
//! them is for others.

use std::time::{Duration, Instant};

/// How long calls have to wait for workers before there are more of them than usual.
pub const LONG_WAIT: Duration = Duration::from_secs(1);

/// How many workers there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many as long as there are any; 0 counts as 1.
    pub min: u32,
    /// So many as soon as calls wait for them.
    pub target: u32,
    /// So many if calls have to wait for long.
    pub max: u32,
    /// How long those beyond the fewest may have nothing to do.
    pub idle: Duration,
    /// Calls that each of them does at one time; 0 counts as 1.
    pub calls_each: u32,
}

/// How busy the workers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// How many there are, those included that are being started.
    pub workers: u32,
    /// Calls that they do.
    pub running: u32,
    /// Calls that wait.
    pub waiting: u32,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Stay,
    /// So many more are to be started.
    Grow(u32),
    /// So many are to be ended when they have done their calls.
    Shrink(u32),
}

/// What has been seen of the workers since the last step.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pool {
    /// Since when calls have been waiting although everybody is busy.
    pressed: Option<Instant>,
    /// Since when there have been workers too many, and how many at the least.
    spare: Option<(Instant, u32)>,
}

impl Bounds {
    fn sane(self) -> Self {
        let min = self.min.max(1);
        let target = self.target.max(min);
        Self { min, target, max: self.max.max(target), calls_each: self.calls_each.max(1), ..self }
    }
}

impl Load {
    /// Whether calls wait because no worker takes another one. What waits for anything else is not helped by more workers.
    fn is_pressing(&self, bounds: &Bounds) -> bool {
        self.waiting > 0 && self.running >= self.workers.saturating_mul(bounds.calls_each)
    }

    /// How many workers all these calls keep busy.
    fn needed(&self, bounds: &Bounds) -> u32 {
        self.running.saturating_add(self.waiting).div_ceil(bounds.calls_each)
    }
}

impl Pool {
    /// What is to be done now. Where there is no worker there is nothing to do: the first call starts the first.
    pub fn look(&mut self, bounds: &Bounds, load: Load, now: Instant) -> Step {
        let bounds = bounds.sane();
        let is_pressing = load.workers > 0 && load.is_pressing(&bounds);
        self.pressed = is_pressing.then(|| self.pressed.unwrap_or(now));
        let surplus = load.workers.saturating_sub(load.needed(&bounds).max(bounds.min));
        if surplus == 0 {
            self.spare = None;
        }
        if load.workers == 0 {
            return Step::Stay;
        }
        if load.workers > bounds.max {
            return Step::Shrink(load.workers - bounds.max);
        }
        if load.workers < bounds.min {
            return Step::Grow(bounds.min - load.workers);
        }
        if is_pressing { self.grow(&bounds, load, now) } else { self.shrink(&bounds, surplus, now) }
    }

    /// When to look again, if nothing happens until then.
    pub fn due(&self, bounds: &Bounds) -> Option<Instant> {
        let pressed = self.pressed.map(|since| since + LONG_WAIT);
        let spare = self.spare.map(|(since, _)| since + bounds.idle);
        pressed.into_iter().chain(spare).min()
    }

    /// Up to the target at once, as far as there is work; further on one after the other.
    fn grow(&mut self, bounds: &Bounds, load: Load, now: Instant) -> Step {
        if load.workers < bounds.target {
            self.pressed = Some(now);
            return Step::Grow(load.needed(bounds).min(bounds.target) - load.workers);
        }
        let since = self.pressed.unwrap_or(now);
        if load.workers >= bounds.max || now.saturating_duration_since(since) < LONG_WAIT {
            return Step::Stay;
        }
        self.pressed = Some(now);
        Step::Grow(1)
    }

    /// Those that nobody needed at any look for so long.
    fn shrink(&mut self, bounds: &Bounds, surplus: u32, now: Instant) -> Step {
        if surplus == 0 {
            return Step::Stay;
        }
        let (since, least) = self.spare.map_or((now, surplus), |(since, least)| (since, least.min(surplus)));
        if now.saturating_duration_since(since) < bounds.idle {
            self.spare = Some((since, least));
            return Step::Stay;
        }
        self.spare = None;
        Step::Shrink(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { min: 2, target: 5, max: 10, idle: Duration::from_mins(1), calls_each: 5 };

    fn load(workers: u32, running: u32, waiting: u32) -> Load {
        Load { workers, running, waiting }
    }

    #[test]
    fn the_first_call_is_followed_by_the_fewest_and_nobody_by_none() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        assert_eq!(pool.look(&BOUNDS, load(0, 0, 3), now), Step::Stay);
        assert_eq!(pool.look(&BOUNDS, load(1, 1, 0), now), Step::Grow(1));
        assert_eq!(pool.look(&BOUNDS, load(2, 0, 0), now), Step::Stay);
    }

    #[test]
    fn calls_that_wait_bring_as_many_as_they_need_up_to_the_target() {
        let look = |load| Pool::default().look(&BOUNDS, load, Instant::now());
        assert_eq!(look(load(2, 10, 3)), Step::Grow(1));
        assert_eq!(look(load(2, 10, 30)), Step::Grow(3));
        assert_eq!(look(load(5, 25, 30)), Step::Stay);
    }

    #[test]
    fn what_waits_for_something_else_brings_nobody() {
        assert_eq!(Pool::default().look(&BOUNDS, load(2, 9, 30), Instant::now()), Step::Stay);
    }

    #[test]
    fn a_long_wait_brings_one_after_the_other_up_to_the_most() {
        let (mut pool, mut now, mut workers) = (Pool::default(), Instant::now(), 5);
        for _ in 0..100 {
            if let Step::Grow(more) = pool.look(&BOUNDS, load(workers, workers * 5, 40), now) {
                assert_eq!(more, 1);
                workers += more;
            }
            now += LONG_WAIT / 4;
        }
        assert_eq!(workers, 10);
    }

    #[test]
    fn who_was_not_needed_for_a_while_goes_and_the_fewest_stay() {
        let (mut pool, now) = (Pool::default(), Instant::now());
        let looks = [(0, 8, Step::Stay), (30, 21, Step::Stay), (59, 0, Step::Stay), (60, 0, Step::Shrink(3))];
        for (second, running, expected) in looks {
            let at = now + Duration::from_secs(second);
            assert_eq!(pool.look(&BOUNDS, load(8, running, 0), at), expected, "second {second}");
        }
        let later = now + Duration::from_mins(5);
        assert_eq!(pool.look(&BOUNDS, load(2, 0, 0), later), Step::Stay);
        assert_eq!(pool.due(&BOUNDS), None);
    }

    #[test]
    fn bounds_that_have_become_narrower_hold_at_once() {
        let narrow = Bounds { max: 3, target: 3, ..BOUNDS };
        assert_eq!(Pool::default().look(&narrow, load(8, 40, 9), Instant::now()), Step::Shrink(5));
    }
}
