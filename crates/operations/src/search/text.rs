//! Words of a text, in the form in which they are compared.

use std::{collections::HashMap, sync::LazyLock};

/// Words that never carry meaning, not even inside a phrase.
const ARTICLES: [&str; 9] = ["a", "an", "the", "my", "our", "your", "their", "its", "some"];

/// Words that look like inflections of others, but mean something of their own.
const APART: [(&str, &str); 10] = [
    ("note", "note"),
    ("notes", "note"),
    ("opening", "opening"),
    ("openings", "opening"),
    ("recording", "recording"),
    ("recordings", "recording"),
    ("setting", "setting"),
    ("settings", "setting"),
    ("rating", "rating"),
    ("ratings", "rating"),
];

/// Forms that no rule finds, with their base.
const IRREGULAR: &str = "began=begin begun=begin bought=buy broke=break broken=break brought=bring built=build came=come \
    chose=choose chosen=choose drew=draw drawn=draw fell=fall fallen=fall found=find gave=give given=give went=go gone=go \
    grew=grow grown=grow heard=hear held=hold kept=keep knew=know known=know lost=lose made=make meant=mean met=meet \
    paid=pay ran=run said=say sent=send sold=sell spent=spend spoke=speak spoken=speak stood=stand stuck=stick \
    taught=teach thought=think threw=throw thrown=throw told=tell took=take taken=take won=win wrote=write \
    written=write men=man women=woman children=child";

static BASES: LazyLock<HashMap<&str, &str>> =
    LazyLock::new(|| IRREGULAR.split_whitespace().filter_map(|pair| pair.split_once('=')).collect());

/// One word of a text.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// The word as it stands.
    pub(super) form: String,
    pub(super) stem: String,
    /// Whether it ends as a plural does.
    pub(super) is_plural: bool,
    /// Whether it may say what to do: `call` does; `calls`, `called` and `calling` do not.
    pub(super) is_command: bool,
}

impl Word {
    pub(super) fn new(word: &str) -> Self {
        let is_plural = word == "people"
            || word.len() > 3 && word.ends_with('s') && !["ss", "us", "is"].iter().any(|end| word.ends_with(end));
        let is_participle = word.len() > 4 && (word.ends_with("ed") || word.ends_with("ing"));
        Self { form: word.to_owned(), stem: stem(word), is_plural, is_command: !is_plural && !is_participle }
    }
}

/// The words of a text: lower case, without articles, apostrophes, inflections and short numbers.
pub(super) fn words(text: &str) -> Vec<Word> {
    let text = text.replace(['’', '`'], "'").to_lowercase().replace("e-mail", "email").replace("n't", "nt");
    let is_apart = |c: char| !(c.is_alphanumeric() || c == '\'');
    text.split(is_apart)
        .map(|word| word.split('\'').find(|part| !part.is_empty()).unwrap_or_default())
        .filter(|word| !word.is_empty() && !is_short_number(word) && !ARTICLES.contains(word))
        .map(Word::new)
        .collect()
}

/// The words of a name such as `contacts.create-note` or `getPagesByFunnelId`.
pub(super) fn name_words(name: &str) -> Vec<Word> {
    let mut apart = String::with_capacity(name.len() + 8);
    let mut was_lower = false;
    for letter in name.chars() {
        if letter.is_uppercase() && was_lower {
            apart.push(' ');
        }
        was_lower = letter.is_lowercase();
        apart.push(letter);
    }
    words(&apart)
}

/// What stands before the words of a note or a message: `leave a note` of `leave a note that the gate is open`.
pub(super) fn before_contents(text: &str) -> Option<&str> {
    const MARKS: [&str; 11] = [
        ": ",
        " saying ",
        " that the ",
        " that i ",
        " that we ",
        " that he ",
        " that she ",
        " that it ",
        " that they ",
        " that you ",
        " that there ",
    ];
    let lower = text.to_ascii_lowercase();
    let end = MARKS.iter().filter_map(|mark| lower.find(mark)).min()?;
    text.get(..end).filter(|before| before.contains(' '))
}

/// The text without what stands in quotation marks, unless little else is there.
pub(super) fn without_quotations(text: &str) -> String {
    let plain = text.replace(['“', '”', '„', '«', '»'], "\"");
    let outside = plain.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let is_closed = plain.matches('"').count().is_multiple_of(2);
    if is_closed && outside.split_whitespace().count() > 1 { outside } else { plain }
}

/// The text without thanks at its end.
pub(super) fn without_thanks(text: &str) -> &str {
    const LONGEST: usize = 30;
    let lower = text.to_ascii_lowercase();
    let start = ["thanks", "thank you", "thx", "cheers"].iter().filter_map(|thanks| lower.rfind(thanks)).min();
    let before = start.filter(|start| text.len() - start <= LONGEST).and_then(|start| text.get(..start));
    let before = before.map(str::trim_end).filter(|before| before.ends_with([',', '.', '!', '?', ';']));
    before.filter(|before| before.len() > 1).unwrap_or(text)
}

fn is_short_number(word: &str) -> bool {
    word.len() <= 2 && word.chars().all(|c| c.is_ascii_digit())
}

/// The word without its inflection. Both sides of a comparison are stemmed, so the stem need not be a word.
fn stem(word: &str) -> String {
    if let Some((_, stem)) = APART.iter().find(|(known, _)| *known == word) {
        return (*stem).to_owned();
    }
    let word = BASES.get(word).copied().unwrap_or(word);
    if word.len() <= 3 || !word.is_ascii() {
        return word.to_owned();
    }
    let mut stem = singular(word);
    if let Some(base) = stem.strip_suffix("ied") {
        stem = format!("{base}y");
    } else if let Some(base) = ["ing", "ed"].iter().find_map(|end| stem.strip_suffix(end)).filter(|base| is_base(base))
    {
        stem = undoubled(base);
    }
    if let Some(base) = stem.strip_suffix('e').filter(|base| base.len() > 2) {
        stem = base.to_owned();
    }
    match stem.strip_suffix("ll") {
        Some(base) if stem.len() > 5 => format!("{base}l"),
        _ => stem,
    }
}

fn singular(word: &str) -> String {
    if let Some(base) = word.strip_suffix("ies").filter(|base| base.len() > 1) {
        return format!("{base}y");
    }
    if ["sses", "xes", "zes", "ches", "shes"].iter().any(|end| word.ends_with(end)) {
        return word.strip_suffix("es").unwrap_or(word).to_owned();
    }
    match word.strip_suffix('s') {
        Some(base) if !base.ends_with(['s', 'u', 'i']) => base.to_owned(),
        _ => word.to_owned(),
    }
}

fn is_base(base: &str) -> bool {
    base.len() > 2 && !base.ends_with('e') && base.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

/// `stopp` (of `stopped`) as `stop`, but `add` and `call` as they are.
fn undoubled(base: &str) -> String {
    let mut letters = base.chars().rev();
    let last = letters.next();
    let is_double = last == letters.next() && base.len() > 3 && !base.ends_with(['l', 's', 'z']);
    if is_double { base.get(..base.len() - 1).unwrap_or(base).to_owned() } else { base.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflections_do_not_count() {
        for (one, other) in [
            ("book", "booked bookings booking"),
            ("stop", "stops stopped stopping"),
            ("add", "adds added adding"),
            ("call", "calls called calling"),
            ("cancel", "cancelled cancelling canceled"),
            ("reply", "replies replied replying"),
            ("schedule", "schedules scheduled scheduling"),
            ("message", "messages messaged"),
            ("box", "boxes"),
            ("business", "businesses"),
            ("client", "client's clients' client’s"),
            ("give", "gave given gives"),
            ("send", "sent sending"),
        ] {
            let base = words(one).remove(0);
            for word in words(other) {
                assert_eq!(word.stem, base.stem, "{other}");
            }
        }
    }

    #[test]
    fn apostrophes_hyphens_and_numbers() {
        let stems = |words: Vec<Word>| words.into_iter().map(|word| word.stem).collect::<Vec<_>>();
        assert_eq!(
            stems(words("Don't e-mail 20 no-shows, we're 'late'")),
            ["dont", "email", "no", "show", "we", "lat"]
        );
        assert_eq!(stems(name_words("funnels.getPagesByFunnelId")), ["funnel", "get", "pag", "by", "funnel", "id"]);
        assert_eq!(stems(words("日本語 Überblick")), ["日本語", "überblick"]);
    }

    #[test]
    fn contents_are_apart_from_the_job() {
        assert_eq!(before_contents("leave a note that the gate is open"), Some("leave a note"));
        assert_eq!(before_contents("Text Tom: the van is late"), Some("Text Tom"));
        assert_eq!(before_contents("which orders that shipped"), None);
        assert_eq!(without_thanks("text Tom, thank you so much!"), "text Tom,");
        assert_eq!(without_thanks("send Tom a thank you"), "send Tom a thank you");
        assert_eq!(without_quotations("add the tag “paid in full” to Tom").trim_end(), "add the tag   to Tom");
        assert_eq!(without_quotations("\"unpaid invoices\""), "\"unpaid invoices\"");
        assert_eq!(without_quotations("a quotation \" without end"), "a quotation \" without end");
    }
}
