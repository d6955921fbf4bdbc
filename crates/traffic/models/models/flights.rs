//! Reads that share one answer: nobody waits for one who has gone, and nobody who asks after a change hears from before it.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use models::single_flight::{Flights, Part};
use shuttle::{
    sync::{
        Mutex,
        mpsc::{Sender, channel},
    },
    thread,
};

use crate::{play, together};

/// A server with one value, and the reads of it that are under way, by the changes before them.
#[derive(Default)]
struct House {
    value: AtomicU32,
    changes: AtomicU32,
    flights: Mutex<Flights<u32, Sender<u32>>>,
}

impl House {
    /// A read; one that is given up tells those who follow it nothing.
    fn read(&self, is_given_up: bool) {
        let expected = self.changes.load(Ordering::SeqCst);
        loop {
            let (teller, told) = channel();
            let changes = self.changes.load(Ordering::SeqCst);
            let part = self.flights.lock().expect("nobody has panicked").join(changes, || teller);
            if part == Part::Follows {
                match told.recv() {
                    Ok(value) => return assert!(value >= expected, "{value} is from before change {expected}"),
                    Err(_) => continue,
                }
            }
            let value = self.value.load(Ordering::SeqCst);
            thread::yield_now();
            let waiting = self.flights.lock().expect("nobody has panicked").landed(&changes);
            for teller in waiting.into_iter().filter(|_| !is_given_up) {
                // who does not wait any more is not told
                let _ = teller.send(value);
            }
            return;
        }
    }

    fn act(&self) {
        self.value.fetch_add(1, Ordering::SeqCst);
        self.changes.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn nobody_waits_for_one_who_has_gone_or_hears_from_before_a_change() {
    play(|| {
        let house = Arc::new(House::default());
        let [first, second, third, fourth] = [house.clone(), house.clone(), house.clone(), house.clone()];
        together([
            Box::new(move || first.read(true)) as Box<dyn FnOnce() + Send>,
            Box::new(move || second.read(false)),
            Box::new(move || third.read(false)),
            Box::new(move || fourth.act()),
        ]);
        assert!(house.flights.lock().expect("nobody has panicked").is_empty());
    });
}
