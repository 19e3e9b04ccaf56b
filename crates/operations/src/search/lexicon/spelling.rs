//! Typing errors, and forms of a word that the data do not have.

use super::Lexicon;
use crate::search::text::Word;

/// Shorter words are not corrected: too many of them are one edit away from each other.
const SHORTEST: usize = 5;

impl Lexicon {
    /// The word, or the known word that was probably meant.
    pub(super) fn corrected(&self, word: Word) -> Word {
        let is_known = self.terms.contains_key(&word.stem) || self.forms.contains(&word.form);
        if is_known || word.form.chars().count() < SHORTEST {
            return word;
        }
        self.mistyped(&word.form).or_else(|| self.akin(&word.form)).map_or(word, Word::new)
    }

    /// The known word that is one edit away.
    fn mistyped(&self, form: &str) -> Option<&str> {
        let is_near = |known: &&String| {
            known.len() + 1 >= SHORTEST
                && known.len().abs_diff(form.len()) <= 1
                && known.chars().next() == form.chars().next()
                && strsim::osa_distance(known, form) == 1
        };
        self.forms.iter().filter(is_near).min().map(String::as_str)
    }

    /// The known word with the same beginning: `promotional` and `promotion`.
    fn akin(&self, form: &str) -> Option<&str> {
        const SHARED_OF_TEN: usize = 7;
        let shared = |known: &str| known.bytes().zip(form.bytes()).take_while(|(one, other)| one == other).count();
        let is_near = |known: &&String| {
            let shared = shared(known);
            shared >= SHORTEST && shared * 10 >= known.len().max(form.len()) * SHARED_OF_TEN
        };
        let near = self.forms.iter().filter(is_near);
        near.max_by_key(|known| (shared(known), std::cmp::Reverse(*known))).map(String::as_str)
    }
}
