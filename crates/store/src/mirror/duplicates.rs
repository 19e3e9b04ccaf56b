//! Pairs of contacts that are likely one person's: the same mailbox or number, or near names in one company.
//!
//! Pairs and not groups: whoever shares a phone with one contact and a mailbox with another does not make those two one.

use super::{Mirror, normalize, rows::values};
use highlevel_core::error::Result;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// In a company with more contacts than this, names are not compared: near names mean little there.
const LARGEST_COMPANY: usize = 300;

/// A key that more contacts share is an office's number or a form's address, not a person's.
const LARGEST_GROUP: usize = 20;

/// Names are compared up to so many letters: the time grows with the square.
const LONGEST_NAME: usize = 100;

/// What makes two contacts likely one person's, and its weight.
const REASONS: [(&str, u32); 3] = [("same email", 100), ("same phone", 60), ("near name, same company", 40)];
const EMAIL: usize = 0;
const PHONE: usize = 1;
const NAME: usize = 2;

/// Two contacts that are likely one person's.
#[derive(Debug, Clone)]
pub struct DuplicatePair {
    /// Why these two are.
    pub reasons: Vec<&'static str>,
    /// Their ids, the older first.
    pub ids: [String; 2],
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Duplicates {
    /// The pairs, the likeliest first.
    pub pairs: Vec<DuplicatePair>,
    /// Numbers and addresses that too many share to be one person's.
    pub shared: u64,
}

impl Mirror {
    /// Pairs of contacts that are likely one person's.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn duplicates(&self) -> Result<Duplicates> {
        self.read(|db| {
            let mut finder = Finder::default();
            // Oldest first, so that the one to keep comes first.
            let mut statement = db.prepare(
                "SELECT id, email, phone, coalesce(firstName, '') || ' ' || coalesce(lastName, ''), companyName
                 FROM contacts ORDER BY createdAt, rowid",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let text = |at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default);
                finder.add(text(0)?, &text(1)?, &text(2)?, &text(3)?, &text(4)?);
            }
            Ok(finder.finish())
        })
        .await
    }

    /// What tells these contacts apart, in their order.
    ///
    /// # Errors
    /// `internal` when the state directory cannot be used.
    pub async fn contacts(&self, ids: Vec<String>) -> Result<Vec<Map<String, Value>>> {
        const SHOWN: [&str; 7] = ["id", "firstName", "lastName", "email", "phone", "companyName", "createdAt"];
        self.read(move |db| {
            let sql = format!("SELECT {} FROM contacts WHERE id = ?1", SHOWN.join(", "));
            let mut statement = db.prepare_cached(&sql)?;
            ids.iter().map(|id| statement.query_row([id], |row| values(row, &SHOWN))).collect()
        })
        .await
    }
}

/// Contacts by number, and what brings them together.
#[derive(Debug, Default)]
struct Finder {
    ids: Vec<String>,
    emails: HashMap<String, Vec<usize>>,
    phones: HashMap<String, Vec<usize>>,
    companies: HashMap<String, Vec<(usize, String)>>,
}

impl Finder {
    fn add(&mut self, id: String, email: &str, phone: &str, name: &str, company: &str) {
        let number = self.ids.len();
        self.ids.push(id);
        if let Some(email) = normalize::email(email) {
            self.emails.entry(email).or_default().push(number);
        }
        if let Some(phone) = normalize::phone(phone) {
            self.phones.entry(phone).or_default().push(number);
        }
        let company = normalize::company(company);
        if !company.is_empty() {
            let name: String = normalize::folded(name).chars().take(LONGEST_NAME).collect();
            self.companies.entry(company).or_default().push((number, name));
        }
    }

    fn finish(self) -> Duplicates {
        let mut pairs: HashMap<(usize, usize), [bool; REASONS.len()]> = HashMap::new();
        let mut pair = |one: usize, other: usize, reason: usize| {
            let reasons = pairs.entry((one.min(other), one.max(other))).or_default();
            if let Some(is) = reasons.get_mut(reason) {
                *is = true;
            }
        };
        let mut shared = 0;
        for (keys, reason) in [(&self.emails, EMAIL), (&self.phones, PHONE)] {
            for numbers in keys.values() {
                if numbers.len() > LARGEST_GROUP {
                    shared += 1;
                    continue;
                }
                for (at, one) in numbers.iter().enumerate() {
                    numbers.iter().skip(at + 1).for_each(|other| pair(*one, *other, reason));
                }
            }
        }
        for people in self.companies.values().filter(|people| people.len() <= LARGEST_COMPANY) {
            for (at, (one, name)) in people.iter().enumerate() {
                let others = people.iter().skip(at + 1).filter(|(_, other)| normalize::near(name, other));
                others.for_each(|(other, _)| pair(*one, *other, NAME));
            }
        }
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|(numbers, reasons)| (std::cmp::Reverse(weight(reasons)), *numbers));
        let id = |number: usize| self.ids.get(number).cloned().unwrap_or_default();
        let pairs = pairs.into_iter().map(|((one, other), reasons)| DuplicatePair {
            reasons: given(&reasons).map(|(reason, _)| reason).collect(),
            ids: [id(one), id(other)],
        });
        Duplicates { pairs: pairs.collect(), shared }
    }
}

/// The reasons that are given.
fn given(reasons: &[bool]) -> impl Iterator<Item = (&'static str, u32)> {
    REASONS.into_iter().zip(reasons).filter(|(_, is)| **is).map(|(reason, _)| reason)
}

fn weight(reasons: &[bool]) -> u32 {
    given(reasons).map(|(_, weight)| weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    type Found = Vec<(Vec<&'static str>, [String; 2])>;

    fn found(people: &[(&str, &str, &str, &str, &str)]) -> Found {
        let mut finder = Finder::default();
        for (id, email, phone, name, company) in people {
            finder.add((*id).to_owned(), email, phone, name, company);
        }
        finder.finish().pairs.into_iter().map(|pair| (pair.reasons, pair.ids)).collect()
    }

    #[test]
    fn each_pair_has_its_own_reasons_and_pairs_do_not_chain() {
        let pairs = found(&[
            ("a", "ann@x.example", "512 555 0101", "Ann Lee", "Acme"),
            ("b", "bob@x.example", "", "Bob Ray", "Acme Inc."),
            ("c", "other@x.example", "+1 512-555-0101", "Anne Lee", "ACME"),
            ("d", "OTHER@x.example", "", "Dora", ""),
            ("e", "", "", "Bob Ray", "Elsewhere"),
            ("f", "bob+crm@x.example", "", "B. Ray", ""),
        ]);
        let [email, phone, name] = REASONS.map(|(reason, _)| reason);
        let pair =
            |reasons: &[&'static str], one: &str, other: &str| (reasons.to_vec(), [one, other].map(str::to_owned));
        let expected = [pair(&[email], "b", "f"), pair(&[email], "c", "d"), pair(&[phone, name], "a", "c")];
        assert_eq!(pairs.len(), expected.len());
        assert!(expected.iter().all(|pair| pairs.contains(pair)), "{pairs:?}");
    }

    #[test]
    fn an_offices_number_is_nobodys_own() {
        let people: Vec<_> = (0..=LARGEST_GROUP).map(|number| format!("p{number}")).collect();
        let people: Vec<_> = people.iter().map(|id| (id.as_str(), "", "5125550101", "", "")).collect();
        assert!(found(&people).is_empty());
        assert_eq!(found(&people[1..]).len(), LARGEST_GROUP * (LARGEST_GROUP - 1) / 2);
    }
}
