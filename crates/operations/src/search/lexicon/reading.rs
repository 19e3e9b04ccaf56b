//! Texts as terms, and what they want to do.

use super::{Intent, Lexicon, Term, joined};
use crate::search::text::Word;

/// How far the particle of a verb may be from it: `take the label off`.
const FARTHEST_PARTICLE: usize = 6;
const PARTICLES: [&str; 10] = ["off", "on", "out", "up", "down", "away", "back", "know", "free", "line"];
const ASKS_FOR_SEVERAL: [&str; 3] = ["who", "which", "how many"];
const LONGEST_PHRASE: usize = 4;

/// A text as terms.
#[derive(Debug, Default)]
pub(in crate::search) struct Reading {
    /// The terms that count, without repetitions.
    pub(in crate::search) terms: Vec<Term>,
    /// What to do, if the text says so.
    pub(in crate::search) intent: Option<Intent>,
    /// Whether several objects are asked for.
    pub(in crate::search) is_plural: bool,
    /// Whether any word says what the text is about.
    pub(in crate::search) has_subject: bool,
    /// Words that are no known terms.
    unknown: Vec<String>,
}

impl Lexicon {
    /// The terms of words of our own data. All of them become known.
    pub(in crate::search) fn read_own(&mut self, words: Vec<Word>) -> Reading {
        let words = self.spell(words);
        let mut reading = self.read(&words);
        for word in std::mem::take(&mut reading.unknown) {
            let term = self.learn(&word);
            if !reading.terms.contains(&term) {
                reading.terms.push(term);
            }
        }
        reading
    }

    /// The terms of words that somebody typed. Words that nobody knows, such as names, do not count.
    pub(in crate::search) fn read_typed(&self, words: Vec<Word>) -> Reading {
        self.read(&words.into_iter().map(|word| self.corrected(word)).collect::<Vec<_>>())
    }

    fn read(&self, words: &[Word]) -> Reading {
        let mut reading = Reading { is_plural: words.iter().any(|word| word.is_plural), ..Reading::default() };
        let mut question = None;
        let mut rest = words;
        while let Some((first, after)) = rest.split_first() {
            let apart = || self.with_particle(first, after).map(|said| (said, 1));
            let (mut said, mut length) = self.longest(rest).or_else(apart).unwrap_or_else(|| (first.stem.clone(), 1));
            let is_first = rest.len() == words.len();
            if is_first && (self.questions.contains(&said) || first.is_plural) {
                question = Some(Intent::Read);
                reading.is_plural |= ASKS_FOR_SEVERAL.contains(&said.as_str());
            }
            let intent = self.intents.get(&said).copied();
            reading.intent = reading.intent.or(intent.filter(|_| length > 1 || first.is_command));
            if intent.is_some() && length > 1 && !self.has_concept(&said) {
                (said, length) = (first.stem.clone(), 1);
            }
            rest = rest.get(length..).unwrap_or(after);
            self.take(said, length, &mut reading);
        }
        reading.intent = question.or(reading.intent);
        reading
    }

    /// Adds what was said to the reading, if it counts.
    fn take(&self, said: String, length: usize, reading: &mut Reading) {
        let is_subject = !(self.stops.contains(&said) || (length == 1 && self.questions.contains(&said)));
        reading.has_subject |= is_subject && self.terms.contains_key(&said);
        match self.terms.get(&said) {
            Some(term) if reading.terms.contains(term) => {}
            Some(term) => reading.terms.push(*term),
            None => reading.unknown.push(said),
        }
    }

    fn has_concept(&self, said: &str) -> bool {
        self.terms.get(said).is_some_and(|term| self.of_term.contains_key(term))
    }

    /// The longest known phrase that the words begin with.
    fn longest(&self, words: &[Word]) -> Option<(String, usize)> {
        (2..=LONGEST_PHRASE.min(words.len())).rev().find_map(|length| {
            let phrase = joined(words.get(..length)?);
            self.phrases.contains(&phrase).then_some((phrase, length))
        })
    }

    /// The known verb whose particle stands apart from it.
    fn with_particle(&self, verb: &Word, after: &[Word]) -> Option<String> {
        let near = after.iter().take(FARTHEST_PARTICLE).filter(|word| PARTICLES.contains(&word.stem.as_str()));
        let mut phrases = near.map(|particle| format!("{} {}", verb.stem, particle.stem));
        phrases.find(|phrase| self.phrases.contains(phrase))
    }
}
