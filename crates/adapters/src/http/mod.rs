//! Operations of an HTTP API, however they were described: from arguments to a request, from an answer to a result.
//! Reading documents is left to [`openapi`](crate::openapi) and [`rest`](crate::rest).

mod action;
mod answer;
mod body;
mod connection;
mod operation;
mod style;
mod template;

pub(crate) use action::Action;
pub(crate) use answer::{output, refusal};
pub(crate) use body::BodyPlan;
pub(crate) use connection::{Answer, Ask, Connection, lost};
pub(crate) use operation::{Operation, Parameter, Place, may_be_sent};
pub(crate) use style::{PathStyle, QueryStyle, encode};
pub(crate) use template::{Template, TemplateError};
