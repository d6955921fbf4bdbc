//! What threads meet at. Where these sources are compiled for the models (`crates/traffic/models`), shuttle stands in for
//! the standard library, so that a test can choose the order in which threads come.

#[cfg(modelled)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};
pub(crate) use std::sync::PoisonError;
#[cfg(not(modelled))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};
