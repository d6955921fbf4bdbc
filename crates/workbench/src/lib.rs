//! What a toolkit touches the machine with. Files: a [`Place`] lies beneath one of the allowed [`Roots`], and every step to
//! it is taken by the kernel, by descriptor. Programs: a [`Command`] is an argument vector for an allowed [`Program`].
//! Whatever goes wrong is a [`toolkit::Failure`] that says what to do next.
//!
//! What it does not do: it declares no tool, knows no gateway and no configuration, and opens no connection.
//!
//! ```
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let roots = workbench::Roots::open([folder.path()], workbench::Denied::system())?;
//! let place = roots.place("path", "notes/today.txt")?;
//! place.write(b"hello", &workbench::Write::default())?;
//! assert_eq!(place.read(1024)?, b"hello");
//! assert!(roots.place("path", "../elsewhere").is_err());
//! # Ok(())
//! # }
//! # example().unwrap();
//! ```
//!
//! In reading order: [`roots`] and [`denied`] (what is allowed), [`place`] and [`folder`] (where something is), [`read`],
//! [`write`](mod@write), [`moves`], [`trash`] (what is done there), [`aside`](mod@aside) (how it is called from a tool); [`program`], [`command`] and
//! [`distribution`]; [`bench`], which holds what a toolkit is made with; [`reach`], what its programs need beside;
//! and [`surroundings`], what package managers and the programs of projects are told of the machine.

pub mod aside;
pub mod bench;
mod beneath;
pub mod command;
pub mod denied;
pub mod distribution;
mod error;
pub mod folder;
pub mod moves;
pub mod place;
pub mod program;
pub mod reach;
pub mod read;
mod refusal;
pub mod roots;
pub mod stat;
pub mod surroundings;
pub mod trash;
pub mod write;

pub use aside::{Stop, aside};
pub use bench::Bench;
pub use command::{Command, Outcome};
pub use denied::Denied;
pub use distribution::Packages;
pub use error::Error;
pub use folder::{Entry, Folder};
pub use place::Place;
pub use program::Program;
pub use reach::Reach;
pub use roots::Roots;
pub use stat::{Kind, Stat};
pub use trash::Trashed;
pub use write::{Write, Written, digest};
