//! How long calls of each tool take: on a moving average, by which their principals pay for them; that average at its
//! least, by which it is seen that a server has too much to do; and the latest of them (`recent`), by which a call that has too
//! little time left is not begun in vain.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::recent::Recent;

/// Tools that are told apart; those that come later take as long as the others.
const TOOLS_MAX: usize = 1_024;

/// What a new time weighs in the moving average: one part in so many. The average counts after as many.
const WEIGHT: u32 = 16;

/// The least average is forgotten by and by: it doubles over this time, so that a server that has become slower for good is
/// not held to what it was.
const LEAST_DOUBLES_OVER: Duration = Duration::from_mins(10);

/// Differences of less than this are noise.
const LEAST_MEANT: Duration = Duration::from_millis(5);

/// A call of which it is held that it has too little time is begun all the same if the last one was that long ago: what is
/// held may be wrong.
const TRIED_EVERY: Duration = Duration::from_secs(1);

/// What is tried so has at least one part in so many of the time that its caller gave it.
const TRIED_WITH: u32 = 4;

/// While more wait than can run, nearly every call that is begun has to have enough time, but no more than so many parts of what
/// its caller gave it: or callers with little patience would be starved.
const ASKED_OF: (u32, u32) = (3, 4);

/// How long calls take, by tool.
#[derive(Debug, Default)]
pub(super) struct Paces(HashMap<Arc<str>, Pace>);

/// How long calls of one tool take.
#[derive(Debug)]
struct Pace {
    average: Duration,
    least: Duration,
    calls: u32,
    last: Instant,
    recent: Recent,
    /// When one was last begun of which it was held that it has too little time.
    tried: Instant,
}

/// The time of a call whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    /// From its offer to its end.
    pub(super) given: Duration,
    /// Until its end.
    pub(super) left: Duration,
}

/// Whether a call has enough time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It has, or nobody knows.
    Enough,
    /// It probably has not, and it is time to see whether that is so.
    Tried,
    /// It has not: calls like it take so long.
    TooLittle(Duration),
}

impl Paces {
    /// A call ran so long until it was answered: how many percent of the time at the best of times.
    pub(super) fn answered(&mut self, tool: &Arc<str>, ran: Duration, now: Instant) -> u64 {
        let Some(pace) = self.pace(tool, ran, now) else { return 100 };
        pace.recent.answered(ran);
        pace.note(ran, now)
    }

    /// A call was cut off after so long: the same, if it says that calls take longer than was known.
    pub(super) fn cut_off(&mut self, tool: &Arc<str>, ran: Duration, now: Instant) -> Option<u64> {
        let pace = self.pace(tool, ran, now)?;
        pace.recent.cut_off(ran);
        (ran >= pace.average).then(|| pace.note(ran, now))
    }

    fn pace(&mut self, tool: &Arc<str>, ran: Duration, now: Instant) -> Option<&mut Pace> {
        if !self.0.contains_key(tool) {
            if self.0.len() == TOOLS_MAX {
                return None;
            }
            self.0.insert(tool.clone(), Pace::new(ran, now));
        }
        self.0.get_mut(tool)
    }

    /// Whether a call of this tool has enough time; `is_crowded` says whether more wait than can run.
    pub(super) fn judge(&self, tool: &str, time: Time, is_crowded: bool, now: Instant) -> Judgement {
        let Some(pace) = self.0.get(tool) else { return Judgement::Enough };
        let Some(needed) = pace.needed(time, is_crowded).filter(|needed| time.left < *needed) else {
            return Judgement::Enough;
        };
        let may_be_tried = time.left >= time.given / TRIED_WITH && now >= pace.tried + TRIED_EVERY;
        if may_be_tried { Judgement::Tried } else { Judgement::TooLittle(needed) }
    }

    /// A call is begun of which it is held that it has too little time.
    pub(super) fn tried(&mut self, tool: &str, now: Instant) {
        if let Some(pace) = self.0.get_mut(tool) {
            pace.tried = now;
        }
    }

    /// How long the quickest of the latest calls of this tool took.
    pub(super) fn quickest(&self, tool: &str) -> Option<Duration> {
        self.0.get(tool)?.recent.quickest()
    }

    /// How long a call of this tool takes.
    pub(super) fn average(&self, tool: &str) -> Option<Duration> {
        Some(self.0.get(tool)?.average)
    }
}

impl Pace {
    fn new(ran: Duration, now: Instant) -> Self {
        Self { average: ran, least: ran, calls: 0, last: now, recent: Recent::default(), tried: now }
    }

    fn needed(&self, time: Time, is_crowded: bool) -> Option<Duration> {
        let quickest = self.recent.quickest()?;
        let asked = self.recent.sufficient().filter(|_| is_crowded).unwrap_or_default();
        Some(quickest.max(asked.min(time.given * ASKED_OF.0 / ASKED_OF.1)))
    }

    fn note(&mut self, ran: Duration, now: Instant) -> u64 {
        self.calls = self.calls.saturating_add(1);
        self.average = (self.average * (WEIGHT - 1) + ran) / WEIGHT;
        let forgotten = now.saturating_duration_since(self.last).div_duration_f64(LEAST_DOUBLES_OVER).min(1.0);
        self.last = now;
        self.least =
            if self.calls <= WEIGHT { self.average } else { self.least.mul_f64(1.0 + forgotten).min(self.average) };
        let percent = ran.as_nanos() * 100 / self.least.max(LEAST_MEANT).as_nanos();
        u64::try_from(percent).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: &str = "t";

    fn play(paces: &mut Paces, calls: u32, ran: Duration, now: &mut Instant) -> u64 {
        let mut percent = 0;
        for _ in 0..calls {
            *now += ran;
            percent = paces.answered(&TOOL.into(), ran, *now);
        }
        percent
    }

    #[test]
    fn a_call_is_held_to_the_best_of_times_which_is_forgotten_in_the_end() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        let (quick, slow) = (Duration::from_millis(100), Duration::from_millis(400));
        assert_eq!(play(&mut paces, 50, quick, &mut now), 100);
        assert!((360..=400).contains(&play(&mut paces, 50, slow, &mut now)));
        assert_eq!(paces.average(TOOL).unwrap().as_millis() / 10, 38);
        assert!(play(&mut paces, 20_000, slow, &mut now) < 110, "after two hours");
    }

    #[test]
    fn less_than_some_milliseconds_is_noise() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        play(&mut paces, 50, Duration::from_micros(100), &mut now);
        assert!(play(&mut paces, 1, Duration::from_millis(4), &mut now) < 100);
    }

    #[test]
    fn a_call_that_was_cut_off_early_makes_no_tool_quick() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        play(&mut paces, 50, Duration::from_millis(100), &mut now);
        assert_eq!(paces.cut_off(&TOOL.into(), Duration::from_millis(10), now), None);
        assert_eq!(paces.average(TOOL), Some(Duration::from_millis(100)));
        assert!(paces.cut_off(&TOOL.into(), Duration::from_millis(400), now) > Some(300));
    }

    #[test]
    fn a_call_with_too_little_time_is_begun_now_and_then_to_see_whether_it_still_has() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        play(&mut paces, 16, Duration::from_millis(100), &mut now);
        let time = |left| Time { given: Duration::from_millis(160), left: Duration::from_millis(left) };
        let little = Judgement::TooLittle(Duration::from_millis(100));
        assert_eq!(paces.judge(TOOL, time(100), false, now), Judgement::Enough);
        assert_eq!(paces.judge(TOOL, time(99), false, now), Judgement::Tried);
        paces.tried(TOOL, now);
        assert_eq!(paces.judge(TOOL, time(99), false, now), little);
        now += TRIED_EVERY;
        assert_eq!(paces.judge(TOOL, time(39), false, now), little, "too little to see anything");
        assert_eq!(paces.judge(TOOL, time(40), false, now), Judgement::Tried);
    }

    #[test]
    fn while_many_wait_a_call_that_has_hardly_enough_makes_way_if_its_caller_is_patient() {
        let (mut paces, mut now) = (Paces::default(), Instant::now());
        play(&mut paces, 8, Duration::from_millis(100), &mut now);
        play(&mut paces, 8, Duration::from_millis(200), &mut now);
        paces.tried(TOOL, now);
        let judge = |given, is_crowded| {
            let time = Time { given: Duration::from_millis(given), left: Duration::from_millis(150) };
            paces.judge(TOOL, time, is_crowded, now)
        };
        assert_eq!(judge(1_000, false), Judgement::Enough);
        assert_eq!(judge(1_000, true), Judgement::TooLittle(Duration::from_millis(225)));
        assert_eq!(judge(200, true), Judgement::Enough);
    }

    #[test]
    fn no_more_tools_are_told_apart_than_there_is_room_for() {
        let (mut paces, now) = (Paces::default(), Instant::now());
        for number in 0..2 * TOOLS_MAX {
            paces.answered(&number.to_string().into(), Duration::from_secs(1), now);
        }
        assert_eq!(paces.0.len(), TOOLS_MAX);
    }
}
