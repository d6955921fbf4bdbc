//! How a line of the log looks: for people or for machines, which may change from one line to the next.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Compact, Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Lines in the shape that is wanted now. Clones share it.
#[derive(Clone)]
pub(crate) struct Lines {
    is_json: Arc<AtomicBool>,
    text: Format<Compact>,
    json: Format<Json>,
}

impl Lines {
    pub(crate) fn new(shape: Shape) -> Self {
        let json = Format::default().json().with_current_span(false).with_span_list(false);
        let lines = Self { is_json: Arc::default(), text: Format::default().compact(), json };
        lines.take(shape);
        lines
    }

    /// Gives every line from now on another shape.
    pub(crate) fn take(&self, shape: Shape) {
        self.is_json.store(shape == Shape::Json, Ordering::Relaxed);
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, line: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        if self.is_json.load(Ordering::Relaxed) {
            self.json.format_event(context, line, event)
        } else {
            self.text.format_event(context, line, event)
        }
    }
}
