//! The last result, for `$last` in the next line: the whole text, or a part of the structured result by its path.

use serde_json::Value;

/// The word that stands for the last result.
const LAST: &str = "$last";

/// What is remembered between lines.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    last: Option<Value>,
}

impl Memory {
    /// Keeps the result of a call.
    pub(crate) fn keep(&mut self, result: Value) {
        self.last = Some(result);
    }

    /// `word` with `$last` and `$last.path` replaced, or what is missing.
    pub(crate) fn resolve(&self, word: &str) -> Result<String, String> {
        let Some(at) = word.find(LAST) else { return Ok(word.to_owned()) };
        let (before, rest) = word.split_at(at);
        let rest = &rest[LAST.len()..];
        let is_path = |letter: char| letter.is_alphanumeric() || "._-".contains(letter);
        let end = rest.find(|letter| !is_path(letter)).unwrap_or(rest.len());
        let (path, after) = rest.split_at(end);
        let result = self.last.as_ref().ok_or_else(|| format!("there is no result yet for `{LAST}`"))?;
        let value =
            found(result, path).ok_or_else(|| format!("the last result has no `{}`", path.trim_start_matches('.')))?;
        Ok(format!("{before}{value}{}", self.resolve(after)?))
    }
}

/// The text at a path such as `.containers.0.name`; without one the whole.
fn found(result: &Value, path: &str) -> Option<String> {
    let keys: Vec<&str> = path.split('.').filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Some(whole(result));
    }
    let structured = match &result["structuredContent"] {
        Value::Null => &serde_json::from_str(&whole(result)).ok()?,
        structured => structured,
    };
    let step = |value: &Value, key: &&str| match value {
        Value::Array(items) => items.get(key.parse::<usize>().ok()?).cloned(),
        value => value.get(*key).cloned(),
    };
    let value = keys.iter().try_fold(structured.clone(), |value, key| step(&value, key))?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// The texts of a result.
fn whole(result: &Value) -> String {
    let blocks = result["content"].as_array().into_iter().flatten();
    blocks.filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Memory;

    #[test]
    fn last_result_stands_in_for_its_word() {
        let mut memory = Memory::default();
        assert_eq!(memory.resolve("id=$last").unwrap_err(), "there is no result yet for `$last`");
        memory.keep(json!({
            "content": [{ "type": "text", "text": "web" }],
            "structuredContent": { "containers": [{ "id": 7, "name": "web" }] },
        }));
        let check = |word: &str, expected: &str| assert_eq!(memory.resolve(word).unwrap(), expected, "{word}");
        check("name=$last", "name=web");
        check("id=$last.containers.0.id", "id=7");
        check("a=$last/$last.containers.0.name", "a=web/web");
        check("plain", "plain");
        assert_eq!(memory.resolve("$last.images").unwrap_err(), "the last result has no `images`");
    }

    #[test]
    fn text_that_is_json_has_parts_too() {
        let mut memory = Memory::default();
        memory.keep(json!({ "content": [{ "type": "text", "text": "{\"id\": \"x\"}" }] }));
        assert_eq!(memory.resolve("$last.id").unwrap(), "x");
    }
}
