//! Names of tools and arguments: snake case for tools, safe letters for arguments, each used once.
//! The same document always gives the same names.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

/// Letters of a tool's or an argument's name, as the model providers accept it.
const NAME_LETTERS_MAX: usize = 64;

/// Letters kept of a name that is too long, before `_` and eight digits of its digest.
const KEPT_LETTERS: usize = 55;

/// Gives names out, each once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The wished name, made fit; with `_2`, `_3`, … where it is taken.
    pub(crate) fn give(&mut self, wished: &str) -> String {
        let wished = shortened(wished);
        let numbered = (2..).map(|number: u32| shortened(&format!("{wished}_{number}")));
        let free = std::iter::once(wished.clone()).chain(numbered).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(wished);
        self.taken.insert(name.clone());
        name
    }

    /// Whether the name is given out.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.taken.contains(name)
    }
}

/// `text` in snake case: `getPetById` and `Get pet-by.ID` become `get_pet_by_id`.
pub(crate) fn snake_case(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut name = String::with_capacity(text.len() + 8);
    for (place, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            push_gap(&mut name);
            continue;
        }
        let before = place.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(place + 1);
        if letter.is_ascii_uppercase() && begins_word(before, after.copied()) {
            push_gap(&mut name);
        }
        name.push(letter.to_ascii_lowercase());
    }
    name.trim_end_matches('_').to_owned()
}

/// `text` with everything replaced that a name of an argument may not hold; its case is kept.
pub(crate) fn argument(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' => name.push(letter),
            _ => push_gap(&mut name),
        }
    }
    let trimmed = name.trim_end_matches('_');
    if trimmed.is_empty() { "value".to_owned() } else { trimmed.to_owned() }
}

/// Whether a capital begins a word: after a small letter or a digit, or before a small letter (`HTTPServer`).
fn begins_word(before: Option<char>, after: Option<char>) -> bool {
    match before {
        Some(before) if before.is_ascii_lowercase() || before.is_ascii_digit() => true,
        Some(before) if before.is_ascii_uppercase() => after.is_some_and(|after| after.is_ascii_lowercase()),
        _ => false,
    }
}

fn push_gap(name: &mut String) {
    if !name.is_empty() && !name.ends_with('_') {
        name.push('_');
    }
}

fn shortened(name: &str) -> String {
    if name.len() <= NAME_LETTERS_MAX {
        return name.to_owned();
    }
    let digest = Sha256::digest(name.as_bytes());
    let [first, second, third, fourth, ..] = digest.0;
    let kept: String = name.chars().take(KEPT_LETTERS).collect();
    format!("{kept}_{:08x}", u32::from_be_bytes([first, second, third, fourth]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_become_snake_case() {
        for (text, expected) in [
            ("getPetById", "get_pet_by_id"),
            ("pets/list-all", "pets_list_all"),
            ("HTTPServerList", "http_server_list"),
            ("Get pet by ID", "get_pet_by_id"),
            ("GET /pets/{petId}", "get_pets_pet_id"),
            ("user_v2Create", "user_v2_create"),
            ("__already__snake__", "already_snake"),
            ("größe", "gr_e"),
            ("名前", ""),
        ] {
            assert_eq!(snake_case(text), expected, "{text}");
        }
    }

    #[test]
    fn arguments_keep_their_case_and_lose_strange_letters() {
        for (text, expected) in
            [("petId", "petId"), ("filter[name]", "filter_name"), ("X-Trace", "X-Trace"), ("$", "value")]
        {
            assert_eq!(argument(text), expected, "{text}");
        }
    }

    #[test]
    fn every_name_is_given_once_and_fits() {
        let mut names = Names::default();
        assert_eq!(names.give("list"), "list");
        assert_eq!(names.give("list"), "list_2");
        assert_eq!(names.give("list"), "list_3");
        let long = "a".repeat(100);
        let first = names.give(&long);
        let second = names.give(&long);
        assert_eq!((first.len(), second.len()), (64, 64));
        assert_ne!(first, second);
    }
}
