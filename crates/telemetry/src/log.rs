//! The log of this process: started once, then changed as often as one likes.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tracing::Subscriber;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::journal::Recorder;
use crate::outlet::Outlet;
use crate::shape::Lines;
use crate::{Journal, Mask, Shape};

/// The way out of the log of this process.
static OUTLET: OnceLock<Outlet> = OnceLock::new();
/// How long the end of the process waits for who reads the log.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A filter that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the log filter `{filter}` cannot be read; write a level, or `target=level` separated by commas")]
pub struct WrongFilter {
    filter: String,
    source: ParseError,
}

/// The log. Clones are cheap and change the same.
#[derive(Clone)]
pub struct Log {
    filter: reload::Handle<EnvFilter, Registry>,
    lines: Lines,
    journal: Journal,
    mask: Arc<RwLock<Mask>>,
}

impl Log {
    /// Starts to log to stderr and to the journal what `filter` lets through: a level, or a list of `target=level`. A
    /// filter that cannot be read counts as `info`, and is given back. Only the first log of a process is written.
    pub fn start(filter: &str, shape: Shape) -> (Self, Result<(), WrongFilter>) {
        let is_coloured = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        match Outlet::start(io::stderr()) {
            Ok(outlet) => {
                let outlet = OUTLET.get_or_init(|| outlet);
                Self::of_process(Self::new(filter, shape, is_coloured, || outlet.clone()))
            }
            // a machine without a thread to spare still has a log
            Err(_) => Self::of_process(Self::new(filter, shape, is_coloured, io::stderr)),
        }
    }

    /// Writes the log of the process, unless there is one.
    fn of_process<S: Subscriber + Send + Sync>(
        (log, subscriber, read): (Self, S, Result<(), WrongFilter>),
    ) -> (Self, Result<(), WrongFilter>) {
        let _ = subscriber.try_init();
        (log, read)
    }

    fn new<W: Write + 'static>(
        filter: &str,
        shape: Shape,
        is_coloured: bool,
        out: impl Fn() -> W + Send + Sync + 'static,
    ) -> (Self, impl Subscriber + Send + Sync, Result<(), WrongFilter>) {
        let (filter, read) = match parse(filter) {
            Ok(filter) => (filter, Ok(())),
            Err(wrong) => (EnvFilter::new("info"), Err(wrong)),
        };
        let (filter, handle) = reload::Layer::new(filter);
        let (lines, journal, mask) = (Lines::new(shape), Journal::default(), Arc::<RwLock<Mask>>::default());
        let log = Self { filter: handle, lines: lines.clone(), journal: journal.clone(), mask: mask.clone() };
        let masked = {
            let mask = mask.clone();
            move || Masked { mask: mask.clone(), out: out() }
        };
        let written = fmt::layer().with_ansi(is_coloured).with_writer(masked).event_format(lines);
        let clean = move |text: &str| mask.read().unwrap_or_else(PoisonError::into_inner).clean(text);
        let subscriber = Registry::default().with(filter).with(written).with(Recorder { journal, clean });
        (log, subscriber, read)
    }

    /// Logs from now on by another filter and in another shape. A filter that cannot be read changes nothing.
    pub fn change(&self, filter: &str, shape: Shape) -> Result<(), WrongFilter> {
        let filter = parse(filter)?;
        // It fails only where the log of the process is another one.
        let _ = self.filter.reload(filter);
        self.lines.take(shape);
        Ok(())
    }

    /// Hides these values in every line from now on, instead of those before.
    pub fn hide(&self, mask: Mask) {
        *self.mask.write().unwrap_or_else(PoisonError::into_inner) = mask;
    }

    /// How many lines were dropped because who reads stderr did not keep up. The journal has them.
    pub fn dropped(&self) -> u64 {
        OUTLET.get().map_or(0, Outlet::dropped)
    }

    /// The newest lines.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }
}

/// Waits at the end of the process until its last words are written, if somebody reads them.
pub fn drain() {
    if let Some(outlet) = OUTLET.get() {
        outlet.drain(LAST_WORDS);
    }
}

fn parse(filter: &str) -> Result<EnvFilter, WrongFilter> {
    EnvFilter::try_new(filter).map_err(|source| WrongFilter { filter: filter.to_owned(), source })
}

/// An output in which no secret stands. Each line comes in one piece.
struct Masked<W> {
    mask: Arc<RwLock<Mask>>,
    out: W,
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let hidden = self.mask.read().unwrap_or_else(PoisonError::into_inner).hide(&text).into_owned();
        self.out.write_all(hidden.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Page {
        /// What was written since the last time.
        fn turn(&self) -> String {
            String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
        }
    }

    fn with_log(filter: &str, test: impl FnOnce(&Log, &Page)) {
        let page = Page::default();
        let out = page.clone();
        let (log, subscriber, read) = Log::new(filter, Shape::Text, false, move || out.clone());
        read.unwrap();
        tracing::subscriber::with_default(subscriber, || test(&log, &page));
    }

    #[test]
    fn filter_and_shape_change_while_it_is_written() {
        with_log("warn", |log, page| {
            tracing::info!("too quiet");
            assert_eq!(page.turn(), "");
            log.change("info", Shape::Json).unwrap();
            tracing::info!(number = 7, "heard");
            let line: serde_json::Value = serde_json::from_str(&page.turn()).unwrap();
            assert_eq!((&line["fields"]["message"], &line["fields"]["number"]), (&"heard".into(), &7.into()));
            log.change("info", Shape::Text).unwrap();
            tracing::info!("plain again");
            assert!(page.turn().ends_with("plain again\n"));
        });
    }

    #[test]
    fn filter_that_cannot_be_read_is_told_and_changes_nothing() {
        assert!(Log::new("info,gateway=nonsense", Shape::Text, false, io::sink).2.is_err());
        with_log("warn", |log, page| {
            assert!(log.change("info,gateway=nonsense", Shape::Json).is_err());
            tracing::warn!("as before");
            assert!(page.turn().ends_with("as before\n"));
        });
    }

    #[test]
    fn secret_stands_neither_on_the_page_nor_in_the_journal() {
        with_log("info", |log, page| {
            log.hide(Mask::of(["hunter2hunter2".to_owned()]));
            tracing::info!(key = "hunter2hunter2", "sent hunter2hunter2\nand more");
            let (page, line) = (page.turn(), log.journal().after(0, 1, |_| true).remove(0));
            assert!(page.contains("[hidden]") && !page.contains("hunter2"), "{page}");
            assert_eq!(line.text, "sent [hidden] and more key=[hidden]");
            assert_eq!((line.level, line.target.as_str()), (tracing::Level::INFO, "telemetry::log::tests"));
        });
    }
}
