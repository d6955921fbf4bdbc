//! What became of the wishes of one call, and of its turn, for whoever answers it: noted by the steps when it is known, read
//! when the head of the answer is written. Where nobody wants to know, nothing is noted.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use traffic::{Class, queue::Place};

use super::wishes::Wishes;

/// What became of one call on its way. Clones speak of the same call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told(Option<Arc<Facts>>);

/// Each fact is noted once: of a call that is sent again, the first way counts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    place: OnceLock<Place>,
    class: OnceLock<Class>,
    timeout: OnceLock<Duration>,
    retry_after: OnceLock<Duration>,
}

impl Told {
    /// Somebody wants to know.
    pub fn wanted() -> Self {
        Self(Some(Arc::default()))
    }

    /// Where the call stood in the queue when it came; none for a call that went through no queue.
    pub fn place(&self) -> Option<Place> {
        self.0.as_ref()?.place.get().copied()
    }

    /// The class that it has, where it wished for a more urgent one than it may have.
    pub fn class(&self) -> Option<Class> {
        self.0.as_ref()?.class.get().copied()
    }

    /// How long it may take, where it wished for more than can be had.
    pub fn timeout(&self) -> Option<Duration> {
        self.0.as_ref()?.timeout.get().copied()
    }

    /// When to come again, for a call that was refused.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.as_ref()?.retry_after.get().copied()
    }

    /// The call is in a queue, or starts at once.
    pub(super) fn note_place(&self, place: impl FnOnce() -> Option<Place>) {
        if let Some(facts) = &self.0
            && let Some(place) = place()
        {
            let _ = facts.place.set(place);
        }
    }

    /// The call was refused, and may come again.
    pub(super) fn note_refusal(&self, retry_after: Option<Duration>) {
        if let (Some(facts), Some(retry_after)) = (&self.0, retry_after) {
            let _ = facts.retry_after.set(retry_after);
        }
    }

    /// The call is on its way with what was granted of its wishes; `wished` is the class that it asked for.
    pub(crate) fn note_grant(&self, wished: Option<Class>, granted: &Wishes) {
        let Some(facts) = &self.0 else { return };
        if let Some(class) = granted.class.filter(|class| wished.is_some_and(|wished| wished > *class)) {
            let _ = facts.class.set(class);
        }
        if let Some(timeout) = granted.timeout.filter(|_| granted.is_timeout_cut) {
            let _ = facts.timeout.set(timeout);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_is_noted_counts_for_all_clones() {
        let (told, place) = (Told::wanted(), |ahead| Place { ahead, wait: None });
        told.clone().note_place(|| Some(place(3)));
        told.note_place(|| Some(place(7)));
        assert_eq!(told.place(), Some(place(3)));
    }

    #[test]
    fn only_what_was_not_granted_is_told() {
        let check = |wished, granted, cut, expected: (Option<Class>, Option<u64>)| {
            let told = Told::wanted();
            let timeout = Some(Duration::from_mins(5));
            let wishes = Wishes { class: Some(granted), timeout, is_timeout_cut: cut, ..Wishes::default() };
            told.note_grant(wished, &wishes);
            assert_eq!((told.class(), told.timeout().map(|timeout| timeout.as_secs())), expected);
        };
        check(Some(Class::High), Class::Low, false, (Some(Class::Low), None));
        check(Some(Class::Low), Class::Low, false, (None, None));
        check(None, Class::Low, true, (None, Some(300)));
    }

    #[test]
    fn nothing_is_noted_where_nobody_wants_to_know() {
        let told = Told::default();
        told.note_place(|| panic!("the place is looked for"));
        told.note_refusal(Some(Duration::from_secs(1)));
        assert_eq!((told.place(), told.retry_after()), (None, None));
    }
}
