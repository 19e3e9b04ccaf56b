//! Contacts that are likely one person's: the same mailbox or number, or near names in one company.

use super::{Mirror, matching, rows::texts};
use crate::error::Result;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// In a company with more contacts than this, names are not compared: near names mean little there.
const LARGEST_COMPANY: usize = 300;

/// A key that more contacts share is an office's number or a form's address, not a person's.
const LARGEST_GROUP: usize = 20;

/// What makes contacts likely one person's, and its weight.
const EMAIL: (&str, u32) = ("same email", 100);
const PHONE: (&str, u32) = ("same phone", 60);
const NAME: (&str, u32) = ("near name, same company", 40);

/// Contacts that are likely one person's.
#[derive(Debug, Clone)]
pub struct Group {
    /// Why.
    pub reasons: Vec<&'static str>,
    /// Their ids, the oldest first.
    pub ids: Vec<String>,
    weight: u32,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Duplicates {
    /// The groups, the likeliest first.
    pub groups: Vec<Group>,
    /// Numbers and addresses that too many share to be one person's.
    pub shared: u64,
}

impl Mirror {
    /// Groups of contacts that are likely one person's.
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
            ids.iter().map(|id| statement.query_row([id], |row| texts(row, &SHOWN))).collect()
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
        if let Some(email) = matching::email(email) {
            self.emails.entry(email).or_default().push(number);
        }
        if let Some(phone) = matching::phone(phone) {
            self.phones.entry(phone).or_default().push(number);
        }
        let company = matching::company(company);
        if !company.is_empty() {
            self.companies.entry(company).or_default().push((number, matching::folded(name)));
        }
    }

    fn finish(self) -> Duplicates {
        let mut links = Links { parents: (0..self.ids.len()).collect(), reasons: Vec::new() };
        let mut shared = 0;
        for (keys, reason) in [(self.emails, EMAIL), (self.phones, PHONE)] {
            for numbers in keys.into_values() {
                if numbers.len() > LARGEST_GROUP {
                    shared += 1;
                    continue;
                }
                for pair in numbers.windows(2) {
                    if let [one, other] = pair {
                        links.join(*one, *other, reason);
                    }
                }
            }
        }
        for people in self.companies.into_values().filter(|people| people.len() <= LARGEST_COMPANY) {
            for (at, (one, name)) in people.iter().enumerate() {
                for (other, other_name) in people.iter().skip(at + 1) {
                    if matching::near(name, other_name) {
                        links.join(*one, *other, NAME);
                    }
                }
            }
        }
        Duplicates { groups: links.groups(&self.ids), shared }
    }
}

/// Which contacts belong together: a forest in which each points towards the first of its group.
struct Links {
    parents: Vec<usize>,
    reasons: Vec<(usize, (&'static str, u32))>,
}

impl Links {
    fn first(&mut self, mut number: usize) -> usize {
        loop {
            let parent = self.parents.get(number).copied().unwrap_or(number);
            if parent == number {
                return number;
            }
            let grandparent = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(link) = self.parents.get_mut(number) {
                *link = grandparent;
            }
            number = grandparent;
        }
    }

    fn join(&mut self, one: usize, other: usize, reason: (&'static str, u32)) {
        let (one, other) = (self.first(one), self.first(other));
        self.reasons.push((one.min(other), reason));
        if let Some(link) = self.parents.get_mut(one.max(other)) {
            *link = one.min(other);
        }
    }

    fn groups(mut self, ids: &[String]) -> Vec<Group> {
        let mut groups: HashMap<usize, Group> = HashMap::new();
        for (number, (reason, weight)) in std::mem::take(&mut self.reasons) {
            let group = groups.entry(self.first(number));
            let group = group.or_insert(Group { reasons: Vec::new(), ids: Vec::new(), weight: 0 });
            if !group.reasons.contains(&reason) {
                group.reasons.push(reason);
                group.weight += weight;
            }
        }
        for (number, id) in ids.iter().enumerate() {
            let first = self.first(number);
            if let Some(group) = groups.get_mut(&first) {
                group.ids.push(id.clone());
            }
        }
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by(|one, other| other.weight.cmp(&one.weight).then_with(|| one.ids.cmp(&other.ids)));
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(people: &[(&str, &str, &str, &str, &str)]) -> Vec<(Vec<&'static str>, Vec<String>)> {
        let mut finder = Finder::default();
        for (id, email, phone, name, company) in people {
            finder.add((*id).to_owned(), email, phone, name, company);
        }
        finder.finish().groups.into_iter().map(|group| (group.reasons, group.ids)).collect()
    }

    #[test]
    fn reasons_add_up_and_links_are_followed() {
        let groups = found(&[
            ("a", "ann@x.example", "512 555 0101", "Ann Lee", "Acme"),
            ("b", "bob@x.example", "", "Bob Ray", "Acme Inc."),
            ("c", "other@x.example", "+1 512-555-0101", "Anne Lee", "ACME"),
            ("d", "OTHER@x.example", "", "Dora", ""),
            ("e", "", "", "Bob Ray", "Elsewhere"),
            ("f", "bob+crm@x.example", "", "B. Ray", ""),
        ]);
        let ids = |all: &[&str]| all.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let mut reasons = groups[0].0.clone();
        reasons.sort_unstable();
        assert_eq!((reasons, &groups[0].1), (vec![NAME.0, EMAIL.0, PHONE.0], &ids(&["a", "c", "d"])));
        assert_eq!((&groups[1].0, &groups[1].1), (&vec![EMAIL.0], &ids(&["b", "f"])));
        assert_eq!(groups.len(), 2);
    }

    #[test]
    fn an_offices_number_is_nobodys_own() {
        let people: Vec<_> = (0..=LARGEST_GROUP).map(|number| format!("p{number}")).collect();
        let people: Vec<_> = people.iter().map(|id| (id.as_str(), "", "5125550101", "", "")).collect();
        assert!(found(&people).is_empty());
        assert_eq!(found(&people[1..])[0].1.len(), LARGEST_GROUP);
    }
}
