//! Text for people: pieces with a tone, and tables of them. Colour and taming are the business of the terminal, so what
//! a tool says can never act on it, whoever writes it out.

/// How a piece of text is meant. Colour never carries the meaning alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A name to look for.
    Strong,
    /// Said by the way.
    Faint,
    /// It works.
    Good,
    /// It works, but.
    Doubtful,
    /// It does not work.
    Bad,
}

impl Tone {
    /// The escape sequence that begins this tone on a terminal with colours.
    pub(crate) fn escape(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\x1b[1m",
            Self::Faint => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Doubtful => "\x1b[1;33m",
            Self::Bad => "\x1b[1;31m",
        }
    }
}

/// A text for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<(Tone, String)>);

impl Text {
    /// A text without tone.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().and(Tone::Plain, text)
    }

    /// This text, and then a piece of this tone.
    pub fn and(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.0.push((tone, text.into()));
        self
    }

    /// This text, and then another.
    pub fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// These texts, one a line.
    pub fn lines(lines: impl IntoIterator<Item = Self>) -> Self {
        lines.into_iter().reduce(|text, line| text.and(Tone::Plain, "\n").then(line)).unwrap_or_default()
    }

    /// Rows of cells, each column as wide as its widest cell; the last one may be as long as it likes.
    pub fn table(rows: &[Vec<Self>]) -> Self {
        let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(Self::width).max();
        let widths: Vec<usize> = (0..columns).filter_map(width).collect();
        Self::lines(rows.iter().map(|row| line(row, &widths)))
    }

    /// The pieces in order.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.0.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// Whether nothing stands in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.0.iter().all(|(_, text)| text.is_empty())
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }
}

fn line(row: &[Text], widths: &[usize]) -> Text {
    let last = row.iter().rposition(|cell| !cell.is_blank()).unwrap_or_default();
    let mut line = Text::default();
    for (column, cell) in row.iter().take(last + 1).enumerate() {
        line = line.then(cell.clone());
        if column < last {
            line = line.and(Tone::Plain, " ".repeat(widths[column] - cell.width() + 2));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Text, Tone};

    #[test]
    fn cells_stand_below_each_other_and_lines_end_without_spaces() {
        let row = |cells: [&str; 3]| cells.map(Text::plain).to_vec();
        let table = Text::table(&[row(["a", "", "x"]), row(["long", "b", ""])]);
        let text: String = table.pieces().map(|(_, text)| text).collect();
        assert_eq!(text, "a        x\nlong  b");
    }

    #[test]
    fn tone_adds_no_width() {
        let cell = Text::default().and(Tone::Bad, "ab").and(Tone::Plain, "c");
        assert_eq!(cell.width(), 3);
    }
}
