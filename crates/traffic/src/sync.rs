//! What threads meet at. Where the pieces are model-checked (crate `models`), those of shuttle stand in for those of the
//! standard library, so that every order in which threads may come is one that a test can choose.

#[cfg(modelled)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};
pub(crate) use std::sync::PoisonError;
#[cfg(not(modelled))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
