//! Every tool of the toolkit as a client meets it, with real files: once as it is meant, and often as it is not.

#![allow(clippy::cast_sign_loss, reason = "the pixels of the samples are small positive numbers")]

mod bad_input;
mod compose;
mod convert;
mod declaration;
mod drawings;
mod edit;
mod gallery;
mod look;
mod many;
mod resize;
mod samples;
mod watermark;
