//! The texts that a query is compared with, and how alike they are.

use super::{
    lexicon::{Intent, Lexicon, Reading, Term},
    postings::{Postings, Text},
    text,
};
use std::collections::HashSet;

/// How much of a likeness is the best single phrase; the rest is how much of the query the whole document has.
const PHRASE: f32 = 0.6;

/// One text of a document: a phrase that people say, a summary or a name.
#[derive(Debug)]
struct Phrase {
    text: Text,
    terms: Vec<Term>,
    weight: f32,
    share: f32,
    intent: Option<Intent>,
}

/// How many objects an operation shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    One,
    Several,
}

/// One operation, or one job that HighLevel has no operation for.
#[derive(Debug)]
pub(super) struct Document {
    phrases: Vec<Phrase>,
    /// The terms of all phrases, as one text.
    whole: Text,
    terms: Vec<Term>,
    /// What the whole document does; without any, each phrase has its own.
    intents: Vec<Intent>,
    /// A factor for what people want more often.
    prior: f32,
    /// How many objects it shows.
    shows: Option<Shows>,
    /// The qualifiers of its summary, and of all its texts.
    own_qualifiers: Vec<usize>,
    qualifiers: Vec<usize>,
}

/// A text of a document, and how much being like it counts.
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    pub(super) share: f32,
    pub(super) is_name: bool,
    /// Whether its qualifiers are the document's own.
    pub(super) is_own: bool,
}

impl Document {
    pub(super) fn new(
        lexicon: &mut Lexicon,
        parts: &[Part<'_>],
        intents: Vec<Intent>,
        prior: f32,
        shows: Option<Shows>,
    ) -> Self {
        let mut terms = Vec::new();
        let mut of_summary = Vec::new();
        let phrases = parts.iter().map(|part| {
            let words = if part.is_name { text::name_words(part.text) } else { text::words(part.text) };
            let reading = lexicon.read_own(words);
            terms.extend(&reading.terms);
            if part.is_own {
                of_summary.extend(&reading.terms);
            }
            Phrase {
                text: 0,
                terms: reading.terms,
                weight: 0.0,
                share: part.share,
                // A summary has the intents of the document.
                intent: reading.intent.filter(|_| !part.is_own),
            }
        });
        let phrases = phrases.collect::<Vec<_>>();
        terms.sort_unstable();
        terms.dedup();
        let own_qualifiers = lexicon.qualifiers_of(&of_summary);
        let qualifiers = lexicon.qualifiers_of(&terms);
        Self { phrases, whole: 0, terms, intents, prior, shows, own_qualifiers, qualifiers }
    }
}

/// All documents, and what each term weighs.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) lexicon: Lexicon,
    documents: Vec<Document>,
    weights: Vec<f32>,
    postings: Postings,
}

/// A query, ready to be compared.
struct Query {
    /// The weight that each text has, too.
    shared: Vec<f32>,
    weight: f32,
    intent: Option<Intent>,
    qualifiers: Vec<usize>,
    is_plural: bool,
}

impl Index {
    pub(super) fn new(lexicon: Lexicon, documents: Vec<Document>) -> Self {
        let (weights, postings) = (vec![0.0; lexicon.len()], Postings::default());
        let mut index = Self { lexicon, documents, weights, postings };
        index.weigh_terms();
        index.add_texts();
        index
    }

    /// A rare term weighs more, though not as much as by `ln` alone: the phrases are few. A term of a concept weighs as its concept does.
    #[allow(clippy::cast_precision_loss, reason = "there are some hundred documents")]
    fn weigh_terms(&mut self) {
        let mut counts = vec![0_u16; self.lexicon.len()];
        for document in &self.documents {
            let kin: HashSet<Term> = document.terms.iter().flat_map(|term| self.lexicon.kin(*term)).collect();
            for term in kin {
                if let Some(count) = counts.get_mut(usize::from(term)) {
                    *count += 1;
                }
            }
        }
        const OF_RARITY: f32 = 0.8;
        let all = self.documents.len() as f32;
        for (place, (weight, count)) in self.weights.iter_mut().zip(counts).enumerate() {
            let rarity = (1.0 + all / (f32::from(count) + 1.0)).ln().powf(OF_RARITY);
            *weight = rarity * self.lexicon.share(Term::try_from(place).unwrap_or(Term::MAX));
        }
    }

    /// Numbers and weighs all texts. Their terms are in the postings from then on.
    fn add_texts(&mut self) {
        let weights = &self.weights;
        for document in &mut self.documents {
            document.whole = self.postings.add(&std::mem::take(&mut document.terms));
            for phrase in &mut document.phrases {
                let terms = std::mem::take(&mut phrase.terms);
                phrase.weight = terms.iter().filter_map(|term| weights.get(usize::from(*term))).sum();
                phrase.text = self.postings.add(&terms);
            }
        }
    }

    /// How like each document is to the query, from 0 to about 1. Nothing if the query has no word that counts.
    pub(super) fn likeness(&self, query: &str) -> Vec<f32> {
        let reading = self.read(query);
        if !reading.has_subject {
            return Vec::new();
        }
        let query = self.query(&reading);
        self.documents.iter().map(|document| self.compare(&query, document)).collect()
    }

    /// Reads a query. The words of a note or message that it gives do not say what it is about.
    fn read(&self, query: &str) -> Reading {
        let query = text::without_quotations(text::without_thanks(query));
        let read = |text: &str| self.lexicon.read_typed(text::words(text));
        let job = text::before_contents(&query).map(read);
        let writes =
            |job: &Reading| matches!(job.intent, None | Some(Intent::Create | Intent::Send)) && job.has_subject;
        job.filter(writes).unwrap_or_else(|| read(&query))
    }

    fn query(&self, reading: &Reading) -> Query {
        let weight = |term: &Term| self.weights.get(usize::from(*term)).copied().unwrap_or_default();
        let terms: Vec<_> = reading.terms.iter().map(|term| (weight(term), self.lexicon.near(*term))).collect();
        Query {
            shared: self.postings.shared(&terms),
            weight: terms.iter().map(|(weight, _)| weight).sum(),
            intent: reading.intent,
            qualifiers: self.lexicon.qualifiers_of(&reading.terms),
            is_plural: reading.is_plural,
        }
    }

    fn compare(&self, query: &Query, document: &Document) -> f32 {
        /// What the second of the best phrases counts beside the first. An absent job is said in fewer ways.
        const OF_OPERATION: f32 = 0.5;
        const OF_ABSENT: f32 = 0.25;
        let shared = query.shared(document.whole);
        if shared <= 0.0 {
            return 0.0;
        }
        let of_intent = intent_factor(query.intent, &document.intents);
        let alike = |phrase| query.alike(phrase, document.intents.is_empty(), of_intent);
        let decay = if document.intents.is_empty() { OF_ABSENT } else { OF_OPERATION };
        let alike = best(document.phrases.iter().map(alike), decay);
        let covered = shared / query.weight * of_intent;
        let factors =
            number_factor(query.is_plural, document.shows) * document.prior * qualifier_factor(query, document);
        (PHRASE * alike + (1.0 - PHRASE) * covered) * factors
    }
}

impl Query {
    /// How like the query is to one phrase, if the whole document has this likeness of intents. A phrase of an absent job
    /// has its own intent, and has to be said almost whole.
    fn alike(&self, phrase: &Phrase, is_absent: bool, of_intent: f32) -> f32 {
        const WHOLE: f32 = 0.8;
        const AS_SAID: f32 = 0.93;
        if phrase.weight <= 0.0 {
            return 0.0;
        }
        let shared = self.shared(phrase.text);
        let alike = shared / (self.weight * phrase.weight).sqrt() * phrase.share;
        if is_absent {
            let said = (shared / phrase.weight / WHOLE).min(1.0);
            return alike * said * intent_factor(self.intent, phrase.intent.as_slice());
        }
        let is_as_said = self.intent.is_some() && self.intent == phrase.intent;
        alike * if is_as_said { of_intent.max(AS_SAID) } else { of_intent }
    }

    /// The weight of the query's terms that a text has, too, as far as they are near.
    fn shared(&self, text: Text) -> f32 {
        self.shared.get(text).copied().unwrap_or_default()
    }
}

/// The mean of the three best, each of which counts `decay` of the one before: what several phrases say is more certain.
fn best(likenesses: impl Iterator<Item = f32>, decay: f32) -> f32 {
    let mut best = [0.0_f32; 3];
    for mut likeness in likenesses {
        for place in &mut best {
            if likeness > *place {
                std::mem::swap(place, &mut likeness);
            }
        }
    }
    let [first, second, third] = best;
    (first + decay * second + decay * decay * third) / (1.0 + decay + decay * decay)
}

/// What remains of a likeness if the document does something else than what is wanted.
fn intent_factor(wanted: Option<Intent>, has: &[Intent]) -> f32 {
    use Intent::{Create, Delete, Read, Send, Update};
    const NEAR: f32 = 0.85;
    const FAR: f32 = 0.7;
    const READ: f32 = 0.68;
    const UNSAID: f32 = 0.92;
    let Some(wanted) = wanted else { return if has.contains(&Read) || has.is_empty() { 1.0 } else { UNSAID } };
    let factor = |has: &Intent| match (wanted, has) {
        (one, other) if one == *other => 1.0,
        (Create | Update, Create | Update) | (Create | Send, Create | Send) => NEAR,
        (Update, Delete) | (Delete, Update) => NEAR,
        (Read, _) | (_, Read) => READ,
        _ => FAR,
    };
    if has.is_empty() { 0.9 } else { has.iter().map(factor).fold(0.0, f32::max) }
}

/// What remains of a likeness if several objects are asked for and the document shows one, or the other way round.
fn number_factor(is_plural: bool, shows: Option<Shows>) -> f32 {
    const ONE_FOR_SEVERAL: f32 = 0.88;
    const SEVERAL_FOR_ONE: f32 = 0.93;
    match (is_plural, shows) {
        (true, Some(Shows::One)) => ONE_FOR_SEVERAL,
        (false, Some(Shows::Several)) => SEVERAL_FOR_ONE,
        _ => 1.0,
    }
}

/// What remains of a likeness if one has qualifiers that the other has not: an invoice is no invoice template.
fn qualifier_factor(query: &Query, document: &Document) -> f32 {
    const NOT_ASKED_FOR: f32 = 0.93;
    const NOT_HAD: f32 = 0.75;
    let has_extra = document.own_qualifiers.iter().any(|one| !query.qualifiers.contains(one));
    let is_without = query.qualifiers.iter().any(|one| !document.qualifiers.contains(one));
    let factor = |applies: bool, factor: f32| if applies { factor } else { 1.0 };
    factor(has_extra, NOT_ASKED_FOR) * factor(is_without, NOT_HAD)
}
