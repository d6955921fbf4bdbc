//! YAML: the entries are a list of mappings with a `name`. Nothing writes YAML back without touching it, so a change is
//! one of lines: whole lines are added below the key or taken out, and the result is read again to prove that it says
//! what it said before but for that entry. A list in another form than one entry to a dash is left to its owner.

use std::{fmt::Write, ops::Range};

use serde_json::{Map, Value};

use super::Entries;
use crate::error::Error;

/// All entries in the list at `place`, in their order.
pub(super) fn entries(text: &str, place: &[&str]) -> Result<Entries, Error> {
    let document = parse(text)?;
    let mut value = &document;
    for key in place {
        match value.get(*key) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(inner) => value = inner,
        }
    }
    let list = value.as_array().ok_or_else(|| Error::Shape(place.join(".")))?;
    let entry = |entry: &Value| Some((entry.get("name")?.as_str()?.to_owned(), entry.as_object()?.clone()));
    Ok(list.iter().filter_map(entry).collect())
}

/// The text with one more entry at the end of the list.
pub(super) fn add(text: &str, place: &[&str], name: &str, entry: &Map<String, Value>) -> Result<String, Error> {
    let key = only(place)?;
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let list = List::find(text, key)?;
    let (at, indent, opening) = match &list {
        Some(list) => (list.end, list.indent.as_str(), String::new()),
        None => (text.len(), "  ", format!("{key}:{newline}")),
    };
    let gap = if at > 0 && !text[..at].ends_with('\n') { newline } else { "" };
    let mut lines = format!("{gap}{opening}{indent}- name: {}{newline}", Value::from(name));
    for (key, value) in entry {
        let _ = write!(lines, "{indent}  {key}: {value}{newline}");
    }
    let changed = format!("{}{lines}{}", &text[..at], &text[at..]);
    let mut expected = entries(text, place)?;
    let mut written = entry.clone();
    written.insert("name".to_owned(), Value::from(name));
    expected.push((name.to_owned(), written));
    proven(text, changed, key, &expected)
}

/// The text without an entry of the list.
pub(super) fn remove(text: &str, place: &[&str], name: &str) -> Result<String, Error> {
    let key = only(place)?;
    let list = List::find(text, key)?.ok_or_else(|| Error::Missing(name.to_owned()))?;
    let before = entries(text, place)?;
    let index = before.iter().position(|(entry, _)| entry == name).ok_or_else(|| Error::Missing(name.to_owned()))?;
    if before.len() != list.items.len() {
        return Err(Error::Form(key.to_owned()));
    }
    let item = list.items[index].clone();
    let start = if before.len() == 1 { list.key_line } else { item.start };
    let changed = format!("{}{}", &text[..start], &text[item.end..]);
    let expected: Entries = before.into_iter().filter(|(entry, _)| entry != name).collect();
    proven(text, changed, key, &expected)
}

fn only<'a>(place: &[&'a str]) -> Result<&'a str, Error> {
    match place {
        [key] => Ok(key),
        _ => Err(Error::Form(place.join("."))),
    }
}

/// The changed text, if it says what it should and what stands beside the list is what it was.
fn proven(before: &str, changed: String, key: &str, expected: &Entries) -> Result<String, Error> {
    let beside = |text: &str| {
        let mut document = parse(text)?;
        document.as_object_mut().map(|members| members.remove(key));
        Ok::<_, Error>(if document.is_null() { Value::Object(Map::new()) } else { document })
    };
    let same = beside(before)? == beside(&changed)? && entries(&changed, &[key])? == *expected;
    if same { Ok(changed) } else { Err(Error::Form(key.to_owned())) }
}

fn parse(text: &str) -> Result<Value, Error> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let (line, column) = error.location().map_or((1, 1), |at| (at.line() as usize, at.column() as usize));
        let message = error.without_snippet().to_string();
        Error::Syntax { line, column, what: message.lines().next().unwrap_or("not YAML").to_owned() }
    })
}

/// Where the list stands in the text, by byte.
struct List {
    key_line: usize,
    /// What stands before each dash.
    indent: String,
    /// From the line of a dash to the line of the next.
    items: Vec<Range<usize>>,
    end: usize,
}

impl List {
    /// The block list below a key at the start of a line; `None` if there is no such key.
    fn find(text: &str, key: &str) -> Result<Option<Self>, Error> {
        let mut lines = Lines { text, at: 0 }.skip_while(|line| !opens(&text[line.clone()], key));
        let Some(key_line) = lines.next() else { return Ok(None) };
        let mut list = Self { key_line: key_line.start, indent: String::new(), items: Vec::new(), end: key_line.end };
        for line in lines {
            let content = &text[line.clone()];
            let bare = content.trim_start_matches(' ');
            let indent = &content[..content.len() - bare.len()];
            let blank = bare.trim().is_empty() || bare.starts_with('#');
            if bare.starts_with("- ") && (list.items.is_empty() || indent == list.indent) {
                indent.clone_into(&mut list.indent);
                list.items.push(line.clone());
            } else if !blank && (list.items.is_empty() || indent.len() <= list.indent.len()) {
                break;
            }
            if let (false, Some(item)) = (blank, list.items.last_mut()) {
                item.end = line.end;
                list.end = line.end;
            }
        }
        if list.items.is_empty() { Err(Error::Form(key.to_owned())) } else { Ok(Some(list)) }
    }
}

fn opens(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))
}

/// The lines of a text, each with its end.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        self.at += rest.find('\n').map_or(rest.len(), |newline| newline + 1);
        Some(start..self.at)
    }
}
