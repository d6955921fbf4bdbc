//! What is selected of a result: made from the schema, or read from what a caller gives.
//!
//! A caller's text never becomes part of a query. It is read into a tree of names that the schema knows, its depth
//! and cost are measured, and the tree is written anew. So there is no way to smuggle an alias, an argument, a
//! directive or a second operation in.

use std::fmt;

use super::types::{Field, Kind, Schema};
use crate::failure::Failure;

/// Levels of a caller's selection.
const DEPTH_MAX: usize = 10;

/// Letters of a caller's selection.
const LETTERS_MAX: usize = 8_192;

/// Fields of the largest expected answer: what is below a list counts once for each expected item.
const COST_MAX: usize = 5_000;

/// Items that a list is expected to have.
const LIST_ITEMS: usize = 10;

/// The selected parts of an object, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection(Vec<Part>);

/// One selected part.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Field { name: String, inner: Selection },
    On { kind: String, inner: Selection },
}

/// The selection that is made where a caller gives none: plain fields first, then objects down to `depth`.
pub(super) fn generated(schema: &Schema, field: &Field, depth: usize) -> Selection {
    let mut left = COST_MAX;
    let weight = if field.of.item().is_some() { LIST_ITEMS } else { 1 };
    of_type(schema, field.of.bare(), depth, weight, &mut left)
}

/// Reads a caller's selection of `field`: names and braces, such as `id owner { login }`.
pub(super) fn given(schema: &Schema, field: &Field, text: &str) -> Result<Selection, Failure> {
    if text.len() > LETTERS_MAX {
        return Err(refused(format!("`select` is longer than {LETTERS_MAX} letters")));
    }
    let tokens = tokens(text)?;
    let mut reader = Reader { schema, tokens: &tokens, at: 0, cost: 0 };
    let weight = if field.of.item().is_some() { LIST_ITEMS } else { 1 };
    let selection = reader.selection(field.of.bare(), 1, weight)?;
    if reader.at < tokens.len() {
        return Err(refused("`select` has a closing brace too many".to_owned()));
    }
    Ok(selection)
}

impl Selection {
    /// Whether nothing is selected.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.0.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            match part {
                Part::Field { name, inner } if inner.is_empty() => write!(out, "{gap}{name}")?,
                Part::Field { name, inner } => write!(out, "{gap}{name} {{ {inner} }}")?,
                Part::On { kind, inner } => write!(out, "{gap}... on {kind} {{ {inner} }}")?,
            }
        }
        Ok(())
    }
}

fn of_type(schema: &Schema, name: &str, depth: usize, weight: usize, left: &mut usize) -> Selection {
    let Some(of) = schema.of(name).filter(|_| depth > 0) else { return Selection::default() };
    let mut parts = Vec::new();
    if matches!(of.kind, Kind::Union | Kind::Interface) && spend(left, weight) {
        parts.push(Part::Field { name: "__typename".to_owned(), inner: Selection::default() });
    }
    let (leaves, objects): (Vec<&Field>, Vec<&Field>) = of
        .fields
        .iter()
        .filter(|field| field.is_free() && !field.is_deprecated)
        .partition(|field| schema.is_leaf(field.of.bare()));
    for leaf in leaves {
        if spend(left, weight) {
            parts.push(Part::Field { name: leaf.name.clone(), inner: Selection::default() });
        }
    }
    for object in objects {
        let weight = if object.of.item().is_some() { weight.saturating_mul(LIST_ITEMS) } else { weight };
        let inner = of_type(schema, object.of.bare(), depth - 1, weight, left);
        if !inner.is_empty() {
            parts.push(Part::Field { name: object.name.clone(), inner });
        }
    }
    if of.kind == Kind::Union {
        for possible in &of.possible_types {
            let inner = of_type(schema, &possible.name, 1, weight, left);
            if !inner.is_empty() {
                parts.push(Part::On { kind: possible.name.clone(), inner });
            }
        }
    }
    Selection(parts)
}

fn spend(left: &mut usize, weight: usize) -> bool {
    match left.checked_sub(weight) {
        Some(rest) => {
            *left = rest;
            true
        }
        None => false,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    Name(&'t str),
    Spread,
    Open,
    Close,
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Failure> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_ignored);
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '{' => (Token::Open, 1),
            '}' => (Token::Close, 1),
            '.' if rest.starts_with("...") => (Token::Spread, 3),
            letter if letter == '_' || letter.is_ascii_alphabetic() => {
                let end = rest.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
                let end = end.unwrap_or(rest.len());
                (Token::Name(&rest[..end]), end)
            }
            other => return Err(refused(format!("`select` may not hold {other:?}"))),
        };
        tokens.push(token);
        rest = rest[length..].trim_start_matches(is_ignored);
    }
    Ok(tokens)
}

fn is_ignored(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == ','
}

/// Reads tokens along the types of the schema.
struct Reader<'s, 't> {
    schema: &'s Schema,
    tokens: &'t [Token<'t>],
    at: usize,
    cost: usize,
}

impl Reader<'_, '_> {
    /// Parts of the type `on`, up to a closing brace or the end.
    fn selection(&mut self, on: &str, depth: usize, weight: usize) -> Result<Selection, Failure> {
        if depth > DEPTH_MAX {
            return Err(refused(format!("`select` is deeper than {DEPTH_MAX} levels")));
        }
        let mut parts = Vec::new();
        while let Some(token) = self.tokens.get(self.at).copied() {
            match token {
                Token::Name(name) => {
                    self.at += 1;
                    parts.push(self.field(on, name, depth, weight)?);
                }
                Token::Spread => {
                    self.at += 1;
                    parts.push(self.spread(depth, weight)?);
                }
                Token::Close => break,
                Token::Open => return Err(refused("`select` has a brace without a field before it".to_owned())),
            }
        }
        if parts.is_empty() {
            return Err(refused(format!("`select` names no field of `{on}`")));
        }
        Ok(Selection(parts))
    }

    fn field(&mut self, on: &str, name: &str, depth: usize, weight: usize) -> Result<Part, Failure> {
        self.cost = self.cost.saturating_add(weight);
        if self.cost > COST_MAX {
            return Err(refused(format!("`select` asks for more than about {COST_MAX} values")));
        }
        if name == "__typename" {
            return Ok(Part::Field { name: name.to_owned(), inner: Selection::default() });
        }
        let field = self.schema.field(on, name).ok_or_else(|| self.unknown(on, name))?;
        if !field.is_free() {
            return Err(refused(format!("`{name}` of `{on}` needs arguments and cannot be selected")));
        }
        let kind = field.of.bare();
        let is_open = self.tokens.get(self.at) == Some(&Token::Open);
        if self.schema.is_leaf(kind) {
            return if is_open {
                Err(refused(format!("`{name}` of `{on}` has no fields")))
            } else {
                Ok(Part::Field { name: name.to_owned(), inner: Selection::default() })
            };
        }
        if !is_open {
            return Err(refused(format!("`{name}` of `{on}` needs its fields: `{name} {{ … }}`")));
        }
        let weight = if field.of.item().is_some() { weight.saturating_mul(LIST_ITEMS) } else { weight };
        let kind = kind.to_owned();
        Ok(Part::Field { name: name.to_owned(), inner: self.braced(&kind, depth, weight)? })
    }

    fn spread(&mut self, depth: usize, weight: usize) -> Result<Part, Failure> {
        let [Some(Token::Name("on")), Some(Token::Name(kind))] =
            [0, 1].map(|next| self.tokens.get(self.at + next).copied())
        else {
            return Err(refused("`select` knows `... on Type { … }` only".to_owned()));
        };
        if self.schema.of(kind).is_none() {
            return Err(refused(format!("`select` names the type `{kind}`, which there is not")));
        }
        self.at += 2;
        Ok(Part::On { kind: kind.to_owned(), inner: self.braced(kind, depth, weight)? })
    }

    fn braced(&mut self, on: &str, depth: usize, weight: usize) -> Result<Selection, Failure> {
        if self.tokens.get(self.at) != Some(&Token::Open) {
            return Err(refused(format!("`select` needs `{{ … }}` after `{on}`")));
        }
        self.at += 1;
        let inner = self.selection(on, depth + 1, weight)?;
        if self.tokens.get(self.at) != Some(&Token::Close) {
            return Err(refused("`select` has an opening brace without a closing one".to_owned()));
        }
        self.at += 1;
        Ok(inner)
    }

    fn unknown(&self, on: &str, name: &str) -> Failure {
        let known = self.schema.of(on).map(|of| of.fields.as_slice()).unwrap_or_default();
        Failure::Argument {
            field: "select".to_owned(),
            message: format!("`{name}` is no field of `{on}`"),
            hint: config::nearest::hint(name, known.iter().map(|field| field.name.as_str())),
        }
    }
}

fn refused(message: String) -> Failure {
    let hint = "write names and braces, such as `id owner { login }`";
    Failure::Argument { field: "select".to_owned(), message, hint: Some(hint.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::schema;
    use super::*;

    fn select(text: &str) -> Result<String, String> {
        let schema = schema();
        let users = schema.field("Query", "users").expect("the field is there");
        given(&schema, users, text).map(|selection| selection.to_string()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn generated_selection_ends_at_its_depth() {
        let schema = schema();
        let users = schema.field("Query", "users").expect("the field is there");
        for (depth, expected) in [
            (1, "id name"),
            (2, "id name posts { title } pet { __typename ... on Cat { lives } ... on Dog { name } } boss { id name }"),
        ] {
            assert_eq!(generated(&schema, users, depth).to_string(), expected, "{depth}");
        }
        let third = generated(&schema, users, 3).to_string();
        assert!(third.contains("posts { title author { id name } }"), "{third}");
        assert!(third.ends_with("boss { id name } }"), "{third}");
        assert!(generated(&schema, users, 10).to_string().len() < 10_000);
    }

    #[test]
    fn given_selection_is_read_along_the_schema_and_written_anew() {
        for (text, expected) in [
            ("id", "id"),
            (" id,name\n", "id name"),
            ("posts{title author{id}}", "posts { title author { id } }"),
            ("pet { ... on Cat { lives } __typename }", "pet { ... on Cat { lives } __typename }"),
        ] {
            assert_eq!(select(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn selection_that_is_more_than_names_and_braces_is_refused() {
        for text in [
            "",
            "{}",
            "id }",
            "posts",
            "posts {",
            "posts {}",
            "id { x }",
            "x: id",
            "id @skip(if: true)",
            "secret",
            "posts(first: 1) { title }",
            "id } mutation { deleteAll",
            "...F",
            "... on Nothing { id }",
            "friend { id }",
            "\"id\"",
            "id # x",
            "$a",
            "{ id }",
        ] {
            assert!(select(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_becomes_names_and_braces_or_is_refused(text in "([a-z]{1,6}|[{}(): $@.]|id|name|posts|boss|\\PC){0,12}") {
            if let Ok(written) = select(&text) {
                let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_{} .".contains(letter);
                proptest::prop_assert!(written.chars().all(is_plain), "{}", written);
                proptest::prop_assert_eq!(written.matches('{').count(), written.matches('}').count());
            }
        }
    }

    #[test]
    fn bombs_are_refused_by_depth_cost_and_length() {
        let deep = format!("{}id{}", "boss { ".repeat(10), " }".repeat(10));
        assert_eq!(select(&deep), Err("`select` is deeper than 10 levels".to_owned()));
        let wide = "id ".repeat(600);
        assert_eq!(select(&wide), Err("`select` asks for more than about 5000 values".to_owned()));
        let nested = format!("posts {{ author {{ posts {{ author {{ {} }} }} }} }}", "id ".repeat(50));
        assert_eq!(select(&nested), Err("`select` asks for more than about 5000 values".to_owned()));
        assert_eq!(select(&"id ".repeat(3_000)), Err("`select` is longer than 8192 letters".to_owned()));
        assert_eq!(select("nam"), Err("`nam` is no field of `User`".to_owned()));
    }
}
