//! `cargo xtask limits [--check]`: the table in `docs/src/limits.md`, made from the schema of the configuration.
//! It owns the look of the table; what the limits are stands in the crate `config` alone.

use serde_json::{Map, Value};

use crate::page::{self, Wish};

/// Writes the table of limits; with `--check` only says whether it is current.
pub(crate) fn run(options: &[String]) -> Result<(), Error> {
    draw(Wish::from_options(options)?)
}

fn draw(wish: Wish) -> Result<(), Error> {
    let schema = config::schema();
    let limits = schema.pointer("/$defs/Limits/properties").and_then(Value::as_object).ok_or(Error::NoLimits)?;
    Ok(page::generate("docs/src/limits.md", "limits", &table(limits), wish)?)
}

fn table(limits: &Map<String, Value>) -> String {
    let mut rows: Vec<String> = limits.iter().map(|(name, limit)| row(name, limit)).collect();
    rows.sort();
    format!("| Option | Meaning | Default | Least | Most |\n|---|---|---|---|---|\n{}", rows.concat())
}

fn row(name: &str, limit: &Value) -> String {
    let meaning = limit["description"].as_str().unwrap_or_default().replace('\n', " ");
    let [default, least, most] = ["default", "minimum", "maximum"].map(|key| number(&limit[key]));
    format!("| `{name}` | {meaning} | {default} | {least} | {most} |\n")
}

/// A number with its thousands set apart, as it may stand in the file; nothing where there is none.
fn number(value: &Value) -> String {
    let digits = value.as_u64().map(|number| number.to_string()).unwrap_or_default();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("_")
}

/// What can go wrong with the table of limits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the schema of the configuration has no `Limits`")]
    NoLimits,
    #[error(transparent)]
    Page(#[from] page::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_limits_is_current() {
        if let Err(error) = draw(Wish::Check) {
            panic!("{error}");
        }
    }

    #[test]
    fn a_limit_is_a_row_with_its_default_and_bounds() {
        let limit = serde_json::json!({ "description": "Bytes in\na body.", "default": 8_388_608, "minimum": 64 });
        assert_eq!(row("body_bytes_max", &limit), "| `body_bytes_max` | Bytes in a body. | 8_388_608 | 64 |  |\n");
    }

    #[test]
    fn thousands_are_set_apart() {
        let check = |value: Value, expected| assert_eq!(number(&value), expected);
        check(0.into(), "0");
        check(999.into(), "999");
        check(1_000.into(), "1_000");
        check(12_345_678.into(), "12_345_678");
        check(Value::Null, "");
    }
}
