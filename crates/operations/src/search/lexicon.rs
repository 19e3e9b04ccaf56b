//! The table of what people say: `data/synonyms.txt`.

use super::text::{self, Word};
use std::collections::{HashMap, HashSet};

const LONGEST_PHRASE: usize = 4;
/// How near two words of one concept are; the same word is 1.
const SAME: f32 = 0.85;
/// How near two words of a loose concept are.
const RELATED: f32 = 0.5;
/// What a word counts that says what to do, or for whom, in general: the intent is compared by itself.
const LIGHT: f32 = 0.35;
/// What a word counts that says what to do in particular, such as `void`.
const VERB: f32 = 0.6;
/// How far the particle of a verb may be from it: `take the label off`.
const FARTHEST_PARTICLE: usize = 6;
const PARTICLES: [&str; 10] = ["off", "on", "out", "up", "down", "away", "back", "know", "free", "line"];
const ASKS_FOR_SEVERAL: [&str; 3] = ["who", "which", "how many"];

/// What a person wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Intent {
    Read,
    Create,
    Update,
    Delete,
    Send,
}

/// A word, or several words with one meaning.
pub(super) type Term = u16;

#[derive(Debug)]
struct Concept {
    nearness: f32,
    members: Vec<Term>,
}

/// The known terms and how near they are to each other.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    terms: HashMap<String, Term>,
    names: Vec<String>,
    stops: HashSet<String>,
    questions: HashSet<String>,
    light: HashSet<Term>,
    /// Words that tell one kind of object from its neighbours.
    pub(super) qualifiers: Vec<Term>,
    intents: HashMap<String, Intent>,
    phrases: HashSet<String>,
    concepts: Vec<Concept>,
    of_term: HashMap<Term, Vec<usize>>,
}

/// A text as terms.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The terms that count, without repetitions.
    pub(super) terms: Vec<Term>,
    /// What to do, if the text says so.
    pub(super) intent: Option<Intent>,
    /// Whether several objects are asked for.
    pub(super) is_plural: bool,
    /// Words that are no known terms, with the place of each.
    unknown: Vec<String>,
}

impl Lexicon {
    /// Reads the table. A line is `concept: word, several words`; `~concept` is a loose one. The lines `stop`, `light`,
    /// `qualifier`, `question` and `read` to `send` are lists.
    pub(super) fn new(table: &str) -> Self {
        let mut lexicon = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, members)) = line.split_once(':') else { continue };
            let members = members.split(',').map(|member| joined(&text::words(member)));
            lexicon.add(name.trim(), members.filter(|member| !member.is_empty()));
        }
        lexicon
    }

    fn add(&mut self, name: &str, members: impl Iterator<Item = String>) {
        let intent = match name {
            "stop" => return self.stops.extend(members),
            "question" => return self.questions.extend(members),
            "light" => {
                let terms: Vec<Term> = members.map(|member| self.member(&member)).collect();
                return self.light.extend(terms);
            }
            "qualifier" => {
                let terms: Vec<Term> = members.map(|member| self.member(&member)).collect();
                return self.qualifiers.extend(terms);
            }
            "read" => Intent::Read,
            "create" => Intent::Create,
            "update" => Intent::Update,
            "delete" => Intent::Delete,
            "send" => Intent::Send,
            _ => {
                let members = members.map(|member| self.member(&member)).collect::<Vec<_>>();
                for term in &members {
                    self.of_term.entry(*term).or_default().push(self.concepts.len());
                }
                let nearness = if name.starts_with('~') { RELATED } else { SAME };
                return self.concepts.push(Concept { nearness, members });
            }
        };
        for member in members {
            self.member(&member);
            self.intents.insert(member, intent);
        }
    }

    fn member(&mut self, member: &str) -> Term {
        if member.contains(' ') {
            self.phrases.insert(member.to_owned());
        }
        self.learn(member)
    }

    /// The term of a word, a new one if it is unknown.
    fn learn(&mut self, word: &str) -> Term {
        if let Some(term) = self.terms.get(word) {
            return *term;
        }
        let term = Term::try_from(self.names.len()).unwrap_or(Term::MAX);
        self.names.push(word.to_owned());
        self.terms.insert(word.to_owned(), term);
        term
    }

    /// The terms of words of our own data. All of them become known.
    pub(super) fn read_own(&mut self, words: &[Word]) -> Reading {
        let mut reading = self.read(words);
        let mut terms = std::mem::take(&mut reading.terms);
        for word in std::mem::take(&mut reading.unknown) {
            let term = self.learn(&word);
            terms.push(term);
        }
        Reading { terms, unknown: Vec::new(), ..reading }
    }

    /// The terms of words that somebody typed. Words that nobody knows are names or typos: these count if one known word
    /// is very near.
    pub(super) fn read_typed(&self, words: &[Word]) -> Reading {
        let mut reading = self.read(words);
        for word in std::mem::take(&mut reading.unknown) {
            if let Some(term) = self.corrected(&word)
                && !reading.terms.contains(&term)
            {
                reading.terms.push(term);
            }
        }
        reading
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
        if self.stops.contains(&said) || (length == 1 && self.questions.contains(&said)) {
            return;
        }
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

    /// The known word that is one edit away from a word of five letters or more.
    fn corrected(&self, word: &str) -> Option<Term> {
        const SHORTEST: usize = 5;
        if word.chars().count() < SHORTEST {
            return None;
        }
        let near = |known: &&String| known.len() + 1 >= SHORTEST && strsim::osa_distance(known, word) == 1;
        let known =
            self.names.iter().filter(near).min_by_key(|known| (known.chars().next() != word.chars().next(), *known))?;
        self.terms.get(known).copied()
    }

    /// How near every term is to this one.
    pub(super) fn nearness(&self, term: Term) -> Vec<f32> {
        let mut near = vec![0.0; self.names.len()];
        let mut set = |other: Term, value: f32| {
            if let Some(place) = near.get_mut(usize::from(other)) {
                *place = value.max(*place);
            }
        };
        for concept in self.concepts_of(term) {
            concept.members.iter().for_each(|member| set(*member, concept.nearness));
        }
        set(term, 1.0);
        near
    }

    /// The terms of one concept with this one, itself included.
    pub(super) fn kin(&self, term: Term) -> impl Iterator<Item = Term> {
        let close = self.concepts_of(term).filter(|concept| concept.nearness > RELATED);
        close.flat_map(|concept| concept.members.iter().copied()).chain([term])
    }

    fn concepts_of(&self, term: Term) -> impl Iterator<Item = &Concept> {
        self.of_term.get(&term).into_iter().flatten().filter_map(|place| self.concepts.get(*place))
    }

    /// The part of its weight that a term has: words that only say what to do, or for whom, count little.
    pub(super) fn share(&self, term: Term) -> f32 {
        let name = self.names.get(usize::from(term));
        let is_verb = name.is_some_and(|name| self.intents.contains_key(name)) && !self.of_term.contains_key(&term);
        if self.light.contains(&term) {
            LIGHT
        } else if is_verb {
            VERB
        } else {
            1.0
        }
    }

    /// The qualifiers, by their places, that the terms have.
    pub(super) fn qualifiers_of(&self, terms: &[Term]) -> Vec<usize> {
        let mut found: Vec<usize> = terms
            .iter()
            .flat_map(|term| self.kin(*term))
            .filter_map(|kin| self.qualifiers.iter().position(|qualifier| *qualifier == kin))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

fn joined(words: &[Word]) -> String {
    words.iter().map(|word| word.stem.as_str()).collect::<Vec<_>>().join(" ")
}
