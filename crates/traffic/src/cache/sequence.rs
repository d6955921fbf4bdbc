//! What is usually asked for after what: a table that learns from the order of questions, one step deep and bounded, so that
//! the second answer can be there before anybody asks. Only what came often enough, and nearly always, is expected.

use std::{collections::HashMap, hash::Hash};

/// Askers whose last question is remembered. The one that was silent for longest makes room.
const ASKERS_MAX: usize = 256;
/// Questions of which it is known what came after them. The one that was asked longest ago makes room.
const QUESTIONS_MAX: usize = 512;
/// What is told apart of what came after one question. No more than one of them can be expected.
const FOLLOWERS_MAX: usize = 4;
/// How soon the next question has to come to belong to the one before, in milliseconds: people and models think about an
/// answer for less than that.
const GAP_MS_MAX: u64 = 60_000;
/// How often a question was asked before anything is expected after it.
const TIMES_MIN: u32 = 5;
/// In how many of a hundred times the same has to have come next.
const PERCENT_MIN: u32 = 60;
/// After so many times all counts are halved, so that a habit that changes is unlearnt.
const TIMES_MAX: u32 = 64;

/// What is usually asked after what: `A` asks, `Q` is the question, `R` is how to ask it again.
#[derive(Debug)]
pub struct Sequences<A, Q, R> {
    last: HashMap<A, Asked<Q>>,
    known: HashMap<(A, Q), Known<Q, R>>,
}

/// The last question of somebody.
#[derive(Debug)]
struct Asked<Q> {
    question: Q,
    at_ms: u64,
}

/// What came after one question.
#[derive(Debug)]
struct Known<Q, R> {
    times: u32,
    followers: Vec<Follower<Q, R>>,
    at_ms: u64,
}

#[derive(Debug)]
struct Follower<Q, R> {
    question: Q,
    how: R,
    times: u32,
}

impl<A, Q, R> Default for Sequences<A, Q, R> {
    fn default() -> Self {
        Self { last: HashMap::new(), known: HashMap::new() }
    }
}

impl<A: Clone + Eq + Hash, Q: Clone + Eq + Hash, R: Clone> Sequences<A, Q, R> {
    /// Somebody asks something now; `how` says how to ask it again. Given back is what they will ask next, if that is known.
    pub fn asked(&mut self, asker: &A, question: &Q, now_ms: u64, how: impl FnOnce() -> R) -> Option<R> {
        self.learn(asker, question, now_ms, how);
        make_room(&mut self.last, asker, ASKERS_MAX, |asked| asked.at_ms);
        self.last.insert(asker.clone(), Asked { question: question.clone(), at_ms: now_ms });
        self.known.get(&(asker.clone(), question.clone()))?.usual()
    }

    fn learn(&mut self, asker: &A, question: &Q, now_ms: u64, how: impl FnOnce() -> R) {
        let Some(last) = self.last.get(asker) else { return };
        let before = (asker.clone(), last.question.clone());
        let is_soon = now_ms.saturating_sub(last.at_ms) <= GAP_MS_MAX;
        make_room(&mut self.known, &before, QUESTIONS_MAX, |known| known.at_ms);
        let known =
            self.known.entry(before).or_insert_with(|| Known { times: 0, followers: Vec::new(), at_ms: now_ms });
        known.at_ms = now_ms;
        known.count((is_soon && last.question != *question).then_some(question), how);
    }
}

impl<Q: Clone + Eq, R: Clone> Known<Q, R> {
    /// Counts one time more, and what came next.
    fn count(&mut self, next: Option<&Q>, how: impl FnOnce() -> R) {
        if self.times == TIMES_MAX {
            self.times /= 2;
            self.followers.iter_mut().for_each(|follower| follower.times /= 2);
        }
        self.times += 1;
        let Some(next) = next else { return };
        let is_room = self.followers.len() < FOLLOWERS_MAX;
        match self.followers.iter_mut().find(|follower| follower.question == *next) {
            Some(follower) => follower.times += 1,
            None if is_room => {
                self.followers.push(Follower { question: next.clone(), how: how(), times: 1 });
            }
            // a newcomer wears the others down, so that what comes often stays and what came once makes room
            None => self.followers.iter_mut().for_each(|follower| follower.times = follower.times.saturating_sub(1)),
        }
        self.followers.retain(|follower| follower.times > 0);
    }

    /// What nearly always comes next.
    fn usual(&self) -> Option<R> {
        let is_usual = |follower: &&Follower<Q, R>| follower.times * 100 >= self.times * PERCENT_MIN;
        let usual = self.followers.iter().filter(is_usual).max_by_key(|follower| follower.times);
        usual.filter(|_| self.times >= TIMES_MIN).map(|follower| follower.how.clone())
    }
}

/// Makes room for a key that is not there, by what was touched longest ago.
fn make_room<K: Clone + Eq + Hash, V>(table: &mut HashMap<K, V>, key: &K, most: usize, touched: impl Fn(&V) -> u64) {
    if table.len() < most || table.contains_key(key) {
        return;
    }
    let oldest = table.iter().min_by_key(|(_, value)| touched(value)).map(|(key, _)| key.clone());
    if let Some(oldest) = oldest {
        table.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Table = Sequences<u16, u16, u16>;

    /// Asks all of these, a second apart, and gives what is expected after the last.
    fn after(questions: &[u16]) -> Option<u16> {
        let mut table = Table::default();
        let seconds = questions.iter().zip(0_u64..);
        seconds.fold(None, |_, (question, second)| table.asked(&0, question, second * 1_000, || *question))
    }

    #[test]
    fn what_came_after_it_five_times_is_expected_after_it() {
        assert_eq!(after(&[1, 2].repeat(4)), None);
        assert_eq!(after(&[&[1, 2].repeat(4)[..], &[1]].concat()), None);
        assert_eq!(after(&[&[1, 2].repeat(5)[..], &[1]].concat()), Some(2));
    }

    #[test]
    fn what_comes_in_fewer_than_sixty_of_a_hundred_times_is_not_expected() {
        let check = |twos, threes, expected| {
            let habit = [[1, 2].repeat(twos), [1, 3].repeat(threes), vec![1]].concat();
            assert_eq!(after(&habit), expected, "{twos} and {threes}");
        };
        check(6, 4, Some(2));
        check(5, 5, None);
        check(4, 6, Some(3));
    }

    #[test]
    fn what_comes_after_a_long_time_or_from_somebody_else_does_not_belong_to_it() {
        let mut table = Table::default();
        for round in 0..20 {
            let at_ms = round * 10 * GAP_MS_MAX;
            assert_eq!(table.asked(&0, &1, at_ms, || 1), None);
            assert_eq!(table.asked(&1, &2, at_ms, || 2), None);
            assert_eq!(table.asked(&0, &2, at_ms + GAP_MS_MAX + 1, || 2), None);
        }
    }

    #[test]
    fn a_habit_that_changes_is_unlearnt() {
        let changed = [[1, 2].repeat(64), [1, 3].repeat(64), vec![1]].concat();
        assert_eq!(after(&changed), Some(3));
    }

    #[test]
    fn the_table_has_a_bound_and_nobody_is_expected_to_ask_what_only_others_ask() {
        let (mut table, mut second, mut expected) = (Table::default(), 0, 0);
        for pair in (0..400_u16).step_by(2) {
            for question in [1, 2].repeat(7) {
                // two at a time, so that each asks between the questions of the other
                for asker in [pair, pair + 1] {
                    let own = asker * 100 + question;
                    second += 1;
                    let next = table.asked(&asker, &own, second * 1_000, || own);
                    assert!(next.is_none_or(|next| next / 100 == asker), "{asker}: {next:?}");
                    expected += usize::from(next.is_some());
                    assert!(table.known.len() <= QUESTIONS_MAX && table.last.len() <= ASKERS_MAX);
                    assert!(table.known.values().all(|known| known.followers.len() <= FOLLOWERS_MAX));
                }
            }
        }
        assert!(expected > 400, "everybody has a habit, and it is seen: {expected}");
    }
}
