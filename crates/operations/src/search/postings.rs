//! Which texts have which terms.

use super::lexicon::Term;

/// The number of a text.
pub(super) type Text = usize;

/// The texts by their terms, so that a query touches only texts that have something of it.
#[derive(Debug, Default)]
pub(super) struct Postings {
    texts: Text,
    of_term: Vec<Vec<Text>>,
}

impl Postings {
    /// Adds a text, and gives it a number.
    pub(super) fn add(&mut self, terms: &[Term]) -> Text {
        let text = self.texts;
        self.texts += 1;
        for term in terms.iter().map(|term| usize::from(*term)) {
            if self.of_term.len() <= term {
                self.of_term.resize(term + 1, Vec::new());
            }
            if let Some(texts) = self.of_term.get_mut(term) {
                texts.push(text);
            }
        }
        text
    }

    /// The weight of a query that each text has, too. The query's terms are given by their weights and the terms that are
    /// near to them: of these the nearest counts that the text has.
    pub(super) fn shared(&self, query: &[(f32, Vec<(Term, f32)>)]) -> Vec<f32> {
        let mut shared = vec![0.0; self.texts];
        let mut nearest = vec![0.0_f32; self.texts];
        for (weight, near) in query {
            let touched = || {
                let texts = |term: Term| self.of_term.get(usize::from(term)).into_iter().flatten();
                near.iter().flat_map(move |(term, nearness)| texts(*term).map(|text| (*text, *nearness)))
            };
            for (text, nearness) in touched() {
                if let Some(known) = nearest.get_mut(text) {
                    *known = known.max(nearness);
                }
            }
            for (text, _) in touched() {
                if let (Some(sum), Some(nearness)) = (shared.get_mut(text), nearest.get_mut(text)) {
                    *sum += weight * std::mem::take(nearness);
                }
            }
        }
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_term_of_a_text_counts_once() {
        let mut postings = Postings::default();
        let (both, far, none) = (postings.add(&[1, 2]), postings.add(&[2, 3]), postings.add(&[4]));
        let shared = postings.shared(&[(2.0, vec![(1, 1.0), (2, 0.5)]), (1.0, vec![(3, 1.0)])]);
        assert_eq!((both, far, none), (0, 1, 2));
        assert_eq!(shared, [2.0, 2.0, 0.0]);
    }
}
