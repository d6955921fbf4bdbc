//! Tables of SQL whose references have no index: each change of the other table, and each join, then reads all rows. What is
//! declared anywhere in the project counts.

use std::collections::BTreeSet;

use regex::Regex;

use super::{
    finding::{Finding, Gain},
    source::Source,
};

/// What the files of SQL declare.
pub(super) struct Indexes {
    table: Regex,
    added: Regex,
    index: Regex,
    leading: Regex,
}

/// What files of SQL have declared so far.
#[derive(Default)]
pub(super) struct Declared {
    references: Vec<(Column, Finding)>,
    indexed: BTreeSet<Column>,
}

/// A column of a table.
type Column = (String, String);

impl Indexes {
    /// What is looked for.
    pub(super) fn new() -> Result<Self, regex::Error> {
        Ok(Self {
            table: Regex::new(r#"(?i)\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?([\w."`\[\]]+)\s*\("#)?,
            added: Regex::new(
                r#"(?i)\balter\s+table\s+(?:only\s+)?([\w."`\[\]]+)\s+add\s+(?:constraint\s+\S+\s+)?(foreign\s+key|primary\s+key|unique)\s*\(\s*([\w"`\[\]]+)"#,
            )?,
            index: Regex::new(
                r#"(?i)\bcreate\s+(?:unique\s+)?index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:[\w."`]+\s+)?on\s+(?:only\s+)?([\w."`\[\]]+)\s*(?:using\s+\w+\s*)?\(\s*([\w"`\[\]]+)"#,
            )?,
            leading: Regex::new(r"(?i)\bi?like\s+'")?,
        })
    }

    /// Notes what a file declares.
    pub(super) fn note(&self, source: &Source<'_>, file: &str, declared: &mut Declared) {
        // InnoDB makes these indexes itself
        if source.code.to_ascii_lowercase().contains("engine=innodb") {
            return;
        }
        for found in self.index.captures_iter(&source.code) {
            declared.indexed.insert((name(&found[1]), name(&found[2])));
        }
        for found in self.added.captures_iter(&source.code) {
            let (column, at) = ((name(&found[1]), name(&found[3])), found.get(0).map_or(0, |it| it.start()));
            if found[2].to_ascii_lowercase().starts_with("foreign") {
                declared.references.push((column.clone(), reference(source, file, at, &column)));
            } else {
                declared.indexed.insert(column);
            }
        }
        for found in self.table.captures_iter(&source.code) {
            let start = found.get(0).map_or(0, |it| it.end());
            for (at, item) in items(&source.code, start) {
                note_item(source, file, &name(&found[1]), at, item, declared);
            }
        }
    }

    /// Texts that are looked for by their end.
    pub(super) fn searches(&self, source: &Source<'_>, file: &str) -> Vec<Finding> {
        let found = self.leading.find_iter(&source.code).filter(|found| source.text[found.end()..].starts_with('%'));
        let finding = |found: regex::Match<'_>| Finding {
            file: file.to_owned(),
            line: source.line(found.start()),
            kind: "leading_wildcard".to_owned(),
            evidence: source.shown(found.start()),
            proposal:
                "an index in order cannot find what begins with anything: use full text search or a trigram index"
                    .to_owned(),
            gain: Gain::Medium,
        };
        found.map(finding).collect()
    }
}

impl Declared {
    /// The references that have no index.
    pub(super) fn findings(self) -> Vec<Finding> {
        let Self { references, indexed } = self;
        references.into_iter().filter(|(column, _)| !indexed.contains(column)).map(|(_, finding)| finding).collect()
    }
}

/// Notes what one item of a table says: a column, or a constraint.
fn note_item(source: &Source<'_>, file: &str, table: &str, at: usize, item: &str, declared: &mut Declared) {
    let lower = item.to_ascii_lowercase();
    let inner =
        || item.split_once('(').and_then(|(_, inner)| inner.split([',', ')']).next()).map(name).unwrap_or_default();
    let first = lower.split_whitespace().next().unwrap_or_default();
    let first = if first == "constraint" { lower.split_whitespace().nth(2).unwrap_or_default() } else { first };
    let first = first.split('(').next().unwrap_or_default();
    match first {
        "primary" | "unique" | "key" | "index" => {
            declared.indexed.insert((table.to_owned(), inner()));
        }
        "foreign" => {
            let column = (table.to_owned(), inner());
            declared.references.push((column.clone(), reference(source, file, at, &column)));
        }
        "check" | "exclude" | "like" | "" => {}
        _ => {
            let column = (table.to_owned(), name(first));
            if lower.contains("primary key") || lower.contains(" unique") {
                declared.indexed.insert(column);
            } else if lower.contains(" references ") {
                declared.references.push((column.clone(), reference(source, file, at, &column)));
            }
        }
    }
}

fn reference(source: &Source<'_>, file: &str, at: usize, (table, column): &Column) -> Finding {
    Finding {
        file: file.to_owned(),
        line: source.line(at),
        kind: "reference_without_index".to_owned(),
        evidence: format!("{}; no index of the project begins with `{column}`", source.shown(at)),
        proposal: format!("`CREATE INDEX ON {table} ({column})`: without it joins and deletes read the whole table"),
        gain: Gain::High,
    }
}

/// The items between the parentheses that open before `start`, each with where it begins.
fn items(code: &str, start: usize) -> Vec<(usize, &str)> {
    let (mut depth, mut from, mut items) = (0, start, Vec::new());
    for (at, byte) in code.bytes().enumerate().skip(start) {
        let is_end = byte == b')' && depth == 0;
        if is_end || byte == b',' && depth == 0 {
            let item = &code[from..at];
            items.push((from + item.len() - item.trim_start().len(), item.trim()));
            from = at + 1;
        }
        match byte {
            b'(' => depth += 1,
            b')' if is_end => break,
            b')' => depth -= 1,
            _ => {}
        }
    }
    items
}

/// A name without its schema and quotes, in small letters.
fn name(written: &str) -> String {
    let last = written.rsplit('.').next().unwrap_or_default();
    last.trim().trim_matches(['"', '`', '[', ']']).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::language::Language;

    fn check(sql: &str, expected: &[&str]) {
        let source = Source::read(sql, Language::Sql).unwrap();
        let indexes = Indexes::new().unwrap();
        let mut declared = Declared::default();
        indexes.note(&source, "schema.sql", &mut declared);
        let findings = indexes.searches(&source, "schema.sql").into_iter().chain(declared.findings());
        let shown: Vec<String> = findings.map(|finding| format!("{}:{}", finding.kind, finding.line)).collect();
        assert_eq!(shown, expected, "{sql}");
    }

    #[test]
    fn a_reference_without_an_index_is_found() {
        check(
            "CREATE TABLE a (\n  id int PRIMARY KEY,\n  b_id int REFERENCES b (id)\n);",
            &["reference_without_index:3"],
        );
        check(
            "create table if not exists s.\"A\" (x numeric(1, 2),\n foreign key (b_id) references b(id))",
            &["reference_without_index:2"],
        );
        check(
            "CREATE TABLE a (id int);\nALTER TABLE a ADD CONSTRAINT k FOREIGN KEY (c) REFERENCES d (e);",
            &["reference_without_index:2"],
        );
    }

    #[test]
    fn a_reference_with_an_index_is_left_alone() {
        check("CREATE TABLE a (b_id int REFERENCES b (id)); CREATE INDEX i ON a (b_id);", &[]);
        check(
            "CREATE TABLE a (b_id int REFERENCES b (id)); CREATE INDEX IF NOT EXISTS i ON s.a USING btree (\"b_id\", c);",
            &[],
        );
        check("CREATE TABLE a (b_id int PRIMARY KEY REFERENCES b (id));", &[]);
        check("CREATE TABLE a (b_id int REFERENCES b, c int, UNIQUE (b_id, c));", &[]);
        check("CREATE TABLE a (b_id int, CONSTRAINT k FOREIGN KEY (b_id) REFERENCES b (id)) ENGINE=InnoDB;", &[]);
        check("-- CREATE TABLE a (b_id int REFERENCES b);\nSELECT 'CREATE TABLE a (b_id int REFERENCES b)';", &[]);
    }

    #[test]
    fn a_search_by_the_end_of_a_text_is_found() {
        check("SELECT 1\nFROM a WHERE name LIKE '%x'", &["leading_wildcard:2"]);
        check("SELECT 1 FROM a WHERE name LIKE 'x%'", &[]);
    }
}
