//! The reviewed table: effects, marks, summaries and search words.

use crate::marks;
use highlevel_catalog::{Condition, Effect, EffectRule, Marks, Touches};
use std::{borrow::Cow, collections::HashMap};

const TABLE: &str = include_str!("../data/operations.txt");

/// What was reviewed by hand about an operation.
#[derive(Debug, Clone)]
pub(crate) struct Reviewed {
    pub(crate) effect: Effect,
    pub(crate) rules: Vec<EffectRule>,
    pub(crate) touches: Touches,
    pub(crate) marks: Marks,
    pub(crate) summary: &'static str,
    pub(crate) words: &'static str,
}

/// The table, by operation.
///
/// # Errors
/// The first line that is wrong.
pub(crate) fn table() -> Result<HashMap<&'static str, Reviewed>, String> {
    let lines = TABLE.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|line| row(line).ok_or_else(|| format!("operations.txt: {line}"))).collect()
}

fn row(line: &'static str) -> Option<(&'static str, Reviewed)> {
    let mut cells = line.split(" | ").map(str::trim);
    let (name, effects, summary) = (cells.next()?, cells.next()?, cells.next()?);
    let words = cells.next().unwrap_or_default();
    let mut effects = effects.split(", ");
    let effect = effect(effects.next()?)?;
    let mut rules = Vec::new();
    let mut touches = Touches::One;
    let mut marks = Marks::default();
    for rule in effects.map(str::trim) {
        match rule.strip_prefix("many ") {
            Some("*") => touches = Touches::Unknown,
            Some(argument) => touches = Touches::Listed(Cow::Borrowed(argument)),
            None => match marks::add(&mut marks, rule) {
                Some(()) => {}
                None => rules.push(effect_rule(rule)?),
            },
        }
    }
    Some((name, Reviewed { effect, rules, touches, marks, summary, words }))
}

fn effect(word: &str) -> Option<Effect> {
    Effect::ALL.into_iter().find(|effect| effect.as_str() == word)
}

/// `EFFECT if ARGUMENT`, with `= VALUE/VALUE` or `!= VALUE/VALUE`.
fn effect_rule(text: &'static str) -> Option<EffectRule> {
    let (word, condition) = text.split_once(" if ")?;
    let values = |text: &'static str| text.split('/').map(|value| Cow::Borrowed(value.trim())).collect();
    let when = if let Some((name, values_text)) = condition.split_once("!=") {
        Condition::ArgumentIsNot { name: Cow::Borrowed(name.trim()), values: values(values_text) }
    } else if let Some((name, values_text)) = condition.split_once('=') {
        Condition::Argument { name: Cow::Borrowed(name.trim()), values: values(values_text) }
    } else {
        Condition::Given { name: Cow::Borrowed(condition.trim()) }
    };
    Some(EffectRule { effect: effect(word)?, when })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read() {
        let rule = |text| effect_rule(text).unwrap();
        assert_eq!(
            rule("send if toNotify != false").when,
            Condition::ArgumentIsNot { name: "toNotify".into(), values: vec!["false".into()].into() }
        );
        assert_eq!(
            rule("publish if post.status = published/scheduled").when,
            Condition::Argument {
                name: "post.status".into(),
                values: vec!["published".into(), "scheduled".into()].into()
            }
        );
        assert_eq!(
            rule("delete if tags"),
            EffectRule { effect: Effect::Delete, when: Condition::Given { name: "tags".into() } }
        );
        assert_eq!(effect_rule("explode if tags"), None);
    }
}
