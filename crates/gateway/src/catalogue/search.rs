//! Finds tools by words: BM25 over their names, descriptions and parameters. An index is built once for a view and never
//! changes; it knows nothing of servers or callers.

use std::collections::HashMap;

/// How soon more of the same word counts no more (the usual value of BM25).
const SATURATION: f64 = 1.2;
/// How much a long description weakens its words (the usual value of BM25).
const LENGTH_NORM: f64 = 0.75;
/// What a word in the name counts, against one in the description.
const NAME_WEIGHT: f64 = 3.0;
/// What a word in the name of a parameter counts.
const PARAMETER_WEIGHT: f64 = 1.5;
/// Words of a description that are read; what a tool does stands at its beginning.
const DESCRIPTION_WORDS_MAX: usize = 400;
/// Words of a query that are read.
const QUERY_WORDS_MAX: usize = 32;
/// A shorter word of a query must match as it is; a longer one may be the beginning of a word.
const PREFIX_LETTERS_MIN: usize = 3;

/// What an index knows of one tool.
#[derive(Clone, Debug, Default)]
pub struct Document<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its description and title.
    pub description: &'a str,
    /// The names of its parameters.
    pub parameters: Vec<&'a str>,
}

/// A word in a tool, with its weight.
#[derive(Clone, Copy, Debug)]
struct Posting {
    document: usize,
    weight: f64,
}

/// An index over tools, in the order in which they were given.
#[derive(Debug, Default)]
pub struct Index {
    postings: HashMap<String, Vec<Posting>>,
    lengths: Vec<f64>,
    length_mean: f64,
}

impl Index {
    /// The index of these tools.
    pub fn new<'a>(documents: impl IntoIterator<Item = Document<'a>>) -> Self {
        let mut index = Self::default();
        for document in documents {
            index.add(&document);
        }
        index.length_mean = index.lengths.iter().sum::<f64>() / index.lengths.len().max(1) as f64;
        index
    }

    fn add(&mut self, document: &Document<'_>) {
        let place = self.lengths.len();
        let mut weights: HashMap<String, f64> = HashMap::new();
        let names = words(document.name).map(|word| (word, NAME_WEIGHT));
        let texts = words(document.description).take(DESCRIPTION_WORDS_MAX).map(|word| (word, 1.0));
        let parameters = document.parameters.iter().flat_map(|name| words(name)).map(|word| (word, PARAMETER_WEIGHT));
        for (word, weight) in names.chain(texts).chain(parameters) {
            *weights.entry(word).or_default() += weight;
        }
        self.lengths.push(weights.values().sum());
        for (word, weight) in weights {
            self.postings.entry(word).or_default().push(Posting { document: place, weight });
        }
    }

    /// The places of the tools that fit a query, with their scores, the best first; of equals the earlier first.
    pub fn search(&self, query: &str) -> Vec<(usize, f64)> {
        let mut scores: HashMap<usize, f64> = HashMap::new();
        for word in words(query).take(QUERY_WORDS_MAX) {
            match self.postings.get(&word) {
                Some(postings) => self.score(postings, 1.0, &mut scores),
                None => self.score_beginnings(&word, &mut scores),
            }
        }
        let mut found: Vec<(usize, f64)> = scores.into_iter().collect();
        found.sort_by(|(a, a_score), (b, b_score)| b_score.total_cmp(a_score).then(a.cmp(b)));
        found
    }

    /// A word that stands nowhere may be the beginning of one that does: `repo` finds `repository`.
    fn score_beginnings(&self, word: &str, scores: &mut HashMap<usize, f64>) {
        if word.chars().count() < PREFIX_LETTERS_MIN {
            return;
        }
        for (_, postings) in self.postings.iter().filter(|(longer, _)| longer.starts_with(word)) {
            self.score(postings, 0.5, scores);
        }
    }

    fn score(&self, postings: &[Posting], worth: f64, scores: &mut HashMap<usize, f64>) {
        let (all, having) = (self.lengths.len() as f64, postings.len() as f64);
        let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
        for Posting { document, weight } in postings {
            let length = self.lengths[*document] / self.length_mean;
            let norm = SATURATION * (1.0 - LENGTH_NORM + LENGTH_NORM * length);
            *scores.entry(*document).or_default() += worth * rarity * weight * (SATURATION + 1.0) / (weight + norm);
        }
    }
}

/// The words of a text in lower case and singular: `listContainers` and `list_container` give the same two.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|letter: char| !letter.is_alphanumeric()).flat_map(humps).filter_map(|word| {
        let word = word.to_lowercase();
        let common = matches!(
            &*word,
            "" | "a" | "an" | "and" | "for" | "from" | "in" | "is" | "of" | "on" | "or" | "the" | "to" | "with"
        );
        (!common).then(|| singular(word))
    })
}

/// The parts of a word in camel case.
fn humps(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut was_lower) = (0, false);
    for (at, letter) in word.char_indices() {
        if letter.is_uppercase() && was_lower {
            parts.push(&word[start..at]);
            start = at;
        }
        was_lower = letter.is_lowercase() || letter.is_numeric();
    }
    parts.push(&word[start..]);
    parts
}

/// A word without the ending of its plural, roughly: both sides of a search are treated alike.
fn singular(word: String) -> String {
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    let is_plural = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us");
    if is_plural { word[..word.len() - 1].to_owned() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOLS: &[(&str, &str, &[&str])] = &[
        ("docker_list_containers", "Lists the containers of a Docker host with their state.", &["all", "name"]),
        ("docker_container_logs", "The last lines that a container wrote.", &["container", "tail"]),
        ("docker_remove_container", "Removes a stopped container.", &["container", "force"]),
        ("git_log", "The commits of a repository, newest first.", &["repo_path", "max_count"]),
        ("git_commit", "Commits what is staged.", &["repo_path", "message"]),
        ("weather_getForecast", "Weather for the next days at a place.", &["latitude", "longitude"]),
        ("mail_send", "Sends a message to somebody.", &["to", "subject", "body"]),
    ];

    fn found(query: &str) -> Vec<&'static str> {
        let documents = TOOLS.iter().map(|(name, description, parameters)| Document {
            name,
            description,
            parameters: parameters.to_vec(),
        });
        Index::new(documents).search(query).into_iter().map(|(place, _)| TOOLS[place].0).collect()
    }

    #[test]
    fn the_tool_that_is_meant_comes_first() {
        let check = |query, first| assert_eq!(found(query).first().copied(), Some(first), "{query}");
        check("list containers", "docker_list_containers");
        check("show me the logs of a container", "docker_container_logs");
        check("delete or remove container", "docker_remove_container");
        check("forecast", "weather_getForecast");
        check("newest commits", "git_log");
        check("commit my changes with a message", "git_commit");
        check("latitude", "weather_getForecast");
        check("send an email", "mail_send");
        check("docker_container_logs", "docker_container_logs");
        check("GETFORECAST get forecast", "weather_getForecast");
    }

    #[test]
    fn a_beginning_of_a_word_finds_it_if_nothing_else_does() {
        assert_eq!(found("reposit"), ["git_log"]);
        assert_eq!(found("contain").len(), 3);
        assert_eq!(found("co"), [""; 0]);
    }

    #[test]
    fn a_word_in_the_name_counts_more_than_one_in_the_text() {
        let documents = [
            Document { name: "copy", description: "Can remove the source.", parameters: Vec::new() },
            Document { name: "remove", description: "Deletes a file.", parameters: Vec::new() },
        ];
        assert_eq!(Index::new(documents).search("remove")[0].0, 1);
    }

    #[test]
    fn nothing_is_found_by_nothing() {
        for query in ["", "the of a", "zzzz", "%%%"] {
            assert_eq!(found(query), [""; 0], "{query}");
        }
        assert_eq!(Index::new([]).search("x"), []);
    }
}
