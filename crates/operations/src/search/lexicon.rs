//! The table of what people say: `data/synonyms.txt`.

mod reading;
mod spelling;

use super::text::{self, Word};
pub(super) use reading::Reading;
use std::collections::{HashMap, HashSet};

/// How near two words of one concept are; the same word is 1.
const SAME: f32 = 0.82;
/// How near two words of a loose concept are.
const RELATED: f32 = 0.47;
/// What a word counts that says what to do, or for whom, in general: the intent is compared by itself.
const LIGHT: f32 = 0.45;
/// What a word counts that says what to do in particular, such as `void`.
const VERB: f32 = 0.6;

/// What a word such as `to` or `who` counts: it tells apart what the other words leave open.
const FUNCTION: f32 = 0.2;

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
    /// The words of our own data as they stand, for typing errors.
    forms: HashSet<String>,
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

impl Lexicon {
    /// Reads the table. A line is `concept: word, several words`; `~concept` is a loose one. The lines `stop`, `light`,
    /// `qualifier`, `question` and `read` to `send` are lists.
    pub(super) fn new(table: &str) -> Self {
        let mut lexicon = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, members)) = line.split_once(':') else { continue };
            let members = members.split(',').map(text::words).filter(|words| !words.is_empty());
            let members = members.map(|words| lexicon.spell(words)).collect::<Vec<_>>();
            lexicon.add(name.trim(), members.iter().map(|words| joined(words)));
        }
        lexicon
    }

    /// Learns how words are spelled.
    fn spell(&mut self, words: Vec<Word>) -> Vec<Word> {
        self.forms.extend(words.iter().map(|word| word.form.clone()));
        words
    }

    fn add(&mut self, name: &str, members: impl Iterator<Item = String>) {
        let intent = match name {
            "stop" | "question" => {
                let members: Vec<String> = members.inspect(|member| _ = self.learn(member)).collect();
                let list = if name == "stop" { &mut self.stops } else { &mut self.questions };
                return list.extend(members);
            }
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

    /// The terms near to this one, itself included, and how near they are. A term may occur more than once.
    pub(super) fn near(&self, term: Term) -> Vec<(Term, f32)> {
        let of_concepts = self.concepts_of(term).flat_map(|concept| {
            concept.members.iter().map(|member| (*member, concept.nearness)).filter(|(member, _)| *member != term)
        });
        of_concepts.chain([(term, 1.0)]).collect()
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
        if name.is_some_and(|name| self.is_function_word(name)) {
            FUNCTION
        } else if self.light.contains(&term) {
            LIGHT
        } else if is_verb {
            VERB
        } else {
            1.0
        }
    }

    /// Whether a word says nothing by itself.
    fn is_function_word(&self, word: &str) -> bool {
        self.stops.contains(word) || self.questions.contains(word)
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

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "stop: to, on\nquestion: who\nlight: someone\nread: show\ncreate: add, set up\n\
        delete: take off\nsend: text\ncontact: client, lead\n~contact: client, someone\nlabel: label, tag";

    fn read(text: &str) -> (Vec<String>, Option<Intent>) {
        let lexicon = Lexicon::new(TABLE);
        let reading = lexicon.read_typed(text::words(text));
        let name = |term: &Term| lexicon.names.get(usize::from(*term)).cloned().unwrap_or_default();
        (reading.terms.iter().map(name).collect(), reading.intent)
    }

    #[test]
    fn the_first_verb_says_what_to_do() {
        assert_eq!(read("add a tag to the lead").1, Some(Intent::Create));
        assert_eq!(read("set up labels").1, Some(Intent::Create));
        assert_eq!(read("take the label off").1, Some(Intent::Delete));
        assert_eq!(read("who texted us").1, Some(Intent::Read));
        assert_eq!(read("leads on the text").1, Some(Intent::Read), "a plural asks for a list");
        assert_eq!(read("the lead").1, None);
    }

    #[test]
    fn names_and_typos() {
        assert_eq!(read("Maria, clients").0, ["client"]);
        assert_eq!(read("a cleint and a clients").0, ["client"]);
        assert_eq!(read("lbael").0, ["label"]);
        assert_eq!(read("clientel").0, ["client"], "the same beginning");
        assert_eq!(read("laed").0, [""; 0], "short words are not corrected");
    }

    #[test]
    fn function_words_are_no_subject() {
        let lexicon = Lexicon::new(TABLE);
        let has_subject = |text| lexicon.read_typed(text::words(text)).has_subject;
        assert!(!has_subject("who on Maria to"));
        assert!(has_subject("to the lead"));
        assert!(lexicon.share(lexicon.terms["who"]) < lexicon.share(lexicon.terms["someon"]));
    }

    #[test]
    fn words_of_one_concept_are_near() {
        let lexicon = Lexicon::new(TABLE);
        let near = |one: &str, other: &str| {
            let near = lexicon.near(lexicon.terms[one]).into_iter().filter(|(term, _)| *term == lexicon.terms[other]);
            near.map(|(_, nearness)| nearness).fold(0.0, f32::max)
        };
        assert!((near("client", "client") - 1.0).abs() < f32::EPSILON);
        assert!((near("client", "lead") - SAME).abs() < f32::EPSILON);
        assert!((near("someon", "client") - RELATED).abs() < f32::EPSILON);
        assert!(near("lead", "label").abs() < f32::EPSILON);
        assert!(lexicon.share(lexicon.terms["someon"]) < lexicon.share(lexicon.terms["client"]));
    }
}
