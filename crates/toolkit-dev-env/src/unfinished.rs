//! Something new on the disk that goes away again unless it is finished: a project, an environment.

use workbench::Place;

/// How often its removal is tried: a program that was killed may still have been writing.
const REMOVALS_MAX: usize = 3;

/// Something new that is not finished yet.
#[derive(Debug)]
pub(crate) struct Unfinished {
    place: Place,
    is_finished: bool,
}

impl Unfinished {
    /// What is here, or will be, is new.
    pub(crate) fn new(place: Place) -> Self {
        Self { place, is_finished: false }
    }

    /// It may stay.
    pub(crate) fn finish(mut self) {
        self.is_finished = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        for _ in 0..REMOVALS_MAX {
            // the failure that counts is the one that left it unfinished
            if self.place.remove().is_ok() {
                return;
            }
        }
    }
}
