//! A Jupyter notebook as its own bytes: cells are read from it, and edits name the bytes that they replace, so that what
//! nobody touched stays as it was, down to its spaces.

use mcp::{array, span::Span, splice::replaced};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use toolkit::{Code, Failure};

use crate::shown;

/// Bytes of a notebook: larger ones hold pictures that nobody reads here.
pub(crate) const BYTES_MAX: u64 = 50 << 20;
/// Bytes of the text of one output that are given.
const OUTPUT_BYTES_MAX: usize = 20 << 10;

/// A notebook.
#[derive(Clone, Debug)]
pub(crate) struct Notebook {
    bytes: Vec<u8>,
    /// Where its cells stand.
    cells: Vec<Span>,
    /// Where the list of them stands.
    list: Span,
}

/// What a cell holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CellType {
    #[default]
    Code,
    Markdown,
    Raw,
}

/// A cell as people and models read it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Cell {
    /// Its place, from 0.
    #[serde(rename = "cell")]
    pub(crate) place: usize,
    #[serde(rename = "type")]
    pub(crate) kind: CellType,
    pub(crate) source: String,
    /// What running it gave.
    pub(crate) outputs: Vec<Output>,
}

/// One output of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Output {
    /// What it is: `stdout`, `stderr`, `result`, `display` or `error`.
    pub(crate) kind: String,
    /// Its text; of an error its kind and message.
    pub(crate) text: String,
    /// Other forms that it has, such as `image/png`.
    pub(crate) forms: Vec<String>,
}

impl Notebook {
    /// Reads a notebook.
    pub(crate) fn new(bytes: Vec<u8>) -> Result<Self, Failure> {
        let refuse = |reason: String| {
            let failure = Failure::new(Code::InvalidInput, format!("this is no notebook: {reason}"));
            Failure { field: Some("path".to_owned()), ..failure }.hint("notebooks are files of Jupyter, version 4")
        };
        let members = array::members(&bytes).map_err(|error| refuse(error.to_string()))?;
        let list = members.into_iter().find(|(key, _)| *key == b"cells").map(|(_, value)| value);
        let list = list.ok_or_else(|| refuse("it has no cells".to_owned()))?;
        let cells = array::items(&bytes[list.range()]).map_err(|error| refuse(error.to_string()))?;
        let start = list.start as usize;
        let moved = |span: Span| Span::new(start + span.range().start, start + span.range().end);
        Ok(Self { cells: cells.into_iter().map(moved).collect(), list, bytes })
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many cells it has.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The name of its kernel.
    pub(crate) fn kernel(&self) -> Option<String> {
        let metadata = array::member(&self.bytes, "metadata")?.of(&self.bytes)?;
        let metadata: Value = serde_json::from_slice(metadata).ok()?;
        metadata["kernelspec"]["name"].as_str().map(str::to_owned)
    }

    /// One of its cells.
    pub(crate) fn cell(&self, place: usize) -> Result<Cell, Failure> {
        let raw: Value = serde_json::from_slice(self.raw(place)?).unwrap_or_default();
        let outputs = raw["outputs"].as_array().into_iter().flatten().map(output).collect();
        let kind = match raw["cell_type"].as_str() {
            Some("markdown") => CellType::Markdown,
            Some("raw") => CellType::Raw,
            _ => CellType::Code,
        };
        Ok(Cell { place, kind, source: text(&raw["source"]), outputs })
    }

    /// With another source of a cell.
    pub(crate) fn with_source(&self, place: usize, source: &str) -> Result<Self, Failure> {
        self.with_member(place, "source", &lines(source))
    }

    /// With what running a cell gave.
    pub(crate) fn with_outputs(&self, place: usize, outputs: &Value, count: &Value) -> Result<Self, Failure> {
        self.with_member(place, "outputs", outputs)?.with_member(place, "execution_count", count)
    }

    /// With a new cell before the one of this place, or behind the last.
    pub(crate) fn with_cell(&self, place: usize, kind: CellType, source: &str) -> Result<Self, Failure> {
        let cell = format!("{:#}", self.new_cell(kind, source));
        let (at, text) = match (self.cells.get(place), self.cells.last()) {
            (Some(next), _) => (next.range().start, format!("{cell},\n  ")),
            (None, Some(last)) if place == self.len() => (last.range().end, format!(",\n  {cell}")),
            (None, None) if place == 0 => (self.list.range().start + 1, cell),
            _ => return Err(self.no_cell(place)),
        };
        Self::new(replaced(&self.bytes, Span::new(at, at), text.as_bytes()).into())
    }

    /// Without a cell.
    pub(crate) fn without(&self, place: usize) -> Result<Self, Failure> {
        let own = self.span(place)?.range();
        let range = match (self.cells.get(place + 1), place.checked_sub(1).and_then(|before| self.cells.get(before))) {
            (Some(next), _) => own.start..next.range().start,
            (None, Some(before)) => before.range().end..own.end,
            (None, None) => own,
        };
        Self::new(replaced(&self.bytes, Span::new(range.start, range.end), b"").into())
    }

    fn with_member(&self, place: usize, name: &str, value: &Value) -> Result<Self, Failure> {
        let cell = self.raw(place)?;
        let start = self.span(place)?.range().start;
        if let Some(there) = array::member(cell, name) {
            let before: Value = serde_json::from_slice(&cell[there.range()]).unwrap_or_default();
            if before == *value {
                return Ok(self.clone());
            }
            let span = Span::new(start + there.range().start, start + there.range().end);
            return Self::new(replaced(&self.bytes, span, value.to_string().as_bytes()).into());
        }
        let member = format!(
            "\"{name}\": {value}{}",
            if array::members(cell).is_ok_and(|it| it.is_empty()) { "" } else { ", " }
        );
        Self::new(replaced(&self.bytes, Span::new(start + 1, start + 1), member.as_bytes()).into())
    }

    fn new_cell(&self, kind: CellType, source: &str) -> Value {
        let mut cell = json!({"cell_type": kind, "metadata": {}, "source": lines(source)});
        if kind == CellType::Code {
            cell["execution_count"] = Value::Null;
            cell["outputs"] = json!([]);
        }
        if self.has_ids() {
            cell["id"] = json!(self.new_id(source));
        }
        cell
    }

    /// Since version 4.5 cells have ids.
    fn has_ids(&self) -> bool {
        let number = |name| {
            let span = array::member(&self.bytes, name)?;
            serde_json::from_slice::<u64>(span.of(&self.bytes)?).ok()
        };
        (number("nbformat"), number("nbformat_minor")) >= (Some(4), Some(5))
    }

    /// An id that no other cell has.
    fn new_id(&self, source: &str) -> String {
        let all = String::from_utf8_lossy(&self.bytes);
        let ids = (0_usize..).map(|salt| {
            let digest = workbench::digest(format!("{salt} {} {source}", self.len()).as_bytes());
            digest.trim_start_matches("sha256:")[..8].to_owned()
        });
        ids.take(self.len() + 1).find(|id| !all.contains(&**id)).unwrap_or_else(|| format!("cell-{}", self.len()))
    }

    fn raw(&self, place: usize) -> Result<&[u8], Failure> {
        Ok(&self.bytes[self.span(place)?.range()])
    }

    fn span(&self, place: usize) -> Result<Span, Failure> {
        self.cells.get(place).copied().ok_or_else(|| self.no_cell(place))
    }

    fn no_cell(&self, place: usize) -> Failure {
        let text = format!("there is no cell {place}: the notebook has {}", self.len());
        Failure::invalid("cells", text).hint("cells are counted from 0")
    }
}

/// A source as notebooks keep it: its lines, each with its end.
fn lines(source: &str) -> Value {
    source.split_inclusive('\n').collect::<Vec<_>>().into()
}

/// A text that is kept as one string or as lines.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// An output as people and models read it.
pub(crate) fn output(raw: &Value) -> Output {
    let forms = raw["data"].as_object();
    let (kind, whole) = match raw["output_type"].as_str() {
        Some("stream") => (raw["name"].as_str().unwrap_or("stdout"), text(&raw["text"])),
        Some("error") => ("error", format!("{}: {}", shown::short(&text(&raw["ename"])), text(&raw["evalue"]))),
        Some("execute_result") => ("result", text(&raw["data"]["text/plain"])),
        _ => ("display", text(&raw["data"]["text/plain"])),
    };
    let end = whole.floor_char_boundary(OUTPUT_BYTES_MAX);
    let cut = if end < whole.len() { "…" } else { "" };
    let others = forms.into_iter().flat_map(serde_json::Map::keys).filter(|form| *form != "text/plain");
    Output { kind: kind.to_owned(), text: format!("{}{cut}", &whole[..end]), forms: others.cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "{\n \"cells\": [\n  {\"cell_type\": \"markdown\",   \"source\": \"# Hi\", \"x\": 1.50},\n  \
        {\"cell_type\": \"code\", \"execution_count\": 1, \"outputs\": [{\"output_type\": \"stream\", \"name\": \"stdout\", \
        \"text\": [\"a\\n\", \"b\"]}], \"source\": [\"1\\n\", \"2\"]}\n ],\n \"metadata\": {\"kernelspec\": {\"name\": \
        \"python3\"}},\n \"nbformat\": 4, \"nbformat_minor\": 4\n}\n";

    fn plain() -> Notebook {
        Notebook::new(PLAIN.as_bytes().to_vec()).unwrap()
    }

    fn said(notebook: &Notebook) -> String {
        String::from_utf8(notebook.bytes().to_vec()).unwrap()
    }

    #[test]
    fn cells_are_read_with_their_outputs() {
        let notebook = plain();
        assert_eq!((notebook.len(), notebook.kernel().as_deref()), (2, Some("python3")));
        let (first, second) = (notebook.cell(0).unwrap(), notebook.cell(1).unwrap());
        assert_eq!((first.kind, &*first.source), (CellType::Markdown, "# Hi"));
        assert_eq!((second.kind, &*second.source, &*second.outputs[0].text), (CellType::Code, "1\n2", "a\nb"));
        assert_eq!(second.outputs[0].kind, "stdout");
        assert!(notebook.cell(2).is_err());
    }

    #[test]
    fn an_edit_leaves_every_other_byte_alone() {
        let edited = plain().with_source(0, "# Ho\n").unwrap();
        assert_eq!(said(&edited), PLAIN.replace("\"# Hi\"", "[\"# Ho\\n\"]"));
        let same = plain().with_source(1, "1\n2").unwrap();
        assert_eq!(said(&same), PLAIN);
        let ran = plain().with_outputs(1, &json!([]), &json!(7)).unwrap();
        assert!(said(&ran).contains("\"execution_count\": 7, \"outputs\": [], \"source\""), "{}", said(&ran));
    }

    #[test]
    fn cells_come_and_go_at_any_place() {
        for place in 0..=2 {
            let more = plain().with_cell(place, CellType::Code, "new").unwrap();
            assert_eq!((more.len(), &*more.cell(place).unwrap().source), (3, "new"));
            let back = more.without(place).unwrap();
            assert_eq!(said(&back), PLAIN, "{place}");
        }
        assert!(plain().with_cell(3, CellType::Code, "x").is_err());
        let empty = plain().without(0).unwrap().without(0).unwrap();
        assert_eq!(empty.len(), 0);
        assert_eq!(empty.with_cell(0, CellType::Raw, "x").unwrap().cell(0).unwrap().kind, CellType::Raw);
    }

    #[test]
    fn new_cells_have_ids_where_others_have_them() {
        let with_ids = PLAIN.replace("\"nbformat_minor\": 4", "\"nbformat_minor\": 5");
        let notebook = Notebook::new(with_ids.into_bytes()).unwrap();
        let more = notebook.with_cell(0, CellType::Code, "a").unwrap().with_cell(0, CellType::Code, "a").unwrap();
        let ids: Vec<Value> =
            [0, 1].map(|cell| serde_json::from_slice::<Value>(more.raw(cell).unwrap()).unwrap()["id"].clone()).into();
        assert!(ids[0].is_string() && ids[0] != ids[1], "{ids:?}");
    }

    #[test]
    fn what_is_no_notebook_is_refused() {
        for text in ["", "[]", "{}", "{\"cells\": 1}", "{\"cells\": [}", "text"] {
            assert!(Notebook::new(text.as_bytes().to_vec()).is_err(), "{text}");
        }
    }
}
