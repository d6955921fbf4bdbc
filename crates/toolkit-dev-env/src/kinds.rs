//! The kinds of project that are recognised: one file for each language, and one for containers. Each looks at a survey and
//! adds to the findings.

mod containers;
pub(crate) mod go;
pub(crate) mod java;
pub(crate) mod node;
pub(crate) mod python;
pub(crate) mod ruby;
pub(crate) mod rust;

use crate::{findings::Findings, survey::Survey};

/// All of them.
pub(crate) const ALL: [fn(&Survey, &mut Findings); 7] =
    [python::look, node::look, rust::look, go::look, java::look, ruby::look, containers::look];
