//! Finding something by what a person types.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// How alike two names must be to be suggested, from 0 to 1.
const ALIKE: f64 = 0.8;

/// How much of the best score an entry must have to be found beside it: a fraction.
const NEAR: (u32, u32) = (2, 3);

/// Returns an entry for something that has an id and other names: each of them is what it is called.
pub fn entry(id: &str, aliases: &[String], name: &str, rest: &str) -> String {
    let names: Vec<String> =
        std::iter::once(id.to_owned()).chain(aliases.iter().cloned()).chain([slug(name)]).collect();
    format!("{} {name} {rest}", names.join(","))
}

/// Writes a name as an id would be.
fn slug(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join("-").to_lowercase()
}

/// Returns the indices of the entries that match `query` fuzzily, best first, but for
/// those that match much worse than the best; all of them, in their order, for an empty query.
pub fn fuzzy<T: AsRef<str>>(query: &str, entries: &[T]) -> Vec<usize> {
    if query.trim().is_empty() {
        return (0..entries.len()).collect();
    }
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut buffer = Vec::new();
    let mut found: Vec<(u32, usize)> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let score = pattern.score(Utf32Str::new(entry.as_ref(), &mut buffer), &mut matcher)?;
            Some((score, index))
        })
        .collect();
    // Letters that are found here and there by chance are no find beside a word that is there.
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let is_there = |index: usize| {
        let entry = entries[index].as_ref().to_lowercase();
        words.iter().all(|word| entry.contains(word.as_str()))
    };
    let is_named = |index: usize| words.iter().all(|word| stands_in_one_name(word, entries[index].as_ref()));
    found.retain(|(_, index)| is_there(*index) || is_named(*index));
    let best = found.iter().map(|(score, _)| *score).max().unwrap_or_default();
    let is_near = |score: u32| u64::from(score) * u64::from(NEAR.1) >= u64::from(best) * u64::from(NEAR.0);
    found.retain(|(score, index)| is_near(*score) || is_there(*index));
    // What is called so is what was meant, then what has it as a whole word. Equal scores keep their order, and among
    // them the shorter entry is the plainer answer.
    let wanted = query.trim().to_lowercase();
    let called = slug(query);
    let rank = |index: usize| {
        let entry = entries[index].as_ref().to_lowercase();
        if entry.split_whitespace().next().is_some_and(|names| names.split(',').any(|name| name == called)) {
            return 0;
        }
        let mut words = entry.split(|character: char| !character.is_alphanumeric());
        if words.any(|word| word == wanted) { 1 } else { 2 }
    };
    found.sort_by_cached_key(|(score, index)| {
        (rank(*index), std::cmp::Reverse(*score), entries[*index].as_ref().len(), *index)
    });
    found.into_iter().map(|(_, index)| index).collect()
}

/// Tells whether the letters of a word stand in one name of an entry in their order: gathered over several, they are
/// found in nearly everything.
fn stands_in_one_name(word: &str, entry: &str) -> bool {
    // Signs of a pattern, and accents that it sees through, are judged by it alone.
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii() && !b"^$!'\\".contains(&byte));
    if !is_plain(word) || !entry.is_ascii() {
        return true;
    }
    let entry = entry.to_ascii_lowercase();
    let mut names = entry.split(|character: char| character.is_whitespace() || character == ',');
    names.any(|name| {
        let mut letters = name.chars();
        word.chars().all(|wanted| letters.any(|letter| letter == wanted))
    })
}

/// Says which characters of a text match what was typed.
pub struct Highlighter {
    matcher: Matcher,
    pattern: Pattern,
    buffer: Vec<char>,
}

impl Highlighter {
    /// Makes one for what was typed; `None` for an empty query, which matches everything.
    pub fn new(query: &str) -> Option<Self> {
        let pattern = Pattern::parse(query.trim(), CaseMatching::Ignore, Normalization::Smart);
        let is_empty = pattern.atoms.is_empty();
        (!is_empty).then(|| Self { matcher: Matcher::new(Config::DEFAULT), pattern, buffer: Vec::new() })
    }

    /// Returns the places of the characters that match, from 0, in their order. Each word that was typed may
    /// match in another text of the same row: what does not match here is left out.
    pub fn places(&mut self, text: &str) -> Vec<usize> {
        let mut found = Vec::new();
        for atom in &self.pattern.atoms {
            let mut places = Vec::new();
            let haystack = Utf32Str::new(text, &mut self.buffer);
            if atom.indices(haystack, &mut self.matcher, &mut places).is_some() {
                found.extend(places.into_iter().filter_map(|place| usize::try_from(place).ok()));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Returns the names most like `wanted`, at most three, most like first.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut alike: Vec<(f64, &str)> = names
        .map(|name| (strsim::jaro_winkler(wanted, name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0));
    alike.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_here_and_there_are_no_find_beside_a_word_that_is_there() {
        let entries = ["github", "sendgrid send", "gitlab", "digital things"];
        assert_eq!(fuzzy("git", &entries), [0, 2, 3], "what holds the word stays, wherever it stands");
        assert_eq!(fuzzy("hub", &["hubspot/acme", "github/jane"]), [0, 1]);
        assert_eq!(fuzzy("gthb", &entries), [0], "with no word of it, the letters are all there is");
        assert_eq!(fuzzy("ghj", &["github/jane"]), [0]);
        assert_eq!(fuzzy("cafe", &["café/jane"]), [0]);
        assert_eq!(fuzzy("plaid", &["fern,fern-(public-api) Fern (Public API) dev-tools"]), [0; 0], "chance");
        assert_eq!(fuzzy("google", &["google-maps maps", "google Google and more words"])[0], 1, "it is called so");
        assert_eq!(fuzzy("x", &["xero", "twitter X (OAuth 2.0)"])[0], 1, "a whole word is what was meant");
    }

    #[test]
    fn an_empty_query_finds_everything_in_order() {
        assert_eq!(fuzzy(" ", &["b", "a"]), [0, 1]);
    }

    #[test]
    fn the_plainest_match_comes_first() {
        let entries = ["GitHub Enterprise", "GitHub", "Digital Hub"];
        assert_eq!(fuzzy("github", &entries)[0], 1);
    }

    #[test]
    fn what_matches_is_told_character_by_character() {
        let mut highlighter = Highlighter::new("gh jan").unwrap();
        assert_eq!(highlighter.places("github/jane"), [0, 3, 7, 8, 9]);
        assert_eq!(highlighter.places("slack"), [0usize; 0]);
        assert!(Highlighter::new("  ").is_none());
    }

    #[test]
    fn a_slip_of_the_keys_is_understood() {
        let names = ["github", "gitlab", "google", "slack"];
        assert_eq!(nearest("gihtub", names.into_iter())[0], "github");
        assert!(nearest("zzz", names.into_iter()).is_empty());
    }
}
