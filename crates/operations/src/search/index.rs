//! The texts that a query is compared with, and how alike they are.

use super::{
    lexicon::{Intent, Lexicon, Reading, Term},
    text,
};
use std::collections::HashSet;

/// How much of a likeness is the best single phrase; the rest is how much of the query the whole document has.
const PHRASE: f32 = 0.6;

/// One text of a document: a phrase that people say, a summary or a name.
#[derive(Debug)]
struct Phrase {
    terms: Vec<Term>,
    weight: f32,
    share: f32,
    intent: Option<Intent>,
}

/// One operation, or one job that HighLevel has no operation for.
#[derive(Debug)]
pub(super) struct Document {
    phrases: Vec<Phrase>,
    terms: Vec<Term>,
    /// What the whole document does; without any, each phrase has its own.
    intents: Vec<Intent>,
    /// A factor for what people want more often.
    prior: f32,
    /// Whether it shows one object.
    is_single: bool,
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
        is_single: bool,
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
        Self { phrases, terms, intents, prior, is_single, own_qualifiers, qualifiers }
    }
}

/// All documents, and what each term weighs.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) lexicon: Lexicon,
    documents: Vec<Document>,
    weights: Vec<f32>,
}

/// A query, ready to be compared.
struct Query {
    terms: Vec<(f32, Vec<f32>)>,
    weight: f32,
    intent: Option<Intent>,
    qualifiers: Vec<usize>,
    is_plural: bool,
}

impl Index {
    pub(super) fn new(lexicon: Lexicon, documents: Vec<Document>) -> Self {
        let mut index = Self { weights: vec![0.0; lexicon.len()], lexicon, documents };
        index.weigh_terms();
        index.weigh_phrases();
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

    fn weigh_phrases(&mut self) {
        let weights = &self.weights;
        for phrase in self.documents.iter_mut().flat_map(|document| &mut document.phrases) {
            phrase.weight = phrase.terms.iter().filter_map(|term| weights.get(usize::from(*term))).sum();
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
        let query = text::without_quotations(query);
        let read = |text: &str| self.lexicon.read_typed(text::words(text));
        let job = text::before_contents(&query).map(read);
        let writes =
            |job: &Reading| matches!(job.intent, None | Some(Intent::Create | Intent::Send)) && !job.terms.is_empty();
        job.filter(writes).unwrap_or_else(|| read(&query))
    }

    fn query(&self, reading: &Reading) -> Query {
        let weight = |term: &Term| self.weights.get(usize::from(*term)).copied().unwrap_or_default();
        let terms: Vec<_> = reading.terms.iter().map(|term| (weight(term), self.lexicon.nearness(*term))).collect();
        Query {
            weight: terms.iter().map(|(weight, _)| weight).sum(),
            terms,
            intent: reading.intent,
            qualifiers: self.lexicon.qualifiers_of(&reading.terms),
            is_plural: reading.is_plural,
        }
    }

    fn compare(&self, query: &Query, document: &Document) -> f32 {
        const SINGLE: f32 = 0.88;
        /// What the second of the best phrases counts beside the first. An absent job is said in fewer ways.
        const OF_OPERATION: f32 = 0.5;
        const OF_ABSENT: f32 = 0.25;
        let shared = query.shared(&document.terms);
        if shared <= 0.0 {
            return 0.0;
        }
        let of_intent = intent_factor(query.intent, &document.intents);
        let alike = |phrase| query.alike(phrase, document.intents.is_empty(), of_intent);
        let decay = if document.intents.is_empty() { OF_ABSENT } else { OF_OPERATION };
        let alike = best(document.phrases.iter().map(alike), decay);
        let covered = shared / query.weight * of_intent;
        let of_number = if query.is_plural && document.is_single { SINGLE } else { 1.0 };
        let factors = of_number * document.prior * qualifier_factor(query, document);
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
        let shared = self.shared(&phrase.terms);
        let alike = shared / (self.weight * phrase.weight).sqrt() * phrase.share;
        if is_absent {
            let said = (shared / phrase.weight / WHOLE).min(1.0);
            return alike * said * intent_factor(self.intent, phrase.intent.as_slice());
        }
        let is_as_said = self.intent.is_some() && self.intent == phrase.intent;
        alike * if is_as_said { of_intent.max(AS_SAID) } else { of_intent }
    }

    /// The weight of the query's terms that the terms have, too, as far as they are near.
    fn shared(&self, terms: &[Term]) -> f32 {
        let nearest = |near: &Vec<f32>| {
            terms.iter().filter_map(|term| near.get(usize::from(*term))).fold(0.0, |a: f32, b| a.max(*b))
        };
        self.terms.iter().map(|(weight, near)| weight * nearest(near)).sum()
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

/// What remains of a likeness if one has qualifiers that the other has not: an invoice is no invoice template.
fn qualifier_factor(query: &Query, document: &Document) -> f32 {
    const NOT_ASKED_FOR: f32 = 0.93;
    const NOT_HAD: f32 = 0.75;
    let has_extra = document.own_qualifiers.iter().any(|one| !query.qualifiers.contains(one));
    let is_without = query.qualifiers.iter().any(|one| !document.qualifiers.contains(one));
    let factor = |applies: bool, factor: f32| if applies { factor } else { 1.0 };
    factor(has_extra, NOT_ASKED_FOR) * factor(is_without, NOT_HAD)
}
