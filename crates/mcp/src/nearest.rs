//! "Did you mean …?": the known word nearest to a mistyped one, for keys, arguments and names.

/// A hint that names the word of `known` nearest to `word`, or all of them when they are few.
pub fn hint<'k>(word: &str, known: impl Iterator<Item = &'k str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let all: Vec<_> = known.map(|word| format!("`{word}`")).collect();
    (1..=8).contains(&all.len()).then(|| format!("known are {}", all.join(", ")))
}

/// The word of `known` nearest to `word`, if one is near: at most a third of its letters differ.
pub fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let allowed = (word.chars().count() / 3).max(1);
    known
        .map(|candidate| (distance(&word.to_lowercase(), candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters to insert, delete or replace to turn `from` into `to` (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{hint, nearest};

    fn check(word: &str, expected: Option<&str>) {
        let known = ["command", "url", "start", "start_timeout_s"];
        assert_eq!(nearest(word, known.into_iter()), expected, "{word}");
    }

    #[test]
    fn nearest_word_differs_in_few_letters() {
        check("comand", Some("command"));
        check("Command", Some("command"));
        check("ulr", None);
        check("uri", Some("url"));
        check("start_timeout", Some("start_timeout_s"));
        check("docker", None);
    }

    #[test]
    fn hint_lists_few_words_but_not_many() {
        assert_eq!(hint("x", ["aa", "bb"].into_iter()).as_deref(), Some("known are `aa`, `bb`"));
        assert_eq!(hint("x", ["aa"; 9].into_iter()), None);
    }
}
