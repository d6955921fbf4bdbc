//! Lists of the entries of a section, shared by `server list` and `bundle list`: filtered by name, a table for people,
//! whole for programs.

use clap::Args;
use serde::Serialize;

use crate::listing::passes;
use crate::text::Text;
use crate::{Context, Error, Exit, Report};

/// Which entries are listed.
#[derive(Clone, Debug, Args)]
pub(crate) struct Filter {
    /// Only those that have this text in their name, or match this glob.
    filter: Option<String>,
}

/// One entry as it is listed.
pub(crate) trait Entry: Serialize {
    /// Its name.
    fn name(&self) -> &str;

    /// Its line in the table.
    fn cells(&self) -> Vec<Text>;
}

#[derive(Serialize)]
#[serde(transparent)]
struct Entries<E>(Vec<E>);

impl Filter {
    /// Shows what passes, by name; `none_yet` is said where there is nothing.
    pub(crate) fn show<E: Entry>(
        &self,
        mut entries: Vec<E>,
        none_yet: &str,
        context: &mut Context<'_>,
    ) -> Result<Exit, Error> {
        entries.retain(|entry| self.filter.as_deref().is_none_or(|filter| passes(entry.name(), filter)));
        entries.sort_by(|one, other| one.name().cmp(other.name()));
        entries.dedup_by(|one, other| one.name() == other.name());
        if entries.is_empty() {
            context.terminal.say(none_yet);
        }
        context.terminal.show(&Entries(entries))?;
        Ok(Exit::Done)
    }
}

impl<E: Entry> Report for Entries<E> {
    fn text(&self) -> Text {
        Text::table(&self.0.iter().map(Entry::cells).collect::<Vec<_>>())
    }
}
