//! Several calls that are made together, some of them after others: whether such a batch can be made at all, which calls may
//! start when which have ended, and which are not made because one before them did not succeed. It knows calls by their
//! place in the batch, and makes none.

use std::collections::HashMap;

/// Calls of one batch: as many as an agent plans in one go, and few enough that one answer can hold what became of them.
pub const CALLS_MAX: usize = 100;

/// Bytes of the id of a call: a UUID and some words around it.
pub const ID_BYTES_MAX: usize = 128;

/// A call as far as its order matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// Its name in the batch.
    pub id: String,
    /// The calls that have to succeed before it starts.
    pub after: Vec<String>,
}

/// Why a batch cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsound {
    /// It has no calls, or too many.
    #[error("a batch has 1 to {CALLS_MAX} calls, and this one has {0}")]
    Size(usize),
    /// An id that is empty or too long.
    #[error("call {0} needs an `id` of 1 to {ID_BYTES_MAX} bytes")]
    Id(usize),
    /// An id that stands twice.
    #[error("two calls have the id `{0}`: give each its own")]
    Doubled(String),
    /// A call that comes after one that is not there.
    #[error("`{id}` comes after `{after}`, and no call has that id")]
    Unknown {
        /// The call.
        id: String,
        /// What it is to come after.
        after: String,
    },
    /// Calls that wait for each other.
    #[error("these calls wait for each other and would never start: {0}")]
    Circle(String),
}

/// A batch that can be made, and how far it is.
#[derive(Debug)]
pub struct Batch {
    calls: Vec<State>,
    followers: Vec<Vec<usize>>,
    left: usize,
}

/// How a call of a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many calls have to succeed before it.
    Waits(usize),
    /// It may run.
    Started,
    /// It has ended, or is not made.
    Over,
}

/// What follows from the end of a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// These may start.
    pub starts: Vec<usize>,
    /// These are not made, directly or not because of the call that has ended.
    pub skipped: Vec<usize>,
}

impl Batch {
    /// The batch of these calls.
    pub fn of(steps: &[Step]) -> Result<Self, Unsound> {
        let places = places(steps)?;
        let mut followers = vec![Vec::new(); steps.len()];
        for (place, step) in steps.iter().enumerate() {
            for after in &step.after {
                let unknown = || Unsound::Unknown { id: step.id.clone(), after: after.clone() };
                followers[*places.get(after.as_str()).ok_or_else(unknown)?].push(place);
            }
        }
        let calls = steps.iter().map(|step| State::Waits(step.after.len())).collect();
        let batch = Self { calls, followers, left: steps.len() };
        let stuck = batch.stuck();
        if stuck.is_empty() {
            Ok(batch)
        } else {
            let names: Vec<&str> = stuck.into_iter().map(|place| steps[place].id.as_str()).collect();
            Err(Unsound::Circle(names.join(", ")))
        }
    }

    /// The calls that wait for no other.
    pub fn start(&mut self) -> Vec<usize> {
        let first: Vec<usize> = (0..self.calls.len()).filter(|place| self.calls[*place] == State::Waits(0)).collect();
        for place in &first {
            self.calls[*place] = State::Started;
        }
        first
    }

    /// The call at `place` has ended.
    pub fn ended(&mut self, place: usize, has_succeeded: bool) -> Next {
        let mut next = Next::default();
        self.over(place);
        if has_succeeded {
            next.starts = self.released(place);
        } else {
            self.skip_after(place, &mut next.skipped);
        }
        next
    }

    /// How many calls are neither ended nor skipped.
    pub fn left(&self) -> usize {
        self.left
    }

    fn over(&mut self, place: usize) {
        self.calls[place] = State::Over;
        self.left -= 1;
    }

    fn released(&mut self, place: usize) -> Vec<usize> {
        let mut starts = Vec::new();
        for &follower in &self.followers[place] {
            match &mut self.calls[follower] {
                State::Waits(1) => {
                    self.calls[follower] = State::Started;
                    starts.push(follower);
                }
                State::Waits(count) => *count -= 1,
                State::Started | State::Over => {}
            }
        }
        starts
    }

    fn skip_after(&mut self, place: usize, skipped: &mut Vec<usize>) {
        let mut failed = vec![place];
        while let Some(place) = failed.pop() {
            for follower in self.followers[place].clone() {
                if self.calls[follower] != State::Over {
                    self.over(follower);
                    skipped.push(follower);
                    failed.push(follower);
                }
            }
        }
    }

    /// The calls that would never start.
    fn stuck(&self) -> Vec<usize> {
        let mut trial = Self { calls: self.calls.clone(), followers: self.followers.clone(), left: self.left };
        let mut ready = trial.start();
        while let Some(place) = ready.pop() {
            ready.extend(trial.ended(place, true).starts);
        }
        (0..trial.calls.len()).filter(|place| trial.calls[*place] != State::Over).collect()
    }
}

/// Where each id stands.
fn places(steps: &[Step]) -> Result<HashMap<&str, usize>, Unsound> {
    if !(1..=CALLS_MAX).contains(&steps.len()) {
        return Err(Unsound::Size(steps.len()));
    }
    let mut places = HashMap::new();
    for (place, step) in steps.iter().enumerate() {
        if !(1..=ID_BYTES_MAX).contains(&step.id.len()) {
            return Err(Unsound::Id(place + 1));
        }
        if places.insert(step.id.as_str(), place).is_some() {
            return Err(Unsound::Doubled(step.id.clone()));
        }
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps as `a b<a c<a,b`.
    fn steps(text: &str) -> Vec<Step> {
        let step = |word: &str| {
            let (id, after) = word.split_once('<').unwrap_or((word, ""));
            let after = after.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
            Step { id: id.to_owned(), after }
        };
        text.split_whitespace().map(step).collect()
    }

    #[test]
    fn calls_without_order_start_together_and_the_others_when_theirs_have_succeeded() {
        let mut batch = Batch::of(&steps("a b c<a,b d<c e<a")).unwrap();
        assert_eq!(batch.start(), [0, 1]);
        assert_eq!(batch.ended(0, true), Next { starts: vec![4], skipped: vec![] });
        assert_eq!(batch.ended(1, true), Next { starts: vec![2], skipped: vec![] });
        assert_eq!(batch.ended(4, true), Next::default());
        assert_eq!(batch.ended(2, true), Next { starts: vec![3], skipped: vec![] });
        assert_eq!((batch.ended(3, true), batch.left()), (Next::default(), 0));
    }

    #[test]
    fn what_comes_after_a_failure_is_skipped_and_nothing_else() {
        let mut batch = Batch::of(&steps("a b c<a,b d<c e<b")).unwrap();
        batch.start();
        assert_eq!(batch.ended(0, false), Next { starts: vec![], skipped: vec![2, 3] });
        assert_eq!(batch.ended(1, true), Next { starts: vec![4], skipped: vec![] });
        assert_eq!((batch.ended(4, false), batch.left()), (Next::default(), 0));
    }

    #[test]
    fn what_can_not_be_made_is_refused_as_a_whole() {
        let check = |text: &str, expected| assert_eq!(Batch::of(&steps(text)).err(), Some(expected), "{text}");
        check("", Unsound::Size(0));
        check("a a", Unsound::Doubled("a".to_owned()));
        check("a<b", Unsound::Unknown { id: "a".to_owned(), after: "b".to_owned() });
        check("a<a", Unsound::Circle("a".to_owned()));
        check("a b<d c<b d<c e<d", Unsound::Circle("b, c, d, e".to_owned()));
        let many: Vec<Step> = (0..=CALLS_MAX).map(|id| Step { id: id.to_string(), after: Vec::new() }).collect();
        assert_eq!(Batch::of(&many).err(), Some(Unsound::Size(CALLS_MAX + 1)));
        assert!(Batch::of(&many[1..]).is_ok());
        let long = Step { id: "x".repeat(ID_BYTES_MAX + 1), after: Vec::new() };
        assert_eq!(Batch::of(&[long]).err(), Some(Unsound::Id(1)));
    }
}
