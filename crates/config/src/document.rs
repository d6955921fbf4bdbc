//! A TOML text with the place of each of its keys, so that every problem can say where.
//! It knows TOML only, not our sections.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::path::{KeyPath, Segment};
use crate::{Problem, Severity};

/// A TOML text, parsed, with places.
pub(crate) struct Document<'t> {
    file: &'t str,
    text: &'t str,
    root: Spanned<DeValue<'t>>,
}

impl<'t> Document<'t> {
    /// Parses `text`; every mistake in its syntax is a problem.
    pub(crate) fn parse(text: &'t str, file: &'t str) -> Result<Self, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let root = Spanned::new(root.span(), DeValue::Table(root.into_inner()));
        let document = Self { file, text, root };
        if errors.is_empty() {
            return Ok(document);
        }
        Err(errors.iter().map(|error| document.syntax_problem(error)).collect())
    }

    /// The whole document as one value.
    pub(crate) fn root(&self) -> &DeValue<'t> {
        self.root.get_ref()
    }

    /// The value at `path`.
    pub(crate) fn at(&self, path: &KeyPath) -> Option<&DeValue<'t>> {
        path.segments().iter().try_fold(self.root(), |value, segment| Some(child(value, segment)?.1.get_ref()))
    }

    /// The names in the table at `path`.
    pub(crate) fn keys<'s>(&'s self, path: &KeyPath) -> impl Iterator<Item = &'s str> + use<'s, 't> {
        let table = self.at(path).and_then(DeValue::as_table);
        table.into_iter().flat_map(|table| table.keys().map(|key| &**key.get_ref()))
    }

    /// How many steps of `path` there are, and where the last of them begins.
    pub(crate) fn locate(&self, path: &KeyPath) -> (usize, usize) {
        let mut value = &self.root;
        let (mut depth, mut offset) = (0, 0);
        for segment in path.segments() {
            let Some((span, child)) = child(value.get_ref(), segment) else {
                break;
            };
            depth += 1;
            offset = span.start;
            value = child;
        }
        (depth, offset)
    }

    /// A place in the text, as `file:line:column`.
    pub(crate) fn place(&self, offset: usize) -> String {
        let place = self.problem(Severity::Fatal, offset, String::new());
        format!("{}:{}:{}", place.file, place.line, place.column)
    }

    /// A problem at `offset`, still without words.
    pub(crate) fn problem(&self, severity: Severity, offset: usize, key: String) -> Problem {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Problem {
            severity,
            file: self.file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key,
            message: String::new(),
            hint: None,
        }
    }

    fn syntax_problem(&self, error: &toml::de::Error) -> Problem {
        let offset = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        Problem { message, ..self.problem(Severity::Fatal, offset, String::new()) }
    }
}

/// The child of `value` that `segment` names, and the place to point at: its key, or itself in a list.
fn child<'v, 't>(value: &'v DeValue<'t>, segment: &Segment) -> Option<(Range<usize>, &'v Spanned<DeValue<'t>>)> {
    match (value, segment) {
        (DeValue::Table(table), Segment::Key(key)) => {
            table.get_key_value(key.as_str()).map(|(key, value)| (key.span(), value))
        }
        (DeValue::Array(items), Segment::Index(index)) => items.get(*index).map(|item| (item.span(), item)),
        _ => None,
    }
}
