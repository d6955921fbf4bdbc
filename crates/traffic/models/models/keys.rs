//! Calls under one idempotency key: the act happens once, everybody gets its answer, and if the first vanishes before it
//! has done anything, another one is the first.

use std::{
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use models::once::{Begin, Bounds, Once};
use shuttle::{
    sync::{
        Mutex,
        mpsc::{Sender, channel},
    },
    thread,
};

use crate::{play, together};

static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Answers under keys, and how often the act was done.
struct House {
    once: Mutex<Once<&'static str, u32, Sender<()>>>,
    owner: Arc<str>,
    done: AtomicU32,
}

impl House {
    fn new() -> Arc<Self> {
        let once = Mutex::new(Once::new(Bounds::default()));
        Arc::new(Self { once, owner: "ada".into(), done: AtomicU32::new(0) })
    }

    /// A call under the key, to its answer; nothing if it was the first and vanished before it did anything.
    fn call(&self, vanishes: bool) -> Option<u32> {
        loop {
            let (teller, told) = channel();
            let begun =
                self.once.lock().expect("nobody has panicked").begin(&self.owner, &"key", [0; 32], *NOW, || teller);
            match begun {
                Begin::First => return self.make(vanishes),
                // whether it is told or the first has vanished: what became of it is known now
                Begin::Waits => drop(told.recv()),
                Begin::Kept(answer) => return Some(answer),
                Begin::Forgotten | Begin::Conflict | Begin::Full => panic!("{begun:?}"),
            }
        }
    }

    fn make(&self, vanishes: bool) -> Option<u32> {
        let answer = (!vanishes).then(|| self.done.fetch_add(1, Ordering::SeqCst) + 1);
        thread::yield_now();
        let kept = answer.map(|answer| (answer, 8));
        let waiting = self.once.lock().expect("nobody has panicked").finished(&self.owner, &"key", kept, *NOW);
        for teller in waiting {
            // who does not wait any more is not told
            let _ = teller.send(());
        }
        answer
    }
}

#[test]
fn an_act_under_a_key_happens_once_and_everybody_gets_its_answer() {
    play(|| {
        let house = House::new();
        together([true, false, false, true].map(|vanishes| {
            let house = house.clone();
            Box::new(move || {
                let answer = house.call(vanishes);
                assert!(answer == Some(1) || vanishes && answer.is_none(), "{answer:?}");
            }) as Box<dyn FnOnce() + Send>
        }));
        assert_eq!(house.done.load(Ordering::SeqCst), 1);
    });
}
