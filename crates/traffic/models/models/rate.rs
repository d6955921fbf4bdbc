//! A rate: however many attempts meet at its meter, no more pass than the burst, and no fewer.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use models::{Meter, Rate};

use crate::{play, together};

#[test]
fn as_many_pass_at_once_as_the_burst_says() {
    play(|| {
        let (meter, passed) = (Arc::new(Meter::default()), Arc::new(AtomicU32::new(0)));
        together((0..4).map(|_| {
            let (meter, passed) = (meter.clone(), passed.clone());
            Box::new(move || {
                let is_counted = meter.count(Rate::per_minute(1, 2), 1_000).is_ok();
                passed.fetch_add(u32::from(is_counted), Ordering::SeqCst);
            }) as Box<dyn FnOnce() + Send>
        }));
        assert_eq!(passed.load(Ordering::SeqCst), 2);
    });
}
