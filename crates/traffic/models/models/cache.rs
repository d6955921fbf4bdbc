//! What is kept beside what is declared void: whoever asks after a change has ended gets nothing from before it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use models::cache::{Declarations, Moment};
use shuttle::{sync::Mutex, thread};

use crate::{play, together};

/// A server with one value, and what is kept of it.
#[derive(Default)]
struct House {
    value: AtomicU32,
    /// The newest change that has ended.
    changed: AtomicU32,
    declarations: Declarations<&'static str>,
    kept: Mutex<Option<(u32, Moment)>>,
}

impl House {
    /// A call that changes the value. It makes void what is kept from its beginning, and once more when it has ended.
    fn act(&self, value: u32) {
        self.declarations.note(|ledger| ledger.declare("value"));
        thread::yield_now();
        self.value.fetch_max(value, Ordering::SeqCst);
        thread::yield_now();
        self.declarations.note(|ledger| ledger.declare("value"));
        self.changed.fetch_max(value, Ordering::SeqCst);
    }

    /// A call that wants the value.
    fn read(&self) {
        let expected = self.changed.load(Ordering::SeqCst);
        let kept = *self.kept.lock().expect("nobody has panicked");
        let good = kept.filter(|(_, since)| self.declarations.is_good(*since, |_| true));
        let value = good.map_or_else(|| self.fetch(), |(value, _)| value);
        assert!(value >= expected, "{value}, although {expected} was there before it was asked for");
    }

    fn fetch(&self) -> u32 {
        let since = self.declarations.now();
        thread::yield_now();
        let value = self.value.load(Ordering::SeqCst);
        thread::yield_now();
        *self.kept.lock().expect("nobody has panicked") = Some((value, since));
        value
    }
}

#[test]
fn nothing_from_before_a_change_is_given_after_it() {
    play(|| {
        let house = Arc::new(House::default());
        let [first, second, third, fourth] = [house.clone(), house.clone(), house.clone(), house];
        together([
            Box::new(move || first.act(1)) as Box<dyn FnOnce() + Send>,
            Box::new(move || second.act(2)),
            Box::new(move || (0..2).for_each(|_| third.read())),
            Box::new(move || (0..2).for_each(|_| fourth.read())),
        ]);
    });
}
