//! The sandbox's objects, read through its management endpoints and not by the server. Every answer is compared with them.
//! Fields that the account's API lacks are left out.

use crate::support::Account;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
};

/// The rows of an answer.
pub type Rows = Vec<Vec<Value>>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    pub id: String,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company_name: Option<String>,
    pub tags: Vec<String>,
    pub source: String,
    pub assigned_to: Option<String>,
    #[serde(default)]
    pub address: Address,
    pub custom_fields: Map<String, Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Address {
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deal {
    pub id: String,
    pub name: String,
    pub contact_id: String,
    pub value: f64,
    pub currency: Option<String>,
    pub status: String,
    pub stage: String,
    pub probability: Option<f64>,
    #[serde(default, deserialize_with = "day")]
    pub expected_close_date: Option<NaiveDate>,
    pub assigned_to: String,
    #[serde(default)]
    pub tags: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A day. Live accounts store it as its first moment.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let day = |text: String| text.get(..10).unwrap_or_default().parse().map_err(serde::de::Error::custom);
    text.map(day).transpose()
}

#[derive(Debug, Deserialize)]
pub struct Campaign {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    pub id: String,
    pub name: String,
    pub slug: Option<String>,
    pub status: Option<String>,
    pub description: Option<String>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize)]
pub struct Funnel {
    pub name: String,
    pub pages: Vec<Step>,
}

#[derive(Debug, Deserialize)]
pub struct Step {
    pub id: String,
    pub order: u32,
}

#[derive(Debug, Deserialize)]
pub struct Webhook {
    pub url: String,
    pub events: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: String,
    pub first_name: String,
    pub last_name: String,
    pub role: String,
}

#[derive(Debug)]
pub struct Truth {
    pub now: DateTime<Utc>,
    pub contacts: Vec<Contact>,
    pub deals: Vec<Deal>,
    pub campaigns: Vec<Campaign>,
    pub pages: Vec<Page>,
    pub funnels: Vec<Funnel>,
    pub webhooks: Vec<Webhook>,
    pub users: Vec<User>,
    places: HashMap<String, usize>,
}

impl Truth {
    /// All objects as the account's API can report them.
    pub async fn of(account: &Account) -> Self {
        Self::read(async |kind| account.reported(kind).await).await
    }

    /// All objects with all fields.
    pub async fn whole(account: &Account) -> Self {
        Self::read(async |kind| account.objects(kind).await).await
    }

    async fn read(objects: impl AsyncFn(&'static str) -> Vec<Value>) -> Self {
        async fn typed<T: DeserializeOwned>(
            objects: &impl AsyncFn(&'static str) -> Vec<Value>,
            kind: &'static str,
        ) -> Vec<T> {
            objects(kind).await.into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
        }
        let contacts: Vec<Contact> = typed(&objects, "contacts").await;
        Self {
            now: Utc::now(),
            places: contacts.iter().enumerate().map(|(place, contact)| (contact.id.clone(), place)).collect(),
            contacts,
            deals: typed(&objects, "opportunities").await,
            campaigns: typed(&objects, "campaigns").await,
            pages: typed(&objects, "pages").await,
            funnels: typed(&objects, "funnels").await,
            webhooks: typed(&objects, "webhooks").await,
            users: typed(&objects, "users").await,
        }
    }

    pub fn contact(&self, id: &str) -> Option<&Contact> {
        self.places.get(id).map(|place| &self.contacts[*place])
    }

    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub fn page(&self, id: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.id == id)
    }

    /// The deals that are neither won nor lost.
    pub fn open(&self) -> impl Iterator<Item = &Deal> {
        self.deals.iter().filter(|deal| ["open", "negotiation"].contains(&deal.status.as_str()))
    }

    pub fn won(&self) -> impl Iterator<Item = &Deal> {
        self.deals.iter().filter(|deal| deal.status == "won")
    }
}

impl Deal {
    pub fn is_in(&self, currency: &str) -> bool {
        self.currency.as_deref() == Some(currency)
    }
}

impl Page {
    /// Whether the deal has this status. False if its status is not reported.
    pub fn is(&self, status: &str) -> bool {
        self.status.as_deref() == Some(status)
    }
}

impl Contact {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    pub fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|has| has == tag)
    }

    /// A custom field's text.
    pub fn field(&self, key: &str) -> Option<&str> {
        self.custom_fields.get(key).and_then(Value::as_str)
    }

    /// The company, if it is not empty.
    pub fn company(&self) -> Option<&str> {
        self.company_name.as_deref().filter(|name| !name.is_empty())
    }
}

impl User {
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }
}

/// A time in the mirror's format.
pub fn written(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// The number of occurrences by key.
pub fn counts<K: Ord>(keys: impl IntoIterator<Item = K>) -> BTreeMap<K, usize> {
    sums(keys.into_iter().map(|key| (key, 1)))
}

/// The sum of the numbers by key.
pub fn sums<K: Ord, N: std::ops::AddAssign + Default>(pairs: impl IntoIterator<Item = (K, N)>) -> BTreeMap<K, N> {
    let mut all = BTreeMap::new();
    for (key, number) in pairs {
        *all.entry(key).or_default() += number;
    }
    all
}

/// Sorted by frequency, the most frequent first, then by key.
pub fn most<K: Ord>(counts: BTreeMap<K, usize>) -> Vec<(K, usize)> {
    let mut all: Vec<_> = counts.into_iter().collect();
    all.sort_by_key(|(_, count)| Reverse(*count));
    all
}

/// `part` in percent of `whole`.
pub fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole as f64
}
